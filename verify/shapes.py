"""What the fields of a file must look like; a field that does not is refused by its name."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from verify.verdicts import fail


def exactly(value: Any, names: set[str], check: str) -> None:
    if not isinstance(value, dict) or set(value) != names:
        fail(check, f"「{check}」的字段有误。“{check}” has other fields than it should.")


def list_of(value: Any, check: str) -> list[Any]:
    if not isinstance(value, list):
        fail(check, f"「{check}」应是列表。“{check}” is not a list.")
    return value


def from_hex(value: Any, check: str) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9a-f]{2})*", value):
        fail(check, f"「{check}」里的十六进制有误。“{check}” holds what is not hexadecimal.")
    return bytes.fromhex(value)


def count_of(value: Any, check: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        fail(check, f"「{check}」里的数有误。“{check}” holds what is not a count.")
    return value


def hashes_of(value: Any, check: str) -> list[bytes]:
    found = [from_hex(h, check) for h in list_of(value, check)]
    if any(len(h) != 32 for h in found):
        fail(check, f"「{check}」里的哈希长度有误。“{check}” holds what is not a hash.")
    return found


def from_base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fail("encoding", "base64 编码有误。Not base64.")
    if base64.b64encode(raw).decode() != text:
        fail("encoding", "base64 编码不规范。Not canonical base64.")
    return raw


def moment(text: Any, check: str) -> datetime:
    """A time in UTC, as `2026-03-01T08:00:00Z`."""
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
    if isinstance(text, str) and re.fullmatch(shape, text, re.ASCII):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    fail(check, f"「{check}」里的时间有误。“{check}” holds what is not a time in UTC.")
