"""Reading what was sent: texts that the database cannot hold are refused, not a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser as Plain

from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.words import gettext_noop


def is_storable(text: str) -> bool:
    """PostgreSQL holds neither NUL nor half a surrogate pair."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def texts(sent: Any) -> Iterator[tuple[str, str]]:
    """Every text in a parsed body with the name of its field; without recursion."""
    waiting: list[tuple[str, Any]] = [("", sent)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield name, key
                waiting.append((f"{name}.{key}" if name else key, inner))
        elif isinstance(value, list):
            waiting.extend((name, inner) for inner in value)


def check(sent: Any) -> None:
    """Refuse a body with text that nobody can have typed."""
    for name, text in texts(sent):
        if not is_storable(text):
            sentence = gettext_noop("文字里有不能用的字符（空字符或残缺的字），请删去后再发。")
            field = name.encode("ascii", "replace").decode()
            raise Invalid("api.unusable_text", sentence, [Problem(field, "unusable", sentence)])


class Parser(Plain):
    """JSON, query strings and forms, each checked."""

    def parse_body(self, request: HttpRequest) -> Any:
        sent = super().parse_body(request)
        check(sent)
        return sent

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> Any:
        sent = super().parse_querydict(data, list_fields, request)
        check(sent)
        return sent
