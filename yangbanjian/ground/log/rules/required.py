"""Which entries must stand in the log before a process may reach a state (E2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any


def verbs_of(rows: Sequence[Mapping[str, Any]], process: str, state: str) -> list[str]:
    """What an edition of `required_entries` asks for, in its order."""
    return [str(row["entry"]) for row in rows if (row["process"], row["state"]) == (process, state)]


def missing(
    rows: Sequence[Mapping[str, Any]], process: str, state: str, present: Collection[str]
) -> list[str]:
    """The verbs that are asked for and not there, in the edition's order."""
    return [verb for verb in verbs_of(rows, process, state) if verb not in present]
