"""Who may do what: one table over the API's verbs, one over those that only pages have.

Every caller is tried on every verb. What is forbidden must also leave every row as it was.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple
from unittest import mock
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from tests import deals, lots, make, signing
from tests.actions.test_log import sequenced, written
from tests.actions.test_notices import brought, said
from tests.credentials import issued
from tests.faces.calling import client_of
from tests.faces.matching import direction_between, match_between
from tests.trading import terms
from yangbanjian.engines.matching import actions as matching
from yangbanjian.engines.matching import queries as matching_queries
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions as credential_actions
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.models import Claim, Organisation, Person, Token
from yangbanjian.ground.people.providers import Proven
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.ground.rulebook import actions as rulebook
from yangbanjian.ground.site import actions as site
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import NotAllowed, NotFound
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading import queries as trading_queries
from yangbanjian.market.trading.actions import sittings

pytestmark = pytest.mark.django_db

# Callers: nobody; a person of each role, of an organisation that the thing tried has nothing to
# do with; and those whose own it is.
NOBODY, OWN = "nobody", "own"
SEEKER, PROVIDER = "seeker", "provider"
ROLES = frozenset(role.value for role in Role)
STAFF = frozenset({"operator", "auditor"})
EVERYBODY = ROLES | {NOBODY, OWN, SEEKER, PROVIDER}
SIGNED_IN = EVERYBODY - {NOBODY}
BODY = {"title": "低温冷库余热梯级回收系统", "abstract": "回收压缩机排热，电耗下降三成。"}


class Verb(NamedTuple):
    """A verb of the API: how it is called on a thing in a state, and who may."""

    name: str
    method: str
    path: str
    body: Any
    state: str
    may: frozenset[str]


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


MATCH = "/matches/{id}"
PARTIES = frozenset({SEEKER, PROVIDER})
ONLY_SEEKER = frozenset({SEEKER})
ORGANISATION = "/organisations/{id}"
MOVE_ORGANISATION = f"{ORGANISATION}/moves"
OPERATOR = frozenset({"operator"})
INSIDE_A_DEAL = frozenset({OWN, SEEKER, "exchange", "operator", "auditor"})
DILIGENCE = frozenset({OWN, "exchange", "auditor"})
A_TRANSFER = {
    "transfers": [
        {"id": 8, "kind": "posted", "debit": 5001, "credit": 5002, "amount": 1, "asset": "CNY"}
    ]
}
EDITION = {
    "jurisdiction": "310110", "document": "某文件", "effective_from": "2030-01-01",
    "rows": [{"case": "reward", "days": 20, "unit": "calendar", "first_day": "counted"}],
}  # fmt: skip
LOT, MOVE_LOT = "/lots/{id}", "/lots/{id}/moves"
BID = {"bid_id": "x", "amount_fen": 200_000_000}
SEALED_BID = {
    "bid_id": "x",
    "commitment": "0" * 64,
    "ciphertext": base64.b64encode(bytes(593)).decode(),
}
HOLDERS_OF_KEYS = frozenset({OWN, "exchange", "auditor"})
RUNS = frozenset({"exchange", "operator"})
_shares: dict[int, str] = {}


def a_share(lot_id: int) -> dict[str, Any]:
    return {"share": _shares[lot_id]}


_stored: dict[int, int] = {}


def a_paper(listing_id: int) -> dict[str, Any]:
    return {"file_id": _stored[listing_id], "tier": "nda", "name": "工艺说明"}


def a_use(_deal_id: int) -> dict[str, Any]:
    return {"used_on": clock.today().isoformat(), "text": "已投产。"}


def the_text(_listing_id: int) -> dict[str, Any]:
    return {"sha256": trading_queries.undertaking_terms().sha256}


A_DECISION = {"kind": "collective", "price_mode": "agreement"}
HOLDERS = [{"name": "东湖大学", "share_bp": 10_000}]
OBJECTION = {"text": "完成人有遗漏。", "name": "李某", "contact": "13900000000"}


def a_notice(achievement_id: int) -> dict[str, Any]:
    return {
        "achievement_id": achievement_id, "deal_mode": "transfer", "price_mode": "agreement",
        "price_fen": 100, "related_party": {"is": False},
    }  # fmt: skip


def a_listing(achievement_id: int) -> dict[str, Any]:
    return {
        "achievement_id": achievement_id, "method": "sealed", "start_fen": 100, "free_s": 600,
    }  # fmt: skip


def a_look(owner_id: int) -> dict[str, Any]:
    return {"owner_id": owner_id, "reason": "核对一条举报的原文", "hours": 4}


HOUSE = frozenset({"exchange", "operator"})
TABLE: dict[str, list[Verb]] = {
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
    "matches": [
        Verb("list", "get", "/matches", None, "suggested", SIGNED_IN),
        Verb("read", "get", MATCH, None, "suggested", PARTIES | {"auditor", "broker"}),
        Verb("see", "post", f"{MATCH}/moves/see", {}, "suggested", PARTIES),
        Verb("interested", "post", f"{MATCH}/moves/interested", {}, "suggested", PARTIES),
        Verb("agree", "post", f"{MATCH}/moves/agree", {}, "interested", frozenset({PROVIDER})),
        Verb("decline", "post", f"{MATCH}/moves/decline", {"why": "price"}, "interested", PARTIES),
        Verb("lapse", "post", f"{MATCH}/moves/lapse", {}, "interested", frozenset()),
        Verb(
            "judge", "post", f"{MATCH}/feedback", {"verdict": "good"}, "suggested",
            PARTIES | {"broker"},
        ),
    ],
    # Suggested by an enterprise's tags: the provider is not told before the enterprise is
    # interested.
    "directions": [
        Verb("read", "get", MATCH, None, "suggested", frozenset({SEEKER, "auditor", "broker"})),
        Verb("see", "post", f"{MATCH}/moves/see", {}, "suggested", ONLY_SEEKER),
        Verb("interested", "post", f"{MATCH}/moves/interested", {}, "suggested", ONLY_SEEKER),
        Verb(
            "decline", "post", f"{MATCH}/moves/decline", {"why": "too_early"}, "suggested",
            ONLY_SEEKER,
        ),
        Verb("agree", "post", f"{MATCH}/moves/agree", {}, "interested", frozenset({PROVIDER})),
        Verb("lapse", "post", f"{MATCH}/moves/lapse", {}, "interested", frozenset()),
        Verb(
            "judge", "post", f"{MATCH}/feedback", {"verdict": "good"}, "suggested",
            frozenset({SEEKER, "broker"}),
        ),
    ],
    "organisations": [
        Verb("list", "get", "/organisations", None, "verified", EVERYBODY),
        Verb("read", "get", ORGANISATION, None, "verified", EVERYBODY),
        Verb("read", "get", ORGANISATION, None, "suspended", OPERATOR),
        Verb("add", "post", "/organisations", {"kind": "society", "name": "新学会"}, "", OPERATOR),
        Verb("change", "patch", ORGANISATION, {"intro": "新简介"}, "verified", OPERATOR | {OWN}),
        Verb("verify", "post", f"{MOVE_ORGANISATION}/verify", {}, "claimed", OPERATOR),
        Verb(
            "suspend", "post", f"{MOVE_ORGANISATION}/suspend", {"reason": "证照过期"}, "verified",
            OPERATOR,
        ),
        Verb("reinstate", "post", f"{MOVE_ORGANISATION}/reinstate", {}, "suspended", OPERATOR),
    ],
    # OWN is the author: an operator too, who may not publish what they drafted.
    "rules": [
        Verb("tables", "get", "/rules", None, "", EVERYBODY),
        Verb("in_force", "get", "/rules/notice_days", None, "", EVERYBODY),
        Verb("editions", "get", "/rules/notice_days/editions", None, "", EVERYBODY),
        Verb("draft", "post", "/rules/notice_days/editions", EDITION, "", OPERATOR | {OWN}),
        Verb("read", "get", "/editions/{id}", None, "draft", STAFF | {OWN}),
        Verb("read", "get", "/editions/{id}", None, "published", EVERYBODY),
        Verb("change", "patch", "/editions/{id}", {"note": "改"}, "draft", OPERATOR | {OWN}),
        Verb("movers", "get", "/editions/{id}/movers", None, "draft", STAFF | {OWN}),
        Verb("publish", "post", "/editions/{id}/moves/publish", {}, "draft", OPERATOR),
        Verb("withdraw", "post", "/editions/{id}/moves/withdraw", {}, "draft", OPERATOR | {OWN}),
        Verb("deadline", "get", "/calendar/deadline?from=2024-02-01&days=15", None, "", EVERYBODY),
    ],
    "log": [
        Verb("list", "get", "/entries?subject=thing:1", None, "", EVERYBODY),
        Verb("proof", "get", "/entries/{id}/proof", None, "parties", STAFF | {OWN}),
        Verb("packet", "get", "/entries/{id}/packet", None, "parties", STAFF | {OWN}),
        Verb("proof", "get", "/entries/{id}/proof", None, "staff", STAFF),
        Verb("packet", "get", "/entries/{id}/packet", None, "staff", STAFF),
        Verb("packet", "get", "/entries/{id}/packet", None, "public", EVERYBODY),
        Verb("consistency", "get", "/log/consistency?from=1&to=1", None, "public", EVERYBODY),
    ],
    "credentials": [
        Verb("status", "get", "/status/{id}", None, "", EVERYBODY),
    ],
    "tokens": [
        Verb("list", "get", "/tokens", None, "", SIGNED_IN),
        # Outside a sandbox these two need a second factor first, and here have none.
        Verb("add", "post", "/tokens", {}, "", SIGNED_IN - {"operator", "exchange"}),
        Verb("end", "delete", "/tokens/{id}", None, "", OPERATOR | {OWN}),
    ],
    "access": [
        Verb("list", "get", "/access", None, "", SIGNED_IN),
        Verb("open", "post", "/access", a_look, "", OPERATOR),
        Verb("end", "post", "/access/{id}/end", {}, "open", OPERATOR),
    ],
    "oneself": [
        Verb("me", "get", "/me", None, "", SIGNED_IN),
        Verb("export", "get", "/me/export", None, "", SIGNED_IN),
        Verb("erase", "post", "/me/erase", {}, "", SIGNED_IN),
        Verb("inbox", "get", "/inbox", None, "", SIGNED_IN),
        Verb("read", "post", "/inbox/read", {}, "", SIGNED_IN),
        Verb("file", "post", "/files", "a file", "", SIGNED_IN),
    ],
    # Outside a sandbox: there the operator keeps books too (tests/faces/test_api_ledger.py).
    "ledger": [
        Verb("open", "post", "/ledger/accounts", {"id": 7, "code": "c", "asset": "CNY"}, "",
             frozenset({"exchange"})),
        Verb("post", "post", "/ledger/batches", A_TRANSFER, "", frozenset({"exchange"})),
        Verb("read", "get", "/ledger/accounts/{id}", None, "",
             frozenset({"auditor", "exchange", OWN})),
        Verb("trial balance", "get", "/ledger/trial-balance", None, "", STAFF | {"exchange"}),
        Verb("unmatched", "get", "/ledger/unmatched", None, "", STAFF | {"exchange"}),
    ],
    # Whoever is signed in has a verdict; whether they may bid is part of it. OWN is the seller.
    "lots": [
        Verb("read", "get", LOT, None, "open", EVERYBODY),
        Verb("bid", "post", f"{LOT}/bids", BID, "open", SIGNED_IN),
        Verb("ceiling", "post", f"{LOT}/ceiling", {"max_fen": 200_000_000}, "open", SIGNED_IN),
        Verb("priority", "post", f"{LOT}/priority", {"match": True}, "open", SIGNED_IN),
        Verb("pause", "post", f"{MOVE_LOT}/pause", {"reason": "检修"}, "open", RUNS),
        Verb("resume", "post", f"{MOVE_LOT}/resume", {}, "paused", RUNS),
        Verb("sealing", "get", f"{LOT}/sealing", None, "sealed", EVERYBODY),
        Verb("seal", "post", f"{LOT}/sealed-bids", SEALED_BID, "sealed", SIGNED_IN),
        Verb("keep", "post", f"{LOT}/key-holders", {}, "unsealed", HOLDERS_OF_KEYS),
        Verb("hand in", "post", f"{LOT}/key-shares", a_share, "opening", frozenset({OWN})),
    ],
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
    # OWN is the seller, SEEKER the buyer.
    "deals": [
        Verb("list", "get", "/deals", None, "awarded", EVERYBODY),
        Verb("read", "get", "/deals/{id}", None, "awarded", EVERYBODY),
        Verb("sign", "post", "/deals/{id}/moves/sign", {}, "awarded", frozenset({OWN, SEEKER})),
        Verb("word", "post", "/deals/{id}/contract", {"fields": {}}, "awarded",
             frozenset({OWN, SEEKER})),
        Verb("default", "post", "/deals/{id}/moves/default", {"reason": "违约"}, "awarded",
             frozenset({"exchange", "operator"})),
        Verb("secure", "post", "/deals/{id}/moves/secure", {"security": "保函"}, "signed",
             frozenset({"exchange", "operator"})),
        Verb("register", "post", "/deals/{id}/moves/register", {"no": "1"}, "signed",
             frozenset({OWN, "exchange", "operator"})),
        Verb("hand over", "post", "/deals/{id}/moves/hand_over", {}, "paid",
             frozenset({OWN, "exchange", "operator"})),
        Verb("settle", "post", "/deals/{id}/moves/settle", {}, "paid",
             frozenset({"exchange", "operator"})),
        Verb("royalty", "post", "/deals/{id}/royalties",
             {"period_from": "2026-01-01", "period_to": "2026-01-31", "base_fen": 1}, "paid",
             frozenset({SEEKER})),
        Verb("registry", "get", "/deals/{id}/registry", None, "signed", INSIDE_A_DEAL),
        Verb("split", "get", "/deals/{id}/split", None, "signed", INSIDE_A_DEAL),
        Verb("certify", "post", "/deals/{id}/certificate", {}, "paid",
             frozenset({"exchange", "operator"})),
        Verb("dossier", "post", "/deals/{id}/dossier", {}, "signed", DILIGENCE),
    ],
    "certificates": [
        Verb("read", "get", "/certificates/{id}", None, "", EVERYBODY),
        Verb("document", "get", "/certificates/{id}.vc.json", None, "", EVERYBODY),
        Verb("paper", "get", "/certificates/{id}.pdf", None, "", EVERYBODY),
        Verb("use", "get", "/certificates/{id}/uses/reward_payout", None, "", EVERYBODY),
        Verb("revoke", "post", "/certificates/{id}/moves/revoke", {"reason": "有误"}, "",
             frozenset({"exchange", "operator"})),
    ],
    "dossiers": [
        Verb("read", "get", "/jobs/{id}", None, "", DILIGENCE),
        Verb("file", "get", "/jobs/{id}/file", None, "done", DILIGENCE),
        Verb("paper", "get", "/jobs/{id}/paper", None, "done", DILIGENCE),
    ],
    # OWN is the seller, SEEKER the buyer, who has reported.
    "uses": [
        Verb("list", "get", "/deals/{id}/uses", None, "deal", INSIDE_A_DEAL),
        Verb("report", "post", "/deals/{id}/uses", a_use, "deal", frozenset({SEEKER})),
        Verb("content", "get", "/uses/{id}/content", None, "paper", INSIDE_A_DEAL),
    ],
    # PROVIDER is a broker who has a commission.
    "payouts": [
        Verb("list", "get", "/payouts", None, "", SIGNED_IN),
        Verb("fail", "post", "/payouts/{id}/moves/fail", {"reason": "销户"}, "",
             frozenset({"exchange", "operator"})),
        Verb("repeat", "post", "/payouts/{id}/moves/repeat", {}, "failed",
             frozenset({"exchange", "operator"})),
    ],
    "payee": [
        Verb("read", "get", "/payee", None, "", SIGNED_IN),
        Verb("name", "post", "/payee", {"number": "6222", "bank": "东港银行"}, "",
             frozenset({"tto", "enterprise", "broker"})),
    ],
    "listings_to_be": [
        Verb("add", "post", "/listings", a_listing, "", frozenset({OWN})),
    ],
    # SEEKER is the person of the exchange who has accepted it.
    "listings": [
        Verb("list", "get", "/listings", None, "disclosed", EVERYBODY),
        Verb("read", "get", "/listings/{id}", None, "draft", HOUSE | {OWN, "auditor", SEEKER}),
        Verb("read", "get", "/listings/{id}", None, "disclosed", EVERYBODY),
        Verb("revise", "patch", "/listings/{id}", {"step_fen": 5}, "draft", frozenset({OWN})),
        Verb("submit", "post", "/listings/{id}/moves/submit", {}, "draft", frozenset({OWN})),
        Verb("accept", "post", "/listings/{id}/moves/accept", {}, "submitted", HOUSE | {SEEKER}),
        Verb("return", "post", "/listings/{id}/moves/return", {"reason": "改"}, "submitted",
             HOUSE | {SEEKER}),
        Verb("confirm", "post", "/listings/{id}/moves/accept", {}, "accepted", HOUSE),
        Verb("publish", "post", "/listings/{id}/moves/publish", {}, "accepted", HOUSE),
        Verb("change", "post", "/listings/{id}/moves/change", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("pause", "post", "/listings/{id}/moves/pause", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("end", "post", "/listings/{id}/moves/end", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("withdraw", "post", "/listings/{id}/moves/withdraw", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER, OWN}),
        Verb("sign_up", "post", "/listings/{id}/registrations", {"bank_account": "6222"}, "disclosed",
             frozenset({"enterprise", "tto", "broker"})),
        Verb("questions", "get", "/listings/{id}/questions", None, "disclosed", EVERYBODY),
        Verb("ask", "post", "/listings/{id}/questions", {"text": "？"}, "disclosed",
             SIGNED_IN - {OWN}),
    ],
    # SEEKER is a buyer who has signed up and undertaken to keep the papers, PROVIDER one who has
    # signed up alone.
    "rooms": [
        Verb("list", "get", "/listings/{id}/papers", None, "disclosed", EVERYBODY),
        Verb("add", "post", "/listings/{id}/papers", a_paper, "draft", frozenset({OWN})),
        Verb("undertake", "post", "/listings/{id}/undertaking", the_text, "disclosed",
             frozenset({SEEKER, PROVIDER})),
        Verb("readings", "get", "/listings/{id}/readings", None, "disclosed", HOUSE | {OWN, "auditor"}),
    ],
    "papers": [
        Verb("content", "get", "/papers/{id}/content", None, "nda", HOUSE | {OWN, "auditor", SEEKER}),
        Verb("content", "get", "/papers/{id}/content", None, "qualified", HOUSE | {OWN, "auditor"}),
        Verb("content", "get", "/papers/{id}/content", None, "public", EVERYBODY),
        Verb("take_back", "post", "/papers/{id}/moves/take_back", {}, "waiting", HOUSE | {OWN}),
    ],
    # OWN is the buyer, PROVIDER the seller, who never learns of it.
    "registrations": [
        Verb("list", "get", "/registrations", None, "deposited", SIGNED_IN),
        Verb("read", "get", "/registrations/{id}", None, "deposited", HOUSE | {OWN, "auditor"}),
        Verb("qualify", "post", "/registrations/{id}/moves/qualify", {}, "deposited", HOUSE),
        Verb("refuse", "post", "/registrations/{id}/moves/refuse", {"reason": "不符"}, "deposited",
             HOUSE),
        Verb("withdraw", "post", "/registrations/{id}/moves/withdraw", {}, "applied",
             frozenset({OWN})),
    ],
    "questions": [
        Verb("answer", "post", "/questions/{id}/answer", {"text": "答"}, "", HOUSE | {PROVIDER}),
    ],
    "everybody": [
        Verb("codes", "get", "/codes/field", None, "", EVERYBODY),
        Verb("match", "post", "/match", {"text": "冷库电费太高"}, "", EVERYBODY),
        Verb("health", "get", "/health", None, "", EVERYBODY),
    ],
}  # fmt: skip
# Calls that the table leaves out: no role plays a part in them, or (imports) a file of each kind
# and owner does, which tests/faces/test_sheets_desk.py and tests/actions/test_imports.py try; a new
# address needs the caller's password: `people.ask_email_change` below, tests/faces/test_api_people.py.
ELSEWHERE = frozenset({
    "/sandbox/clock", "/sandbox/mail", "/sandbox/accounts", "/sandbox/bank", "/codes",
    "/imports", "/imports/{id}", "/imports/{id}/errors", "/me/email",
    "/ocds/releases/{release}", "/ocds/records/{ocid}",
})  # fmt: skip


# --- things --------------------------------------------------------------------------------------

Made = tuple[int | str, dict[str, Person]]


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


def _match(state: str) -> Made:
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = match_between(actor_of(seeker), actor_of(provider), visibility="named")
    if state == "interested":
        matching.move(actor=actor_of(seeker), match_id=match.pk, name="interested")
    return match.pk, {SEEKER: seeker, PROVIDER: provider}


def _direction(state: str) -> Made:
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = direction_between(actor_of(seeker), actor_of(provider))
    if state == "interested":
        matching.move(actor=actor_of(seeker), match_id=match.pk, name="interested")
    return match.pk, {SEEKER: seeker, PROVIDER: provider}


def _organisation(state: str) -> Made:
    organisation = make.organisation("university", state=state or "verified")
    return organisation.pk, {OWN: make.person(Role.TTO, of=organisation)}


def _entry(audience: str) -> Made:
    owner = make.person(Role.TTO)
    party = owner.memberships.get().organisation_id
    (made,) = written(1, audience=audience or "public", owner_id=party)
    sequenced()
    return made, {OWN: owner}


def _status_list(_state: str) -> Made:
    return issued().status_list_id, {}


def _token(_state: str) -> Made:
    person = make.person(Role.TTO)
    token, _ = people.create_token(actor=SYSTEM, person_id=person.pk)
    return token.pk, {OWN: person}


def _accounts(_state: str) -> Made:
    person = make.person(Role.TTO)
    for number in (5001, 5002):
        ledger.open_account(
            actor=SYSTEM, key=UUID(int=number), owner_id=person.memberships.get().organisation_id,
            code="current", asset="CNY", is_limited=False,
        )  # fmt: skip
    return 5001, {OWN: person}


def _edition(state: str) -> Made:
    author = make.person(Role.OPERATOR)
    values = {"document": "某文件", "begins": date(2030, 1, 1), "rows": EDITION["rows"]}
    one = rulebook.draft(
        actor=actor_of(author), table="notice_days", jurisdiction="310110", values=values
    )
    if state == "published":
        rulebook.publish(actor=make.actor(Role.OPERATOR), edition_id=one.pk)
    return one.pk, {OWN: author}


def _lot(state: str) -> tuple[int, dict[str, Person]]:
    """A lot in a state, and its seller; the sealed ones with three holders, one of them the seller."""
    seller = make.person(Role.TTO)
    own = actor_of(seller)
    if state in ("open", "paused"):
        lot, _ = lots.opened(seller=own)
        if state == "paused":
            trading.pause_lot(actor=SYSTEM, lot_id=lot.pk, reason="检修")
        return lot.pk, {OWN: seller}
    at = clock.now() - timedelta(seconds=3)
    seconds = {"free_s": 3600}
    lot, by = lots.opened(seller=own, method="sealed", step_fen=0, opens_at=at, **seconds)
    if state == "unsealed":
        return lot.pk, {OWN: seller}
    holders = [own, make.actor(Role.EXCHANGE), make.actor(Role.AUDITOR)]
    shown = [trading.keep_share(actor=holder, lot_id=lot.pk) for holder in holders]
    if state == "opening":
        _shares[lot.pk] = shown[0].share
        trading.place_sealed(actor=by["A3"], lot_id=lot.pk, **SEALED_BID)
        with mock.patch.object(
            sittings, "clocks", return_value=(at + timedelta(hours=2), at, None)
        ):
            trading.close_lot(actor=SYSTEM, lot_id=lot.pk)
        sequenced()
    return lot.pk, {OWN: seller}


def _brought(_state: str) -> Made:
    owner = make.person(Role.TTO, of=make.organisation("university"))
    return brought(actor_of(owner)).pk, {OWN: owner}


def _notice(state: str) -> Made:
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
    record_id, own = _brought("")
    made = trading.enter_right(
        actor=make.actor(Role.EXCHANGE), achievement_id=record_id, kind="initial",
        content={"holders": HOLDERS},
    )  # fmt: skip
    return made.right.no, own


def _sale(state: str, **how: Any) -> tuple[deals.Sale, dict[str, Person]]:
    """A deal in a state; a royalty, so that there is something to report."""
    payment = {"kind": "entry_royalty", "rate_permille": 30, "base": "sales"}
    how = {"payment": payment, "deal_mode": "licence_ordinary", **how}
    build = {"awarded": deals.awarded, "signed": deals.signed, "paid": deals.paid}[state or "paid"]
    sale = build(**how)
    return sale, {OWN: sale.tto, SEEKER: sale.bidders[-1]}


def _deal(state: str) -> Made:
    sale, own = _sale(state)
    return deals.fresh(sale).pk, own


def _payout(state: str) -> Made:
    broker = make.person(Role.BROKER)
    share = {"organisation_id": broker.memberships.get().organisation_id, "permille": 15}
    sale, own = _sale("paid", commission=[share])
    trading.propose_settlement(actor=sale.staff, deal_id=deals.fresh(sale).pk)
    trading.settle(actor=sale.staff2, deal_id=deals.fresh(sale).pk)
    one = trading_queries.payouts(SYSTEM).get(kind="commission")
    if state == "failed":
        trading.fail_payout(actor=sale.staff, payout_id=one.pk, reason="销户")
    return one.pk, {**own, PROVIDER: broker}


def _use(state: str) -> Made:
    sale, own = _sale("paid")
    deal, buyer = deals.fresh(sale), actor_of(own[SEEKER])
    trading.hand_over(actor=sale.seller, deal_id=deal.pk)
    stored = files.attach(actor=buyer, content=b"sold", name="a.txt")
    made = trading.report_use(
        actor=buyer, deal_id=deal.pk, used_on=clock.today(), text="已投产。", file_id=stored.pk
    )
    return (deal.pk if state == "deal" else made.pk), own


def _certificate(_state: str) -> Made:
    sale, own = _sale("paid")
    made = certificates.issue(actor=sale.staff, deal_id=deals.fresh(sale).pk)
    credential_actions.page(credential=made.credential)  # drawn once, when first asked for
    return made.no, own


def _dossier(state: str) -> Made:
    sale, own = _sale("signed")
    one = certificates.ask_for_dossier(actor=sale.staff, deal_id=deals.fresh(sale).pk)
    for _ in range(2 if state == "done" else 0):
        sequenced()
        certificates.go_on(dossier_id=one.pk)
    return one.pk, own


def _listing(state: str, deposit_fen: int = 0) -> Made:
    """With every duty met; the exchange has accepted it as SEEKER, another published it."""
    owner = make.person(Role.TTO, of=make.organisation("university"))
    record, seller = brought(actor_of(owner)), actor_of(owner)
    one = trading.draft_listing(
        actor=seller,
        achievement_id=record.pk,
        values=terms(deposit_fen=deposit_fen, method="sealed"),
    )
    accepter = make.person(Role.EXCHANGE)
    steps = ("draft", "submitted", "accepted", "disclosed")
    reached = steps.index(state or "draft")
    trading.decide(actor=seller, achievement_id=record.pk, kind="collective", price_mode="listing")
    for item in ("price_basis", "title", "encumbrance", "priority"):
        trading.state(actor=seller, achievement_id=record.pk, item=item, verdict="pass")
    if reached > 0:
        trading.submit_listing(actor=seller, listing_id=one.pk)
    if reached > 1:
        trading.accept_listing(actor=actor_of(accepter), listing_id=one.pk)
    if reached > 2:
        trading.publish_listing(actor=make.actor(Role.EXCHANGE), listing_id=one.pk)
    return one.pk, {OWN: owner, SEEKER: accepter}


def _paper_of(listing_id: int, seller: Person, tier: str, **how: str) -> int:
    stored = files.attach(actor=actor_of(seller), content=tier.encode(), name="a.txt")
    _stored[listing_id] = stored.pk
    made = trading.put_paper(
        actor=actor_of(seller),
        listing_id=listing_id,
        file_id=stored.pk,
        tier=tier,
        name="材料",
        **how,
    )
    return made.pk


def _room(state: str, tier: str = "nda") -> tuple[int, int, dict[str, Person]]:
    """A listing with a paper of this tier in its room, and who has to do with it."""
    listing_id, own = _listing("draft")
    paper_id = _paper_of(listing_id, own[OWN], tier)
    if state == "draft":
        return listing_id, paper_id, {OWN: own[OWN]}
    trading.submit_listing(actor=actor_of(own[OWN]), listing_id=listing_id)
    trading.accept_listing(actor=make.actor(Role.EXCHANGE), listing_id=listing_id)
    trading.publish_listing(actor=make.actor(Role.EXCHANGE), listing_id=listing_id)
    buyers = {SEEKER: make.person(Role.ENTERPRISE), PROVIDER: make.person(Role.ENTERPRISE)}
    for buyer in buyers.values():
        trading.sign_up(actor=actor_of(buyer), listing_id=listing_id, bank_account="6222000000001")
    trading.undertake(actor=actor_of(buyers[SEEKER]), listing_id=listing_id, **the_text(listing_id))
    return listing_id, paper_id, {OWN: own[OWN], **buyers}


def _papers(state: str) -> Made:
    listing_id, paper_id, own = _room("disclosed", "nda" if state == "waiting" else state)
    if state == "waiting":
        paper_id = _paper_of(listing_id, own[OWN], "public", reason="补充")
    return paper_id, own


def _registration(state: str) -> Made:
    listing_id, own = _listing("disclosed", 0 if state == "deposited" else 100)
    buyer = make.person(Role.ENTERPRISE)
    bank.open_account(
        actor=SYSTEM, number="310501", bank="东港银行", owner_id=make.organisation("exchange").pk
    )
    made = trading.sign_up(
        actor=actor_of(buyer), listing_id=listing_id, bank_account="6222000000001"
    )
    return made.pk, {OWN: buyer, PROVIDER: own[OWN]}


def _question(_state: str) -> Made:
    listing_id, own = _listing("disclosed")
    asked = trading.ask(
        actor=make.actor(Role.ENTERPRISE), listing_id=listing_id, text="年费缴到哪年？"
    )
    return asked.pk, {PROVIDER: own[OWN]}


def _grant(state: str) -> Made:
    owner = make.person(Role.ENTERPRISE)
    owner_id = actor_of(owner).organisation_id
    assert owner_id is not None
    if not state:
        return owner_id, {OWN: owner}
    return make.look_in(make.actor(Role.OPERATOR), owner_id)[0].pk, {OWN: owner}


def _nothing(_state: str) -> Made:
    make.person(Role.OPERATOR)  # so that no caller is the last one
    return 0, {}


THINGS: dict[str, Callable[[str], Made]] = {
    "achievements": lambda s: _record(achievements, Role.TTO, make.achievement, s),
    "demands": lambda s: _record(demands, Role.ENTERPRISE, make.demand, s, visibility="named"),
    "demands_for_brokers": lambda s: _record(
        demands, Role.ENTERPRISE, make.demand, s, visibility="brokers"
    ),
    "experts": lambda s: _record(experts, Role.TTO, make.expert, s),
    "matches": _match,
    "directions": _direction,
    "organisations": _organisation,
    "rules": _edition,
    "log": _entry,
    "credentials": _status_list,
    "tokens": _token,
    "ledger": _accounts,
    "access": _grant,
    "oneself": _nothing,
    "lots": _lot,
    "way_in": _brought,
    "notices": _notice,
    "objections": _objection,
    "rights": _right,
    "deals": _deal,
    "certificates": _certificate,
    "dossiers": _dossier,
    "uses": _use,
    "payouts": _payout,
    "payee": _nothing,
    "listings_to_be": _brought,
    "listings": _listing,
    "rooms": lambda s: _room(s)[::2],
    "papers": _papers,
    "registrations": _registration,
    "questions": _question,
    "everybody": _nothing,
}


@cache
def _contents() -> str:
    """One query over all tables of the product: a digest of the rows of each. When a token was
    last used is no act of anybody's."""
    tables = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("yangbanjian.")
    )
    rows = "(to_jsonb(t) - 'used_at')::text"
    return " UNION ALL ".join(
        # The names are the product's own.
        f"SELECT '{table}', count(*), md5(string_agg({rows}, '|' ORDER BY {rows})) FROM {table} t"  # noqa: S608
        for table in tables
    )


