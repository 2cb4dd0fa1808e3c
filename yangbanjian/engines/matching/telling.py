"""Telling owners and brokers what the matcher has found: one message for what came together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands.models import Demand

NEW = "/desk/matches?show=suggested"
BY_TAGS = "/desk/matches?show=directions"
NAMED = 3
"""So many demands of one owner are named each; more are told of together."""


def tell_of_demands(new: Sequence[Match]) -> None:
    """Owners of demands learn what was found for them, and the brokers whom it concerns."""
    by_owner: dict[int, dict[int, list[Match]]] = defaultdict(lambda: defaultdict(list))
    for match in new:
        if match.demand_id is not None:
            by_owner[match.seeker_id][match.demand_id].append(match)
    demands = Demand.objects.in_bulk({m.demand_id for m in new if m.demand_id is not None})
    for owner_id, found in by_owner.items():
        if len(found) > NAMED:
            word = Word(
                "match",
                gettext_noop("您的 %(demands)d 项需求新找到 %(count)d 项匹配"),
                {"demands": len(found), "count": sum(map(len, found.values()))},
                url=NEW,
                once=f"matches:{_first(found.values())}",
            )
            messages.tell_organisation(owner_id, word)
            continue
        for demand_id, matches in found.items():
            demand = demands[demand_id]
            word = Word(
                "match",
                gettext_noop("「%(title)s」新找到 %(count)d 项匹配"),
                {"title": demand.title, "count": len(matches)},
                url=f"/demands/{demand_id}",
                once=f"matches:{demand_id}:{demand.version}:{len(matches)}",
            )
            messages.tell_organisation(owner_id, word)
    _tell_brokers(new)


def _first(found: Iterable[Sequence[Match]]) -> int:
    return min(match.pk for matches in found for match in matches)


def tell_of_imports(new: Sequence[Match]) -> None:
    """After an import: one message a day to each owner, however many rows there were."""
    owners: dict[int, set[int | None]] = defaultdict(set)
    for match in new:
        owners[match.seeker_id].add(match.demand_id)
    few = [m for m in new if len(owners[m.seeker_id]) <= NAMED]
    for owner_id in sorted(owner for owner, demands in owners.items() if len(demands) > NAMED):
        word = Word(
            "match",
            gettext_noop("导入后，您的多项需求有了新匹配，陆续出现在「匹配」里"),
            url=NEW,
            once=f"matches:imported:{owner_id}:{clock.today()}",
        )
        messages.tell_organisation(owner_id, word)
    if few:
        tell_of_demands(few)
    _tell_brokers(new)


def tell_of_directions(new: Sequence[Match]) -> None:
    """Enterprises learn what lies in their direction; so do the brokers who know them."""
    by_seeker: dict[int, list[Match]] = defaultdict(list)
    for match in sorted(new, key=lambda m: (-m.score, m.pk)):
        by_seeker[match.seeker_id].append(match)
    best = {found[0].pk for found in by_seeker.values()}
    titles = dict(Match.objects.filter(pk__in=best).values_list("pk", "achievement__title"))
    for seeker_id, found in by_seeker.items():
        title = titles[found[0].pk]
        if len(found) == 1:
            sentence = gettext_noop("与贵单位方向相符的成果：「%(title)s」")
            word = Word("direction", sentence, {"title": title}, url=f"/matches/{found[0].pk}")
        else:
            sentence = gettext_noop("与贵单位方向相符的成果新增 %(count)d 项，例如「%(title)s」")
            word = Word("direction", sentence, {"title": title, "count": len(found)}, url=BY_TAGS)
        messages.tell_organisation(seeker_id, _once(word, f"direction:{found[0].pk}"))
    _tell_brokers(new)


def _once(word: Word, fact: str) -> Word:
    return Word(word.topic, word.sentence, word.params, word.url, word.needs_action, fact)


def _tell_brokers(new: Collection[Match]) -> None:
    """At most one message a day to each brokerage: the list is on its desk."""
    for broker_id in sorted({m.broker_id for m in new if m.broker_id is not None}):
        word = Word(
            "match",
            gettext_noop("您跟进的企业和成果有新推荐，请在「匹配」里看"),
            url=NEW,
            once=f"matches:broker:{broker_id}:{clock.today()}",
        )
        messages.tell_organisation(broker_id, word, Role.BROKER)
