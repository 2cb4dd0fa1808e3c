"""A demo district that was left half loaded: emptied to the last type, or kept with what came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections

from tests import database, make
from yangbanjian.faces.cli.demo import load, mending
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.clock import queries as clocks
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.site import actions as site
from yangbanjian.ground.site import queries
from yangbanjian.kernel.actor import SYSTEM, Role


def _half_loaded(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    clock.settle_installation(is_sandbox=True, offset=timedelta(days=-100))
    site.set_demo("begun")
    make.achievement(make.actor(Role.TTO))


@pytest.fixture
def own_tables(django_db_blocker: Any) -> Iterator[str]:
    """A database to be emptied; the alias of the login that owns its tables."""
    admin = database.admin_url()
    first = connections["default"].settings_dict.copy()
    with django_db_blocker.unblock():
        urls = database.migrated("test_mending", admin)
        database.point_default_at(urls["runtime"])
        owner = {**connections.settings["default"], **database.django_settings(urls["migrator"])}
        connections.settings["migrator"] = owner
        try:
            yield "migrator"
        finally:
            for alias in ("migrator", "default"):
                connections[alias].close()
            del connections["migrator"]
            del connections.settings["migrator"]
            connections.settings["default"] = first
            connections["default"].settings_dict.update(first)
            with psycopg.connect(admin, autocommit=True) as server:
                server.execute("DROP DATABASE test_mending WITH (FORCE)")


def test_what_nobody_has_used_begins_again(
    own_tables: str, settings: Any, django_db_setup: None
) -> None:
    _half_loaded(settings)
    stale = settings.INDEX_ROOT / "base" / "vectors"
    stale.parent.mkdir(parents=True)
    stale.write_text("records of another numbering")
    said: list[str] = []
    mending.mend(own_tables, said.append)
    assert connection.introspection.table_names() == []
    assert list(settings.INDEX_ROOT.iterdir()) == []
    assert "从头再装" in said[0]
    # Whatever had stayed behind would be made twice here.
    call_command("migrate", database=own_tables, verbosity=0, interactive=False)
    assert queries.demo_state() is None
    mending.mend(own_tables, said.append)
    assert len(said) == 1


@pytest.mark.django_db
def test_what_somebody_has_used_stays_and_says_so(settings: Any) -> None:
    _half_loaded(settings)
    people.create_token(actor=SYSTEM, person_id=make.person(Role.TTO).pk)
    said: list[str] = []
    mending.mend("default", said.append)
    assert queries.demo_state() == "unfinished"
    assert queries.loading_state() == "ok"
    assert abs(clocks.now() - clocks.recorded_now()) < timedelta(seconds=5)
    assert "YBJ_HOME" in said[0]


@pytest.mark.django_db
def test_a_second_loader_never_adds_to_a_half_loaded_district(settings: Any) -> None:
    _half_loaded(settings)
    with pytest.raises(SystemExit):
        load.load_if_new()
    assert queries.demo_state() == "begun"


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["promised", "whole", "unfinished"])
def test_only_a_half_loaded_one_is_touched(settings: Any, state: Any) -> None:
    _half_loaded(settings)
    site.set_demo(state)
    mending.mend("nobody", print)
    assert queries.demo_state() == state
