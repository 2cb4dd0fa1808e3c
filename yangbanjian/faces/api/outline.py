"""The OpenAPI document read as a person reads it: calls, what each takes and gives.

The docs page and the reference are both drawn from here, so they cannot tell different stories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a schema or one parameter; `where` is query, path or header."""

    name: str
    kind: str
    is_required: bool
    note: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One operation; `gives` are (status, what) of the answers when it is done."""

    tag: str
    method: str
    path: str
    operation_id: str
    says: str
    needs_token: bool
    parameters: tuple[Line, ...]
    media_type: str
    takes: str
    form: tuple[Line, ...]
    gives: tuple[tuple[str, str], ...]


def calls(document: Mapping[str, Any]) -> list[Call]:
    """Every call of the document, those of one subject together."""
    found = [
        _call(path, method, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]
    order = list(dict.fromkeys(call.tag for call in found))
    return sorted(found, key=lambda call: order.index(call.tag))


def shapes(document: Mapping[str, Any]) -> list[tuple[str, str, list[Line]]]:
    """Every schema by name: (name, what it is, its fields)."""
    schemas = document["components"]["schemas"]
    return [
        (name, said.get("description", "") or _other(said), _lines(said))
        for name, said in sorted(schemas.items())
    ]


def _other(said: Mapping[str, Any]) -> str:
    return "" if "properties" in said else _kind(said)


def _call(path: str, method: str, said: Mapping[str, Any]) -> Call:
    body = said.get("requestBody", {}).get("content", {})
    media_type = next(iter(body), "")
    taken = body[media_type]["schema"] if media_type else {}
    return Call(
        tag=said.get("tags", [""])[0],
        method=method.upper(),
        path=path,
        operation_id=said["operationId"],
        says=" ".join((said.get("description") or said["summary"]).split()),
        needs_token={} not in said["security"],
        parameters=tuple(
            Line(
                p["name"], _kind(p["schema"]), bool(p.get("required")), p.get("description", ""),
                p["in"],
            )
            for p in said.get("parameters", ())
        ),
        media_type=media_type,
        takes="" if "properties" in taken or not taken else _kind(taken),
        form=tuple(_lines(taken)),
        gives=tuple(_given(status, answer) for status, answer in said["responses"].items()
                    if status < "400"),
    )  # fmt: skip


def _given(status: str, answer: Mapping[str, Any]) -> tuple[str, str]:
    content = next(iter(answer.get("content", {}).values()), None)
    return status, _kind(content["schema"]) if content else ""


def _kind(schema: Mapping[str, Any]) -> str:
    """The type in a few words: integer 1..100, array of string, "a" | "b", a schema's name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_kind(s) for s in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    said = schema.get("format") or schema.get("type", "any")
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{said} {low}..{high}" if low is not None and high is not None else str(said)


def _lines(schema: Mapping[str, Any]) -> list[Line]:
    required = set(schema.get("required", ()))
    return [
        Line(name, _kind(said), name in required, said.get("description", ""))
        for name, said in schema.get("properties", {}).items()
    ]
