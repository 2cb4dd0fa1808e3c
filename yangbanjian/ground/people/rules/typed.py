"""What people type into the forms of this room: cleaned, and every problem named at once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from yangbanjian.kernel.identifiers import check_uscc
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop

LONGEST_NAME = 80
LONGEST_ORGANISATION = 120
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 128
LONGEST_TEXT = 2000
LONGEST_TAG = 20
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,28}[0-9]")
_WEBSITE = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(slots=True)
class Typed:
    """Collects problems while fields are cleaned one by one."""

    problems: list[Problem] = field(default_factory=list)

    def wrong(self, name: str, code: str, sentence: str, **params: str | int) -> str:
        self.problems.append(Problem(name, code, sentence, params))
        return ""

    def line(self, name: str, typed: str, *, cap: int, required: bool = False) -> str:
        """One line without control or direction-changing characters."""
        return self._text(name, typed, cap=cap, required=required, is_line=True)

    def text(self, name: str, typed: str, *, cap: int = LONGEST_TEXT) -> str:
        """Several lines."""
        return self._text(name, typed, cap=cap, required=False, is_line=False)

    def _text(self, name: str, typed: str, *, cap: int, required: bool, is_line: bool) -> str:
        # A text far over the cap is refused before it is worked on.
        if len(typed) > cap * 20:
            return self.wrong(name, "too_long", gettext_noop("最多 %(cap)d 个字。"), cap=cap)
        clean = clean_line if is_line else clean_text
        kept = clean(typed, cap=cap * 20)
        if len(kept) > cap:
            return self.wrong(name, "too_long", gettext_noop("最多 %(cap)d 个字。"), cap=cap)
        if required and not kept:
            return self.wrong(name, "required", gettext_noop("请填写这一项。"))
        return kept

    def email(self, name: str, typed: str, *, required: bool = True) -> str:
        """Lower case, half width; ASCII only, as SMTP without extensions carries it."""
        kept = unicodedata.normalize("NFKC", typed[: LONGEST_EMAIL * 2]).strip().lower()
        if not kept and not required:
            return ""
        if len(kept) > LONGEST_EMAIL or not _EMAIL.fullmatch(kept):
            sentence = gettext_noop("请填写完整的邮箱，例如 name@example.com。")
            return self.wrong(name, "email", sentence)
        return kept

    def phone(self, name: str, typed: str) -> str:
        kept = unicodedata.normalize("NFKC", typed[:60]).strip()
        if kept and not _PHONE.fullmatch(kept):
            return self.wrong(name, "phone", gettext_noop("请填写电话号码，只用数字、空格和横线。"))
        return kept

    def website(self, name: str, typed: str) -> str:
        kept = typed[:500].strip()
        if kept and not _WEBSITE.fullmatch(kept):
            sentence = gettext_noop("网址请以 http:// 或 https:// 开头。")
            return self.wrong(name, "website", sentence)
        return kept

    def uscc(self, name: str, typed: str, *, required: bool = False) -> str:
        """A unified social credit code with its check digit; "" where none is given."""
        if not typed.strip() and not required:
            return ""
        checked = check_uscc(typed)
        if checked.problem is not None:
            problem = checked.problem
            return self.wrong(name, problem.code, problem.message, **problem.params)
        return checked.normalised

    def one_of(self, name: str, typed: str, known: object) -> str:
        if typed not in known:  # type: ignore[operator]
            return self.wrong(name, "unknown", gettext_noop("请从列出的选项里选。"))
        return typed

    def code(self, name: str, typed: str) -> str:
        """A code of some table: its form only, the tables stand in a higher room."""
        kept = typed.strip()
        if not _CODE.fullmatch(kept):
            return self.wrong(name, "code", gettext_noop("请从列出的选项里选。"))
        return kept

    def tag(self, name: str, kind: str, typed: str) -> str:
        """A tag: a code of its table; for industrial chains, which no table lists, a short name."""
        if kind == "chain":
            return self.line(name, typed, cap=LONGEST_TAG, required=True)
        return self.code(name, typed)

    def or_refuse(self) -> None:
        if self.problems:
            sentence = gettext_noop("有几处需要修改，请看各栏的提示。")
            raise Invalid("people.invalid", sentence, self.problems)
