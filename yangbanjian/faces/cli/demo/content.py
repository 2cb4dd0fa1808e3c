"""Reading the demo's content and turning it into what the actions take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from yangbanjian.ground.codes import queries as codes
from yangbanjian.kernel.identifiers import make_patent_number

FOLDER = Path(__file__).parent
Row = Mapping[str, Any]
_OPS = {">=": "ge", "<=": "le", ">": "gt", "<": "lt", "=": "eq", "≥": "ge", "≤": "le"}
_IP_KINDS = {"new_variety": "plant", "secret": "know_how"}
_IP_STATUS = {"pending": "applied"}
_IP_WISH = {"own": "buyer", "share": "shared", "licence": "licence", "open": "open"}
_PATENTED = {"invention", "utility", "design"}


@cache
def rows(name: str) -> tuple[Row, ...]:
    """All rows of a kind (achievements, demands, experts, organisations), both parts."""
    return tuple(_read(name))


def _read(name: str) -> Iterator[Row]:
    for path in sorted(FOLDER.glob(f"{name}-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def _result(row: Row) -> dict[str, Any]:
    value = row.get("value")
    return {
        "metric": str(row.get("metric") or "")[:200],
        "op": _OPS.get(str(row.get("op") or "="), "eq"),
        "value": "" if value is None or isinstance(value, list) else str(value),
        "unit": str(row.get("unit") or "")[:20],
        "conditions": str(row.get("conditions") or "")[:200],
        "evidence": str(row.get("evidence") or "")[:200],
    }


def _right(row: Row, seed: int) -> dict[str, Any]:
    kind = _IP_KINDS.get(row["kind"], row["kind"])
    filed = date.fromisoformat(row["filed_on"]) if row.get("filed_on") else None
    number = ""
    if kind in _PATENTED and filed:
        number = make_patent_number(seed, year=filed.year, kind=kind)
    elif kind == "software" and filed:
        number = f"{filed.year}SR{9_000_000 + seed % 999_999:07d}"
    return {
        "kind": kind,
        "number": number,
        "title": row.get("title", "")[:200],
        "status": _IP_STATUS.get(row.get("status", ""), row.get("status", "")),
        "filed_on": row.get("filed_on") or None,
        "expires_on": row.get("expires_on") or None,
    }


def _disciplines(row: Row) -> list[str]:
    """The codes as far as the shipped table goes: else the discipline above."""
    known = codes.shipped("disciplines")
    found = [c if c in known else c[:3] for c in row.get("discipline_codes") or []]
    return [c for c in dict.fromkeys(found) if c in known]


def achievement(row: Row, index: int, names: Mapping[str, str]) -> dict[str, Any]:
    """The values of an achievement; `names` gives an organisation's name by its key."""
    others = row.get("co_holders") or []
    holders = []
    if others:
        rest = 100 - sum(o["share_percent"] for o in others)
        holders = [{"name": names[row["holder"]], "share_percent": str(rest)}]
        holders += [
            {"name": names[o["organisation"]], "share_percent": str(o["share_percent"])}
            for o in others
        ]
    return {
        "title": row["title"],
        "value_line": row.get("value_line", "")[:80],
        "abstract": row["abstract"],
        "problem": row.get("problem", ""),
        "advantage": row.get("advantage", ""),
        "results": [_result(r) for r in row.get("results") or []],
        "keywords": row.get("keywords") or [],
        "field": row["field"],
        "trl": row.get("trl"),
        "trl_evidence": row.get("trl_evidence") or [],
        "holders": holders or [{"name": names[row["holder"]], "share_percent": "100"}],
        "completers": [
            {"name": c["name"], "share_percent": str(c["share_percent"])}
            for c in row.get("completers") or []
        ],
        "is_service": row.get("is_service"),
        "is_fiscally_funded": row.get("is_fiscally_funded"),
        "project_no": row.get("project_no") or "",
        "rights": [_right(r, index * 10 + i) for i, r in enumerate(row.get("ip") or [])],
        "modes": row.get("modes") or [],
        "price_fen": row.get("price_fen"),
        "price_note": row.get("price_note") or "",
        "region": row.get("region") or "",
        "industry_codes": [
            c.lstrip("ABCDEFGHIJKLMNOPQRST") for c in row.get("industry_codes") or []
        ],
        "discipline_codes": _disciplines(row),
        "is_export_controlled": row.get("export_control"),
        "team": row.get("team") or "",
        "title_en": row.get("english_title") or "",
        "abstract_en": row.get("english_abstract") or "",
        "secrecy": "none",
    }


def demand(row: Row, born: date) -> dict[str, Any]:
    """The values of a demand posted on a day."""
    return {
        "title": row["title"],
        "abstract": row["problem"],
        "targets": [
            {k: v for k, v in _result(t).items() if k in ("metric", "op", "value", "unit")}
            for t in row.get("targets") or []
        ],
        "conditions": [str(c)[:60] for c in row.get("conditions") or []],
        "deadline": (born + timedelta(days=row.get("deadline_in_days") or 180)).isoformat(),
        "deliverable": row.get("deliverable") or "",
        "budget_fen": row.get("budget_fen"),
        "ip_wish": _IP_WISH.get(row.get("ip_wish", ""), ""),
        "modes": row.get("modes") or [],
        "trl_wanted": row.get("trl_wanted"),
        "field": row["field"],
        "region": row.get("region") or "",
        "visibility": row.get("visibility") or "brokers",
    }


def expert(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """The values of an expert's entry."""
    available = row.get("availability") or {}
    if isinstance(available, str):
        available = {"state": available}
    return {
        "title": row["name"],
        "affiliation": names[row["organisation"]],
        "job_title": row.get("title") or "",
        "abstract": row["bio"],
        "field": row["field"],
        "keywords": row.get("skills") or [],
        "disciplines": row.get("disciplines") or [],
        "works": [
            {"kind": w["kind"], "title": w["title"], "year": w.get("year")}
            for w in row.get("works") or []
        ],
        "availability": available.get("state") or available.get("status") or "open",
        "availability_note": row.get("availability_note") or available.get("note") or "",
        "conflicts": [str(c)[:60] for c in row.get("conflicts") or []],
    }
