"""What is wrong with something a person typed: a stable code, a sentence, its parameters.

Sentences are message ids in the source language with named ``%(x)s`` places; the edge translates
``message`` first and fills ``params`` in afterwards. ``sentence`` is the untranslated result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from yangbanjian.kernel.words import gettext_noop

__all__ = ["Flaw", "FlawError", "gettext_noop"]


@dataclass(frozen=True)
class Flaw:
    """One thing to put right. ``code`` is stable and dotted, such as ``uscc.check_digit``."""

    code: str
    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The message with its parameters, in the source language."""
        return self.message % self.params if self.params else self.message


class FlawError(Exception):
    """Raised where a function has no answer to give back; carries the problem."""

    def __init__(self, problem: Flaw) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
