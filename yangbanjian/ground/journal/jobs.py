"""News: higher rooms follow the journal from here.

A subscriber gets batches of entries in order of (xact, id), in one transaction with its own
cursor: what it writes is written once. A batch that fails is tried entry by entry; an entry that
fails again goes to `Undelivered`, and the rest goes on.

What takes long for many entries (an import of 100,000 rows) is followed in a lane of its own, in
greater batches and outside a transaction: one that runs for minutes would keep all later news from
settling. Such a follower writes in short transactions of its own and must bear being called twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q

from yangbanjian.ground.clock.jobs import DueReport, run_due
from yangbanjian.ground.database.numbering import settled_below
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.database.turns import alone
from yangbanjian.ground.journal.models import Entry, Subscription, Undelivered
from yangbanjian.kernel.actor import SYSTEM

log = logging.getLogger(__name__)
Follower = Callable[[Sequence[Entry]], None]
BATCH = 500
PROMPT, BULK = "prompt", "bulk"
BULK_BATCH = 5000


@dataclass(frozen=True, slots=True)
class _Following:
    name: str
    verbs: tuple[str, ...]
    follower: Follower
    lane: str = PROMPT

    @property
    def size(self) -> int:
        return BATCH if self.lane == PROMPT else BULK_BATCH


_FOLLOWING: dict[str, _Following] = {}


def subscribe(name: str, *verbs: str, lane: str = PROMPT) -> Callable[[Follower], Follower]:
    """Register a follower of the verbs (a trailing `.*` takes all of a room)."""

    def register(follower: Follower) -> Follower:
        _FOLLOWING[name] = _Following(name, verbs, follower, lane)
        return follower

    return register


def _wanted(verbs: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=[])
    for verb in verbs:
        wanted |= Q(verb__startswith=verb[:-1]) if verb.endswith(".*") else Q(verb=verb)
    return wanted


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
        news, last = _news(following, cursor, size, include_own)
        if last is None:
            return 0
        if news:
            following.follower(news)
        cursor.xact, cursor.entry_id = last.xact, last.pk
        cursor.save(update_fields=["xact", "entry_id"])
        return len(news)


def _take_bulk(following: _Following, size: int, include_own: bool) -> int:
    """Deliver one batch outside a transaction; the cursor moves when the follower is done."""
    with alone("journal.news", following.name) as has_turn:
        cursor = Subscription.objects.filter(name=following.name).first()
        if cursor is None or not has_turn:
            return 0
        news, last = _news(following, cursor, size, include_own)
        if last is None:
            return 0
        if news:
            following.follower(news)
        with acting(SYSTEM):
            Subscription.objects.filter(name=following.name).update(
                xact=last.xact, entry_id=last.pk
            )
        return len(news)


def _news(
    following: _Following, cursor: Subscription, size: int, include_own: bool
) -> tuple[list[Entry], Entry | None]:
    """The next settled entries that the follower wants, and how far its cursor may then go.

    A batch that is not full has seen everything: the cursor passes what it does not want too, for
    after an import that is a hundred thousand entries to look through each time.
    """
    behind = Q(xact__gt=cursor.xact) | Q(xact=cursor.xact, id__gt=cursor.entry_id)
    settled = Entry.objects.filter(behind, xact__lt=settled_below(include_own=include_own))
    # Read first: an entry that settles in between stays behind the cursor.
    last = settled.order_by("-xact", "-id").only("xact", "id").first()
    if last is None:
        return [], None
    seen = Q(xact__lt=last.xact) | Q(xact=last.xact, id__lte=last.pk)
    news = list(settled.filter(_wanted(following.verbs), seen).order_by("xact", "id")[:size])
    return news, news[-1] if len(news) == size else last


def _skip(following: _Following, error: str, include_own: bool) -> None:
    with acting(SYSTEM):
        cursor = Subscription.objects.select_for_update(no_key=True).get(name=following.name)
        news, _ = _news(following, cursor, 1, include_own)
        if not news:
            return
        entry = news[0]
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


def deliver(*, include_own: bool = False, lane: str = "", room: str = "") -> int:
    """Bring every follower (of a lane, of a room) up to date; returns how many entries were passed
    on."""
    asked = [
        one for one in _FOLLOWING.values()
        if lane in ("", one.lane) and room in ("", one.name.partition(".")[0])
    ]  # fmt: skip
    passed, waiting = 0, _Waiting(asked, include_own)
    for following in asked:
        if following.name not in waiting.reached:
            with acting(SYSTEM):
                Subscription.objects.get_or_create(name=following.name)
        elif not waiting.has_news_for(following):
            continue
        count = _bring_up(following, include_own)
        if count:
            waiting = _Waiting(asked, include_own)  # what it wrote is news to those after it
        passed += count
    waiting.let_pass()
    return passed


class _Waiting:
    """What these followers have not seen yet, read once for all of them: most of the time there is
    nothing new for anybody, and then something for one or two."""

    def __init__(self, asked: Sequence[_Following], include_own: bool) -> None:
        self._asked = asked
        with acting(SYSTEM):
            self.reached = {s.name: (s.xact, s.entry_id) for s in Subscription.objects.all()}
            places = [self.reached[one.name] for one in asked if one.name in self.reached]
            news = Entry.objects.filter(xact__lt=settled_below(include_own=include_own)).extra(
                where=["(xact, id) > (%s, %s)"], params=list(min(places, default=(0, 0)))
            )
            found = list(news.order_by("xact", "id").values_list("xact", "id", "verb")[:BATCH])
            last = news.order_by("-xact", "-id").values_list("xact", "id").first()
        self._news = [((xact, pk), verb) for xact, pk, verb in found]
        self._newest = last or (0, 0)
        # Of many, as after an import, each follower looks for its own.
        self._is_all = len(found) < BATCH

    def has_news_for(self, following: _Following) -> bool:
        reached = self.reached[following.name]
        if not self._is_all:
            return reached < self._newest
        return any(
            place > reached and _is_wanted(following.verbs, verb) for place, verb in self._news
        )

    def let_pass(self) -> None:
        """Move those on who want nothing of all this."""
        if not self._news or not self._is_all:
            return
        xact, entry_id = newest = self._news[-1][0]
        names = [
            one.name for one in self._asked
            if self.reached.get(one.name, newest) < newest and not self.has_news_for(one)
        ]  # fmt: skip
        short = Q(xact__lt=xact) | Q(xact=xact, entry_id__lt=entry_id)
        with acting(SYSTEM):
            # Whose batch is under way elsewhere moves on with that.
            free = Subscription.objects.select_for_update(skip_locked=True, no_key=True)
            ours = [one.name for one in free.filter(short, name__in=names).order_by("name")]
            Subscription.objects.filter(name__in=ours).update(xact=xact, entry_id=entry_id)


def _is_wanted(verbs: tuple[str, ...], verb: str) -> bool:
    return any(verb.startswith(v[:-1]) if v.endswith(".*") else verb == v for v in verbs)


def _bring_up(following: _Following, include_own: bool) -> int:
    """One follower; returns how many entries it was given."""
    passed, size = 0, following.size
    take = _take if following.lane == PROMPT else _take_bulk
    while True:
        try:
            count = take(following, size, include_own)
        except Exception as problem:  # a follower's bug must not stop the others
            log.exception("follower %s failed on a batch of %d", following.name, size)
            if size == 1:
                _skip(following, repr(problem), include_own)
            size = 1
            continue
        passed += count
        if count < size:
            return passed
        size = following.size if size == 1 else size


def deliver_all(seconds: float) -> None:
    """Deliver until no news is left, or so many seconds are over: what others still write keeps
    news from settling."""
    include_own = connection.in_atomic_block
    ends = time.monotonic() + seconds
    while (deliver(include_own=include_own) or is_pending()) and time.monotonic() < ends:
        time.sleep(0.05)


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
