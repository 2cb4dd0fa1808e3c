"""Cells that a spreadsheet would run as a formula are written so that it does not.

CSV has no types: the text gets an apostrophe in front. In a workbook it is a string with the
quote-prefix mark, unchanged. What is read back loses exactly what was put in front: a text that
already begins with apostrophes before such a character gets one more.
"""

from __future__ import annotations

import re

_RISKY = re.compile(r"^'*[=+\-@\t\r＝＋－＠]")
_QUOTED = re.compile(r"^'+[=+\-@\t\r＝＋－＠]")


def is_risky(text: str) -> bool:
    """Would a spreadsheet take this text for a formula?"""
    return _RISKY.match(text) is not None


def for_csv(text: str) -> str:
    """The text as a CSV cell holds it."""
    return "'" + text if _RISKY.match(text) else text


def for_workbook(text: str) -> str:
    """The text as a workbook's string cell holds it (which is never run)."""
    return "'" + text if _QUOTED.match(text) else text


def read_back(text: str) -> str:
    """The text that was meant."""
    return text[1:] if _QUOTED.match(text) else text
