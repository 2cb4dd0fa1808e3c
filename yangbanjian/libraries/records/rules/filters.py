"""How a list is narrowed: the same words in page, API, saved search and alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

SORTS = ("latest", "complete", "price")
TRL_BANDS = {"1-4": (1, 4), "5-6": (5, 6), "7-9": (7, 9)}
LONGEST_LIST = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list. Lists are alternatives (or); different names add up (and)."""

    q: str = ""
    field: tuple[str, ...] = ()
    trl: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    availability: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    owner: int | None = None
    is_free_price: bool = False
    sort: str = "latest"

    def as_query(self) -> dict[str, str | list[str]]:
        """The non-default parts, as a query string or a saved search holds them."""
        said: dict[str, str | list[str]] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value != item.default:
                said[item.name] = list(value) if isinstance(value, tuple) else str(value)
        return said


def _is_number(text: str) -> bool:
    """Plain digits: «²» is a digit too, but no number."""
    return text.isascii() and text.isdigit()


def filters_from(given: Mapping[str, Sequence[str] | str]) -> Filters:
    """Read filters from a query string or a saved search; what makes no sense is left out."""

    def many(name: str) -> tuple[str, ...]:
        value = given.get(name, ())
        listed = [value] if isinstance(value, str) else list(value)
        tidy = (v.replace("\x00", "")[:40] for v in listed)
        return tuple(v for v in tidy if v)[:LONGEST_LIST]

    def one(name: str) -> str:
        return (many(name) or ("",))[-1]

    q = given.get("q", "")
    words = q if isinstance(q, str) else (list(q) or [""])[-1]
    owner = one("owner")
    sort = one("sort")
    return Filters(
        q=words[:200].replace("\x00", ""),
        field=many("field"),
        trl=tuple(b for b in many("trl") if b in TRL_BANDS),
        mode=many("mode"),
        region=tuple(r for r in many("region") if _is_number(r)),
        kind=many("kind"),
        availability=many("availability"),
        state=many("state"),
        owner=int(owner) if _is_number(owner) and len(owner) < 18 else None,
        is_free_price=one("is_free_price") in ("True", "1", "on"),
        sort=sort if sort in SORTS else "latest",
    )
