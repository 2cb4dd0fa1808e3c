"""How long the other side has for its answer: the rulebook's table `answer_days`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from yangbanjian.engines.matching.models import Match
from yangbanjian.engines.matching.rules import introductions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.cases import register_cases
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules.editions import HOUSE
from yangbanjian.ground.rulebook.rules.trials import Case, Rows

TABLE = "answer_days"


def answer_rule() -> Edition:
    """The edition under which an introduction is born now."""
    return rulebook.rule(TABLE)


def cases() -> Iterator[Case]:
    """The introductions that wait for an answer, those that end first before the others."""
    waiting = Match.objects.filter(state="interested").order_by("turn_until", "pk")
    for match in waiting.select_related("achievement", "expert").iterator(chunk_size=500):
        supply = match.achievement or match.expert
        assert supply is not None
        assert match.turn_since is not None
        facts = {"since": match.turn_since.isoformat()}
        yield Case("match", match.pk, supply.title, f"/matches/{match.pk}", HOUSE, facts)


def outcome(case: Case, rows: Rows) -> str:
    """The day on which the introduction ends unanswered."""
    if not rows:
        return ""
    since = datetime.fromisoformat(case.facts["since"])
    ends = introductions.until(since, introductions.answer_days(rows))
    return ends.astimezone(clock.site_zone()).date().isoformat()


register_cases(TABLE, "matching.introductions", supplier=cases, outcome=outcome)
