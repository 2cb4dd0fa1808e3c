"""A backup comes back whole, or is refused."""

import json
from pathlib import Path

import psycopg
import pytest

from yangbanjian.supervisor.backup import Manifest, backup, restore, verify
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.secrets import password


@pytest.fixture(scope="module")
def full(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A backup of a home with rows, rules, a file and a key."""
    with psycopg.connect(engine.url("migrator"), autocommit=True) as database:
        database.execute("create table kept (id bigint generated always as identity, t text)")
        database.execute("insert into kept (t) select '行' || n from generate_series(1, 300) n")
        database.execute("create index on kept using gin (t gin_trgm_ops)")
        database.execute("alter table kept enable row level security")
        database.execute("create policy all_rows on kept using (true) with check (t <> '坏')")
        database.execute("revoke update, delete on kept from ybj_runtime")
    place = engine.home.files / "ab"
    place.mkdir()
    (place / "abcdef").write_bytes(b"attachment")
    (engine.home.files / "link").symlink_to("/etc/hostname")
    password(engine.home, "signing")
    folder = tmp_path_factory.mktemp("backups") / "one"
    return folder, backup(engine.home, folder, engine.url("superuser"))


def test_a_backup_comes_back_whole(full: tuple[Path, Manifest], home: Home, engine: Engine) -> None:
    folder, made = full
    assert made.rows == {"public.kept": 300}
    assert (made.files, made.keys) == (1, 1)
    assert "含 1 个密钥" in made.sentence()
    assert restore(folder, home, print) == made
    assert (home.files / "ab" / "abcdef").read_bytes() == b"attachment"
    assert not (home.files / "link").exists()
    assert password(home, "signing") == password(engine.home, "signing")
    assert password(home, "runtime") != password(engine.home, "runtime")
    with ensure_running(home) as restored, psycopg.connect(restored.url()) as database:
        assert database.execute("select count(*) from kept where t like '%行7%'").fetchone() == (
            11,
        )
        database.execute("insert into kept (t) values ('新')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("insert into kept (t) values ('坏')")
        database.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("delete from kept")
    with pytest.raises(EngineRefusal) as refusal:
        restore(folder, home, print)
    assert refusal.value.code == "home_not_empty"


@pytest.mark.parametrize("name", ["database.dump", "files/ab/abcdef"])
def test_a_changed_byte_is_refused_before_anything_is_made(
    full: tuple[Path, Manifest], home: Home, name: str
) -> None:
    damaged = full[0] / name
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        with pytest.raises(EngineRefusal) as refusal:
            restore(full[0], home, print)
    finally:
        damaged.write_bytes(whole)
    assert refusal.value.code == "backup_damaged"
    assert name in refusal.value.sentence
    assert not home.postgres.exists()


def test_a_missing_or_an_added_file_is_refused(full: tuple[Path, Manifest]) -> None:
    folder, _made = full
    added = folder / "files" / "more"
    added.write_text("x")
    with pytest.raises(EngineRefusal):
        verify(folder)
    added.unlink()
    (folder / "files" / "ab" / "abcdef").rename(folder.parent / "aside")
    with pytest.raises(EngineRefusal):
        verify(folder)
    (folder.parent / "aside").rename(folder / "files" / "ab" / "abcdef")
    assert verify(folder).files == 1


def test_a_backup_without_keys_says_so(engine: Engine, tmp_path: Path) -> None:
    made = backup(engine.home, tmp_path / "b", engine.url("superuser"), keys=False)
    assert made.keys == 0
    assert "不含密钥" in made.sentence()
    assert not (tmp_path / "b" / "keys").exists()
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["keys"] == 0


def test_a_backup_never_overwrites(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(EngineRefusal) as refusal:
        backup(engine.home, tmp_path, engine.url("superuser"))
    assert refusal.value.code == "backup_not_empty"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
