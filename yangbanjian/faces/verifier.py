"""The stand-alone verifier as one file, for the page and the command that hand it out."""

from __future__ import annotations

import re
from pathlib import Path

import yangbanjian

_TAKEN_IN = re.compile(r"^from verify\.(\w+) import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_HEAD = re.compile(r'\A""".*?"""\n+from __future__ import annotations\n+', re.DOTALL)


def verifier_source() -> str:
    """The program's text: where it takes in a module of its own for the first time, that module
    stands instead. It is read and not imported: the platform shares nothing with it."""
    folder = Path(yangbanjian.__file__).parent.parent / "verify"
    seen: set[str] = set()

    def text_of(found: re.Match[str]) -> str:
        if found[1] in seen:
            return ""
        seen.add(found[1])
        module = (folder / f"{found[1]}.py").read_text(encoding="utf-8")
        return _TAKEN_IN.sub(text_of, _HEAD.sub("", module, count=1)) + "\n"

    return _TAKEN_IN.sub(text_of, (folder / "__main__.py").read_text(encoding="utf-8"))
