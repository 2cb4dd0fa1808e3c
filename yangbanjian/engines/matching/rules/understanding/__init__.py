"""Understanding a sentence by rules, with positions: what is asked, how much, by when, where.

`understand` reads a demand; the number reader inside also reads the facts of a record.
"""

from .facts import Fact, facts_of
from .places import default_regions
from .reading import understand
from .shapes import (
    Budget,
    Constraint,
    Deadline,
    FieldCode,
    Guess,
    Question,
    RegionName,
    Segment,
    Span,
    Target,
    TrlWish,
    Understanding,
    Wish,
)
from .vocabulary import default_fields

__all__ = [
    "Budget",
    "Constraint",
    "Deadline",
    "Fact",
    "FieldCode",
    "Guess",
    "Question",
    "RegionName",
    "Segment",
    "Span",
    "Target",
    "TrlWish",
    "Understanding",
    "Wish",
    "default_fields",
    "default_regions",
    "facts_of",
    "understand",
]
