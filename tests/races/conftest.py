"""Races commit, and what is committed can't be taken back (the journal refuses): a database of
their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from tests import database
from yangbanjian.ground.database.transactions import each_as
from yangbanjian.kernel.actor import SYSTEM


@pytest.fixture(scope="module")
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Django on a database that only this module uses, dropped afterwards."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_race_{worker}_{os.getpid()}"
    with django_db_blocker.unblock():
        connections["default"].close()
        before = dict(connections.settings["default"])
        settings_dict = dict(connections["default"].settings_dict)
        database.point_default_at(database.migrated(name, database.admin_url())["runtime"])
        try:
            # What a test itself looks at, it sees; threads of their own say who acts.
            with each_as(SYSTEM):
                yield
        finally:
            database.drop(name, database.admin_url())
            connections.settings["default"] = before
            connections["default"].settings_dict.clear()
            connections["default"].settings_dict.update(settings_dict)
