"""Rows of the libraries, whose rooms have the same verbs."""

from __future__ import annotations

from typing import Any

from tests import make
from tests.permissions.cells import EVERYBODY, OWN, SIGNED_IN, STAFF, Made, Table, Things, Verb
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts

BODY = {"title": "低温冷库余热梯级回收系统", "abstract": "回收压缩机排热，电耗下降三成。"}


def _records(room: str, writers: set[str]) -> list[Verb]:
    one = f"/{room}/{{id}}"
    mine = frozenset({OWN, "operator"})
    inside = frozenset({OWN, *STAFF})
    # What an owner keeps to itself is opened to an operator by a grant (T7).
    kept = frozenset({OWN, "auditor"})
    return [
        Verb("list", "get", f"/{room}", None, "public", EVERYBODY),
        Verb("add", "post", f"/{room}", BODY, "", frozenset(writers | {"operator", OWN})),
        Verb("read", "get", one, None, "draft", kept),
        Verb("read", "get", one, None, "submitted", inside),
        Verb("read", "get", one, None, "public", EVERYBODY),
        Verb("history", "get", f"{one}/history", None, "draft", kept),
        Verb("revise", "patch", one, {"title": "换一个名称"}, "draft", frozenset({OWN})),
        Verb("revise", "patch", one, {"title": "换一个名称"}, "public", mine),
        Verb("submit", "post", f"{one}/moves/submit", {}, "draft", frozenset({OWN})),
        Verb("approve", "post", f"{one}/moves/approve", {}, "submitted", frozenset({"operator"})),
        Verb(
            "return", "post", f"{one}/moves/return", {"reason": "请补实测"}, "submitted",
            frozenset({"operator"}),
        ),
        Verb("renew", "post", f"{one}/moves/renew", {"changed": "无变化"}, "public", mine),
        Verb("withdraw", "post", f"{one}/moves/withdraw", {}, "public", mine),
        Verb("warn", "post", f"{one}/moves/warn", {}, "public", frozenset()),
        Verb("close", "post", f"{one}/moves/close", {}, "public", frozenset()),
        Verb("star", "post", f"{one}/star", {}, "draft", kept),
        Verb("star", "post", f"{one}/star", {}, "public", SIGNED_IN),
        Verb("unstar", "delete", f"{one}/star", None, "public", SIGNED_IN),
    ]  # fmt: skip


TABLE: Table = {
    "achievements": _records(
        "achievements", {"tto", "broker", "enterprise", "expert", "exchange"}
    ),
    "demands": _records("demands", {"enterprise", "broker", "tto"}),
    "demands_for_brokers": [
        Verb(
            "read", "get", "/demands/{id}", None, "public",
            frozenset({OWN, "broker", "auditor"}),
        ),
        Verb(
            "matches", "get", "/demands/{id}/matches", None, "public",
            frozenset({OWN, "broker", "auditor"}),
        ),
    ],
    "experts": _records("experts", {"tto", "broker", "enterprise", "expert"}),
}  # fmt: skip


def _in_state(verbs: Any, record: Any, owner: Actor, state: str) -> None:
    if state in ("submitted", "public"):
        verbs.move(actor=owner, record_id=record.pk, name="submit")
    if state == "public":
        verbs.move(actor=make.actor(Role.OPERATOR), record_id=record.pk, name="approve")


def _record(verbs: Any, role: Role, build: Any, state: str, **values: Any) -> Made:
    owner = make.person(role)
    record = build(actor_of(owner), **values)
    _in_state(verbs, record, actor_of(owner), state)
    return record.pk, {OWN: owner}


THINGS: Things = {
    "achievements": lambda s: _record(achievements, Role.TTO, make.achievement, s),
    "demands": lambda s: _record(demands, Role.ENTERPRISE, make.demand, s, visibility="named"),
    "demands_for_brokers": lambda s: _record(
        demands, Role.ENTERPRISE, make.demand, s, visibility="brokers"
    ),
    "experts": lambda s: _record(experts, Role.TTO, make.expert, s),
}
