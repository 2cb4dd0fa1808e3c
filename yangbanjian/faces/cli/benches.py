"""`ybj bench`: runs a measuring module and refuses figures taken on a restless machine."""

from __future__ import annotations

import importlib
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
MOST_DRIFT = 1.5


def names() -> list[str]:
    """The tables that can be measured: the modules of the folder `bench`."""
    return sorted(p.stem for p in (ROOT / "bench").glob("*.py") if not p.stem.startswith("_"))


def measure(name: str, arguments: list[str], *, as_json: bool) -> int:
    """Measure one table, or all; 0 when every row keeps its floor, 1 below one, 3 when void."""
    if name and name not in names():
        print(f"没有「{name}」这张表。可测：{'、'.join(names())}", file=sys.stderr)
        return 2
    # The measuring modules stand beside the package, not in it: they need a checkout.
    sys.path.insert(0, str(ROOT))
    worst = 0
    for one in [name] if name else names():
        worst = max(worst, _one(one, arguments, as_json=as_json))
    return worst


def _one(name: str, arguments: list[str], *, as_json: bool) -> int:
    told = io.StringIO()
    with redirect_stdout(told):
        importlib.import_module(f"bench.{name}").main([*arguments, "--json"])
    result: dict[str, Any] = json.loads(told.getvalue())
    anchors = [float(v) for v in result["anchors"].values()]
    is_void = bool(anchors) and max(anchors) > MOST_DRIFT * max(min(anchors), 1e-9)
    result["void"] = is_void
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _table(name, result)
    if is_void:
        print("测量前后机器快慢相差太大，本次结果作废，请在空闲时重测。", file=sys.stderr)
        return 3
    return 0 if all(row["ok"] for row in result["rows"]) else 1


def _table(name: str, result: dict[str, Any]) -> None:
    print(f"== {name}  {result['anchors']}")
    for row in result["rows"]:
        floor = "" if row["floor"] is None else f"{row['floor']:.3f}"
        verdict = "" if row["ok"] else "未达到"
        print(f"{row['name']:48}{row['value']:12.4f}  {floor:>10}  {verdict}")
