"""What a proof says of itself in its last line. Violations are counted as they are found; a proof
that found one, or that never came where it should have been, fails after it has said so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import pytest


@dataclass
class Telling:
    """One run of a proof from one seed."""

    seed: int
    steps: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def violated(self, what: str) -> None:
        """Something does not hold; in words that lead to it."""
        self.found.append(what)

    @property
    def violations(self) -> int:
        return len(self.found)

    @property
    def line(self) -> str:
        told = ", ".join(f"{name}: {n}" for name, n in sorted(self.reached.items()) if n)
        return (
            f"seed={self.seed} steps={self.steps} violations={self.violations} reached={{{told}}}"
        )

    def never(self, wanted: Iterable[str]) -> set[str]:
        """Which of the wanted situations were never come to."""
        return {name for name in wanted if not self.reached[name]}


@contextmanager
def telling(
    seed: int,
    wanted: Iterable[str] = (),
    capsys: pytest.CaptureFixture[str] | None = None,
) -> Iterator[Telling]:
    """Run a proof: what it raises is a violation, its line is always said, and then it is judged."""
    run = Telling(seed)
    try:
        yield run
    except Exception as fault:
        run.violated(repr(fault))
        raise
    finally:
        with capsys.disabled() if capsys is not None else nullcontext():
            print(f"\n{run.line}")
    assert not run.found, f"seed {seed}: " + "\n".join(run.found[:5])
    missing = run.never(wanted)
    assert not missing, f"seed {seed} never came to {sorted(missing)}"