def _everything() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_contents())
        return sorted(cursor.fetchall())


def _send(client: Client, verb: Verb, thing_id: int | str) -> int:
    path = "/api/v1" + verb.path.format(id=thing_id)
    if verb.body == "a file":
        body: Any = {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7")}
        return client.post(path, body).status_code
    if verb.method == "get":
        return client.get(path).status_code
    call = getattr(client, verb.method)
    body = verb.body(thing_id) if callable(verb.body) else verb.body
    return int(call(path, body, content_type="application/json").status_code)


# Their things need a bank and a clock that can be moved.
IN_A_SANDBOX = frozenset({"deals", "certificates", "dossiers", "payouts", "uses"})
CELLS = [
    pytest.param(subject, verb, id=f"{subject}.{verb.name}-{verb.state or 'any'}")
    for subject, verbs in TABLE.items()
    for verb in verbs
]


@pytest.mark.parametrize(("subject", "verb"), CELLS)
def test_the_table_holds(
    subject: str, verb: Verb, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    if subject in IN_A_SANDBOX:
        settings.YBJ_SANDBOX = True
        make.sandbox()
    monkeypatch.setattr(matching_queries, "encoder", lambda: None)
    thing_id, own = THINGS[subject](verb.state)
    callers: dict[str, Client] = {NOBODY: Client()}
    callers |= {role.value: client_of(make.person(role)) for role in Role}
    callers |= {name: client_of(person) for name, person in own.items()}
    before = _everything()
    told = {}
    for name, client in callers.items():
        with transaction.atomic():
            told[name] = _send(client, verb, thing_id)
            if name not in verb.may:
                assert _everything() == before, f"{name} was refused, and yet something changed"
            transaction.set_rollback(True)
    assert {n for n, status in told.items() if status < 300} == verb.may & set(callers), told
    refused = {n: s for n, s in told.items() if n not in verb.may}
    assert set(refused.values()) <= {401, 403, 404}, refused
    assert refused.get(NOBODY, 401) in (401, 404)


def test_a_changed_row_is_noticed() -> None:
    organisation = make.organisation()
    before = _everything()
    assert _everything() == before
    Organisation.objects.filter(pk=organisation.pk).update(intro="改了")
    assert _everything() != before


def test_every_call_stands_in_the_table() -> None:
    from yangbanjian.faces.api.routes import api

    tried = {(v.method, v.path.partition("?")[0]) for verbs in TABLE.values() for v in verbs}
    tried = {(m, p.split("/moves/")[0] + "/moves/" * ("/moves/" in p)) for m, p in tried}
    for path, calls in api.get_openapi_schema(path_prefix="")["paths"].items():
        plain = "/" + path.strip("/")
        for part in plain.split("/"):
            if part.endswith("_id}"):
                plain = plain.replace(part, "{id}")
        plain = plain.replace("/moves/{move}", "/moves/").replace("/codes/{table}", "/codes/field")
        plain = plain.replace("/rules/{table}", "/rules/notice_days")
        plain = plain.replace("{no}", "{id}").replace("{use}", "reward_payout")
        if plain in ELSEWHERE or plain.endswith("s/{id}/history"):
            continue
        for method in calls:
            assert (method, plain) in tried, (method, path)


# --- verbs that only pages have ------------------------------------------------------------------


class Place(NamedTuple):
    """What there is for them: an organisation, its person, somebody else, a claim."""

    organisation: Organisation
    own: Person
    somebody: Person
    claim: Claim


Act = Callable[[Actor, Place], object]


def _introduction_of(provider: Person) -> int:
    """The introduction under way that waits for this person's answer."""
    found = matching_queries.matches(actor_of(provider)).filter(state="interested")
    return int(found.values_list("pk", flat=True).get())


ACTS: dict[str, tuple[Act, frozenset[str]]] = {
    # Time alone ends an introduction, whoever asks.
    "matches.lapse by a party": (
        lambda a, p: matching.move(actor=a, match_id=_introduction_of(p.own), name="lapse"),
        frozenset(),
    ),
    "site.change": (
        lambda a, p: site.change(actor=a, values={"valid_days": 100}), OPERATOR,
    ),
    "people.create_user": (
        lambda a, p: people.create_user(actor=a, role="expert", name="新来者"), OPERATOR,
    ),
    "people.add_membership": (
        lambda a, p: people.add_membership(
            actor=a, person_id=p.somebody.pk, organisation_id=p.organisation.pk, role="expert"
        ), OPERATOR,
    ),
    "people.suspend_person": (
        lambda a, p: people.suspend_person(actor=a, person_id=p.somebody.pk, reason="停用"),
        OPERATOR,
    ),
    "people.decide_claim": (
        lambda a, p: people.decide_claim(actor=a, claim_id=p.claim.pk, is_right=True), OPERATOR,
    ),
    "people.confirm_tag": (
        lambda a, p: people.confirm_tag(
            actor=a, organisation_id=p.organisation.pk, kind="field", code="green"
        ), OPERATOR | {"broker"},
    ),
    "people.set_stated_tags": (
        lambda a, p: people.set_stated_tags(
            actor=a, organisation_id=p.organisation.pk, kind="field", codes=["green"]
        ), OPERATOR | {OWN},
    ),
    "people.ask_email_change": (
        lambda a, p: people.ask_email_change(
            actor=a, person_id=p.own.pk, email="new@example.com", password=signing.PASSWORD
        ), frozenset({OWN}),
    ),
    "people.set_preferences": (
        lambda a, p: people.set_preferences(actor=a, person_id=p.own.pk, mail="nothing"),
        frozenset({OWN}),
    ),
    "people.link_identity": (
        lambda a, p: people.link_identity(
            actor=a, person_id=p.own.pk, proven=Proven("https://id.example.com", "42")
        ), frozenset({OWN}),
    ),
    "people.unlink_identity": (
        lambda a, p: people.unlink_identity(actor=a, identity_id=p.own.identities.get().pk),
        frozenset({OWN}),
    ),
    "people.change_profile": (
        lambda a, p: people.change_profile(actor=a, person_id=p.own.pk, name="改名"),
        frozenset({OWN}),
    ),
    "people.end_all_sessions": (
        lambda a, p: people.end_all_sessions(actor=a, person_id=p.own.pk), OPERATOR | {OWN},
    ),
}  # fmt: skip


@pytest.fixture
def place(settings: Any) -> Place:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    organisation = make.organisation("university")
    somebody = make.person(Role.ENTERPRISE)
    claim = people.claim_organisation(
        actor=actor_of(somebody), role="tto", organisation_id=organisation.pk
    )
    make.person(Role.OPERATOR)
    own = signing.with_password(make.person(Role.TTO, of=organisation))
    people.link_identity(
        actor=actor_of(own), person_id=own.pk, proven=Proven("https://id.example.com", "7")
    )
    seeker = make.actor(Role.ENTERPRISE)
    match = direction_between(seeker, actor_of(own))
    matching.move(actor=seeker, match_id=match.pk, name="interested")
    return Place(organisation, own, somebody, claim)


@pytest.mark.parametrize("name", ACTS)
def test_the_table_of_acts_holds(name: str, place: Place) -> None:
    act, may = ACTS[name]
    callers = {NOBODY: ANONYMOUS, OWN: actor_of(place.own)}
    callers |= {role.value: make.actor(role) for role in Role}
    before = _everything()
    allowed = set()
    for caller, actor in callers.items():
        with transaction.atomic():
            try:
                act(actor, place)
                allowed.add(caller)
            except (NotAllowed, NotFound):
                assert _everything() == before, f"{caller} was refused, and yet something changed"
            transaction.set_rollback(True)
    assert allowed == may & set(callers)
    assert Token.objects.count() == 0
