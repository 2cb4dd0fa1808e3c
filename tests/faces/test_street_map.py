"""Hexagons by street: real numbers, each in its own place, within the picture."""

from __future__ import annotations

import itertools

import pytest

from yangbanjian.faces.web.streets import SHADES, cells


@pytest.mark.parametrize("count", [1, 4, 12, 21, 200])
def test_each_street_has_a_place_of_its_own(count: int) -> None:
    found = cells([f"街{n}" for n in range(count)], {})
    assert len({(c.x, c.y) for c in found}) == count
    for one, other in itertools.pairwise(found):
        assert (one.x - other.x) ** 2 + (one.y - other.y) ** 2 >= 98**2


def test_the_busiest_is_darkest_and_none_is_blank() -> None:
    found = cells(["甲街道", "乙街道", "丙街道"], {"甲街道": 9, "乙街道": 1, "别处": 50})
    assert [(c.value, c.shade) for c in found] == [(9, SHADES), (1, 1), (0, 0)]


def test_long_names_are_cut_in_the_picture_only() -> None:
    (one, two) = cells(["老码头与北园之间街道", "North Harbour Street"], {})
    assert (one.label, two.label) == ("老码头与…", "North Har…")
    assert one.name == "老码头与北园之间街道"
