"""Registration numbers of software copyright: year, SR, six or seven digits (2021SR0123456)."""

import re

from yangbanjian.kernel.flaws import gettext_noop
from yangbanjian.kernel.identifiers.checked import Checked, empty, tidy, wrong

FIRST_YEAR = 1992
_LABEL = re.compile(r"^(?:计算机)?(?:软件)?(?:著作权)?(?:软著)?登记号[:：]")
_NUMBER = re.compile(r"^(\d{4})-?SR-?(\d{4,7})$")
_CERTIFICATE = re.compile(r"^软著登字第?\d+号?$")


def check_software(text: str, *, latest_year: int | None = None) -> Checked:
    """Check a registration number; the number of the certificate is told apart from it."""
    number = _LABEL.sub("", tidy(text))
    if not number:
        return empty("software")
    match = _NUMBER.match(number)
    if match:
        return _year(match[1], match[2], latest_year)
    if _CERTIFICATE.match(number):
        return wrong(
            number,
            "software.certificate_number",
            gettext_noop("这是证书号，请改填证书上的登记号，例如 2021SR0123456。"),
        )
    return wrong(
        number,
        "software.form",
        gettext_noop("认不出这个软件著作权登记号，请照证书填写，例如 2021SR0123456。"),
    )


def _year(year: str, serial: str, latest_year: int | None) -> Checked:
    shown = f"{year}SR{serial}"
    if int(year) < FIRST_YEAR or (latest_year is not None and int(year) > latest_year):
        return wrong(
            shown,
            "software.year",
            gettext_noop("登记号开头的年份 %(year)s 不合理，请对照证书核对。"),
            year=int(year),
        )
    return Checked(shown, facts={"year": year})
