"""Opening a look into what an organisation keeps to itself, and ending it."""

from __future__ import annotations

from yangbanjian.ground.access import policy, queries, rules
from yangbanjian.ground.access.models import Grant
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.people import policy as people_policy
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop


def open_access(*, actor: Actor, owner_id: int, reason: str, hours: int | None) -> Grant:
    """Open an organisation's private rows to this operator for so many hours; its people are told
    in the same commit. Raises NotAllowed, NotFound, Invalid."""
    policy.may_open(actor).or_refuse()
    owner = people.organisation(owner_id)
    if owner is None:
        raise NotFound("people.no_organisation", gettext_noop("没有找到这个单位。"))
    edition = queries.terms()
    said = clean_text(reason, cap=rules.LONGEST_REASON).strip()
    found = rules.problems(said, hours, rules.longest_hours(edition.rows))
    if found:
        raise Invalid("access.invalid", gettext_noop("查阅要有理由和期限，请按提示补全。"), found)
    # Both are asked above.
    who, lasts = int(actor.person_id or 0), int(hours or 0)
    with acting(actor):
        made = Grant.objects.create(owner=owner, person_id=who, hours=lasts, edition=edition)
        # The database has said from when until when.
        made.refresh_from_db()
        assert made.until is not None
        _tell(actor, made, "opened", {"hours": hours, "until": made.until.isoformat()}, said)
        word = messages.Word(
            topic="access",
            sentence=gettext_noop(
                "本站运营人员打开了对贵单位不公开资料的查阅，为期 %(hours)d 小时。点开看理由。"
            ),
            params={"hours": hours},
            url="/desk/access",
            once=f"access:{made.pk}",
        )
        managers = people_policy.managers(owner.pk).values_list("pk", flat=True)
        messages.tell(managers, word, owner.pk)
        return made


def end_access(*, actor: Actor, grant_id: int) -> Grant:
    """End a look before its time; any operator may. Raises NotAllowed, NotFound, Conflict."""
    policy.may_open(actor).or_refuse()
    with acting(actor):
        grant = Grant.objects.select_for_update(no_key=True).filter(pk=grant_id).first()
        if grant is None:
            raise NotFound("access.not_found", gettext_noop("没有找到这次查阅。"))
        if grant.ended_at is not None:
            raise Conflict("access.ended", gettext_noop("这次查阅已经结束了。"))
        grant.ended_by = actor.person_id
        grant.save(update_fields=["ended_by"])
        grant.refresh_from_db()
        _tell(actor, grant, "ended", {}, "")
        return grant


def _tell(actor: Actor, grant: Grant, past: str, payload: dict[str, object], remark: str) -> None:
    journal.record(
        actor=actor,
        fact=journal.Fact(
            verb=f"access.{past}",
            subject_kind="access",
            subject_id=grant.pk,
            owner_id=grant.owner_id,
            audience="parties",
            payload=payload,
            edition=grant.edition.label,
            remark=remark,
        ),
    )
