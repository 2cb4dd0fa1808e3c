"""Two at once: both bits are there, one thing has one credential, one page, one identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.credentials import issued, verdict
from tests.races.test_publishing_at_once import at_once
from verify import __main__ as verifier
from yangbanjian.ground.credentials import actions, queries
from yangbanjian.ground.credentials.models import Credential, Issuer, Page, StatusList
from yangbanjian.ground.credentials.rules import bits
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict

pytestmark = pytest.mark.usefixtures("own_database", "own_keys")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing")


@pytest.fixture
def own_keys(folder: Path, settings: Any) -> None:
    """What is committed stays for the module, and so do the keys that it was signed with."""
    settings.KEYS_ROOT = folder


def set_bits(list_id: int) -> set[int]:
    said = json.loads(queries.status_list(list_id))
    found = bits.unpacked(said["credentialSubject"]["encodedList"])
    return {n for n in range(bits.SIZE) if bits.is_set(found, n)}


def revoking(credential_id: int) -> Callable[[], object]:
    return lambda: actions.revoke(actor=SYSTEM, credential_id=credential_id, reason="mistaken")


def watch(list_id: int, seen: list[set[int]]) -> None:
    for _ in range(5):
        seen.append(set_bits(list_id))


def test_the_first_ones_at_once_share_identity_list_and_key() -> None:
    assert at_once([lambda: issued() for _ in range(6)]) == []
    assert (Issuer.objects.count(), StatusList.objects.count()) == (1, 1)
    places = list(Credential.objects.values_list("status_list_id", "position"))
    assert len(set(places)) == len(places) >= 6


def test_two_revocations_at_once_both_bits_are_there() -> None:
    for _ in range(5):
        rows = [issued() for _ in range(4)]
        before = set_bits(rows[0].status_list_id)
        # Somebody reads the list all the while: no reading brings a bit back.
        seen: list[set[int]] = []
        works = [revoking(row.pk) for row in rows[:3]]
        works.append(partial(watch, rows[0].status_list_id, seen))
        assert at_once(works) == []
        after = set_bits(rows[0].status_list_id)
        assert after == before | {row.position for row in rows[:3]}
        assert all(one <= two for one, two in zip(seen, [*seen[1:], after], strict=True))


def test_the_same_is_revoked_once() -> None:
    row = issued()
    failed = at_once([revoking(row.pk) for _ in range(4)])
    assert [type(error) for error in failed] == [Conflict] * 3
    assert Entry.objects.filter(verb="credentials.revoked", subject_id=row.pk).count() == 1


def test_about_one_thing_one_is_issued() -> None:
    failed = at_once([lambda: issued(about=7001) for _ in range(4)])
    assert [type(error) for error in failed] == [Conflict] * 3
    assert len(queries.all_about("thing", 7001)) == 1


def test_of_many_that_replace_each_other_the_last_holds() -> None:
    assert at_once([lambda: issued(about=7002, replaces=True) for _ in range(4)]) == []
    rows = queries.all_about("thing", 7002)
    assert [row.revoked_at is None for row in rows] == [False, False, False, True]
    assert [row.replaced_by for row in rows[:-1]] == rows[1:]


def test_a_change_of_keys_while_issuing_leaves_nothing_unsigned() -> None:
    works: list[Callable[[], object]] = [lambda: issued() for _ in range(5)]
    works.append(lambda: actions.rotate_key(actor=SYSTEM))
    # Who had chosen the old key when it was changed is told to try again.
    assert {type(error) for error in at_once(works)} <= {Conflict}
    for row in Credential.objects.all():
        assert verdict(row.document).code == verifier.HOLDS


def test_one_page_whoever_asks_first() -> None:
    row = issued()
    pages: list[bytes] = []
    assert at_once([lambda: pages.append(actions.page(credential=row)) for _ in range(3)]) == []
    assert (len(set(pages)), Page.objects.filter(credential=row).count()) == (1, 1)
    connections.close_all()
