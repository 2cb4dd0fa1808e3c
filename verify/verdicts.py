"""What can come out of a check, and how a check says so."""

from __future__ import annotations

from typing import Any, NoReturn

HOLDS, FAILS, UNREADABLE, UNTRUSTED = 0, 1, 2, 3


class Verdict(Exception):
    """What came out: an exit code, the check that decided, a sentence, and what is proven."""

    def __init__(self, code: int, check: str, sentence: str, proven: Any = None) -> None:
        super().__init__(sentence)
        self.code, self.check, self.sentence, self.proven = code, check, sentence, proven


def fail(check: str, sentence: str) -> NoReturn:
    raise Verdict(FAILS, check, sentence)


def unreadable(sentence: str) -> NoReturn:
    raise Verdict(UNREADABLE, "file", sentence)
