"""Rows of deals, and of what follows: certificates, dossiers, uses, payouts."""

from __future__ import annotations

from typing import Any

from tests import deals, make
from tests.actions.test_log import sequenced
from tests.permissions.cells import (
    EVERYBODY,
    OWN,
    PROVIDER,
    SEEKER,
    SIGNED_IN,
    Made,
    Table,
    Things,
    Verb,
    nothing,
)
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions as credential_actions
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading import queries as trading_queries

INSIDE_A_DEAL = frozenset({OWN, SEEKER, "exchange", "operator", "auditor"})
DILIGENCE = frozenset({OWN, "exchange", "auditor"})


def a_use(_deal_id: int) -> dict[str, Any]:
    return {"used_on": clock.today().isoformat(), "text": "已投产。"}


TABLE: Table = {
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
}  # fmt: skip


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


THINGS: Things = {
    "deals": _deal,
    "certificates": _certificate,
    "dossiers": _dossier,
    "uses": _use,
    "payouts": _payout,
    "payee": nothing,
}
