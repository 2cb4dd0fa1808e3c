"""Measured tables: each module measures one thing, prints it, and can print it as JSON."""

from __future__ import annotations

import json
from typing import Any


def tell(result: dict[str, Any], *, as_json: bool) -> int:
    """Print what was measured, for people or as one line of JSON; 0 when every floor is kept."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for row in result["rows"]:
            floor = "" if row["floor"] is None else f"{row['floor']:.3f}"
            verdict = "" if row["ok"] else "below"
            print(f"{row['name']:46}{row['value']:12.4f}{floor:>11}  {verdict}")
    return 0 if all(row["ok"] for row in result["rows"]) else 1
