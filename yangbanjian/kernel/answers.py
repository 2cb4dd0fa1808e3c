"""What a policy answers to "may they?": yes, or no with a code and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, or no with the reason and who can help."""

    allowed: bool
    code: str = ""
    reason: str = ""

    def or_refuse(self) -> None:
        if not self.allowed:
            raise NotAllowed(self.code, self.reason)


YES = Answer(True)
SIGN_IN = Answer(False, "people.sign_in_first", gettext_noop("请先登录。"))
