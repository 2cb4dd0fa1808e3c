"""`make prove` goes on where it was stopped: what this very code has proven is not proven again.

A pytest plugin (`-p tests.resuming`). Proofs that passed are kept in pytest's cache beside the
digest of all files that they depend on; a run that comes to its end begins anew next time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FOLDERS = ("yangbanjian", "verify", "tests", "bench", "requirements")
LEFT_OUT = {"__pycache__", "node_modules"}
KEY = "proofs/proven"


def digest() -> str:
    """Of every file of the product and its tests."""
    found = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                found.update(f"{path.relative_to(PROJECT)}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


class Resuming:
    """What was proven before, and what is proven now."""

    def __init__(self, config: pytest.Config) -> None:
        assert config.cache is not None
        self.cache, self.digest = config.cache, digest()
        kept = self.cache.get(KEY, {})
        self.before = set(kept.get("passed", ())) if kept.get("of") == self.digest else set()
        self.passed = set(self.before)

    def pytest_report_header(self) -> str:
        return f"proven before by the same code: {len(self.before)}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        done = [item for item in items if item.nodeid in self.before]
        if 0 < len(done) < len(items):
            config.hook.pytest_deselected(items=done)
            items[:] = [item for item in items if item.nodeid not in self.before]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)
            self.cache.set(KEY, {"of": self.digest, "passed": sorted(self.passed)})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK:
            self.cache.set(KEY, {})


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Resuming(config), "resuming")
