"""The worker: queued jobs, news of the journal, due work, lots, vectors, the index base and its names."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import close_old_connections, connections

from yangbanjian.engines.matching.jobs import DOCUMENTS
from yangbanjian.engines.matching.live import CHUNK, live
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.clock.jobs import DueReport, run_due
from yangbanjian.ground.database.transactions import each_as
from yangbanjian.ground.journal.jobs import BULK, PROMPT, deliver, is_far_behind, work_off
from yangbanjian.ground.log import actions as evidence
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.trading.jobs import look_after_lots

log = logging.getLogger(__name__)
NEWS_EVERY, LOG_EVERY, DUE_EVERY, COMPACT_EVERY = 0.3, 1.0, 30.0, 20.0
LOTS_EVERY = 0.5  # a lot is closed within two seconds of its time
# What an import brings gathers for a moment, so that it is taken in few batches.
BULK_EVERY = 2.0
BASE_STEP = 20_000
_NICE = 15


def run() -> None:
    """Work until ended."""
    stop = threading.Event()
    loops = [
        threading.Thread(target=_every, args=(stop, NEWS_EVERY, _news), name="news"),
        threading.Thread(target=_every, args=(stop, BULK_EVERY, _bulk), name="bulk"),
        threading.Thread(target=_every, args=(stop, LOG_EVERY, _Sequencer()), name="log"),
        threading.Thread(target=_every, args=(stop, DUE_EVERY, _due), name="due"),
        threading.Thread(target=_every, args=(stop, LOTS_EVERY, _lots), name="lots"),
        threading.Thread(target=_every, args=(stop, 1.0, _encode), name="vectors"),
        threading.Thread(target=_every, args=(stop, COMPACT_EVERY, _compact), name="index"),
    ]
    for loop in loops:
        loop.start()
    try:
        asyncio.run(_jobs())
    finally:
        stop.set()
        for loop in loops:
            loop.join(timeout=5)


async def _jobs() -> None:
    from procrastinate.contrib.django import app

    # An app of its own: work that a job asks for in turn still goes through Django's connection and
    # stands or falls with the job's transaction.
    jobs = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with jobs.open_async():
        await jobs.run_worker_async(concurrency=2, fetch_job_polling_interval=2.0, wait=True)


def _every(stop: threading.Event, seconds: float, work: Callable[[], object]) -> None:
    """Call until told to stop; a failure is logged and the next turn tries again."""
    while not stop.is_set():
        try:
            close_old_connections()
            with each_as(SYSTEM):
                work()
        except Exception:
            log.exception("background work failed")
            connections.close_all()
            stop.wait(2)
        stop.wait(seconds)
    connections.close_all()


def _news() -> None:
    # While the demo district lives through its year, its loader does both at the right moments.
    if site.loading_state() == "ok":
        deliver(lane=PROMPT)


def _bulk() -> None:
    if site.loading_state() == "ok":
        deliver(lane=BULK)


class _Sequencer:
    """Entries into the log. The first turn looks through the whole journal: a database that was
    brought back from a backup counts its transactions anew."""

    def __init__(self) -> None:
        self._has_swept = False

    def __call__(self) -> None:
        if site.loading_state() != "ok":
            return
        evidence.sequence_all()
        while not self._has_swept:
            self._has_swept = not evidence.sequence(is_sweep=True)


def _due() -> None:
    if site.loading_state() == "ok":
        run_due()


def _lots() -> None:
    if site.loading_state() == "ok":
        look_after_lots()


def _encode() -> None:
    """Vectors for texts that have none: the last to get the processor, after words are in."""
    # On Linux a thread has a niceness of its own, and hands it on to those that it starts.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    index = live()
    index.up_to_date(CHUNK)
    while not is_far_behind(DOCUMENTS) and index.encode_some():
        index.up_to_date(CHUNK)


def _compact() -> None:
    """Take in what has changed, with a new base now and then, so that what a long import brings is
    found bit by bit; learn the names that texts bridge."""
    index = live()
    while index.catch_up(BASE_STEP) >= BASE_STEP:
        index.compact_if_due()
    index.compact_if_due()
    index.learn_names()


def move_clock(by: timedelta) -> datetime:
    """Move the sandbox clock and nothing else."""
    return clock.advance(actor=SYSTEM, by=by)


def due(rooms: Collection[str] = ()) -> DueReport:
    """Do what has fallen due, in these rooms or in all."""
    return run_due(rooms)


def news(room: str) -> None:
    """Deliver the news that a room follows, here and now."""
    while deliver(room=room):
        pass


def catch_up(*, encode: bool = False) -> None:
    """Bring the index up to date and deliver all news, here and now."""
    while True:
        passed = deliver()
        live().catch_up()
        while encode and live().encode_some():
            pass
        if not passed:
            return


def advance(by: timedelta) -> tuple[datetime, DueReport]:
    """Move the sandbox clock and do what has fallen due, news included."""
    now = clock.advance(actor=SYSTEM, by=by)
    return now, work_off()
