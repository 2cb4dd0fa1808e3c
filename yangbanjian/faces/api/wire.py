"""What every call shares: who asks, one page of a list, versions in ETag and If-Match."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest

from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotAllowed, Problem, Stale
from yangbanjian.kernel.words import gettext_noop

LARGEST_PAGE = 100
LAST_PAGE = 10_000
LARGEST_ID = 2**63 - 1


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def signed_in(request: HttpRequest) -> tuple[Actor, int]:
    """The actor and their person; refuses nobody."""
    actor = actor_of(request)
    if actor.person_id is None:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    return actor, actor.person_id


Cut = Callable[[Any, int, int], Any]


def page(
    rows: Any, number: int, size: int, show: Callable[[Any], Any], cut: Cut | None = None
) -> dict[str, Any]:
    """One page of a queryset or list in the shape that every list has; `cut` takes it out."""
    start, stop = (number - 1) * size, number * size
    return {
        "items": [show(row) for row in (cut(rows, start, stop) if cut else rows[start:stop])],
        "count": len(rows) if isinstance(rows, list) else rows.count(),
        "page": number,
    }


def etag(version: int, body: Mapping[str, Any], moved: str = "") -> str:
    """The version and a mark of the last move, for If-Match, and a digest of what this caller
    sees, for If-None-Match: a move changes the state but may make no new version, and what is
    seen depends on the language. `moved` says which move was the last."""
    text = json.dumps(body, cls=DjangoJSONEncoder, sort_keys=True)
    return f'"{version}.{_digest(moved, 4)}{_digest(text, 8)}"'


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def expected_version(request: HttpRequest) -> int | None:
    """The version in If-Match, where one was sent."""
    given = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not given or given == "*":
        return None
    number = given.partition(".")[0]
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        sentence = gettext_noop('If-Match 应是读取时 ETag 里的版本号，如 "3"。')
        raise Invalid("api.if_match", sentence, [Problem("If-Match", "unusable", sentence)])
    return int(number)


def check_version(request: HttpRequest, version: int, moved: str | None = None) -> None:
    """Refuse a write that was meant for another version, or (where `moved` is given) for the
    state before the last move. What is written to must be locked already."""
    expected = expected_version(request)
    if expected is None:
        return
    seen = request.headers["If-Match"].partition(".")[2].strip().strip('"')
    has_moved = moved is not None and seen != "" and not seen.startswith(_digest(moved, 4))
    if expected != version or has_moved:
        raise Stale(
            "api.stale",
            gettext_noop("这条记录已被别人改过（现为第 %(version)d 版）。请刷新后再改。"),
            version=version,
        )
