"""Which sentences the product says: read out of its Python sources and templates.

The sources are parsed, never run. A sentence counts when it stands as a literal inside one of
the marking calls (`gettext_noop("…")`, `{% translate "…" %}`), which is what the standard tools
look for too; no program outside Python is needed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation.template import templatize

# Name of the call -> which arguments are sentence, plural, context.
MARKS: Final[dict[str, tuple[int, int | None, int | None]]] = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "ngettext_noop": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
TEMPLATES: Final = {".html", ".js", ".txt", ".webmanifest", ".xml", ".svg"}
# What templatize writes for a template: calls between blanked-out text.
_CALL = re.compile(
    r"\b(?:n?p?gettext|_)\((?:[^'\"()]|u?'(?:\\.|[^'\\])*'|u?\"(?:\\.|[^\"\\])*\")*\)"
)
_PLACE = re.compile(r"%\(\w+\)[sdif]|\{\w+\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One message of the catalogues: `many` for counted things, `context` tells homonyms apart."""

    text: str
    many: str = ""
    context: str = ""
    places: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.text


def placeholders(text: str) -> frozenset[str]:
    """The named places of a sentence: `%(x)s` and `{x}`."""
    return frozenset(_PLACE.findall(text))


def collect(package: Path) -> list[Sentence]:
    """Every marked sentence under `package`, in the order of file and line, each once."""
    found: dict[tuple[str, str], Sentence] = {}
    for path in sorted(package.rglob("*")):
        shown = path.relative_to(package.parent).as_posix()
        for line, text, many, context in _marked(path):
            before = found.get((context, text), Sentence(text, "", context))
            places = (*before.places, (shown, line))
            found[context, text] = Sentence(text, before.many or many, context, places)
    return list(found.values())


def _marked(path: Path) -> Iterator[tuple[int, str, str, str]]:
    if path.suffix == ".py" and "migrations" not in path.parts:
        yield from _of_python(path.read_text(encoding="utf-8"))
    elif path.suffix in TEMPLATES and "templates" in path.parts:
        # A call may run over lines; each stands where it begins.
        source = templatize(path.read_text(encoding="utf-8"))
        for call in _CALL.finditer(source):
            line = source.count("\n", 0, call.start()) + 1
            for _, text, many, context in _of_python(call[0].replace("\n", " ")):
                yield line, text, many, context


def _of_python(source: str) -> Iterator[tuple[int, str, str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in MARKS:
            continue
        text, many, context = (
            "" if at is None else _literal(node.args[at]) if at < len(node.args) else ""
            for at in MARKS[name]
        )
        if text:
            yield node.lineno, text, many, context


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
