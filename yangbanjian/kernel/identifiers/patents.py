"""Chinese patent numbers: application (13 digits since October 2003, 9 before), publication, PCT.

The check digit of an application number: digits times 2..9, 2..5 (2..9 for the old form), summed,
modulus 11, ten written X. Publication numbers carry no check digit. Foreign ones are recognised
and kept as typed.
"""

import re

from yangbanjian.kernel.flaws import gettext_noop
from yangbanjian.kernel.identifiers.checked import Checked, empty, tidy, wrong

KINDS = {"1": "invention", "2": "utility", "3": "design", "8": "invention", "9": "utility"}
FIRST_YEAR = 1985
FIRST_LONG_YEAR = 2003
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_LABEL = re.compile(
    r"^(?:中国|国家)?(?:发明|实用新型|外观设计)?(?:专利)?(?:申请)?(?:公开|公告|授权公告)?号?[:：]"
)
_APPLICATION = re.compile(r"^(?:ZL|CN)?(\d{12}|\d{8})\.?([\dX])$")
_NO_CHECK_DIGIT = re.compile(r"^(?:ZL|CN)?(\d{12})$")
_PUBLICATION = re.compile(r"^CN(\d{9}|\d{7})([ABCUYS])(\d?)$")
_PCT = re.compile(r"^PCT/?([A-Z]{2})(\d{4})/?(\d{5,6})$")
_FOREIGN = re.compile(r"^(US|EP|JP|KR|WO|DE|GB|FR|TW|HK)[-/]?[A-Z]?\d[\d/-]{4,13}[A-Z]?\d?$")
_LETTER_KIND = {"U": "utility", "Y": "utility", "S": "design"}


def patent_check_digit(digits: str) -> str:
    """The check digit after 12 (or, old form, 8) digits."""
    total = sum(int(d) * weight for d, weight in zip(digits, _WEIGHTS, strict=False))
    return "0123456789X"[total % 11]


def check_patent(text: str, *, latest_year: int | None = None) -> Checked:
    """Check a number as typed or pasted; ``latest_year`` (this year) refuses a future one.

    Facts: ``form`` application | publication | pct | foreign, ``kind`` invention | utility |
    design and ``year`` where the number says so.
    """
    number = _LABEL.sub("", tidy(text))
    if not number:
        return empty("patent")
    application = _APPLICATION.match(number)
    if application:
        return _application(application[1], application[2], latest_year)
    return _publication(number) or _elsewhere(number) or _unreadable(number)


def _application(digits: str, check: str, latest_year: int | None) -> Checked:
    shown = f"{digits}.{check}"
    year, kind = _year_and_kind(digits)
    if kind not in KINDS:
        return wrong(
            shown,
            "patent.kind",
            gettext_noop(
                "年份后面的一位表示专利种类，只能是 1、2、3、8、9，"
                "这里是 %(digit)s，请对照证书核对。"
            ),
            digit=kind,
        )
    too_late = latest_year is not None and year > latest_year
    if year < (FIRST_LONG_YEAR if len(digits) == 12 else FIRST_YEAR) or too_late:
        return wrong(
            shown,
            "patent.year",
            gettext_noop("申请号开头的年份 %(year)s 不合理，请对照证书核对。"),
            year=year,
        )
    if patent_check_digit(digits) != check:
        return wrong(
            shown,
            "patent.check_digit",
            gettext_noop("专利号小数点后的校验位对不上，多半是抄错了一位，请对照证书核对。"),
        )
    return Checked(shown, facts={"form": "application", "kind": KINDS[kind], "year": str(year)})


def _year_and_kind(digits: str) -> tuple[int, str]:
    if len(digits) == 12:
        return int(digits[:4]), digits[4]
    short = int(digits[:2])
    return (1900 + short if short >= 85 else 2000 + short), digits[2]


def _publication(number: str) -> Checked | None:
    match = _PUBLICATION.match(number)
    if not match:
        return None
    return Checked(
        number, facts={"form": "publication", "kind": _LETTER_KIND.get(match[2], "invention")}
    )


def _elsewhere(number: str) -> Checked | None:
    pct = _PCT.match(number)
    if pct:
        shown = f"PCT/{pct[1]}{pct[2]}/{int(pct[3]):06d}"
        return Checked(shown, facts={"form": "pct", "year": pct[2]})
    if _FOREIGN.match(number):
        return Checked(number, facts={"form": "foreign"})
    return None


def _unreadable(number: str) -> Checked:
    if _NO_CHECK_DIGIT.match(number):
        return wrong(
            number,
            "patent.no_check_digit",
            gettext_noop("专利号少了小数点后的校验位，请照证书填全，例如 201810861934.2。"),
        )
    return wrong(
        number,
        "patent.form",
        gettext_noop("认不出这个专利号，请照证书填写，例如 201810861934.2 或 CN109000000A。"),
    )


def make_patent_number(seed: int, *, year: int, kind: str = "invention") -> str:
    """A well-formed application number for demo data, one for each seed below a million.

    The serial begins at 9,000,000, which no year has reached, so that it names no real patent.
    An unknown ``kind`` is a KeyError.
    """
    digit = {"invention": "1", "utility": "2", "design": "3"}[kind]
    digits = f"{year:04d}{digit}{9_000_000 + seed % 1_000_000}"
    return f"{digits}.{patent_check_digit(digits)}"
