"""Judges of open data that are not ours: `libcoveocds` and `ocdskit`, in processes and in an
environment of their own (`make outside`), with a local copy of the standard's schema.

The copy is no part of this repository. `YBJ_OCDS_STANDARD`, or `ocds` in the shared data beside the
checkout, is a folder with

    standard-1__1__5.zip                    folder `schema` of the standard, under `standard-1__1__5/`
    extensions/NAME/v1.1.5/extension.json   the registered extensions that packages name, each whole
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
PYTHON = PROJECT / ".venv-outside" / "bin" / "python"
STANDARD = Path(
    os.environ.get("YBJ_OCDS_STANDARD", PROJECT.parent / "shared" / "data" / "ocds")
).resolve()
ZIP = STANDARD / "standard-1__1__5.zip"
REGISTERED = "https://raw.githubusercontent.com/open-contracting-extensions/"
_PATCH = """
import json, sys
from ocdsextensionregistry import ProfileBuilder
builder = ProfileBuilder("1__1__5", sys.argv[2:], standard_base_url="file://" + sys.argv[1])
json.dump(builder.patched_release_schema(), sys.stdout)
"""


def missing() -> str:
    """Why the judges cannot be asked here; "" where they can."""
    if not PYTHON.exists():
        return "the judges are not installed: make outside"
    if not ZIP.exists():
        return f"no copy of the OCDS schema at {STANDARD}: see tests/outside/judges.py"
    return ""


@contextmanager
def serving(place: Path, own: dict[str, str]) -> Iterator[str]:
    """The extensions on the loopback, ours written to `place`: judges read them by address."""
    for name, text in own.items():
        target = place / "own" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (place / "registered").symlink_to(STANDARD / "extensions")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(quiet, directory=str(place))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def here(package: dict[str, Any], served: str) -> dict[str, Any]:
    """The package with its extensions at their local addresses."""
    told = [
        f"{served}/registered/{url.removeprefix(REGISTERED)}"
        if url.startswith(REGISTERED)
        else f"{served}/own/extension.json"
        for url in package["extensions"]
    ]
    return {**package, "extensions": told}


def _run(*args: str) -> str:
    done = subprocess.run(
        [str(PYTHON), *args], capture_output=True, text=True, timeout=300, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def faults(package: dict[str, Any], place: Path, name: str) -> list[str]:
    """What libcoveocds finds wrong: schema, fields that no schema knows, extensions that cannot be
    applied, codes that no codelist has, empty fields, duplicate ids, deprecated fields."""
    path = place / f"{name}.json"
    path.write_text(json.dumps(package, ensure_ascii=False), encoding="utf-8")
    said = json.loads(_run("-m", "libcoveocds", "--standard-zip", str(ZIP), str(path)))
    found = [f"{e['type']}: {e['description']} at {e['path']}" for e in said["validation_errors"]]
    found += [f"additional field {f['path']}/{f['field']}" for f in said["additional_fields"]]
    found += [
        f"extension {e}" for e in (said.get("extensions") or {}).get("invalid_extensions", [])
    ]
    for kind in ("additional_closed_codelist_values", "additional_open_codelist_values"):
        found += [f"{kind}: {v}" for v in (said.get(kind) or {}).values()]
    for field in said.get("deprecated_fields", []):
        # The extension milestone_documents brings these back; the judge goes by the standard alone.
        rest = [p for p in field["paths"] if field["field"] != "documents" or "milestones" not in p]
        found += [f"deprecated field {field['field']} at {p}" for p in rest[:3]]
    found += [f"{k}: {v}" for k, v in (said.get("additional_checks") or {}).items() if v]
    found += [f"{k}: {v}" for k, v in (said.get("conformance_errors") or {}).items() if v]
    return found


def patched_schema(package: dict[str, Any], place: Path) -> Path:
    """The standard's schema with the extensions of a package."""
    path = place / "patched.json"
    path.write_text(_run("-c", _PATCH, str(ZIP), *package["extensions"]), encoding="utf-8")
    return path


def compiled(
    package: dict[str, Any], schema: Path, *, is_versioned: bool = False
) -> list[dict[str, Any]]:
    """What `ocdskit compile` makes of the releases of a package, one a process: their sum, or their
    history (`--versioned`)."""
    more = ["--versioned"] if is_versioned else []
    done = subprocess.run(
        [str(PYTHON), "-m", "ocdskit", "compile", "--schema", str(schema), *more],
        input=json.dumps(package), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
