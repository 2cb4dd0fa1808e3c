"""The answer of every identifier check, and the cleaning that comes before each."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from yangbanjian.kernel.flaws import Flaw, gettext_noop

LONGEST = 300
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]+")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


@dataclass(frozen=True)
class Checked:
    """A cleaned identifier; ``problem`` is None when it may be stored as it is.

    ``facts`` holds what the number itself says, e.g. ``kind`` and ``year`` of a patent.
    """

    normalised: str
    problem: Flaw | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.problem is None

    @property
    def problem_code(self) -> str:
        return self.problem.code if self.problem else ""

    @property
    def problem_params(self) -> Mapping[str, str | int]:
        return self.problem.params if self.problem else {}


def tidy(text: str) -> str:
    """Full width to half width, upper case, without spaces and invisible characters."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST])
    return _DASHES.sub("-", _INVISIBLE.sub("", folded)).upper()


def wrong(shown: str, code: str, message: str, **params: str | int) -> Checked:
    """A failed check; ``shown`` is what is given back for the form."""
    return Checked(shown, Flaw(code, message, params))


def empty(code: str) -> Checked:
    """Nothing was typed."""
    return wrong("", f"{code}.empty", gettext_noop("还没有填写，请填写号码，或者把这一项删掉。"))


def check_11_2(digits: str) -> str:
    """The check character of ISO 7064 modulus 11-2: finds one wrong or two swapped characters."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]
