"""Work of this room that comes later: mailing, forgetting; what it adds to a person's copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages import mailing
from yangbanjian.ground.messages.letters import sentence
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people.actions.privacy import contribute_export
from yangbanjian.ground.people.rules.personal import NOTICE_DAYS
from yangbanjian.kernel.actor import SYSTEM

BATCH = 1000
MOST_EXPORTED = 10_000


@due("messages.mail")
def mail_notices(now: datetime) -> int:
    """Messages that nobody has read, by e-mail, as each person wants it."""
    return mailing.mail_due(now)


@due("messages.retention")
def forget_old(now: datetime) -> int:
    """Messages past their retention."""
    with acting(SYSTEM):
        old = Notice.objects.filter(made_at__lt=now - timedelta(days=NOTICE_DAYS))
        some = list(old.order_by("made_at").values_list("pk", flat=True)[:BATCH])
        return Notice.objects.filter(pk__in=some).delete()[0]


@subscribe("messages.erased", "people.erased")
def forget_erased(news: Sequence[Entry]) -> None:
    """An erased person's messages go with the rest."""
    Notice.objects.filter(person_id__in=[e.subject_id for e in news]).delete()


@contribute_export("notices")
def _of_person(person_id: int) -> list[dict[str, Any]]:
    """What a person has been told, in the language in force."""
    told = Notice.objects.filter(person_id=person_id).order_by("-id")[:MOST_EXPORTED]
    return [
        {
            "text": sentence(n.sentence, n.params),
            "made_at": n.made_at.isoformat(),
            "read_at": n.read_at.isoformat() if n.read_at else None,
            "mailed_at": n.mailed_at.isoformat() if n.mailed_at else None,
        }
        for n in told
    ]
