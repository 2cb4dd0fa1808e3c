"""What follows a deal: reminders of what falls due, the note that nothing was put to use, and the
buyer's report that something was."""

from __future__ import annotations

from datetime import date

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files.models import File
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.deal_rows import locked_deal, save, tell
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.models import Deal, UseReport
from yangbanjian.market.trading.rules import follow_up as rules

MOST_REPORTS = 50


def follow_deal(*, deal_id: int, today: date) -> bool:
    """Tell what is due of one deal, once each, and put down the next day. Two workers at once: the
    second finds the day moved."""
    with acting(SYSTEM):
        deal = locked_deal(SYSTEM, deal_id)
        if deal.follow_on is None or deal.follow_on > today:
            return False
        found = queries.events_of(deal)
        for event in rules.due(found, today):
            if event.kind == "unused" and deal.unused_at is None:
                _note_unused(deal, event)
            _say(deal, event)
        deal.follow_on = rules.next_on(found, today)
        deal.save(update_fields=["follow_on", "unused_at"])
    return True


def _note_unused(deal: Deal, event: rules.Event) -> None:
    deal.unused_at = clock.now()
    edition = queries.follow_rule(deal)
    tell(
        SYSTEM, deal, "deal_unused", edition=edition.label, handed_over_at=_told(deal),
        late_on=event.late_on.isoformat(),
    )  # fmt: skip


def _told(deal: Deal) -> str | None:
    return deal.handed_over_at.isoformat() if deal.handed_over_at else None


def _say(deal: Deal, event: rules.Event) -> None:
    """The buyer has to act; of what is late the seller and the exchange are told too."""
    is_late = event.on == event.late_on
    params = {
        "title": deal.listing.title, "day": event.late_on.isoformat(), "seq": event.seq,
    }  # fmt: skip
    once = f"deal.{deal.pk}.{event.key}"
    url = f"/deals/{deal.pk}"
    sentence = rules.SENTENCES[event.kind]
    word = Word("trading", sentence, params, url, needs_action=True, once=once)
    messages.tell_organisation(deal.buyer_id, word)
    if is_late:
        plain = Word("trading", sentence, params, url, once=once)
        messages.tell_organisation(deal.owner_id, plain, Role.TTO, Role.ENTERPRISE)
        messages.tell_role(Role.EXCHANGE, plain)


def report_use(
    *, actor: Actor, deal_id: int, used_on: date, text: str, file_id: int | None = None
) -> UseReport:
    """The buyer reports that what was bought is put to use: since when, how, with a paper of theirs
    where there is one. Raises NotAllowed, Conflict, Invalid."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "buyer").or_refuse()
        if deal.state not in ("handed_over", "archived"):
            raise Conflict("uses.not_now", gettext_noop("交割以后才能申报实施情况。"))
        if deal.uses.count() >= MOST_REPORTS:
            raise Conflict("uses.too_many", gettext_noop("申报已经很多，请联系交易机构。"))
        said = clean_text(text, cap=rules.LONGEST_REPORT)
        stored = _paper(deal, file_id)
        problems = []
        if not said:
            told = gettext_noop("请写明怎样实施：产品、产线、数量或合同。")
            problems.append(Problem("text", "required", told))
        awarded_on = deal.awarded_at.astimezone(clock.site_zone()).date()
        if not awarded_on <= used_on <= clock.today():
            told = gettext_noop("实施日期要在成交以后、今天以前。")
            problems.append(Problem("used_on", "range", told))
        if file_id is not None and stored is None:
            told = gettext_noop("没有找到这个文件，请先由本单位上传。")
            problems.append(Problem("file", "unknown", told))
        if problems:
            raise Invalid("uses.invalid", INVALID, problems)
        made = UseReport.objects.create(
            deal=deal, owner_id=deal.buyer_id, used_on=used_on, text=said, file=stored,
            file_name=stored.name if stored else "", media_type=stored.media_type if stored else "",
            sha256=stored.sha256 if stored else "", made_by=actor.person_id, made_at=clock.now(),
        )  # fmt: skip
        deal.used_at = deal.used_at or clock.now()
        save(deal)
        tell(
            actor, deal, "use_reported", used_on=used_on.isoformat(), report=made.pk,
            content_sha256=made.sha256 or None, after_note=deal.unused_at is not None,
        )  # fmt: skip
        word = Word(
            "trading", gettext_noop("「%(title)s」的受让方申报了实施情况，请查看。"),
            {"title": deal.listing.title}, f"/deals/{deal.pk}#uses", once=f"use.{made.pk}",
        )  # fmt: skip
        messages.tell_organisation(deal.owner_id, word, Role.TTO, Role.ENTERPRISE)
        messages.tell_role(Role.EXCHANGE, word)
        return made


def _paper(deal: Deal, file_id: int | None) -> File | None:
    if file_id is None:
        return None
    return File.objects.filter(pk=file_id, owner_id=deal.buyer_id).first()


def read_use_paper(*, actor: Actor, report_id: int) -> tuple[UseReport, bytes]:
    """The paper of a report, for those who see the deal's inside. Raises NotFound, and Conflict for
    a damaged file."""
    with acting(actor):
        one = queries.use(actor, report_id)
        if not one.sha256:
            raise NotFound("uses.no_paper", gettext_noop("这份实施情况没有附文件。"))
        # The house reads for whoever it has said yes to.
        _, content = files.read(actor=SYSTEM, sha256=one.sha256)
        return one, content
