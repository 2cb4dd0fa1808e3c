"""Issuing and revoking certificates, the daily check, and the making of dossiers."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Collection
from datetime import date

from procrastinate.contrib.django import app

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions as credentials
from yangbanjian.ground.credentials import queries as credential_queries
from yangbanjian.ground.database.transactions import acting, one_snapshot
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.log import queries as log
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem, Refusal
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates import gathering, policy, printing, queries
from yangbanjian.market.certificates.models import Certificate, Dossier
from yangbanjian.market.certificates.rules import dossiers, form, numbers
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.models import Deal

notes = logging.getLogger(__name__)
TASK = "certificates.make_dossier"
REVOKED, SUPERSEDED = "revoked", credential_queries.SUPERSEDED


def issue(*, actor: Actor, deal_id: int, replaces: bool = False) -> Certificate:
    """Issue the deal's certificate; with `replaces`, the one that holds is revoked in the same
    commit. Raises NotAllowed, Conflict (`certificates.not_yet` with `missing`; one holds already)."""
    policy.may_issue(actor).or_refuse()
    assert actor.person_id is not None
    with acting(actor):
        deal = trading.locked_deal(actor, deal_id)
        facts = queries.facts(deal)
        lacks = form.missing(facts)
        if lacks:
            raise Conflict(
                "certificates.not_yet",
                gettext_noop("还不能出具凭证，有 %(count)d 项没有办完，请看清单。"),
                missing=lacks, count=len(lacks),
            )  # fmt: skip
        before = queries.live(deal)
        if before is not None and not replaces:
            raise Conflict(
                "certificates.exists",
                gettext_noop("这笔交易已有有效的凭证。要更正请换发，原来的同时作废。"),
            )
        if before is not None:
            _take_back(actor, before, SUPERSEDED)
        count = queries.of_deal(deal).count() + 1
        no = numbers.number(clock.today().year, deal.pk, count, secrets.randbits(130))
        about = credentials.About("deal", deal.pk, deal.owner_id, (deal.owner_id, deal.buyer_id))
        signed = credentials.issue(
            actor=actor, form=form.FORM, about=about, values=form.values(facts, no),
            replaces=before is not None,
        )  # fmt: skip
        made = Certificate.objects.create(
            deal=deal, owner_id=deal.owner_id, no=no, credential=signed,
            issued_by=actor.person_id, issued_at=clock.now(), checked_on=clock.today(),
        )  # fmt: skip
        trading.certified(deal)
        digest = hashlib.sha256(signed.document.encode()).hexdigest()
        _tell(
            actor,
            made,
            "certificate_issued",
            no=no,
            document_sha256=digest,
            price_fen=deal.price_fen,
        )
        return made


def revoke(*, actor: Actor, no: str, reason: str) -> Certificate:
    """Take a certificate back, by another person than who issued it; its bit in the status list is
    set in the same commit. Raises NotAllowed (`trading.second_person`), Conflict, Invalid."""
    with acting(actor):
        known = queries.certificate(no)
        policy.may_revoke(actor, known).or_refuse()
        why = clean_text(reason, cap=1000)
        if not why:
            sentence = gettext_noop("请写明为什么撤销。")
            problem = Problem("reason", "required", sentence)
            raise Invalid("certificates.invalid", gettext_noop("请写明原因。"), [problem])
        one = Certificate.objects.select_for_update(of=("self",)).select_related(
            "credential", "deal"
        ).get(pk=known.pk)  # fmt: skip
        if one.revoked_at is not None:
            raise Conflict("certificates.revoked", gettext_noop("这份凭证已经撤销过了。"))
        credentials.revoke(actor=actor, credential_id=one.credential_id, reason=REVOKED, remark=why)
        _take_back(actor, one, REVOKED, why)
        return one


def _take_back(actor: Actor, one: Certificate, reason: str, remark: str = "") -> None:
    assert actor.person_id is not None
    one.revoked_at, one.revoked_by, one.reason = clock.now(), actor.person_id, reason
    one.save(update_fields=["revoked_at", "revoked_by", "reason"])
    _tell(actor, one, "certificate_revoked", remark=remark, no=one.no, reason=reason)


def _tell(
    actor: Actor, one: Certificate, past: str, *, remark: str = "", **payload: object
) -> None:
    fact = journal.Fact(
        verb=f"certificates.{past}", subject_kind="certificate", subject_id=one.pk,
        owner_id=one.owner_id, party_ids=(one.owner_id, one.deal.buyer_id), audience="public",
        payload={"deal": one.deal_id, **payload}, remark=remark,
    )  # fmt: skip
    journal.record(actor=actor, fact=fact)


def follow_payments(*, deal_ids: Collection[int]) -> None:
    """These deals are paid whole: where a certificate holds already (it was issued on a guarantee),
    the listing goes on. Once more changes nothing."""
    for deal_id in sorted(deal_ids):
        with acting(SYSTEM):
            deal = trading.locked_deal(SYSTEM, deal_id)
            if queries.live(deal) is not None:
                trading.certified(deal)


def check_values(*, today: date, most: int) -> int:
    """Hold live certificates to ledger, lot and deal, each once a day (C4); operators are told of
    what differs. Returns how many were checked."""
    done = 0
    for pk in queries.to_check(today, most):
        with acting(SYSTEM):
            one = Certificate.objects.select_for_update(of=("self",)).get(pk=pk)
            one.differs = list(queries.differing_now(queries.certificate(one.no)))
            one.checked_on = today
            one.save(update_fields=["differs", "checked_on"])
            if one.differs:
                sentence = gettext_noop("凭证 %(no)s 与账上或标的不一致，请核查。")
                word = Word(
                    "trading", sentence, {"no": one.no[:15]}, f"/certificates/{one.no}",
                    needs_action=True, once=f"certificate.differs.{one.pk}.{today}",
                )  # fmt: skip
                messages.tell_role(Role.OPERATOR, word)
            done += 1
    return done


# --- dossiers ------------------------------------------------------------------------------------


def ask_for_dossier(*, actor: Actor, deal_id: int) -> Dossier:
    """Begin to assemble a deal's dossier; the worker does it. Raises NotAllowed."""
    with acting(actor):
        deal = trading.locked_deal(actor, deal_id)
        policy.may_dossier(actor, deal).or_refuse()
        made = Dossier.objects.create(
            deal=deal, owner_id=deal.owner_id, asked_by=actor.person_id, asked_at=clock.now()
        )
        fact = journal.Fact(
            verb="certificates.dossier_asked", subject_kind="dossier", subject_id=made.pk,
            owner_id=deal.owner_id, audience="parties", payload={"deal": deal.pk},
        )  # fmt: skip
        journal.record(actor=actor, fact=fact)
        queue(made.pk)
        return made


