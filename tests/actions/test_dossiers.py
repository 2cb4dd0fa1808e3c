"""Dossiers: made step by step as the log goes on, checked by the second implementation, byte by byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests import credentials as outside
from tests import deals, make
from tests.actions.test_log import sequenced, trust
from tests.deals import Sale, fresh
from verify import __main__ as verifier
from verify.verdicts import UNTRUSTED
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.log import queries as log
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound
from yangbanjian.market.certificates import actions, jobs, printing, queries
from yangbanjian.market.certificates.models import Dossier
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading import queries as trading_queries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def keys() -> verifier.Trust:
    """What a stranger has kept from /log/keys: the log's keys and the issuer's."""
    mine = trust()
    return verifier.Trust(mine.keys, [], outside.trust().issuers)


def made(sale: Sale) -> Dossier:
    """A dossier that is done."""
    one = actions.ask_for_dossier(actor=sale.seller, deal_id=fresh(sale).pk)
    sequenced()
    assert not actions.go_on(dossier_id=one.pk)
    sequenced()
    assert actions.go_on(dossier_id=one.pk)
    return Dossier.objects.get(pk=one.pk)


def whole() -> tuple[Sale, bytes]:
    """From the decision to the hand-over, with a paper, a default before, and a certificate."""
    sale = deals.awarded(papers=("public", "nda"))
    assert sale.deal is not None
    digest = trading_queries.undertaking_terms().sha256
    trading.undertake(actor=sale.buyer, listing_id=sale.deal.listing_id, sha256=digest)
    for one in sale.deal.listing.papers.order_by("slot"):
        trading.read_paper(actor=sale.buyer, paper_id=one.pk)
    paper = files.attach(actor=sale.seller, content="会议纪要".encode(), name="纪要.txt")
    trading.decide(
        actor=sale.seller, achievement_id=sale.record.pk, kind="collective",
        price_mode="agreement", price_fen=200 * deals.WAN, file_id=paper.pk,
    )  # fmt: skip
    first = fresh(sale)
    trading.default(actor=sale.staff, deal_id=first.pk, reason="逾期未签约")
    sale.deal = type(first).objects.get(follows=first)
    deals.sign_both(sale)
    deals.pay(sale)
    actions.issue(actor=sale.staff, deal_id=sale.deal.pk)
    trading.hand_over(actor=sale.seller, deal_id=sale.deal.pk)
    done = made(sale)
    return sale, actions.content_of(actor=sale.seller, dossier_id=done.pk)


def rewritten(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The body changed and the digest in the evidence made to fit: what an insider would do."""
    said = json.loads(content)
    change(said["body"])
    digest = hashlib.sha256(log.canonical(said["body"])).hexdigest()
    said["evidence"]["payload"]["dossier_sha256"] = digest
    return log.canonical(said)


def test_the_whole_way_in_one_file_that_the_verifier_holds_to_be_true() -> None:
    sale, content = whole()
    said = verifier.verify(content, keys())
    assert (said.code, said.check) == (0, ""), said.sentence
    assert said.proven["missing"] == "无 none"
    assert said.proven["price_fen"] == 200 * deals.WAN
    body = json.loads(content)["body"]
    told = {s["name"]: len(s["entries"]) for s in body["sections"]}
    assert all(told[name] for name in ("way_in", "notice", "deal", "right", "certificate", "files"))
    verbs = [p["leaf"]["verb"] for p in body["packets"]]
    for verb in ("trading.decided", "trading.notice_opened", "trading.deal_defaulted",
                 "trading.awarded", "trading.deal_signed", "trading.instalment_paid",
                 "trading.deal_paid", "certificates.certificate_issued", "files.stored"):  # fmt: skip
        assert verb in verbs, verb
    enclosed = {f["sha256"] for p in body["packets"] for f in p["files"]}
    assert hashlib.sha256("会议纪要".encode()).hexdigest() in enclosed
    # Of the diligence room: what everybody could read whole, of the rest name and digest.
    public, closed = body["papers"]
    assert (public["tier"], closed["tier"], closed["name"]) == ("public", "nda", "nda材料")
    assert public["sha256"] in enclosed
    assert closed["sha256"] == hashlib.sha256("nda材料".encode()).hexdigest()
    assert closed["sha256"] not in enclosed
    assert [(r["slot"], r["reader"]) for r in body["readings"]] == [(1, 1), (2, 1)]
    assert verifier.verify(content, verifier.Trust({}, [])).code == UNTRUSTED
    assert len(content) < 400_000
    assert sale.deal is not None


def test_whoever_changes_body_and_evidence_together_is_found_by_the_log() -> None:
    _, content = whole()

    def price(body: dict[str, Any]) -> None:
        body["deal"]["price_fen"] += 1

    found = verifier.verify(rewritten(content, price), keys())
    assert (found.code, found.check) == (1, "payload")


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "deal": lambda b: b["deal"].update(price_fen=1),
    "contract": lambda b: b["contract"]["clauses"][0].update(text="另一份合同"),
    "contract by another side": lambda b: b["signatures"]["seller"].update(side="buyer"),
    "contract unsigned": lambda b: b["signatures"].pop("seller"),
    "money": lambda b: b["instalments"][0].update(amount_fen=1, paid_fen=1),
    "money not there": lambda b: b["instalments"][0].update(paid_fen=0),
    "duties": lambda b: b["duties"][0].update(verdict="met", entries=[10**9]),
    "duties unknown": lambda b: b["duties"][0].update(verdict="fine"),
    "sections": lambda b: b["sections"][0]["entries"].append(10**9),
    "certificate": lambda b: b["certificate"]["credentialSubject"].update(price="¥1.00"),
    "packets": lambda b: b["packets"].append(b["packets"][0]),
    "files": lambda b: b["files"].append({"sha256": "0" * 64, "name": "", "size": 1}),
    "dossier": lambda b: b.update(extra=1),
    "lot_log": lambda b: b.update(lot_log=5),
    "papers": lambda b: b["papers"][1].update(sha256="0" * 64),
    "papers reading left out": lambda b: b["readings"].pop(),
    "papers reading of another": lambda b: b["readings"][0].update(version=9),
}


