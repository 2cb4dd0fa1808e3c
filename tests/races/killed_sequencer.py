"""A process that is killed in the middle of sequencing: `python -m tests.races.killed_sequencer`.

Reads one order a line: the name of a point (see POINTS) at which a child of its own, made for this
order, ends itself by SIGKILL; answers with how the child ended. `load` sequences and writes until
it is killed from outside; its pid is told first.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def points() -> dict[str, tuple[Any, str]]:
    """After which function of which module each kill comes."""
    from yangbanjian.ground.log import actions

    return {
        "turn taken": (actions, "_has_turn"),
        "key read": (actions.keys, "ensure"),
        "leaves appended": (actions.bulk, "copy_in"),
        "subtrees appended": (actions, "_append"),
        "head signed": (actions.notes, "signed"),
        "head kept": (actions, "_sign"),
        "committed": (actions, "sequence"),
        "dropped outside": (actions, "_drop"),
        "put outside": (actions, "_put"),
    }


POINTS = (
    "turn taken", "key read", "leaves appended", "subtrees appended", "head signed", "head kept",
    "committed", "dropped outside", "put outside",
)  # fmt: skip


def die_after(module: Any, name: str) -> None:
    original: Callable[..., Any] = getattr(module, name)

    def mortal(*given: Any, **named: Any) -> Any:
        original(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, mortal)


def once(point: str) -> None:
    from yangbanjian.ground.log import actions
    from yangbanjian.kernel.actor import SYSTEM

    die_after(*points()[point])
    actions.sequence()
    actions.anchor_if_due(actor=SYSTEM)


def load() -> None:
    from yangbanjian.ground.database.transactions import acting
    from yangbanjian.ground.journal import actions as journal
    from yangbanjian.ground.log import actions
    from yangbanjian.kernel.actor import SYSTEM

    for n in itertools.count():
        with acting(SYSTEM):
            fact = journal.Fact(verb="things.made", subject_kind="thing", subject_id=n + 1)
            journal.record_many(actor=SYSTEM, facts=[fact] * (1 + n % 7))
        actions.sequence()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "yangbanjian.config.settings"
    import django
    from django.conf import settings

    django.setup()
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = Path(sys.argv[1]), Path(sys.argv[2])
    for order in sys.stdin:
        child = os.fork()
        if child == 0:
            (load if order.strip() == "load" else lambda: once(order.strip()))()  # noqa: B023
            os._exit(0)
        if order.strip() == "load":
            print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
