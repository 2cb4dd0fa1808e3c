"""The closed list of feedback codes, and what it adds up to."""

from __future__ import annotations

from yangbanjian.engines.matching.rules.why_codes import BAD_CODES, advice, is_why_code


def test_the_promised_codes_exist_with_labels() -> None:
    promised = {
        "too_early",
        "benefit_unclear",
        "no_commercial_route",
        "description_unclear",
        "science_doubt",
        "out_of_scope",
        "timing",
        "price",
        "wrong_field",
        "condition_conflict",
    }
    assert promised <= set(BAD_CODES)
    assert all(BAD_CODES.values())
    assert len(set(BAD_CODES.values())) == len(BAD_CODES)
    assert is_why_code("price")
    assert not is_why_code("PRICE")


def test_advice_is_for_what_several_said_most_first() -> None:
    counts = {
        "price": 3,
        "too_early": 5,
        "timing": 1,
        "science_doubt": 3,
        "already_solved": 9,
        "x": 7,
    }
    found = advice(counts)
    assert [(a.code, a.count) for a in found] == [
        ("too_early", 5),
        ("science_doubt", 3),
        ("price", 3),
    ]
    assert all(a.text.endswith("。") and a.label == BAD_CODES[a.code] for a in found)
    assert advice({}) == []
    assert len(advice(dict.fromkeys(BAD_CODES, 2))) == 3
