"""Lock-out, one-time codes, typed values, sort keys: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.people.rules import ROLES_OF_KIND
from yangbanjian.ground.people.rules.codes import (
    matching_step,
    shown_recovery,
    step_at,
    tidy_recovery,
)
from yangbanjian.ground.people.rules.lockout import MOST_FAILURES, WINDOW, locked_until
from yangbanjian.ground.people.rules.personal import PERSONAL_DATA
from yangbanjian.ground.people.rules.sorting import sort_key
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.kernel.actor import Role

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
# RFC 6238, appendix B: the secret is the ASCII string "12345678901234567890".
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, code, at, 0) == step_at(at)
    assert matching_step(RFC_SECRET, code, at, step_at(at)) is None, "not twice"
    assert matching_step(RFC_SECRET, code, at + timedelta(seconds=95), 0) is None, "too late"


def test_a_clock_may_be_one_step_off() -> None:
    maker = pyotp.TOTP(RFC_SECRET)
    for steps, is_good in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = maker.at(NOW + timedelta(seconds=30 * steps))
        assert (matching_step(RFC_SECRET, code, NOW, 0) is not None) == is_good


@given(st.text(max_size=30))
def test_strange_codes_are_just_wrong(code: str) -> None:
    assert matching_step(RFC_SECRET, code, NOW, 2**60) is None


def test_full_width_digits_and_spaces() -> None:
    code = pyotp.TOTP(RFC_SECRET).at(NOW)
    assert matching_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) is not None


@given(st.lists(st.integers(0, 3600), max_size=12))
def test_locked_exactly_when_the_window_holds_the_limit(ages: list[int]) -> None:
    failures = [NOW - timedelta(seconds=a) for a in ages]
    recent = [f for f in failures if f > NOW - WINDOW]
    until = locked_until(failures, MOST_FAILURES, NOW)
    assert (until is not None) == (len(recent) >= MOST_FAILURES)
    if until is not None:
        assert NOW < until <= NOW + WINDOW
        assert locked_until(failures, MOST_FAILURES, until) is None


def test_recovery_codes_survive_how_people_copy_them() -> None:
    assert tidy_recovery(f" {shown_recovery('ABCDE23456').lower()} ") == "ABCDE23456"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Lin@Example.COM ", "lin@example.com"),
        ("ｌｉｎ＠example.com", "lin@example.com"),
        ("a.b+c@xn--fiq228c.example", "a.b+c@xn--fiq228c.example"),
    ],
)
def test_addresses_are_kept_in_one_form(typed: str, kept: str) -> None:
    fields = Typed()
    assert fields.email("email", typed) == kept
    assert not fields.problems


@pytest.mark.parametrize(
    "typed",
    ["", "a", "@example.com", "a@", "a@b", "a b@example.com", "a@exa mple.com", "a@-x.com",
     "a@example.com\nBcc: b@example.com", "林@example.com", "a" * 65 + "@example.com"],
)  # fmt: skip
def test_addresses_that_no_letter_reaches(typed: str) -> None:
    fields = Typed()
    assert fields.email("email", typed) == ""
    assert [p.code for p in fields.problems] == ["email"]


@given(st.text(max_size=200))
def test_any_text_is_cleaned_or_named(typed: str) -> None:
    fields = Typed()
    fields.line("name", typed, cap=80, required=True)
    fields.email("email", typed)
    fields.uscc("uscc", typed)
    fields.phone("phone", typed)
    fields.website("website", typed)
    fields.code("code", typed)
    assert all(str(p) for p in fields.problems)


def test_names_sort_by_sound() -> None:
    names = ["张江学会", "北方大学", "ABC 公司", "长江医院"]
    assert sorted(names, key=sort_key) == ["ABC 公司", "北方大学", "长江医院", "张江学会"]


def test_each_role_belongs_to_a_kind() -> None:
    assert {r for roles in ROLES_OF_KIND.values() for r in roles} == set(Role)


def test_the_register_is_complete_in_each_line() -> None:
    for field in PERSONAL_DATA:
        assert field.label
        assert field.columns
        assert field.purpose
        assert "第十三条" in field.basis
        assert field.retention_days is None or field.retention_days > 0
