"""`understand`: one text in, everything the rules can read out of it, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from .asking import question_for
from .boilerplate import read_segments
from .conditions import read_constraints
from .dates import read_deadline
from .money import read_budget
from .offsets import Folded, fold
from .places import default_regions, read_region
from .quantities import Quantity, quantities
from .scale import read_scale
from .shapes import FieldCode, RegionName, Span, Understanding
from .targets import read_targets
from .topics import read_field
from .wishes import read_modes, read_trl


def understand(
    text: str,
    *,
    today: date,
    fields: Sequence[FieldCode],
    regions: Sequence[RegionName] | None = None,
) -> Understanding:
    """Reads field, targets, conditions, budget, deadline, region, modes and readiness.

    Spans are half-open code points of `text` as sent. Looks at the first 4,000 code points only,
    in time linear in them. Never raises; what cannot be read is absent. `today` is the day in the
    site's zone that relative dates count from; `regions` defaults to provinces and belts.
    """
    folded = fold(text)
    found = quantities(folded.text)
    budget, budget_doubts, amounts = read_budget(folded, found)
    deadline, deadline_doubts = read_deadline(folded, today)
    trl, trl_doubts = read_trl(folded)
    taken = [x.span for x in (budget, deadline) if x]
    said = [*taken, *([trl.span] if trl else []), *(g.span for g in trl_doubts)]
    measured = [q for q in found if not _inside(folded, q, said) and _open(q, amounts)]
    targets, target_doubts = read_targets(folded, measured)
    targets, target_doubts = targets[:12], target_doubts[:12]
    constraints = read_constraints(folded, [*said, *(t.span for t in targets)])
    region, region_doubts = read_region(folded, default_regions() if regions is None else regions)
    code, code_spans, shares, field_doubts = read_field(folded, fields)
    figures = [*taken, *([region.span] if region else [])]
    result = Understanding(
        text=text,
        field=code,
        field_spans=code_spans,
        fields=shares,
        targets=targets,
        constraints=constraints,
        budget=budget,
        deadline=deadline,
        region=region,
        modes=read_modes(folded),
        trl=trl,
        guesses=(
            *field_doubts,
            *target_doubts,
            *budget_doubts,
            *deadline_doubts,
            *region_doubts,
            *trl_doubts,
            *read_scale(folded, found),
        ),
        segments=read_segments(folded, figures),
    )
    return replace(result, question=question_for(result, folded.lower, fields))


def _inside(folded: Folded, one: Quantity, taken: Sequence[Span]) -> bool:
    start, end = folded.span(one.start, one.end)
    return any(s <= start and end <= e for s, e in taken)


def _open(one: Quantity, amounts: Sequence[Quantity]) -> bool:
    """Money may still be a target (单件成本降到 3 元), but only with its unit written out."""
    return one not in amounts or one.unit is not None
