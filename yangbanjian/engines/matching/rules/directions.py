"""Whether a technology lies in the direction that an enterprise's tags point in.

Each tag that meets weighs: what it says (a place in an industrial chain tells most, a field of the
site least) x who says so (a broker's confirmation most, the enterprise's own word least) x how it
met. The parts are added, so a score can be recounted by hand:

    chain .5, industry .35, field .3 · confirmed 1, from demands .8, stated .65
    · the same 1, said in the text .7, a level above or below .6 · a further tag of a kind half

A field alone never suffices: an eighth of all technologies have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

KIND_WEIGHTS: Mapping[str, float] = {"chain": 0.5, "industry": 0.35, "field": 0.3}
SOURCE_WEIGHTS: Mapping[str, float] = {"broker": 1.0, "demands": 0.8, "stated": 0.65}
STRENGTHS: Mapping[str, float] = {"same": 1.0, "words": 0.7, "near": 0.6}
FURTHER = 0.5
MOST_OF_A_KIND = 3
LEAST = 0.4
"""Below this an enterprise is not told."""
HIGHEST_PERCENT = 95
VAGUE = frozenset({"other"})
"""Codes that say nothing of a direction."""
SHORTEST_WORD = 2


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of an enterprise. `words`: its label and other names, folded; `around`: the codes a
    level above and below it."""

    kind: str
    code: str
    source: str
    words: tuple[str, ...] = ()
    around: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Supply:
    """What a technology says of its direction: codes, and its text folded. `head` is its title and
    keywords. `guessed_field` is read from the text where no field is given."""

    field: str
    industries: frozenset[str]
    head: str
    text: str
    guessed_field: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A tag that met: how, by which word, and what it adds to the score (6 decimals)."""

    tag: Tag
    how: str
    word: str = ""
    weight: float = 0.0


def _met(tag: Tag, supply: Supply) -> tuple[str, str] | None:
    """(how, word) a tag meets a technology; None if it does not."""
    if tag.code in VAGUE:
        return None
    if tag.kind == "field":
        if supply.field:
            return ("same", "") if tag.code == supply.field else None
        return ("words", "") if tag.code == supply.guessed_field else None
    if tag.kind == "industry" and supply.industries:
        if tag.code in supply.industries:
            return "same", ""
        return ("near", "") if tag.around & supply.industries else None
    return _named(tag, supply)


def _named(tag: Tag, supply: Supply) -> tuple[str, str] | None:
    """A tag met by one of its words: a chain named in the heading is the technology's own."""
    usable = [word for word in tag.words if len(word) >= SHORTEST_WORD]
    heading = supply.head if tag.kind == "chain" else ""
    for how, text in (("same", heading), ("words", supply.text)):
        for word in usable:
            if word in text:
                return how, word
    return None


def meetings(tags: Iterable[Tag], supply: Supply) -> list[Meeting]:
    """The tags that meet, heaviest first. Of a tag with several sources the best one counts."""
    best: dict[tuple[str, str], Meeting] = {}
    for tag in tags:
        found = _met(tag, supply)
        if found is None:
            continue
        how, word = found
        weight = KIND_WEIGHTS[tag.kind] * SOURCE_WEIGHTS[tag.source] * STRENGTHS[how]
        held = best.get((tag.kind, tag.code))
        if held is None or weight > held.weight:
            best[tag.kind, tag.code] = Meeting(tag, how, word, weight)
    kept: list[Meeting] = []
    for kind in KIND_WEIGHTS:
        mine = [m for m in best.values() if m.tag.kind == kind]
        mine.sort(key=lambda m: (-m.weight, m.tag.code))
        for place, one in enumerate(mine[:MOST_OF_A_KIND]):
            weight = round(one.weight * (FURTHER if place else 1.0), 6)
            kept.append(Meeting(one.tag, one.how, one.word, weight))
    kept.sort(key=lambda m: (-m.weight, m.tag.kind, m.tag.code))
    return kept


def parts_of(met: Sequence[Meeting]) -> dict[str, float]:
    """Signed addends by kind of tag; they sum to the score."""
    parts: dict[str, float] = {}
    for one in met:
        name = f"tag_{one.tag.kind}"
        parts[name] = round(parts.get(name, 0.0) + one.weight, 6)
    return parts


def score_of(met: Sequence[Meeting]) -> float:
    """The sum of what each meeting adds; suggested from LEAST on."""
    return round(sum(one.weight for one in met), 6)


def percent_of(score: float) -> int:
    """A score as it is shown, 0 to HIGHEST_PERCENT."""
    return min(HIGHEST_PERCENT, round(100 * score))


class Chains:
    """Names of places in industrial chains, found in a text by their first two signs: the time a
    text takes does not grow with the number of names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names`: name as looked for (folded) -> tag."""
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        for name, code in sorted(names.items()):
            if len(name) >= SHORTEST_WORD:
                self._by_start.setdefault(name[:2], []).append((name, code))

    def within(self, text: str) -> set[str]:
        """The tags that a folded text names."""
        found: set[str] = set()
        for at in range(len(text) - 1):
            for name, code in self._by_start.get(text[at : at + 2], ()):
                if code not in found and text.startswith(name, at):
                    found.add(code)
        return found


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion that might be made: to whom, what, how good."""

    seeker_id: int
    supply_id: int
    score: float


def within_caps(
    offers: Iterable[Offer], *, given_today: Mapping[int, int], a_day: int, a_supply: int
) -> list[Offer]:
    """The best offers such that no enterprise gets more than `a_day` (with what it was given
    already) and no technology goes to more than `a_supply`; equal scores: the newest first."""
    given = dict(given_today)
    gone: dict[int, int] = {}
    kept = []
    for offer in sorted(offers, key=lambda o: (-o.score, -o.supply_id, o.seeker_id)):
        if given.get(offer.seeker_id, 0) >= a_day or gone.get(offer.supply_id, 0) >= a_supply:
            continue
        given[offer.seeker_id] = given.get(offer.seeker_id, 0) + 1
        gone[offer.supply_id] = gone.get(offer.supply_id, 0) + 1
        kept.append(offer)
    return kept
