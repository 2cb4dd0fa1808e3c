"""The log's regular work: heads go outside, and the operator hears of what is late or damaged."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.log import actions, queries
from yangbanjian.ground.messages.actions import Word, tell_role
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.words import gettext_noop

UNSEALED = gettext_noop(
    "存证日志停了：有记录超过 %(seconds)d 秒没有签名。请在服务器上运行 ybj doctor，再看 logs/worker.log。"
)
INSIDE = gettext_noop(
    "存证日志的树头已有 %(hours)d 小时没有存到 %(place)s。请检查那里能否写入、邮件能否发出。"
)
DAMAGED = gettext_noop(
    "文件 %(name)s 与存入时不同，已停止提供。请从备份恢复它，或请上传的人重新上传原文件。"
)


@due("log.anchors")
def anchor(_now: datetime) -> int:
    """Heads go outside once a day, by recorded time: a sandbox clock cannot make them older."""
    return actions.anchor_if_due(actor=SYSTEM)


class Watch:
    """Tells each operator of each breach of E6 and E7 once a day.

    An entry is late when two turns in a row find one too old: what has just become visible at the
    end of a long transaction, or waits at the start of the process, is about to be sealed.
    """

    def __init__(self) -> None:
        self._was_late = False

    def __call__(self, _now: datetime) -> int:
        with acting(SYSTEM):
            return sum(tell_role(Role.OPERATOR, word) for word in self._words())

    def _words(self) -> list[Word]:
        day = f"{clock.recorded_now():%Y%m%d}"
        words = []
        age = queries.unsequenced_since()
        is_late, self._was_late = self._was_late, age > queries.SEALED_WITHIN_S
        if is_late and self._was_late:
            words.append(_word(UNSEALED, f"log.unsealed:{day}", seconds=int(age)))
        for place, waits in queries.late_places():
            once = f"log.inside:{place.kind}:{place.name}:{day}"
            words.append(_word(INSIDE, once, hours=int(waits // 3600), place=str(place)))
        for content in files.damaged()[:20]:
            found = f"{content.damaged_at:%Y%m%dT%H%M%S}"
            once = f"files.damaged:{content.pk}:{found}"
            words.append(_word(DAMAGED, once, name=content.pk[:12]))
        return words


def _word(sentence: str, once: str, **params: object) -> Word:
    return Word("log", sentence, params, url="/log", needs_action=True, once=once)


watch = due("log.watch")(Watch())
