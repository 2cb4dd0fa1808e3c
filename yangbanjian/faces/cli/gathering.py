"""Reads the source for what the reference lists: refusals, and the variables that are asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
CHINESE = re.compile(r"[一-鿿]")
VARIABLE = re.compile(r"(YBJ_[A-Z_]+|DATABASE_URL)")
# Calls that make a refusal, or a part of one.
MAKERS = frozenset(
    {"NotAllowed", "NotFound", "Conflict", "Stale", "TooMany", "Invalid", "Refusal",
     "Problem", "Answer", "EngineRefusal"}
)  # fmt: skip


class Found(NamedTuple):
    """One refusal in the source."""

    floor: str
    code: str
    sentence: str


def refusals(package: Path) -> list[Found]:
    """Each call that makes a refusal with a code and a sentence written beside each other."""
    found = []
    for path in sorted(package.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        floor = "/".join(path.relative_to(package).parts[:2]).removesuffix(".py")
        for node, known in _calls(tree):
            if _name(node.func) in MAKERS:
                found += [Found(floor, *pair) for pair in _pairs(node, known)]
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, dict[str, str]]]:
    """Each call with the texts that names have there: the module's, then those of its function."""
    shared = dict(_assigned(tree.body))
    seen: set[ast.Call] = set()
    for scope in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and node not in seen:
                seen.add(node)
                before = [n for n in ast.walk(scope) if getattr(n, "lineno", 0) < node.lineno]
                yield node, {**shared, **dict(_assigned(before))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node not in seen:
            yield node, shared


def _assigned(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    found = [n for n in nodes if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
    for node in sorted(found, key=lambda n: n.lineno):
        target = node.targets[0]
        if isinstance(target, ast.Name) and (text := _text(node.value, {})):
            yield target.id, text


def _pairs(call: ast.Call, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    texts = [_text(a, known) for a in [*call.args, *(k.value for k in call.keywords)]]
    for code, sentence in pairwise(texts):
        if code and sentence and CODE.fullmatch(code) and CHINESE.search(sentence):
            yield code, sentence
            return


def _text(node: ast.expr, known: dict[str, str]) -> str:
    """The words of an expression as far as they stand in the source; "" if it has none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Call) and node.args and _name(node.func).startswith(("gettext", "_")):
        return _text(node.args[0], known)
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(part) for part in node.values)
    return ""


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return "{" + ast.unparse(part.value) + "}"
    return str(part.value) if isinstance(part, ast.Constant) else ""


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def variables(package: Path) -> set[str]:
    """The environment variables that the source names."""
    found: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = VARIABLE.fullmatch(node.value)
                found |= {match[0]} if match else set()
    return found
