"""The demo's day at the bank says what its pages are to show."""

from __future__ import annotations

import pytest

from tests import bank, make
from yangbanjian.faces.cli.demo.money import DEPOSITS, day_at_the_bank
from yangbanjian.ground.bank import queries
from yangbanjian.ground.bank.models import Expectation, Line

pytestmark = pytest.mark.django_db


def test_one_payer_forgets_the_reference_and_one_refund_comes_back() -> None:
    firms = [make.organisation().pk for _ in DEPOSITS]
    day_at_the_bank(bank.treasurer(), firms)
    assert bank.suspense() == (1, DEPOSITS[2], DEPOSITS[2])
    assert Line.objects.count() == 6
    refund = Expectation.objects.get(amount__lt=0)
    assert refund.matches.count() == 1
    assert list(queries.to_repeat()) == [refund]
    assert queries.differing() == []
