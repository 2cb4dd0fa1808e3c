"""Words that bound a number: 不低于, 以上, 约, up to; and words that move one: 降, 提高."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .shapes import Direction, Op

Sense = Literal["better", "reach"]

_PREFIXES: dict[str, Op | Sense] = {}
for _op, _words in {
    ">=": "≥|>=|=>|大于等于|大于或等于|不小于|不低于|不少于|不短于|至少|最少|最低|起码|at least|"
    "no less than|not less than|minimum|min",
    "<=": "±|正负|≤|<=|=<|小于等于|小于或等于|不大于|不高于|不超过|不能超过|不得超过|别超过|"
    "不超|不多于|"
    "不长于|至多|"
    "最多|最高|最大|顶多|控制在|控制到|压到|压缩到|up to|at most|no more than|not more than|max",
    ">": ">|大于|高于|超过|超|多于|长于|突破|over|above|more than|greater than|exceeding",
    "<": "<|小于|低于|少于|不到|不足|短于|under|below|less than|within",
    "=": "=|等于|恰为",
    "better": "优于|好于|better than",
    "reach": (
        "可以达到|能够达到|能达到|要达到|需达到|达到|可达|能达|高达|达|实现|做到|目标|目标是|为|是|到|至|"
        "of|to|is|must be|should be|:"
    ),
}.items():
    for _word in _words.split("|"):
        _PREFIXES[_word] = _op  # type: ignore[assignment]

_SUFFIXES: dict[str, Op] = {}
for _op, _words in {
    ">=": "及以上|或以上|以上|或更高|或更多|之上|起|or more|or above|or higher|and above",
    "<=": "及以下|或以下|以下|以内|之内|或更低|内|or less|or below|or lower|max",
}.items():
    for _word in _words.split("|"):
        _SUFFIXES[_word] = _op  # type: ignore[assignment]


def _any(words: list[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_ABOUT = r"(?:大约|大概|约|将近|接近|近|about |around |approximately )"
PREFIX = re.compile(
    rf"(?P<about1>{_ABOUT})?(?P<word>{_any(list(_PREFIXES))})?(?:在|了)? ?(?P<about2>{_ABOUT})?$",
    re.IGNORECASE,
)
SUFFIX = re.compile(
    rf"^ ?(?P<word>{_any(list(_SUFFIXES))})|^(?P<about>左右|上下| or so)", re.IGNORECASE
)

_REDUCE = (
    "降低|下降|减少|压降|压缩|缩短|缩小|削减|节约|节省|减轻|减小|少用|省下|调低|降|减|省|缩|少|"
    "reducing|reduced|reduces|reduce|reduction|cutting|cut|lowering|lower|decrease|"
    "decreased|saving|saves|save|shorten"
)
_INCREASE = (
    "提高|提升|增加|增长|延长|加快|扩大|增强|上升|升高|升|增|提|涨|"
    "increasing|increased|increase|improving|improved|improve|raising|raise|boost|extend"
)
_WAY: dict[str, Direction] = dict.fromkeys(_REDUCE.split("|"), "reduce")
_WAY |= dict.fromkeys(_INCREASE.split("|"), "increase")
DIRECTION = re.compile(rf"(?<!前)(?:{_any(list(_WAY))})(?!于)", re.IGNORECASE)


def way(word: str) -> Direction:
    """Which way a direction word points."""
    return _WAY[word]


@dataclass(frozen=True, slots=True)
class Bound:
    """Bounding words around a number: what they say and how far they reach to each side."""

    op: Op | None
    sense: Sense | None
    approximate: bool
    left: int
    right: int


def bound_of(before: str, after: str) -> Bound:
    """The bound said by the text right before and right after a number.

    A suffix (以上) decides over a neutral prefix (达到); an explicit prefix (不低于) decides first.
    """
    prefix, suffix = PREFIX.search(before[-16:]), SUFFIX.search(after[:12])
    word = ((prefix["word"] if prefix else None) or "").lower()
    said = _PREFIXES.get(word)
    about = bool(prefix and (prefix["about1"] or prefix["about2"])) or bool(
        suffix and suffix["about"]
    )
    tail = suffix["word"] if suffix else None
    op: Op | None = None
    sense: Sense | None = None
    if said == "better" or said == "reach":
        sense = said
    elif said:
        op = said
    if op is None and tail:
        op = _SUFFIXES[tail.lower()]
    left = len(prefix[0]) if prefix and (word or about) else 0
    return Bound(op, sense, about, left, suffix.end() if suffix else 0)
