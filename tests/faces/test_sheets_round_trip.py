"""What is exported and imported again changes nothing, whatever it holds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from yangbanjian.faces.sheets import columns, guarding, importing, writing
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.records import queries

SUFFIXES = (".xlsx", ".csv", ".jsonl", ".jsonl.gz")
HARD = (
    "=1+1", "+8613800000000", "-20℃冷库", "@某人", "'=1", "''-x", "'引号", "a|b", "甲；乙",
    "甲、乙",     "\\n反斜杠",
    "＝全角", "_x0041_", "NaN", "007", "1.0", "true", "2026-03-01", "第一行\n第二行", 
    '说“是”和"是"', "，,;|\\",
)  # fmt: skip
text = st.one_of(
    st.sampled_from(HARD), st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
)


@given(text)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_put_in_front_of_a_formula_is_taken_away_again(said: str) -> None:
    for guard in (guarding.for_csv, guarding.for_workbook):
        assert guarding.read_back(guard(said)) == said
    assert not guarding.for_csv(said).startswith(("=", "+", "-", "@", "\t", "\r"))


values = st.fixed_dictionaries(
    {"title": text, "abstract": text},
    optional={
        "value_line": text,
        "keywords": st.lists(text, max_size=3),
        "trl": st.integers(1, 9),
        "price_fen": st.integers(0, 10**12),
        "is_service": st.booleans(),
        "modes": st.lists(st.sampled_from(["licence", "transfer"]), max_size=2),
        "field": st.sampled_from(["it", "marine"]),
        "results": st.lists(
            st.fixed_dictionaries(
                {"metric": text},
                optional={"op": st.sampled_from(["ge", "range"]),
                          "value": st.sampled_from(["31", "-0.5"]),
                          "unit": text, "evidence": text},
            ), max_size=2,
        ),
        "rights": st.lists(
            st.fixed_dictionaries(
                {"kind": st.just("invention"), "number": text},
                optional={"expires_on": st.just("2031-05-06"), "is_encumbered": st.booleans()},
            ), max_size=2,
        ),
        "completers": st.lists(st.fixed_dictionaries({"name": text}), max_size=2),
    },
)  # fmt: skip


def _stands(given_values: dict[str, Any]) -> dict[str, Any]:
    """What of the values the library would keep; unusable ones are left to other tests."""
    from yangbanjian.ground.codes import queries as codes
    from yangbanjian.libraries.records.rules import fields

    library = columns.LIBRARIES["achievements"]
    return fields.clean(library.fields, given_values, codes.known_tables()).values


@pytest.mark.django_db
@given(values)
@settings(
    max_examples=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_a_cell_says_what_the_field_held(tmp_path: Path, said: dict[str, Any]) -> None:
    library = columns.LIBRARIES["achievements"]
    kept = _stands(said)
    blank = {f.name: library.model._meta.get_field(f.name).get_default() for f in library.fields}
    from datetime import UTC, datetime

    record = SimpleNamespace(
        pk=7, external_id="a7", is_title_derived=False, created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **{**blank, **kept},
    )  # fmt: skip
    for suffix in SUFFIXES:
        path = tmp_path / f"x{suffix}"
        writing.export(library, [record], path)
        planned = importing.plan(path, "achievements")
        (row,) = planned.table.rows()
        read = importing.RowReader(planned).read(row)
        assert read.problems == ()
        assert (read.external_id, read.reference.partition("-")[0]) == ("a7", "7")
        given_back = {k: v for k, v in read.values.items() if v is not None}
        again = _stands(given_back)
        for name, value in kept.items():
            if value not in ("", None, []):
                assert _bare(again.get(name)) == _bare(value), (suffix, name)


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(v) for v in value]
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if v not in ("", None)}
    return value


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_exporting_and_importing_a_library_changes_nothing(tmp_path: Path, suffix: str) -> None:
    tto, other = make.actor(Role.TTO), make.actor(Role.TTO)
    for actor, hard in ((tto, HARD[:10]), (other, HARD[10:])):
        for said in hard:
            make.achievement(
                actor, title=said, team=said, keywords=[said, "冷库"], price_fen=12_345_678,
                results=[{"metric": said, "op": "ge", "value": "31", "unit": "%"}], secrecy="none",
            )  # fmt: skip
    library = columns.LIBRARIES["achievements"]
    path = tmp_path / f"all{suffix}"
    rows = queries.visible(library, SYSTEM).order_by("pk")
    assert writing.export(library, rows, path) == len(HARD)
    before = list(Achievement.objects.order_by("pk").values())
    planned = importing.plan(path, "achievements")
    counts = importing.run(
        SYSTEM, planned, owner_id=make.organisation().pk, report=tmp_path / "r.xlsx"
    )
    assert (counts.line(), counts.problems) == (
        f"created=0 updated=0 unchanged={len(HARD)} rejected=0", [],
    )  # fmt: skip
    assert list(Achievement.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_a_platform_number_of_another_installation_is_not_ours(tmp_path: Path) -> None:
    record = make.achievement(make.actor(Role.TTO))
    path = tmp_path / "a.csv"
    path.write_text(f"编号,平台编号,名称,摘要\nx,{record.pk}-5f00,别的,别的做法\n", "utf-8")
    owner = make.organisation()
    planned = importing.plan(path, "achievements")
    counts = importing.run(SYSTEM, planned, owner_id=owner.pk, report=tmp_path / "r.xlsx")
    assert counts.created == 1
    record.refresh_from_db()
    assert record.version == 1
