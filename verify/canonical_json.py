"""Reads JSON strictly and writes it in the one canonical form (RFC 8785)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from verify.verdicts import unreadable

DEEPEST = 64


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        unreadable("同一个对象里有重复的键。A key stands twice in one object.")
    return found


def _constant(_word: str) -> NoReturn:
    unreadable("不是规范的 JSON 数字。Not a number of JSON.")


def read_json(text: str) -> Any:
    """Strict: no duplicate keys, no NaN, no half surrogates, no bottomless nesting."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
        text.encode()
    except (ValueError, RecursionError):
        unreadable("不是 JSON 文件。Not a JSON file.")
    return value


def number(value: float) -> str:
    """A double as ECMAScript writes it."""
    if value != value or value in (float("inf"), float("-inf")):
        unreadable("不是规范的 JSON 数字。Not a number of JSON.")
    if value == 0:
        return "0"
    sign, (mantissa, _, power) = "-" if value < 0 else "", f"{abs(value)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(power.partition("e")[0]) + len(whole)
    digits = whole + fraction
    exponent -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if 0 < exponent <= 21:
        if len(digits) <= exponent:
            return sign + digits.ljust(exponent, "0")
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'+' if exponent > 0 else '-'}{abs(exponent - 1)}"


def canonical(value: Any, depth: int = 0) -> str:
    """RFC 8785. Whole numbers beyond 2^53 have no exact meaning there and are refused."""
    if depth > DEEPEST:
        unreadable("层数太多。Nested too deeply.")
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) >= 2**53:
            unreadable("整数太大。A whole number is too large.")
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(v, depth + 1) for v in value) + "]"
    keys = sorted(value, key=lambda k: k.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{canonical(k)}:{canonical(value[k], depth + 1)}" for k in keys) + "}"
