"""Owners are told what was decided, and reminded before the end; once each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock.jobs import run_due
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.messages import queries as messages
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.libraries.achievements import actions
from yangbanjian.libraries.records import jobs

pytestmark = pytest.mark.django_db
assert jobs


def _submitted() -> tuple[Actor, int]:
    tto = make.actor(Role.TTO)
    record = make.achievement(tto)
    actions.move(actor=tto, record_id=record.pk, name="submit")
    return tto, record.pk


def _told(actor: Actor) -> list[str]:
    return [n.sentence % n.params for n in messages.inbox(actor)]


def test_a_return_reaches_the_owner_with_its_reason_once() -> None:
    tto, record_id = _submitted()
    operator = make.actor(Role.OPERATOR)
    actions.move(actor=operator, record_id=record_id, name="return", reason="请补实测数据")
    journal.deliver(include_own=True)
    journal.deliver(include_own=True)
    assert _told(tto) == ["「低温冷库余热梯级回收系统」被退回：请补实测数据"]
    assert messages.inbox(tto)[0].needs_action


def test_nothing_stays_public_past_its_end_unless_renewed(settings: object) -> None:
    make.sandbox()
    settings.YBJ_SANDBOX = True  # type: ignore[attr-defined]
    tto, record_id = _submitted()
    actions.move(actor=SYSTEM, record_id=record_id, name="approve")
    clock_actions.advance(actor=SYSTEM, by=timedelta(days=336))
    assert run_due().ran["records.expiring"] == 1
    clock_actions.advance(actor=SYSTEM, by=timedelta(days=30))
    assert run_due().ran["records.expired"] == 1
    record = actions.move(actor=tto, record_id=record_id, name="renew", reason="无变化")
    assert record.state == "public"
    assert len(_told(tto)) == 2
