"""The structured side of a score: signed addends, hard exclusions, and the bars of the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yangbanjian.engines.matching.rules.understanding.shapes import Understanding
from yangbanjian.kernel.words import gettext_noop

from .checks import budget_reason, deadline_reason, region_fits
from .conditions import look_up
from .numbers import best_of
from .record import RecordView
from .verdicts import Reading, read_record

DEFAULT_WEIGHTS: Mapping[str, float] = {
    "targets": 0.10,
    "conditions": 0.08,
    "price": 0.06,
    "trl": 0.05,
    "mode": 0.03,
    "region": 0.03,
    "field": 0.05,
}
"""Against a text score in 0..1: all together move a record less than a good text match does."""

_ABSURD_PRICE = 3  # times a hard budget
_NAMES = ("targets", "conditions", "price", "trl", "mode", "region", "field")


def structured_parts(
    said: Understanding,
    record: RecordView,
    *,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    local_region: str | None = None,
    reading: Reading | None = None,
) -> dict[str, float]:
    """Named addends, each its fit in [-1, 1] times its weight, rounded to 6 decimals.

    What either side leaves unsaid is 0: silence is neither merit nor fault.
    """
    seen = reading or read_record(record)
    fits = {
        "targets": _targets(said, seen),
        "conditions": _conditions(said, record),
        "price": _price(said, record),
        "trl": _trl(said, record),
        "mode": _mode(said, record),
        "region": _region(said, record, local_region),
        "field": _field(said, record),
    }
    return {n: round((fits[n] or 0.0) * weights.get(n, 0.0), 6) + 0.0 for n in _NAMES}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _targets(said: Understanding, reading: Reading) -> float | None:
    """Mean over stated targets with a comparable fact: met 1, open 0, missed -1 at ratio 0."""
    facts = list(reading.facts)
    found = [c for c in (best_of(t, facts) for t in said.targets) if c]
    return _mean([{"yes": 1.0, "unknown": 0.0}.get(c.verdict, c.ratio - 1.0) for c in found])


def _conditions(said: Understanding, record: RecordView) -> float | None:
    found = [look_up(c, record.fields).verdict for c in said.constraints]
    return _mean([1.0 if v == "yes" else -1.0 for v in found if v != "unknown"])


def _price(said: Understanding, record: RecordView) -> float | None:
    """Within budget 1; above it falls from 0 to -1 at twice the budget; half that if negotiable."""
    budget = said.budget_fen
    if not budget or record.price_fen is None or record.kind == "expert":
        return None
    if record.price_fen <= budget:
        return 1.0
    miss = -min(1.0, record.price_fen / budget - 1.0)
    return miss / 2 if record.negotiable else miss


def _trl(said: Understanding, record: RecordView) -> float | None:
    """Ripe enough 1, then half a point less for each missing level."""
    if said.trl is None or record.trl is None or record.kind == "expert":
        return None
    return max(-1.0, 1.0 - 0.5 * max(0, said.trl.low - record.trl))


def _mode(said: Understanding, record: RecordView) -> float | None:
    if not said.modes or not record.modes:
        return None
    return 1.0 if any(m.code in record.modes for m in said.modes) else -1.0


def _region(said: Understanding, record: RecordView, local: str | None) -> float | None:
    """A guessed region can only help."""
    fits = region_fits(said, record, local)
    if fits is None:
        return None
    if fits:
        return 1.0
    return 0.0 if any(g.kind == "region" for g in said.guesses) else -1.0


def _field(said: Understanding, record: RecordView) -> float | None:
    """The share of the record's fields in what the words point to; never against it."""
    if not said.fields or not record.field_codes:
        return None
    top = max(said.fields.values())
    return max((said.fields.get(c, 0.0) for c in record.field_codes), default=0.0) / top


def is_excluded(
    said: Understanding,
    record: RecordView,
    *,
    today: date,
    excluded_parties: frozenset[str] = frozenset(),
) -> str | None:
    """Why a record must not be shown at all, or None.

    "party": its owner is excluded; "expired": its last day has passed; "price": a fixed price of
    more than three times a budget that was stated as a limit. All else lowers the score instead.
    """
    if record.owner_id is not None and record.owner_id in excluded_parties:
        return "party"
    if record.expires_on is not None and record.expires_on < today:
        return "expired"
    budget = said.budget
    stated = budget is not None and budget.hard and not budget.negotiable and budget.fen
    if stated and record.price_fen is not None and not record.negotiable:
        return "price" if record.price_fen > _ABSURD_PRICE * stated else None
    return None


def bars(
    said: Understanding,
    record: RecordView,
    *,
    text_fit: float | None = None,
    today: date | None = None,
    local_region: str | None = None,
    reading: Reading | None = None,
) -> dict[str, int | None]:
    """The card's five bars, 0..100, None when unknown.

    `text_fit` in 0..1 is the ranking's own view of the subject; it leads the first bar.
    """
    seen = reading or read_record(record)
    return {
        "subject": _subject(said, record, text_fit),
        "targets": _hundred(_targets_fit(said, seen)),
        "conditions": _centred(_conditions(said, record)),
        "terms": _terms(said, seen, today),
        "region": _centred(_region_bar(said, record, local_region)),
    }


BAR_LABELS = {
    "subject": gettext_noop("技术领域"),
    "targets": gettext_noop("指标满足"),
    "conditions": gettext_noop("场景条件"),
    "terms": gettext_noop("预算时间"),
    "region": gettext_noop("地域"),
}


def _targets_fit(said: Understanding, reading: Reading) -> float | None:
    facts = list(reading.facts)
    found = [c for c in (best_of(t, facts) for t in said.targets) if c]
    return _mean([1.0 if c.verdict == "yes" else c.ratio for c in found])


def _region_bar(said: Understanding, record: RecordView, local: str | None) -> float | None:
    fits = region_fits(said, record, local)
    return None if fits is None else (1.0 if fits else -1.0)


def _subject(said: Understanding, record: RecordView, text_fit: float | None) -> int | None:
    field = _field(said, record)
    known = [v for v in (text_fit, field) if v is not None]
    if text_fit is not None and field is not None:
        return _hundred(0.7 * text_fit + 0.3 * field)
    return _hundred(known[0]) if known else None


def _terms(said: Understanding, reading: Reading, today: date | None) -> int | None:
    """Budget and deadline together: yes 100, open but negotiable 50, no 0; silence is left out."""
    points = {"yes": 1.0, "no": 0.0}
    found = [budget_reason(said, reading.record), deadline_reason(said, reading, today)]
    known = [r for r in found if r and not r.code.endswith(("_unstated", "_talk"))]
    return _hundred(_mean([points.get(r.verdict, 0.5) for r in known]))


def _hundred(value: float | None) -> int | None:
    return None if value is None else round(100 * min(1.0, max(0.0, value)))


def _centred(value: float | None) -> int | None:
    return None if value is None else _hundred((value + 1.0) / 2.0)
