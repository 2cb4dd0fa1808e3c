"""Identifiers: published vectors, hand-computed ones, and what typing does to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel import identifiers as ids
from yangbanjian.kernel.identifiers.people import orcid_check_digit
from yangbanjian.kernel.identifiers.uscc import ALPHABET

USCC = "91110000600037341L"


def test_uscc_published_vector_and_its_broken_twin() -> None:
    assert ids.check_uscc(USCC).ok
    assert ids.check_uscc("A1110000600037341L").problem_code == "uscc.check_digit"


def test_uscc_letters_are_allowed_in_authority_and_class() -> None:
    # N 2, region 310110, body zeros: N=22 -> 22*1 + 2*3 + 3*9 + 1*27 + 0 + 1*26 + 1*16 = 124,
    # 124 = 4*31, so the check value wraps to 0.
    assert ids.check_uscc("N2310110000000000" + "0").ok


def test_uscc_check_value_31_wraps_to_zero() -> None:
    # Only the first character counts: 1*1 + a*3 + ... chosen so that the sum is exactly 31:
    # 1*1 + 1*3 + 3*9 = 31.
    assert ids.uscc_check_digit("11300000000000000") == "0"
    assert ids.check_uscc("113000000000000000").ok


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "uscc.empty"),
        ("  \u200b ", "uscc.empty"),
        ("91110000600037341", "uscc.length"),
        ("310110000123456", "uscc.legacy"),
        ("9111000060003734IL", "uscc.misread"),
        ("91110000600037341!", "uscc.character"),
        ("9111A000600037341L", "uscc.region"),
        ("91110000600037341M", "uscc.check_digit"),
        ("9" * 100_000, "uscc.length"),
    ],
)
def test_uscc_says_what_to_do(typed: str, code: str) -> None:
    checked = ids.check_uscc(typed)
    assert checked.problem_code == code
    assert checked.problem is not None
    assert "请" in checked.problem.sentence
    assert "%(" not in checked.problem.sentence


def test_uscc_names_the_misread_place() -> None:
    checked = ids.check_uscc("9111000O600037341L")
    assert checked.problem_params == {"position": 8, "character": "O", "meant": "0"}


def test_uscc_typed_full_width_with_spaces_and_lower_case() -> None:
    wide = "９１１１ ００００-６０００３７３４１ｌ"
    assert ids.check_uscc(wide).normalised == USCC
    assert ids.check_uscc(wide).ok


@given(st.text(ALPHABET, min_size=9, max_size=9), st.integers(0, 999_999))
def test_uscc_every_single_wrong_character_is_found(body: str, region: int) -> None:
    first17 = f"91{region:06d}{body}"
    code = first17 + ids.uscc_check_digit(first17)
    assert ids.check_uscc(code).ok
    for place in range(8, 18):
        other = ALPHABET[(ALPHABET.index(code[place]) + 1) % 31]
        assert not ids.check_uscc(code[:place] + other + code[place + 1 :]).ok


@given(st.integers(0, 999_998))
def test_made_uscc_is_valid_unique_and_never_real(seed: int) -> None:
    assert ids.check_uscc(ids.make_uscc(seed)).ok
    assert ids.check_uscc(ids.make_uscc(seed, prefix="12")).ok
    assert ids.make_uscc(seed) != ids.make_uscc(seed + 1)
    assert ids.make_uscc(seed)[8:10] == "YB"


@pytest.mark.parametrize(
    "typed",
    [
        "201810861934.2",
        "CN201810861934.2",
        "ZL 2018 1 0861934.2",
        "ＺＬ２０１８１０８６１９３４．２",
        "2018108619342",
        "专利号：ZL201810861934.2",
        "申请号: 201810861934.2",
    ],
)
def test_patent_published_vector_in_every_dress(typed: str) -> None:
    checked = ids.check_patent(typed)
    assert checked.ok, checked.problem
    assert checked.normalised == "201810861934.2"
    assert checked.facts == {"form": "application", "kind": "invention", "year": "2018"}


@pytest.mark.parametrize(
    ("typed", "form", "kind"),
    [
        ("CN109000000A", "publication", "invention"),
        ("CN 212345678 U", "publication", "utility"),
        ("CN306123456S", "publication", "design"),
        ("CN1234567C", "publication", "invention"),
        ("PCT/CN2019/123456", "pct", None),
        ("US10123456B2", "foreign", None),
    ],
)
def test_other_patent_numbers_are_recognised(typed: str, form: str, kind: str | None) -> None:
    checked = ids.check_patent(typed)
    assert checked.ok
    assert checked.facts["form"] == form
    assert checked.facts.get("kind") == kind


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "patent.empty"),
        ("201810861934.3", "patent.check_digit"),
        ("201810861934", "patent.no_check_digit"),
        ("201870861934.2", "patent.kind"),
        ("199910861934.2", "patent.year"),
        ("209910861934.2", "patent.year"),
        ("一种发动机", "patent.form"),
    ],
)
def test_patent_says_what_to_do(typed: str, code: str) -> None:
    checked = ids.check_patent(typed, latest_year=2026)
    assert checked.problem_code == code
    assert checked.problem is not None
    assert "请" in checked.problem.sentence


def test_old_patent_number_has_eight_digits_and_a_check_digit() -> None:
    # 98123456: 9*2+8*3+1*4+2*5+3*6+4*7+5*8+6*9 = 196 = 17*11 + 9.
    assert ids.check_patent("98123456.9").facts["year"] == "1998"
    assert ids.check_patent("ZL98123456.9").normalised == "98123456.9"
    assert ids.check_patent("98123456.1").problem_code == "patent.check_digit"


@pytest.mark.parametrize(
    "published",
    ["97101765.4", "95115608.X", "99113861.9", "01105715.7", "200510030457.8", "200510025251.6"],
)
def test_numbers_found_in_print_hold(published: str) -> None:
    assert ids.check_patent(f"ZL{published}").normalised == published
    assert ids.check_patent(published.lower()).ok


@given(
    st.integers(0, 999_999),
    st.integers(2004, 2026),
    st.sampled_from(["invention", "utility", "design"]),
)
def test_made_patent_numbers_are_valid(seed: int, year: int, kind: str) -> None:
    checked = ids.check_patent(ids.make_patent_number(seed, year=year, kind=kind), latest_year=2026)
    assert checked.ok
    assert checked.facts == {"form": "application", "kind": kind, "year": str(year)}


def test_software_registration_number() -> None:
    assert ids.check_software("２０２１ＳＲ０１２３４５６").normalised == "2021SR0123456"
    assert ids.check_software("登记号：2009SR012345").ok
    assert ids.check_software("软著登字第1234567号").problem_code == "software.certificate_number"
    assert ids.check_software("2021SR").problem_code == "software.form"
    assert ids.check_software("2031SR0123456", latest_year=2026).problem_code == "software.year"


@pytest.mark.parametrize(
    "typed",
    ["0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "0000000218250097"],
)
def test_orcid_published_vector(typed: str) -> None:
    assert ids.check_orcid(typed).ok
    assert ids.check_orcid(typed).normalised == "0000-0002-1825-0097"


def test_orcid_wrong_digit_and_x() -> None:
    assert ids.check_orcid("0000-0002-1825-0098").problem_code == "orcid.check_digit"
    assert ids.check_orcid("1825-0097").problem_code == "orcid.form"
    with_x = next(f"{n:015d}X" for n in range(1000) if orcid_check_digit(f"{n:015d}") == "X")
    assert ids.check_orcid(with_x.lower()).ok


def test_doi_in_every_dress() -> None:
    for typed in ["10.1000/XYZ123", "doi:10.1000/xyz123.", "https://doi.org/10.1000/xyz123"]:
        assert ids.check_doi(typed).normalised == "10.1000/xyz123"
    assert ids.check_doi("xyz").problem_code == "doi.form"


@given(st.text(max_size=60))
def test_checks_never_raise(text: str) -> None:
    for check in (
        ids.check_uscc,
        ids.check_patent,
        ids.check_software,
        ids.check_orcid,
        ids.check_doi,
    ):
        assert check(text).normalised is not None
