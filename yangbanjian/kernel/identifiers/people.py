"""ORCID: 15 digits and a check character, ISO 7064 modulus 11-2 (the same as ISNI)."""

import re

from yangbanjian.kernel.flaws import gettext_noop
from yangbanjian.kernel.identifiers.checked import Checked, check_11_2, empty, tidy, wrong

_PREFIX = re.compile(r"^(?:ORCID(?:ID)?:?)?(?:HTTPS?://)?(?:WWW\.)?(?:ORCID\.ORG/)?(?:ORCID:)?")
_SHAPE = re.compile(r"^\d{15}[\dX]$")


def orcid_check_digit(first15: str) -> str:
    """The 16th character."""
    return check_11_2(first15)


def check_orcid(text: str) -> Checked:
    """Check an ORCID as typed or as pasted with its address."""
    compact = _PREFIX.sub("", tidy(text)).strip("/").replace("-", "")
    if not compact:
        return empty("orcid")
    if not (_SHAPE.match(compact) and compact.isascii()):
        return wrong(
            compact,
            "orcid.form",
            gettext_noop("ORCID 是 16 位，请照个人主页填写，例如 0000-0002-1825-0097。"),
        )
    shown = "-".join(compact[i : i + 4] for i in range(0, 16, 4))
    if orcid_check_digit(compact[:15]) != compact[15]:
        return wrong(
            shown,
            "orcid.check_digit",
            gettext_noop("ORCID 的校验位对不上，多半是抄错了一位，请对照个人主页核对。"),
        )
    return Checked(shown)
