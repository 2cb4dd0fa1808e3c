"""How often somebody who is not signed in may do a thing, counted in this process's memory."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from yangbanjian.faces.web.forms_on_pages import client_address
from yangbanjian.kernel.refusals import TooMany
from yangbanjian.kernel.words import gettext_noop


def not_too_often(request: HttpRequest, what: str, most: int, seconds: int = 3600) -> None:
    """Refuses with TooMany after `most` times within the span. Signed-in people are not counted:
    what they do is known to be theirs. The address is kept as a digest, for the span only."""
    if not request.actor.is_anonymous:  # type: ignore[attr-defined]
        return
    who = hashlib.sha256(client_address(request).encode()).hexdigest()[:24]
    key = f"limit:{what}:{who}"
    cache.add(key, 0, seconds)
    if cache.incr(key) > most:
        raise TooMany(
            "web.too_many",
            gettext_noop("操作太频繁了，请稍后再试。"),
            retry_after_seconds=seconds,
        )
