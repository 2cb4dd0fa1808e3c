"""One line of `ybj doctor`: a promise, whether it is kept, and a sentence to show."""

from typing import NamedTuple


class Check(NamedTuple):
    """`name` is stable and for programs; `sentence` is in Chinese and for people."""

    name: str
    ok: bool
    sentence: str
