"""What people keep beside the records: drafts of forms, saved searches, stars, reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Problem, TooMany
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import actions, policy
from yangbanjian.libraries.records.models import Draft, Report, SavedSearch, Star
from yangbanjian.libraries.records.queries import LIBRARIES, Library, get
from yangbanjian.libraries.records.rules.filters import Filters
from yangbanjian.libraries.records.rules.reports import WHYS

MOST_DRAFTS, MOST_SEARCHES, MOST_STARS, LARGEST_DRAFT = 50, 30, 1000, 100_000
MOST_UNNAMED_REPORTS = 60


def _signed_in(actor: Actor) -> int:
    if actor.person_id is None:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    return actor.person_id


def keep_draft(*, actor: Actor, form: str, content: Mapping[str, Any]) -> Draft:
    """Keep what somebody is typing; the last state of each form counts. Not journalled: nothing
    has been said yet."""
    person_id = _signed_in(actor)
    if sum(len(str(v)) for v in content.values()) > LARGEST_DRAFT:
        sentence = gettext_noop("草稿太长了，最多 10 万字，请分开保存。")
        raise Invalid("records.draft_too_large", sentence, [Problem("form", "too_long", sentence)])
    with acting(actor):
        draft, _ = Draft.objects.update_or_create(
            person_id=person_id,
            form=form[:100],
            defaults={"content": dict(content), "saved_at": clock.now()},
        )
        old = Draft.objects.filter(person_id=person_id).order_by("-saved_at", "-pk")
        Draft.objects.filter(pk__in=[d.pk for d in old[MOST_DRAFTS : MOST_DRAFTS + 50]]).delete()
        return draft


def forget_draft(*, actor: Actor, form: str) -> None:
    """Throw a draft away (it was submitted, or is not wanted)."""
    if actor.person_id is not None:
        with acting(actor):
            Draft.objects.filter(person_id=actor.person_id, form=form[:100]).delete()


def save_search(*, actor: Actor, library: Library, filters: Filters, name: str = "") -> SavedSearch:
    """Keep a filter, to be told of what is published under it from now on."""
    person_id = _signed_in(actor)
    with acting(actor):
        mine = SavedSearch.objects.filter(person_id=person_id)
        query = filters.as_query()
        same = mine.filter(library=library.room, query=query).first()
        if same is not None:
            return same
        if mine.count() >= MOST_SEARCHES:
            raise Conflict(
                "records.too_many_searches",
                gettext_noop("最多订阅 %(most)d 个筛选，请先取消不用的。"),
                most=MOST_SEARCHES,
            )
        now = clock.now()
        return SavedSearch.objects.create(
            person_id=person_id,
            library=library.room,
            name=clean_line(name, cap=80),
            query=query,
            made_at=now,
            seen_until=now,
        )


def forget_search(*, actor: Actor, search_id: int) -> None:
    """Stop being told."""
    with acting(actor):
        gone, _ = SavedSearch.objects.filter(person_id=_signed_in(actor), pk=search_id).delete()
        if not gone:
            raise NotFound("records.no_such_search", gettext_noop("没有找到这个订阅。"))


def star(*, actor: Actor, library: Library, record_id: int) -> None:
    """Mark a record that one may see; once more changes nothing. Not journalled: what somebody
    finds interesting is nobody else's business. Raises NotAllowed, NotFound, Conflict."""
    policy.may_star(actor).or_refuse()
    person_id = _signed_in(actor)
    record = get(library, actor, record_id)
    with acting(actor):
        mine = Star.objects.filter(person_id=person_id)
        if mine.filter(library=library.room, record_id=record.pk).exists():
            return
        if mine.count() >= MOST_STARS:
            raise Conflict(
                "records.too_many_stars",
                gettext_noop("最多收藏 %(most)d 条，请先在「我的收藏」里取消不用的。"),
                most=MOST_STARS,
            )
        one = Star(
            person_id=person_id,
            library=library.room,
            record_id=record.pk,
            made_at=clock.now(),
        )
        # Two presses at once: the second finds the row of the first.
        Star.objects.bulk_create([one], ignore_conflicts=True)


