"""The demo district's first steps to the floor: one notice that has stood its days, one that an
objection has stopped for now, one that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from yangbanjian.faces.cli.demo import content
from yangbanjian.faces.cli.demo.district import SECOND, District
from yangbanjian.faces.cli.demo.plans import BY_KEY
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import queries as records
from yangbanjian.market.trading import actions, queries

OVER, DISPUTED, STANDING = SECOND + 300, SECOND + 354, SECOND + 358
USUAL_FEN = 800_000_00


def plan_the_floor(district: District) -> None:
    """Lay out the notices; each takes the first public achievement that has none yet."""
    for day, then in ((OVER, _nothing), (DISPUTED, _objected), (STANDING, _nothing)):
        give = partial(_give_notice, district, then)
        district.story.plan(day, partial(district.attempt, give, "floor"))


def _give_notice(district: District, then: Callable[[District, int], None]) -> None:
    owner, record = next(candidates(district))
    fen = record.price_fen or USUAL_FEN
    actions.choose_way(actor=owner, achievement_id=record.pk, is_floor=True)
    actions.decide(
        actor=owner, achievement_id=record.pk, kind="collective", price_mode="agreement",
        price_fen=fen, decided_on=clock.today(), note="校长办公会纪要（演示）",
    )  # fmt: skip
    for item in ("price_basis", "title", "encumbrance", "priority"):
        actions.state(actor=owner, achievement_id=record.pk, item=item, verdict="pass")
    values = {
        "deal_mode": "licence", "price_mode": "agreement", "price_fen": fen, "is_related": False,
        "related_statement": "", "days": None,
    }  # fmt: skip
    made = actions.draft_notice(actor=owner, achievement_id=record.pk, values=values)
    actions.open_notice(actor=owner, notice_id=made.pk)
    follow = partial(then, district, made.pk)
    district.story.plan(district.story.day + 2, partial(district.attempt, follow, "floor"))


def candidates(district: District) -> Iterator[tuple[Actor, Any]]:
    """(transfer officer, achievement) of universities, in the order of the content; not what is
    going to be sold."""
    for row in content.rows("achievements"):
        record_id = district.records.get(row["key"])
        if record_id is None or row["key"] in BY_KEY:
            continue
        owner = district.actors[row["holder"]]
        record = records.get(LIBRARY, owner, record_id)
        if record.state != "public" or not queries.is_public_unit(record):
            continue
        if not queries.notices(owner).filter(achievement_id=record_id).exists():
            yield owner, record


def _nothing(_district: District, _notice_id: int) -> None:
    """Nobody objects."""


def _objected(district: District, notice_id: int) -> None:
    one = queries.notice(district.operator, notice_id)
    others = (a for a in district.actors.values() if not a.acts_for(one.owner_id))
    actions.object_to(
        actor=next(others), notice_id=notice_id,
        text="完成人名单里少了一位参与中试的工程师，请核对立项和中试记录。",
    )  # fmt: skip
