"""The database as its superuser sees it, who may put on any role."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections

from tests import database
from tests.permissions.strangers import Found


@pytest.fixture
def superuser() -> Iterator[Found]:
    """The superuser on this database, in one transaction that is rolled back."""
    name = connections["default"].settings_dict["NAME"]
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as found:
        try:
            yield found
        finally:
            found.rollback()
