"""How a library record becomes a document to find, and a view to give reasons about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yangbanjian.engines.matching.rules.reasons import RecordView
from yangbanjian.ground.codes import queries as codes
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.experts.queries import LIBRARY as EXPERTS
from yangbanjian.libraries.records.queries import Library

LIBRARY_OF: dict[str, Library] = {lib.kind: lib for lib in (ACHIEVEMENTS, DEMANDS, EXPERTS)}
# What is searched of each library, the most telling first: the encoder reads about 300 characters.
TEXTS = {
    "achievement": (
        "title", "value_line", "keywords", "abstract", "problem", "advantage", "results",
        "title_en", "abstract_en",
    ),
    "demand": ("title", "abstract", "keywords", "conditions", "targets", "deliverable"),
    "expert": ("disciplines", "keywords", "abstract", "works", "job_title"),
}  # fmt: skip
_MODE_OF = {f"licence_{kind}": "license" for kind in ("exclusive", "sole", "ordinary", "open")}
_MODE_OF["licence"] = "license"
_SIGNS = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "", "range": ""}


def spoken(value: Any) -> str:
    """A field as text: lists joined, rows as «metric ≥ value unit»."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "；".join(filter(None, (spoken(v) for v in value)))
    if isinstance(value, Mapping):
        return _row(value)
    return ""


def _belts(region: str) -> tuple[str, ...]:
    """Belts that people name instead of provinces."""
    return ("长三角",) if region[:2] in ("31", "32", "33", "34") else ()


def _row(row: Mapping[str, Any]) -> str:
    if "metric" in row:
        number = f"{row.get('value') or ''}{row.get('unit') or ''}"
        sign = _SIGNS.get(row.get("op") or "", "")
        parts = (row["metric"], sign + number, row.get("conditions"), row.get("text"))
        return " ".join(p for p in parts if p)
    return " ".join(str(v) for k, v in row.items() if v and k in ("title", "text", "name"))


def text_of(kind: str, record: Any) -> str:
    """The text that the index and the encoder read. A derived title is not told twice."""
    names = TEXTS[kind]
    if record.is_title_derived:
        names = tuple(n for n in names if n != "title")
    told = (spoken(getattr(record, name)) for name in names)
    return "\n".join(t for t in told if t)


def view_of(kind: str, record: Any) -> RecordView:
    """What the reasons may look at."""
    names = (*TEXTS[kind], "team") if kind == "achievement" else TEXTS[kind]
    if kind == "expert":
        names = (*names, "affiliation")
    fields = {n: spoken(getattr(record, n)) for n in names if getattr(record, n)}
    path = codes.shipped("regions").path(record.region) if record.region else ()
    return RecordView(
        kind=kind,  # type: ignore[arg-type]
        fields=fields,
        price_fen=getattr(record, "price_fen", None),
        negotiable=getattr(record, "price_fen", None) is None
        or "面议" in getattr(record, "price_note", ""),
        trl=getattr(record, "trl", None),
        modes=tuple(dict.fromkeys(_MODE_OF.get(m, m) for m in getattr(record, "modes", ()))),
        region=record.region or None,
        region_within=tuple(code.code for code in path[:-1]) + _belts(record.region),
        field_codes=(record.field,) if record.field else (),
        owner_id=str(record.owner_id),
    )
