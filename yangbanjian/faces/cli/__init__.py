"""The ybj command: starts, inspects and fills an installation. It decides nothing itself."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; an expected refusal is one sentence and exit code 2."""
    from yangbanjian.faces.cli.commands import app
    from yangbanjian.kernel.refusals import Refusal
    from yangbanjian.supervisor.refusal import EngineRefusal

    try:
        app()
    except (Refusal, EngineRefusal) as refusal:
        print(str(refusal), file=sys.stderr)
        for problem in getattr(refusal, "problems", ()):
            print(f"  {problem.field}: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