def unstar(*, actor: Actor, library: Library, record_id: int) -> None:
    """Take the mark away, also from a record that one may no longer see; once more changes
    nothing."""
    policy.may_star(actor).or_refuse()
    person_id = _signed_in(actor)
    with acting(actor):
        mine = Star.objects.filter(person_id=person_id, library=library.room)
        mine.filter(record_id=record_id).delete()


def report(
    *, actor: Actor, library: Library, record_id: int, why: str, text: str = "", contact: str = ""
) -> Report:
    """Say that an item should not stand as it does. Anybody may; the operator decides."""
    if why not in WHYS:
        sentence = gettext_noop("请选一个原因。")
        raise Invalid("records.report_why", sentence, [Problem("why", "required", sentence)])
    record = get(library, actor, record_id)
    # Anybody may report and only the staff reads reports: the house counts and writes.
    with acting(SYSTEM):
        now = clock.now()
        lately = Report.objects.filter(made_at__gt=now - timedelta(hours=1))
        if actor.is_anonymous:
            crowded = lately.filter(made_by__isnull=True).count() >= MOST_UNNAMED_REPORTS
        else:
            crowded = lately.filter(made_by=actor.person_id).count() >= 20
        if crowded:
            raise TooMany(
                "records.too_many_reports",
                gettext_noop("刚才的举报太多了，请一小时后再试。"),
                retry_after_seconds=3600,
            )
        made = Report.objects.create(
            library=library.room,
            record_id=record.pk,
            owner_id=record.owner_id,
            why=why,
            text=clean_text(text, cap=2000),
            contact=clean_line(contact, cap=200),
            made_by=actor.person_id,
            made_at=now,
        )
        _tell(actor, library, made, "reported", {"why": why})
        return made


def decide_report(*, actor: Actor, report_id: int, outcome: str, answer: str) -> Report:
    """The operator's decision: upheld or dismissed, with an answer in words."""
    policy.may_moderate(actor).or_refuse()
    if outcome not in ("upheld", "dismissed"):
        sentence = gettext_noop("请选「属实」或「不属实」。")
        raise Invalid("records.report_outcome", sentence, [Problem("outcome", "unknown", sentence)])
    if not answer.strip():
        sentence = gettext_noop("请写明处理结果。")
        raise Invalid("records.report_answer", sentence, [Problem("answer", "required", sentence)])
    with acting(actor):
        found = Report.objects.select_for_update(no_key=True).filter(pk=report_id).first()
        if found is None:
            raise NotFound("records.no_such_report", gettext_noop("没有找到这条举报。"))
        if found.state != "open":
            raise Conflict("records.report_decided", gettext_noop("这条举报已经处理过了。"))
        found.state, found.answer = outcome, clean_text(answer, cap=2000)
        found.decided_at = clock.now()
        found.save()
        library = LIBRARIES[found.library]
        _tell(actor, library, found, "report_decided", {"outcome": outcome})
        if outcome == "upheld":
            _take_down(actor, library, found)
        return found


def _take_down(actor: Actor, library: Library, found: Report) -> None:
    """Withdraw what a report was right about, unless it has left the lists already."""
    record = actions.locked(actor, library, found.record_id)
    if record.state in ("submitted", "public", "expiring", "expired"):
        actions.move(
            actor=actor, library=library, record_id=record.pk, name="withdraw", reason=found.answer
        )


def _tell(
    actor: Actor, library: Library, made: Report, past: str, payload: Mapping[str, Any]
) -> None:
    fact = journal.Fact(
        verb=f"{library.room}.{past}",
        subject_kind=library.kind,
        subject_id=made.record_id,
        owner_id=made.owner_id,
        payload={"report": made.pk, **payload},
    )
    journal.record(actor=actor, fact=fact)
