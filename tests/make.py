"""Makes things for tests by calling the real actions."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from yangbanjian.ground.access import actions as access
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Membership, Organisation, Person
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts

_number = itertools.count(1)


def sandbox() -> None:
    """Make this database a sandbox."""
    clock_actions.settle_installation(is_sandbox=True)


def organisation(kind: str = "enterprise", **values: Any) -> Organisation:
    n = next(_number)
    values.setdefault("name", f"甲乙丙{kind}第{n}号")
    return Organisation.objects.create(
        kind=kind, created_at=clock.now(), state=values.pop("state", "verified"), **values
    )


def person(role: Role | None = None, of: Organisation | None = None, **values: Any) -> Person:
    n = next(_number)
    values.setdefault("username", f"person{n}")
    made = Person.objects.create(
        created_at=clock.now(), name=values.pop("name", f"某{n}"), **values
    )
    if role is not None:
        kind = {"tto": "university", "enterprise": "enterprise", "broker": "broker"}.get(role)
        Membership.objects.create(
            person=made,
            organisation=of or organisation(kind or "authority"),
            role=role,
            period=(clock.now() - timedelta(days=1), None),
        )
    return made


def actor(role: Role, of: Organisation | None = None) -> Actor:
    return people.actor_of(person(role, of))


def look_in(operator: Actor, *owner_ids: int, hours: int = 8) -> list[Any]:
    """Open what these organisations keep to themselves to an operator; the grants."""
    return [
        access.open_access(
            actor=operator, owner_id=owner_id, reason="核对一条记录的原文", hours=hours
        )
        for owner_id in owner_ids
    ]


def achievement(actor: Actor, **values: Any) -> Any:
    values.setdefault("title", "低温冷库余热梯级回收系统")
    values.setdefault(
        "abstract", "回收压缩机排热供除霜和地坪防冻，冷库综合电耗下降三成，不停库改造。"
    )
    assert actor.organisation_id is not None
    return achievements.add(actor=actor, owner_id=actor.organisation_id, values=values)


def demand(actor: Actor, **values: Any) -> Any:
    values.setdefault("title", "冷库节能")
    values.setdefault(
        "abstract", "两座冷库电费太高，想把电耗降 25% 以上，不停库，预算 200 万以内。"
    )
    assert actor.organisation_id is not None
    return demands.add(actor=actor, owner_id=actor.organisation_id, values=values)


def expert(actor: Actor, **values: Any) -> Any:
    values.setdefault("title", "沈知行")
    values.setdefault("abstract", "制冷与热泵，冷库节能改造。")
    assert actor.organisation_id is not None
    return experts.add(actor=actor, owner_id=actor.organisation_id, values=values)
