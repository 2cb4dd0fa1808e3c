"""Rows of the way to the floor: decisions and statements, notices, objections, rights."""

from __future__ import annotations

from typing import Any

from tests import make
from tests.actions.test_notices import brought, said
from tests.permissions.cells import EVERYBODY, OWN, SEEKER, STAFF, Made, Table, Things, Verb
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Role
from yangbanjian.market.trading import actions as trading

A_DECISION = {"kind": "collective", "price_mode": "agreement"}
HOLDERS = [{"name": "东湖大学", "share_bp": 10_000}]
OBJECTION = {"text": "完成人有遗漏。", "name": "李某", "contact": "13900000000"}


def a_notice(achievement_id: int) -> dict[str, Any]:
    return {
        "achievement_id": achievement_id, "deal_mode": "transfer", "price_mode": "agreement",
        "price_fen": 100, "related_party": {"is": False},
    }  # fmt: skip


TABLE: Table = {
    "way_in": [
        Verb("decide", "post", "/achievements/{id}/decisions", A_DECISION, "", frozenset({OWN})),
        Verb(
            "state", "post", "/achievements/{id}/statements", {"item": "title", "verdict": "pass"},
            "", frozenset({OWN, "exchange", "operator"}),
        ),
        Verb("way", "post", "/achievements/{id}/way", {"floor": True}, "", frozenset({OWN})),
        Verb("duties", "get", "/achievements/{id}/duties", None, "", EVERYBODY),
        Verb("add", "post", "/notices", a_notice, "", frozenset({OWN})),
        Verb(
            "enter", "post", "/achievements/{id}/rights", {"kind": "initial", "holders": HOLDERS},
            "", frozenset({"exchange", "operator"}),
        ),
    ],
    "notices": [
        Verb("list", "get", "/notices", None, "open", EVERYBODY),
        Verb("read", "get", "/notices/{id}", None, "draft", STAFF | {OWN, "exchange"}),
        Verb("read", "get", "/notices/{id}", None, "open", EVERYBODY),
        Verb("open", "post", "/notices/{id}/moves/open", {}, "draft", frozenset({OWN})),
        Verb("change", "post", "/notices/{id}/moves/change", {"reason": "改"}, "open", frozenset({OWN})),
        Verb("withdraw", "post", "/notices/{id}/moves/withdraw", {"reason": "改"}, "open",
             frozenset({OWN})),
        Verb("objections", "get", "/notices/{id}/objections", None, "open", EVERYBODY),
        Verb("object", "post", "/notices/{id}/objections", OBJECTION, "open", EVERYBODY - {OWN}),
    ],
    # SEEKER is who objected.
    "objections": [
        Verb("rule", "post", "/objections/{id}/moves/rule", {"outcome": "dismissed"}, "open",
             frozenset({OWN, "exchange", "operator"})),
        Verb("appeal", "post", "/objections/{id}/moves/appeal", {"reason": "不服"}, "dismissed",
             frozenset({SEEKER})),
    ],
    "rights": [Verb("read", "get", "/rights/{id}", None, "", EVERYBODY)],
}  # fmt: skip


def brought_record(_state: str) -> tuple[int, dict[str, Person]]:
    owner = make.person(Role.TTO, of=make.organisation("university"))
    return brought(actor_of(owner)).pk, {OWN: owner}


def _notice(state: str) -> tuple[int, dict[str, Person]]:
    owner = make.person(Role.TTO, of=make.organisation("university"))
    record = brought(actor_of(owner))
    one = trading.draft_notice(actor=actor_of(owner), achievement_id=record.pk, values=said())
    if state != "draft":
        trading.open_notice(actor=actor_of(owner), notice_id=one.pk)
    return one.pk, {OWN: owner}


def _objection(state: str) -> Made:
    notice_id, own = _notice("open")
    objector = make.person(Role.EXPERT)
    made = trading.object_to(actor=actor_of(objector), notice_id=notice_id, text="有遗漏。")
    if state == "dismissed":
        trading.rule(actor=actor_of(own[OWN]), objection_id=made.pk, outcome="dismissed")
    return made.pk, {**own, SEEKER: objector}


def _right(_state: str) -> Made:
    record_id, own = brought_record("")
    made = trading.enter_right(
        actor=make.actor(Role.EXCHANGE), achievement_id=record_id, kind="initial",
        content={"holders": HOLDERS},
    )  # fmt: skip
    return made.right.no, own


THINGS: Things = {
    "way_in": brought_record,
    "notices": _notice,
    "objections": _objection,
    "rights": _right,
}
