"""统一社会信用代码, GB 32100-2015: 17 characters and a check character, modulus 31.

Characters: authority, class, six digits of the region, nine of the organisation code, check.
Authority and class may be letters (A, N and Y exist), so only the region must be digits.
"""

import re

from yangbanjian.kernel.flaws import gettext_noop
from yangbanjian.kernel.identifiers.checked import Checked, empty, tidy, wrong

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(LENGTH - 1))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_MISREAD = {"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"}
_SEPARATORS = re.compile(r"[-._/]")


def uscc_check_digit(first17: str) -> str:
    """The 18th character. Raises KeyError for a character outside the alphabet of 31."""
    total = sum(_VALUE[c] * weight for c, weight in zip(first17, _WEIGHTS, strict=True))
    # The outer modulus wraps 31 to 0; without it every 31st code would be refused.
    return ALPHABET[(31 - total % 31) % 31]


def check_uscc(text: str) -> Checked:
    """Check a code as typed. A 15-digit number of the old register has its own problem code,
    ``uscc.legacy``, so that a caller may still keep it as an old number."""
    code = _SEPARATORS.sub("", tidy(text))
    if not code:
        return empty("uscc")
    if len(code) == 15 and code.isascii() and code.isdigit():
        return wrong(
            code,
            "uscc.legacy",
            gettext_noop("这是 15 位的旧注册号，请改填营业执照上 18 位的统一社会信用代码。"),
        )
    if len(code) != LENGTH:
        return wrong(
            code,
            "uscc.length",
            gettext_noop("统一社会信用代码是 18 位，这里有 %(length)s 位，请对照证照核对。"),
            length=len(code),
        )
    return _characters(code) or _check_digit(code)


def _characters(code: str) -> Checked | None:
    for position, character in enumerate(code, start=1):
        if character not in _VALUE:
            return _strange(code, position, character)
        if 3 <= position <= 8 and not character.isdigit():
            return wrong(
                code,
                "uscc.region",
                gettext_noop(
                    "第 3 至 8 位是行政区划代码，只能是数字，"
                    "请核对第 %(position)s 位的“%(character)s”。"
                ),
                position=position,
                character=character,
            )
    return None


def _strange(code: str, position: int, character: str) -> Checked:
    if character in _MISREAD:
        return wrong(
            code,
            "uscc.misread",
            gettext_noop(
                "代码里不会出现字母“%(character)s”，请核对第 %(position)s 位是不是“%(meant)s”。"
            ),
            position=position,
            character=character,
            meant=_MISREAD[character],
        )
    return wrong(
        code,
        "uscc.character",
        gettext_noop("第 %(position)s 位的“%(character)s”不能用在代码里，请对照证照核对。"),
        position=position,
        character=character,
    )


def _check_digit(code: str) -> Checked:
    if uscc_check_digit(code[:17]) != code[17]:
        return wrong(
            code,
            "uscc.check_digit",
            gettext_noop("统一社会信用代码的校验位对不上，多半是抄错了一位，请对照证照核对。"),
        )
    return Checked(code, facts={"region": code[2:8], "authority": code[:2]})


def make_uscc(seed: int, *, prefix: str = "91", region: str = "310110") -> str:
    """A well-formed code for demo data, one for each seed below a million.

    Its organisation code begins with YB, a series that the register doesn't issue, so that it
    names no real organisation. ``prefix``: 91 enterprise, 12 public institution, 51 society.
    """
    body = f"YB{seed % 1_000_000:06d}"
    total = sum(int(c, 36) * weight for c, weight in zip(body, _INNER_WEIGHTS, strict=True))
    inner = "0123456789X0"[11 - total % 11]
    first17 = f"{prefix}{region}{body}{inner}"
    return first17 + uscc_check_digit(first17)
