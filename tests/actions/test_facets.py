"""The counts beside the filters against plain counting, one list for each choice."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from tests import make
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.libraries.achievements import actions
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.facets import facets
from yangbanjian.libraries.records.rules.filters import TRL_BANDS, Filters

pytestmark = pytest.mark.django_db

FIELDS = ("it", "marine", "air", "")
REGIONS = ("330212", "330203", "310115", "")
MODES = ((), ("transfer",), ("transfer", "licence_open"), ("licence_open", "development"))


def _some_records() -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    some = random.Random(5)
    for number in range(40):
        made = make.achievement(
            tto, title=f"成果 {number}", field=some.choice(FIELDS), region=some.choice(REGIONS),
            modes=list(some.choice(MODES)), trl=some.choice([None, 2, 5, 8]),
        )  # fmt: skip
        if number % 5:
            actions.move(actor=tto, record_id=made.pk, name="submit")
            actions.move(actor=operator, record_id=made.pk, name="approve")


def test_a_count_is_what_the_list_holds_once_it_is_chosen() -> None:
    _some_records()
    choices = [
        Filters(),
        Filters(field=("it",)),
        Filters(field=("it", "air"), trl=("7-9",)),
        Filters(region=("3302",), mode=("transfer",)),
        Filters(trl=("1-4", "5-6"), mode=("development",), field=("marine",)),
        Filters(q="成果", region=("33",)),
    ]
    values = {
        "field": [f for f in FIELDS if f],
        "trl": list(TRL_BANDS),
        "mode": sorted(set(itertools.chain(*MODES))),
        "region": ["3302", "3101"],
    }
    for filters in choices:
        found = facets(LIBRARY, ANONYMOUS, filters)
        counted = found.values
        assert set(counted) == set(values)
        assert found.total == records.listed(LIBRARY, ANONYMOUS, filters).count()
        for name, several in values.items():
            told = dict(counted[name])
            for value in several:
                chosen = replace(filters, **{name: (value,)})
                expected = records.listed(LIBRARY, ANONYMOUS, chosen).count()
                assert told.get(value, 0) == expected, (filters, name, value)
            assert sum(told.values()) or not records.listed(LIBRARY, ANONYMOUS, filters).exists()


def test_a_list_that_cannot_hold_anything_has_no_counts() -> None:
    counted = facets(LIBRARY, ANONYMOUS, Filters(q="\x00"))
    assert (counted.total, counted.values) == (
        0,
        {name: [] for name in ("field", "trl", "mode", "region")},
    )
