"""News: higher rooms follow the journal from here.

A subscriber gets batches of entries in order of (xact, id), in one transaction with its own
cursor: what it writes is written once. A batch that fails is tried entry by entry; an entry that
fails again goes to `Undelivered`, and the rest goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q

from yangbanjian.ground.clock.jobs import DueReport, run_due
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry, Subscription, Undelivered
from yangbanjian.kernel.actor import SYSTEM

log = logging.getLogger(__name__)
Follower = Callable[[Sequence[Entry]], None]
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Following:
    name: str
    verbs: tuple[str, ...]
    follower: Follower


_FOLLOWING: dict[str, _Following] = {}


def subscribe(name: str, *verbs: str) -> Callable[[Follower], Follower]:
    """Register a follower of the verbs (a trailing `.*` takes all of a room)."""

    def register(follower: Follower) -> Follower:
        _FOLLOWING[name] = _Following(name, verbs, follower)
        return follower

    return register


def _wanted(verbs: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=[])
    for verb in verbs:
        wanted |= Q(verb__startswith=verb[:-1]) if verb.endswith(".*") else Q(verb=verb)
    return wanted


def _settled_below(include_own: bool) -> int:
    """Transactions below this number are over; `include_own` adds the running one (tests)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN %s THEN pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1"
            " ELSE pg_snapshot_xmin(pg_current_snapshot())::text::bigint END",
            [include_own],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _take(following: _Following, size: int, include_own: bool) -> int:
    """Deliver one batch; returns how many entries were passed (0: nothing new)."""
    with acting(SYSTEM):
        cursor = (
            Subscription.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(name=following.name)
            .first()
        )
        if cursor is None:
            return 0
        settled = _settled_below(include_own)
        news = list(
            Entry.objects.filter(
                _wanted(following.verbs),
                Q(xact__gt=cursor.xact) | Q(xact=cursor.xact, id__gt=cursor.entry_id),
                xact__lt=settled,
            ).order_by("xact", "id")[:size]
        )
        last = news[-1] if len(news) == size else _last_before(cursor, settled)
        if last is None:
            return 0
        if news:
            following.follower(news)
        cursor.xact, cursor.entry_id = last.xact, last.pk
        cursor.save(update_fields=["xact", "entry_id"])
        return len(news)


def _last_before(cursor: Subscription, settled: int) -> Entry | None:
    """The last settled entry behind the cursor, whatever it tells of: this follower need not look
    through those before it again, which after an import are a hundred thousand."""
    behind = Q(xact__gt=cursor.xact) | Q(xact=cursor.xact, id__gt=cursor.entry_id)
    found = Entry.objects.filter(behind, xact__lt=settled).order_by("-xact", "-id")
    return found.only("xact", "id").first()


def _skip(following: _Following, error: str, include_own: bool) -> None:
    with acting(SYSTEM):
        cursor = Subscription.objects.select_for_update(no_key=True).get(name=following.name)
        entry = (
            Entry.objects.filter(
                _wanted(following.verbs),
                Q(xact__gt=cursor.xact) | Q(xact=cursor.xact, id__gt=cursor.entry_id),
                xact__lt=_settled_below(include_own),
            )
            .order_by("xact", "id")
            .first()
        )
        if entry is None:
            return
        Undelivered.objects.create(subscription=following.name, entry=entry, error=error[:2000])
        cursor.xact, cursor.entry_id = entry.xact, entry.pk
        cursor.failures = F("failures") + 1
        cursor.save(update_fields=["xact", "entry_id", "failures"])


def is_pending() -> bool:
    """Is there news, settled or not, that some follower has not got yet?"""
    cursors = {s.name: (s.xact, s.entry_id) for s in Subscription.objects.all()}
    for following in _FOLLOWING.values():
        xact, entry_id = cursors.get(following.name, (0, 0))
        news = Q(xact__gt=xact) | Q(xact=xact, id__gt=entry_id)
        if Entry.objects.filter(_wanted(following.verbs), news).exists():
            return True
    return False


def is_far_behind(name: str, most: int = BATCH) -> bool:
    """Has this follower more than `most` entries to get?"""
    cursor = Subscription.objects.filter(name=name).first()
    xact, entry_id = (cursor.xact, cursor.entry_id) if cursor else (0, 0)
    news = Q(xact__gt=xact) | Q(xact=xact, id__gt=entry_id)
    waiting = Entry.objects.filter(_wanted(_FOLLOWING[name].verbs), news)
    return waiting.order_by("xact", "id")[most : most + 1].exists()


def deliver(*, include_own: bool = False) -> int:
    """Bring every follower up to date; returns how many entries were passed on."""
    passed = 0
    for following in _FOLLOWING.values():
        with acting(SYSTEM):
            Subscription.objects.get_or_create(name=following.name)
        size = BATCH
        while True:
            try:
                count = _take(following, size, include_own)
            except Exception as problem:  # a follower's bug must not stop the others
                log.exception("follower %s failed on a batch of %d", following.name, size)
                if size == 1:
                    _skip(following, repr(problem), include_own)
                size = 1
                continue
            passed += count
            if count < size:
                break
            size = BATCH if size == 1 else size
    return passed


LONGEST_WORK = 120.0


def work_off(report: DueReport | None = None) -> DueReport:
    """Do what has fallen due and deliver its news, until neither is left or two minutes are over.

    News that another process is delivering is waited for. Inside a transaction (tests) its own
    entries can never settle: they are delivered too.
    """
    include_own = connection.in_atomic_block
    report = report or DueReport()
    ends = time.monotonic() + LONGEST_WORK
    while time.monotonic() < ends:
        did = run_due()
        for name, done in did.ran.items():
            report.ran[name] = report.ran.get(name, 0) + done
        report.failed += [name for name in did.failed if name not in report.failed]
        if deliver(include_own=include_own):
            continue
        if not is_pending():
            break
        time.sleep(0.05)
    return report