def test_each_promise_is_checked_also_where_the_house_itself_recorded_otherwise() -> None:
    """A house that records a false body honestly: the body's digest fits, so only the inner checks
    can find it. The packet's own checks are left out here: `verify` has them above."""
    from verify.dossier import Checks, check_dossier

    _, content = whole()
    mine = keys()

    def judged(body_of: dict[str, Any]) -> str:
        by = Checks(
            packet=lambda one: (
                verifier.check_packet(one, mine)
                if one["leaf"]["verb"] != "certificates.dossier_recorded"
                else {"origin": log.origin(), "index": 10**9, "key": "", "verb": one["leaf"]["verb"],
                      "entry": 0}
            ),
            certificate=lambda one: verifier.check_certificate(one, mine),
            lot_log=lambda text: verifier.check_lot_log(text, mine),
            canonical=verifier.canonical, holds=verifier.holds, fail=verifier.fail,
        )  # fmt: skip
        try:
            check_dossier(body_of, by)
        except verifier.Verdict as found:
            return found.check
        return ""

    assert judged(json.loads(rewritten(content, lambda _: None))) == ""
    for name, change in CHANGES.items():
        check = judged(json.loads(rewritten(content, lambda b, c=change: c(b) and None)))  # type: ignore[misc]
        wanted = {"certificate": "signature"}.get(name, name.split()[0])
        assert check == wanted, (name, check)


def sample() -> bytes:
    """A dossier of some 20 KB: decision, checks, notice, and a deal just awarded."""
    sale = deals.awarded(bidders=1)
    return actions.content_of(actor=sale.seller, dossier_id=made(sale).pk)


def refused(content: bytes, position: int, mine: verifier.Trust, by: int) -> bool:
    changed = bytearray(content)
    changed[position] = (changed[position] + by) % 256
    return verifier.verify(bytes(changed), mine).code in (verifier.FAILS, verifier.UNREADABLE)


def test_a_changed_byte_anywhere_is_refused() -> None:
    """Every 41st position here, all of them in `make prove`."""
    content, mine = sample(), keys()
    assert verifier.verify(content, mine).code == 0
    assert 15_000 < len(content) < 40_000
    assert all(refused(content, at, mine, 1) for at in range(0, len(content), 41))


@pytest.mark.proof
def test_every_byte_position_of_the_sample_changed_is_refused() -> None:
    content, mine = sample(), keys()
    passed = [at for at in range(len(content)) if not refused(content, at, mine, 1 + at % 255)]
    assert passed == []


def test_a_dossier_waits_for_the_log_and_goes_on_by_itself() -> None:
    sale = deals.signed()
    one = actions.ask_for_dossier(actor=sale.staff, deal_id=fresh(sale).pk)
    assert not actions.go_on(dossier_id=one.pk), "entries have no place in the log yet"
    assert Dossier.objects.get(pk=one.pk).state == "queued"
    with pytest.raises(Conflict) as waits:
        actions.content_of(actor=sale.staff, dossier_id=one.pk)
    assert waits.value.code == "jobs.not_done"
    sequenced()
    jobs.make_dossier(one.pk)
    assert Dossier.objects.get(pk=one.pk).state == "recorded"
    sequenced()
    assert jobs.go_on_with_dossiers(None) == 1  # type: ignore[arg-type]
    assert queries.under_way(5) == []
    assert actions.go_on(dossier_id=one.pk)
    made_at = Dossier.objects.get(pk=one.pk).done_at
    assert made_at is not None


def test_the_bidding_is_recounted_inside_the_dossier() -> None:
    sale = deals.awarded()
    content = actions.content_of(actor=sale.staff, dossier_id=made(sale).pk)
    said = verifier.verify(content, keys())
    assert (said.code, said.check) == (0, ""), said.sentence
    assert "recounted" in said.proven["bidding"]


def test_the_paper_says_clause_by_clause_what_is_met_and_what_is_missing() -> None:
    sale = deals.awarded(notice=False)
    one = made(sale)
    pdf = actions.content_of(actor=sale.seller, dossier_id=one.pk, part="pdf")
    assert pdf.startswith(b"%PDF-")
    body = json.loads(actions.content_of(actor=sale.seller, dossier_id=one.pk))["body"]
    said = printing.words(body, "x")
    verdicts = {row[0] for row in said["duties"]}
    assert "缺项" in verdicts
    assert said["verdict"].startswith("清单有缺项")
    assert [p["title"] for p in said["parts"]][:2] == ["交易", "价款"]


def test_the_buyer_and_strangers_get_no_dossier() -> None:
    sale = deals.signed()
    for who in (sale.buyer, make.actor(Role.ENTERPRISE), make.actor(Role.TTO)):
        with pytest.raises(NotAllowed):
            actions.ask_for_dossier(actor=who, deal_id=fresh(sale).pk)
    one = made(sale)
    with pytest.raises(NotFound):
        queries.dossier(sale.buyer, one.pk)
    assert queries.dossier(make.actor(Role.AUDITOR), one.pk) == one
    times = [p["proof"]["index"] for p in json.loads(
        actions.content_of(actor=sale.staff, dossier_id=one.pk))["body"]["packets"]]  # fmt: skip
    assert all(a < b for a, b in pairwise(times))
