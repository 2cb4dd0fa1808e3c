"""DOI: the name of a paper or data set. No check digit, only a form (ISO 26324)."""

import re

from yangbanjian.kernel.flaws import gettext_noop
from yangbanjian.kernel.identifiers.checked import Checked, empty, tidy, wrong

_PREFIX = re.compile(r"^(?:DOI:?)?(?:HTTPS?://)?(?:DX\.|WWW\.)?(?:DOI\.ORG/)?(?:DOI:)?")
_SHAPE = re.compile(r"^10\.\d{4,9}(?:\.\d+)*/\S+$")


def check_doi(text: str) -> Checked:
    """Check a DOI, with or without its address. Stored in lower case: DOIs ignore case."""
    name = _PREFIX.sub("", tidy(text)).rstrip(".,;。，；").lower()
    if not name:
        return empty("doi")
    if not _SHAPE.match(name):
        return wrong(
            name,
            "doi.form",
            gettext_noop("DOI 以 10. 开头，中间有斜杠，请照论文首页填写，例如 10.1000/xyz123。"),
        )
    return Checked(name)
