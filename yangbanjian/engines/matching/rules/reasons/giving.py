"""`reasons`: why a record fits a demand, what is open, what is against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yangbanjian.engines.matching.rules.understanding.shapes import Understanding

from .checks import (
    budget_reason,
    condition_reason,
    deadline_reason,
    mode_reason,
    region_reason,
    target_reason,
    trl_reason,
)
from .record import RecordView
from .verdicts import Reading, Reason, read_record
from .words import shared_words, words_reason

MAX_REASONS = 8
_MAX_UNKNOWN = 3
_ORDER = {"yes": 0, "unknown": 1, "no": 2}


def reasons(
    said: Understanding,
    record: RecordView,
    matched_terms: Sequence[str] = (),
    *,
    today: date | None = None,
    local_region: str | None = None,
    field_labels: Mapping[str, str] | None = None,
    reading: Reading | None = None,
) -> list[Reason]:
    """At most eight reasons: yes, then unknown, then no, the weightiest first within each.

    A miss is never crowded out by good news; open points keep at most three places then.
    `today` is needed to judge a stated working time against the deadline, `local_region` is what
    本区 means here, `reading` saves reading the record's facts again.
    """
    seen = reading or read_record(record)
    found = [
        *(target_reason(t, seen) for t in said.targets),
        *(condition_reason(c, record) for c in said.constraints),
        budget_reason(said, record),
        deadline_reason(said, seen, today),
        trl_reason(said, record),
        region_reason(said, record, local_region),
        mode_reason(said, record),
        _field_reason(said, record, field_labels or {}),
        words_reason(shared_words(said, record.fields, matched_terms)),
    ]
    return _chosen([r for r in found if r is not None])


def _field_reason(
    said: Understanding, record: RecordView, labels: Mapping[str, str]
) -> Reason | None:
    if said.field is None or said.field not in record.field_codes:
        return None
    span = said.field_spans[0] if said.field_spans else None
    guessed = next((g.text for g in said.guesses if g.kind == "field"), said.field)
    label = labels.get(said.field, guessed)
    return Reason("yes", "field_met", {"field": label}, span, weight=0.3)


def _chosen(found: list[Reason]) -> list[Reason]:
    # A demand's title often repeats its text, and what is said twice is asked once.
    once = {(r.verdict, r.code, repr(r.params)): r for r in sorted(found, key=lambda r: r.weight)}
    found = sorted(once.values(), key=lambda r: -r.weight)
    against = [r for r in found if r.verdict == "no"][:4]
    open_ = [r for r in found if r.verdict == "unknown"]
    good = [r for r in found if r.verdict == "yes"]
    room = MAX_REASONS - len(against)
    keep_open = min(len(open_), max(_MAX_UNKNOWN, room - len(good)), room)
    kept = good[: room - keep_open] + open_[:keep_open] + against
    return sorted(kept, key=lambda r: _ORDER[r.verdict])
