"""Answering a repeated request with the first answer."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.intake.models import Request
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict, Invalid
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent."""

    status: int
    body: bytes
    content_type: str


def begin(*, caller: str, key: str, digest: str) -> Answer | None:
    """Claim a key inside the request's transaction; the first answer if there was one.

    A second call with the same key waits at the unique index until the first has committed.
    Raises Conflict for another body under the same key.
    """
    if not 1 <= len(key) <= 200:
        raise Invalid("intake.key_length", gettext_noop("Idempotency-Key 应为 1 到 200 个字符。"))
    with acting(SYSTEM):
        return _claimed(caller, key, digest)


def _claimed(caller: str, key: str, digest: str) -> Answer | None:
    Request.objects.bulk_create(
        [Request(caller=caller, key=key, digest=digest, made_at=clock.recorded_now())],
        ignore_conflicts=True,
    )
    row = Request.objects.select_for_update(no_key=True).get(caller=caller, key=key)
    if row.digest != digest:
        raise Conflict(
            "intake.key_reused",
            gettext_noop("这个 Idempotency-Key 已用于内容不同的请求，请换一个。"),
        )
    if row.status:
        return Answer(row.status, bytes(row.body), row.content_type)
    return None


def finish(*, caller: str, key: str, answer: Answer) -> None:
    """Keep the answer; a failure of ours (5xx) is not kept, so that it can be tried again."""
    if answer.status >= 500:
        return
    with acting(SYSTEM):
        Request.objects.filter(caller=caller, key=key).update(
            status=answer.status, body=answer.body, content_type=answer.content_type
        )
