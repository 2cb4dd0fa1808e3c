"""Where the data lies, who owns it, and what happens when it cannot lie there."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from yangbanjian.supervisor import home as home_module
from yangbanjian.supervisor import program as program_module
from yangbanjian.supervisor.account import NOBODY, Account, account_for, reaches
from yangbanjian.supervisor.home import Home, home_at
from yangbanjian.supervisor.mirror import mirror
from yangbanjian.supervisor.program import program_for, server_binaries
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.secrets import password

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes owners")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_socket_path_is_short_however_deep_the_home_is(tmp_path: Path) -> None:
    deep = home_at(tmp_path / ("很深的目录" * 12) / ("更深" * 30))
    assert len(os.fsencode(deep.sockets / ".s.PGSQL.5432.lock")) <= 107


def test_prepare_makes_private_folders_whatever_the_umask(home: Home) -> None:
    before = os.umask(0o000)
    try:
        home.prepare()
        home.prepare()
    finally:
        os.umask(before)
    assert [mode(path) for path in (home.files, home.index, home.sockets)] == [0o700] * 3
    assert mode(home.secrets) & 0o066 == 0


def test_nobody_sees_the_socket_folder_before_its_owner_has_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several processes that start at once one saw root's folder and refused to start."""
    seen: list[bool] = []
    give = Home.give

    def given(self: Home, path: Path) -> None:
        seen.append(home.sockets.exists())
        give(self, path)

    monkeypatch.setattr(Home, "give", given)
    home.prepare()
    assert seen
    assert not any(seen)
    assert home.sockets.is_dir()
    assert not list(home.sockets.parent.glob(home.sockets.name + "-*"))


def test_a_strangers_socket_folder_is_refused(home: Home, tmp_path: Path) -> None:
    home.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(EngineRefusal) as refusal:
            home.prepare()
    finally:
        home.sockets.unlink()
    assert refusal.value.code == "socket_folder_taken"
    assert str(home.sockets) in refusal.value.sentence


def test_a_password_is_made_once_and_private(home: Home) -> None:
    home.prepare()
    first = password(home, "migrator")
    assert password(home, "migrator") == first
    assert password(home, "runtime", shared=True) != first
    assert {mode(path) for path in home.secrets.iterdir() if path.is_file()} == {0o600}
    assert mode(home.signing) == 0o700


@as_root
def test_root_hands_what_programs_write_to_nobody_and_keeps_the_rest(home: Home) -> None:
    home.prepare()
    password(home, "migrator")
    password(home, "runtime", shared=True)
    owners = {path.name: path.stat().st_uid for path in (home.files, home.index, home.logs)}
    assert owners == {"files": NOBODY, "index": NOBODY, "logs": 0}
    assert (home.secrets / "runtime.password").stat().st_uid == NOBODY
    assert (home.secrets / "migrator.password").stat().st_uid == 0


@as_root
def test_an_unreachable_home_moves_to_the_system_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(home_module, "SYSTEM_FOLDER", home.asked / "system")
    asked = tmp_path / "var"  # tmp_path's parent is 0700
    moved = home_at(asked)
    assert moved.root.parent == home.asked / "system"
    moved.prepare()
    moved.sockets.rmdir()
    assert str(moved.root) in (asked / "MOVED.txt").read_text(encoding="utf-8")
    assert home_at(asked) == moved


@as_root
def test_a_folder_that_a_user_made_stays_that_users(home: Home) -> None:
    folder = home.asked / "postgres"
    folder.mkdir()
    os.chown(folder, 1, 1)  # "daemon" everywhere
    os.chown(home.asked, 1, 1)
    assert account_for(folder) == Account(1, 1)
    theirs = home_at(home.asked)
    theirs.prepare()
    password(theirs, "migrator")
    made = [theirs.run, theirs.secrets, theirs.logs, theirs.secrets / "migrator.password"]
    assert {path.stat().st_uid for path in made} == {1}


def test_a_mirror_follows_its_source_and_is_readable(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "open.py").write_text("1")
    (source / "private.py").write_text("2")
    (source / "private.py").chmod(0o600)
    (source / "left out").write_text("3")
    mirror(source, target, lambda _folder, name: name == "left out")
    assert (target / "deep" / "open.py").read_text() == "1"
    assert mode(target / "private.py") == 0o644
    assert mode(source / "private.py") == 0o600
    assert not (target / "left out").exists()
    (source / "private.py").unlink()
    replaced = source / "new"
    replaced.write_text("11")
    replaced.replace(source / "deep" / "open.py")
    mirror(source, target)
    assert (target / "deep" / "open.py").read_text() == "11"
    assert not (target / "private.py").exists()


@as_root
def test_nobody_runs_a_mirrored_server_when_the_packages_are_private(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_module, "SYSTEM_FOLDER", home.asked / "system")
    nobody = Account(NOBODY, NOBODY)
    original = server_binaries(nobody)
    package = original.parents[1]
    private = home.asked / "private"
    for part in (package.name, f"{package.name}.libs"):
        mirror(package.parent / part, private / part)
    private.chmod(0o700)
    monkeypatch.syspath_prepend(str(private))
    said: list[str] = []
    binaries = server_binaries(nobody, said.append)
    assert binaries.is_relative_to(home.asked / "system")
    assert len(said) == 1
    assert str(home.asked / "system") in said[0]
    answer = subprocess.check_output(
        [binaries / "postgres", "--version"], text=True, **nobody.popen_options()
    )
    assert answer.startswith("postgres (PostgreSQL) 18")


def test_our_own_user_needs_no_mirror() -> None:
    said: list[str] = []
    assert program_for(None, said.append).env == {}
    assert reaches(None, Path("/no/such/thing"))
    assert said == []