def queue(dossier_id: int, after_s: int = 0) -> None:
    """Put it into the worker's queue, in the transaction that is open."""
    task = app.configure_task(
        TASK, queue="dossiers", schedule_in={"seconds": after_s} if after_s else None
    )
    task.defer(dossier_id=dossier_id)


def go_on(*, dossier_id: int) -> bool:
    """Take a dossier one step further: gather and record it, or, once its entry stands in the
    signed log, seal the file. Returns whether there is nothing left to do. Called again it goes on
    where it was."""
    found = _gathered(dossier_id)
    with acting(SYSTEM):
        one = (
            Dossier.objects.select_for_update(of=("self",))
            .select_related("deal")
            .get(pk=dossier_id)
        )
        if one.state not in ("queued", "recorded"):
            return True
        try:
            if one.state == "queued":
                if isinstance(found, Refusal):
                    raise found
                _record(one, found)
            else:
                _seal(one)
        except Conflict as refusal:
            # Entries written a moment ago wait for the next head.
            if refusal.code not in ("log.not_yet", "log.nothing_yet"):
                one.state, one.failure = "failed", str(refusal)
        except Refusal as refusal:
            one.state, one.failure = "failed", str(refusal)
        one.save()
        return one.state in ("done", "failed")


def _gathered(dossier_id: int) -> bytes | Refusal:
    """The body of one that waits for it, as all rows were at one instant: what a list in it names
    has its entry beside it. Empty for one that goes on, or why it can't be had."""
    with one_snapshot(SYSTEM):
        one = Dossier.objects.get(pk=dossier_id)
        if one.state != "queued":
            return b""
        deal = Deal.objects.select_related(
            "owner", "buyer", "listing__notice", "lot", "achievement__owner", "edition"
        ).get(pk=one.deal_id)
        try:
            return log.canonical(gathering.body(deal))
        except Refusal as refusal:
            return refusal


def _record(one: Dossier, body: bytes) -> None:
    """Keep the body and say in the journal which one it is."""
    digest = hashlib.sha256(body).hexdigest()
    files.store(actor=SYSTEM, content=body, media_type="application/json", name=f"dossier-{one.pk}")
    fact = journal.Fact(
        verb="certificates.dossier_recorded", subject_kind="dossier", subject_id=one.pk,
        owner_id=one.owner_id, audience="parties",
        payload={"deal": one.deal_id, "dossier_sha256": digest},
    )  # fmt: skip
    one.entry_id = journal.record(actor=SYSTEM, fact=fact)
    one.body, one.state = digest, "recorded"


def _seal(one: Dossier) -> None:
    """Put body and evidence together, and print it."""
    assert one.entry_id is not None
    entry = log.entry_for(SYSTEM, one.entry_id)
    _, body = files.read(actor=SYSTEM, sha256=one.body)
    content = dossiers.sealed(body, log.packet(SYSTEM, entry))
    digest = hashlib.sha256(content).hexdigest()
    paper = printing.pdf(dossiers.read(body), digest, entry.at_recorded)
    kept = (("file", content, "application/json"), ("pdf", paper, "application/pdf"))
    for name, data, kind in kept:
        stored = files.store(
            actor=SYSTEM, content=data, media_type=kind, name=f"dossier-{one.pk}-{name}"
        )
        setattr(one, name, stored.sha256)
    one.state, one.done_at = "done", clock.now()


def content_of(*, actor: Actor, dossier_id: int, part: str = "file") -> bytes:
    """The bytes of a dossier that is done: `file` or `pdf`. Raises NotFound, Conflict."""
    one = queries.dossier(actor, dossier_id)
    if one.state != "done":
        raise Conflict("jobs.not_done", gettext_noop("还没有做好，请过几秒再取。"))
    _, content = files.read(actor=SYSTEM, sha256=one.pdf if part == "pdf" else one.file)
    return content
