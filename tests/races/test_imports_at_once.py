"""The same file twice at the same moment: nothing twice, nothing lost, no error."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connections

from tests import make
from tests.faces import sheets
from yangbanjian.faces.sheets import importing
from yangbanjian.faces.sheets.importing import Counts
from yangbanjian.ground.people import owners
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.records import imports


@pytest.mark.usefixtures("own_database")
def test_the_same_file_twice_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", 20)
    owner = make.organisation("authority")
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(100))
    begin = threading.Barrier(3)
    ended: list[Counts | BaseException] = []

    def load(number: int) -> None:
        try:
            planned = importing.plan(path, "achievements")
            begin.wait(timeout=30)
            ended.append(
                importing.run(
                    SYSTEM, planned, owner_id=owner.pk, report=tmp_path / f"{number}.rejected.xlsx"
                )
            )
        except BaseException as error:
            ended.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    counts = [c for c in ended if isinstance(c, Counts)]
    assert len(counts) == 3, ended
    assert sum(c.created for c in counts) == 100
    assert sum(c.unchanged for c in counts) == 200
    assert sum(c.updated + c.rejected for c in counts) == 0
    assert Achievement.objects.count() == 100


@pytest.mark.usefixtures("own_database")
def test_two_first_imports_make_one_operator() -> None:
    found: list[int] = []

    def ask() -> None:
        try:
            found.append(owners.of_operator())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 4
    assert len(set(found)) == 1
