"""Fixtures for the whole suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.utils import translation

from tests import database, signing
from yangbanjian.ground.database.transactions import each_as, tell
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_db_blocker: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """One fresh database a test process, used as the runtime role."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{os.getpid()}"
    admin = database.admin_url()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        database.point_default_at(database.migrated(name, admin)["runtime"])
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        database.drop(name, admin)


@pytest.fixture(scope="session")
def _second_database(
    django_db_setup: None, django_db_blocker: object
) -> Iterator[tuple[str, str, str]]:
    """(name, runtime URL, runtime URL of the first) of a database for tests that really commit."""
    name = f"test_commit_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    admin = database.admin_url()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        urls = database.migrated(name, admin)
    yield name, urls["runtime"], admin
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        database.drop(name, admin)


@pytest.fixture(autouse=True)
def _as_the_house(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test itself looks at, it sees: what it calls says who acts, as in the product."""
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    tell(SYSTEM)
    yield
    tell(ANONYMOUS)


@pytest.fixture
def committed(_second_database: tuple[str, str, str], django_db_blocker: object) -> Iterator[None]:
    """Real commits (races, followers, other connections): a database of its own, emptied after."""
    name, url, admin = _second_database
    first = connections["default"].settings_dict.copy()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        database.point_default_at(url)
        try:
            with each_as(SYSTEM):
                yield
        finally:
            connections.close_all()
            database.empty(name, admin)
            connections.settings["default"] = first
            connections["default"].settings_dict.update(first)


@pytest.fixture(scope="session")
def _no_static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def _source_language() -> None:
    """Each test begins in the source language: a request leaves its own one in the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _own_folders(settings: object, tmp_path: Path, _no_static: Path) -> None:
    """No test writes where another one, or a person, looks."""
    settings.INDEX_ROOT = tmp_path / "index"  # type: ignore[attr-defined]
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]
    settings.KEYS_ROOT = tmp_path / "signing"  # type: ignore[attr-defined]
    settings.ANCHORS_ROOT = tmp_path / "anchors"  # type: ignore[attr-defined]
    settings.STATIC_ROOT = _no_static  # type: ignore[attr-defined]
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def fast_passwords(settings: object) -> None:
    """Passwords are hashed as fast as can be: a good hash takes its time on purpose."""
    settings.PASSWORD_HASHERS = signing.FAST  # type: ignore[attr-defined]
