"""Listings name their showroom; what is sold says for how much; a default is asked for when it is due."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import deals, make
from tests.actions.test_notices import DAY, advance
from tests.signing import come_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make.sandbox()


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_listing_stands_under_its_showroom_and_says_what_it_went_for() -> None:
    room, house = make.organisation("broker", name="海洋样板间"), make.organisation("exchange")
    shares = [{"organisation_id": o.pk, "permille": 10} for o in (house, room)]
    sale = deals.awarded(commission=shares)
    other = deals.awarded()
    reader = Client()
    one = page(reader, f"/listings/{sale.lot.listing_id}")
    assert f'href="/floor?showroom={room.pk}"' in one
    assert "<small>成交价</small>¥2,100,000.00" in one
    assert "海洋样板间" not in page(reader, f"/listings/{other.lot.listing_id}")
    under = page(reader, f"/floor?showroom={room.pk}")
    assert f'href="/listings/{sale.lot.listing_id}"' in under
    assert f'href="/listings/{other.lot.listing_id}"' not in under
    assert "海洋样板间" in under
    assert "成交价" in under
    assert "210 万" in under
    for odd in ("0", "x", "-1", "²", "9" * 30, str(house.pk)):
        every = page(reader, f"/floor?showroom={odd}")
        assert f'href="/listings/{other.lot.listing_id}"' in every, odd


def test_the_desk_asks_for_a_default_when_it_is_due_and_not_before() -> None:
    sale = deals.awarded()
    officer = Client()
    come_in(officer, sale.exchange)
    before = page(officer, "/desk/deals")
    assert "起可认定逾期违约" in before
    assert "认定违约<" not in before
    advance(60 * DAY)
    officer = Client()
    come_in(officer, sale.exchange)
    after = page(officer, "/desk/deals")
    assert "起可认定逾期违约" not in after
    assert "认定违约" in after
