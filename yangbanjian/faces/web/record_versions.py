"""The versions of a record that a reader may see, and two of them side by side."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.faces.web.libraries import NAMES, ROOMS
from yangbanjian.faces.web.record_pages import loaded
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.libraries.records import queries as records


@require_safe
def history(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """All versions that this reader may see, and two of them side by side."""
    library, record, actor = loaded(request, room, record_id)
    versions = list(records.history(library, actor, record)[:200])
    by_number = {v.version: v for v in versions}
    numbers = [v.version for v in versions]
    left = _number(request.GET.get("a"), numbers, numbers[1] if len(numbers) > 1 else numbers[0])
    right = _number(request.GET.get("b"), numbers, numbers[0])
    words = Words()
    names = {f.name: f.label for f in library.fields}
    shown = [f for f in library.fields if f.is_public or library.may_write(actor, record)]
    rows = [
        {
            "version": v.version, "made_at": v.made_at, "note": v.note,
            "changed": _("、").join(translated(names.get(c, c)) for c in v.changed[:8]),
        }
        for v in versions
    ]  # fmt: skip
    return render(
        request,
        "history.html",
        {
            "room": room, "item": record, "rows": rows, "a": left, "b": right, "section": room,
            "diff": {
                "left": _("第 %(n)d 版") % {"n": left}, "right": _("第 %(n)d 版") % {"n": right},
                "changes": _changes(shown, by_number[left], by_number[right], words),
            },
            "crumbs": [
                {"text": NAMES[room]["whole"], "url": f"/{room}"},
                {"text": record.title[:30], "url": f"/{room}/{record_id}"},
                {"text": _("版本")},
            ],
            "page_title": _("版本：%(title)s") % {"title": record.title},
        },
    )  # fmt: skip


def _number(asked: str | None, known: Sequence[int], otherwise: int) -> int:
    number = int(asked) if asked and asked.isdecimal() and len(asked) < 9 else otherwise
    if number not in known:
        raise NotFound("web.no_such_version", _("没有这个版本，或者它不对您公开。"))
    return number


def _changes(fields: Any, left: Any, right: Any, words: Words) -> list[dict[str, Any]]:
    found = []
    for field in fields:
        before = shown_value(field, left.content.get(field.name), words)
        after = shown_value(field, right.content.get(field.name), words)
        if before == after:
            continue
        change: dict[str, Any] = {"label": translated(field.label)}
        if field.kind in ("line", "text") and before and after:
            change["ops"] = _ops(before, after)
        else:
            change |= {"before": before, "after": after}
        found.append(change)
    return found


def _ops(before: str, after: str) -> list[dict[str, str]]:
    """Character-wise differences of two texts, of at most 4,000 characters each."""
    left, right = before[:4000], after[:4000]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=len(left) > 1000)
    ops = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag in ("delete", "replace"):
            ops.append({"op": "del", "text": left[a:b]})
        if tag in ("insert", "replace"):
            ops.append({"op": "ins", "text": right[c:d]})
        if tag == "equal":
            ops.append({"op": "same", "text": left[a:b]})
    return ops


def shown_value(field: Any, value: Any, words: Words) -> str:
    """A stored value as people read it."""
    if value in (None, "", []):
        return ""
    if field.kind == "boolean":
        return _("是") if value else _("否")
    if field.kind == "fen":
        from yangbanjian.faces.web.templatetags.ui import money_full

        return str(money_full(value))
    if field.kind == "code":
        return words.label(field.table, value)
    if field.kind == "codes":
        return _("、").join(words.labels(field.table, value))
    if field.kind == "words":
        return _("、").join(value)
    if field.kind == "rows":
        return _("；").join(_row_text(field, row, words) for row in value)
    return str(value)


def _row_text(field: Any, row: dict[str, Any], words: Words) -> str:
    return " ".join(t for t in (shown_value(c, row.get(c.name), words) for c in field.columns) if t)


urls: list[URLPattern] = [
    path(f"{_room}/<int:record_id>/history", history, {"room": _room}) for _room in ROOMS
]
