"""What a policy answers to "may they?": yes, or no with a code and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, or no with the reason and who can help; `owner_id` says whose it is where that helps."""

    allowed: bool
    code: str = ""
    reason: str = ""
    owner_id: int | None = None

    def or_refuse(self) -> None:
        if not self.allowed:
            raise self.refusal()

    def refusal(self) -> NotAllowed:
        more = {} if self.owner_id is None else {"owner_id": self.owner_id}
        return NotAllowed(self.code, self.reason, **more)


YES = Answer(True)
SIGN_IN = Answer(False, "people.sign_in_first", gettext_noop("请先登录。"))


def kept(owner_id: int) -> Answer:
    """What an owner keeps to itself is closed to who runs the site as well, until they say why
    (T7); whose it is goes along, so that a page can offer the form."""
    return Answer(
        False,
        "access.needed",
        gettext_noop("这是该单位不公开的资料。要看请先写明理由和期限打开查阅，该单位会看到。"),
        owner_id,
    )


def kept_by(owner_id: int) -> NotAllowed:
    """The same as a refusal."""
    return kept(owner_id).refusal()
