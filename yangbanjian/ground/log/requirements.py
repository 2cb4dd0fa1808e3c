"""E2: a process reaches a state when the entries that the rulebook asks for stand in the journal,
and not before. Rooms above call `require_entries` inside the transaction of the step."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.log.rules import required
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop

TABLE = "required_entries"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a process is about, as its entries name it."""

    kind: str
    id: int


def missing(
    subject: Subject, *, process: str, state: str, edition: Edition | None = None
) -> list[str]:
    """The verbs of the entries that are still to be written before the subject may be in this
    state, by the edition it was born under (by what holds now, where it keeps none)."""
    rows = (edition or rulebook.rule(TABLE)).rows
    asked = required.verbs_of(rows, process, state)
    present = journal.verbs_about(kind=subject.kind, subject_id=subject.id, verbs=asked)
    return required.missing(rows, process, state, present)


def require_entries(
    subject: Subject, *, process: str, state: str, edition: Edition | None = None
) -> None:
    """Refuse the step while an entry is missing. Raises Conflict, which names them."""
    lacks = missing(subject, process=process, state=state, edition=edition)
    if lacks:
        raise Conflict(
            "log.entries_missing",
            gettext_noop("还缺 %(count)d 条必备的记录（%(entries)s），补齐后才能到这一步。"),
            count=len(lacks), entries=", ".join(lacks),
        )  # fmt: skip
