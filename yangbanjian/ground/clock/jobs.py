"""Due work: what must happen because time has passed.

A room registers a function of `now`; the worker calls all of them every minute, and the sandbox
at each advance. Each must be idempotent and do a bounded amount a call, returning how much it did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from yangbanjian.ground.clock import queries

log = logging.getLogger(__name__)
DueWork = Callable[[datetime], int]
_DUE: dict[str, DueWork] = {}
MOST_ROUNDS = 1000


def due(name: str) -> Callable[[DueWork], DueWork]:
    """Register a function that does work which has fallen due."""

    def register(work: DueWork) -> DueWork:
        _DUE[name] = work
        return work

    return register


class Unfinished(Exception):
    """Some of it could not be done, which its room has written down: counted as failed, and not
    logged with a trace each time."""


def each(numbers: Iterable[int], work: Callable[[int], bool]) -> int:
    """Work at each, whichever fails; how many were done. Raises Unfinished when nothing is done and
    something failed: it is tried again, and counted, with the next round."""
    done, failed = 0, []
    for number in numbers:
        try:
            done += work(number)
        except Exception:
            log.exception("%s of %d failed", getattr(work, "__name__", work), number)
            failed.append(number)
    if failed and not done:
        raise Unfinished(", ".join(map(str, failed[:5])))
    return done


@dataclass(slots=True)
class DueReport:
    """How much each piece of due work did, and which of them failed."""

    ran: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def run_due(rooms: Collection[str] = ()) -> DueReport:
    """Run everything that has fallen due until nothing is left; of these rooms alone, where any
    are named."""
    report = DueReport()
    for name, work in sorted(_DUE.items()):
        if rooms and name.partition(".")[0] not in rooms:
            continue
        try:
            for _ in range(MOST_ROUNDS):
                done = work(queries.now())
                report.ran[name] = report.ran.get(name, 0) + done
                if not done:
                    break
        except Unfinished as told:
            log.warning("due work unfinished: %s: %s", name, told)
            report.failed.append(name)
        except Exception:  # one room's failure must not keep the others from their duties
            log.exception("due work failed: %s", name)
            report.failed.append(name)
    return report
