"""Role × verb, asked from the policies themselves with an actor of each role."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from yangbanjian.engines.matching import policy as matching
from yangbanjian.ground.access import policy as access
from yangbanjian.ground.rulebook import policy as rulebook
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.answers import Answer
from yangbanjian.libraries.achievements import policy as achievements
from yangbanjian.libraries.demands import policy as demands
from yangbanjian.libraries.experts import policy as experts
from yangbanjian.libraries.records import policy as records

OWN, OTHER = 1, 2
# A match between our organisation and another; and one between two others.
OURS: Any = SimpleNamespace(seeker_id=OWN, provider_id=OTHER, broker_id=None, state="suggested")
THEIRS: Any = SimpleNamespace(seeker_id=OTHER, provider_id=OTHER, broker_id=None, state="suggested")

VERBS: dict[str, Callable[[Actor], Answer]] = {
    "publish an achievement for one's organisation": lambda a: achievements.may_add(a, OWN),
    "publish a demand for one's organisation": lambda a: demands.may_add(a, OWN),
    "publish an expert of one's organisation": lambda a: experts.may_add(a, OWN),
    "publish for another organisation": lambda a: achievements.may_add(a, OTHER),
    "star a record that one may see": records.may_star,
    "let through or return what was submitted": records.may_moderate,
    "advance an introduction as a party": lambda a: matching.may_move(a, OURS),
    "advance an introduction of others": lambda a: matching.may_move(a, THEIRS),
    "judge a match as a party": lambda a: matching.may_judge(a, OURS),
    "judge a match of others": lambda a: matching.may_judge(a, THEIRS),
    "look into what an organisation keeps private, with a reason and for a time": access.may_open,
    "draft, change, withdraw or (another's) publish an edition of a rule": rulebook.may_write,
    "read drafts of rules, and try them": rulebook.may_try,
}


def actors() -> dict[str, Actor]:
    """Nobody, and one actor of each role who speaks for one organisation."""
    of_role = {role.value: Actor(1, OWN, frozenset({role}), frozenset({OWN})) for role in Role}
    return {"anonymous": ANONYMOUS, **of_role}


def page(mark: str) -> str:
    """The matrix, and what each refusal is called."""
    found = actors()
    lines = [
        "# Permissions\n", mark,
        "Asked from the policies with an actor of each role who speaks for one organisation."
        " Rules about one's own account and organisation stand in"
        " `yangbanjian/ground/people/policy.py`; which state a record must be in stands in"
        " [states](states.md).\n",
        f"| verb | {' | '.join(found)} |",
        f"| --- |{' --- |' * len(found)}",
    ]  # fmt: skip
    refused: dict[str, str] = {}
    for verb, may in VERBS.items():
        answers = [may(actor) for actor in found.values()]
        lines.append(f"| {verb} | {' | '.join('yes' if a.allowed else '·' for a in answers)} |")
        refused |= {a.code: a.reason for a in answers if not a.allowed}
    lines += ["\nRefusals: " + "; ".join(f"`{c}` {r}" for c, r in sorted(refused.items())), ""]
    return "\n".join(lines)
