"""Reading a diligence room: what an actor is shown of it, the undertaking, who has read what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Listing, Paper, Reading, Undertaking
from yangbanjian.market.trading.queries.listings import own_registration
from yangbanjian.market.trading.rules import papers as rules

UNDERTAKINGS = "undertakings"
MOST_READINGS = 500


@dataclass(frozen=True, slots=True)
class Terms:
    """The undertaking as a person reads it, with its digest and the edition that it is of."""

    text: str
    sha256: str
    edition: Edition


@dataclass(frozen=True, slots=True)
class Given:
    """A paper that was given out. `number` tells readers apart; `who` and `person` are "" for those
    who are not to know yet."""

    paper: Paper
    at: datetime
    sha256: str
    number: int
    who: str
    person: str


def undertaking_terms() -> Terms:
    """What is asked of a reader now. Raises NotFound where the rulebook has no such text."""
    edition = rulebook.rule(UNDERTAKINGS)
    text = rules.text_of(edition.rows)
    return Terms(text, rules.digest(text), edition)


def undertaking_of(actor: Actor, one: Listing) -> Undertaking | None:
    """What this person has undertaken for the organisation that they speak for now."""
    if actor.person_id is None or actor.organisation_id is None:
        return None
    found = Undertaking.objects.filter(
        listing=one, owner_id=actor.organisation_id, made_by=actor.person_id
    )
    return found.select_related("edition").first()


def standing_in(actor: Actor, one: Listing) -> rules.Standing:
    """What the actor is to a listing's room."""
    registration = own_registration(actor, one)
    return rules.Standing(
        registration.state if registration else "", undertaking_of(actor, one) is not None
    )


def papers(actor: Actor, one: Listing) -> list[Paper]:
    """The papers that this actor is shown, by slot, the latest of each first. What is closed to
    them does not exist, not by its name either."""
    standing = standing_in(actor, one)
    found = Paper.objects.filter(listing=one).select_related("listing")
    ordered = found.order_by("slot", "-version")
    return [p for p in ordered if policy.may_read_paper(actor, p, standing).allowed]


def paper(actor: Actor, paper_id: int) -> Paper:
    """One paper; what is closed does not exist."""
    found = Paper.objects.select_related("listing__owner").filter(pk=paper_id).first()
    standing = standing_in(actor, found.listing) if found else rules.Standing()
    if found is None or not policy.may_read_paper(actor, found, standing).allowed:
        raise NotFound("papers.not_found", gettext_noop("没有找到这份材料，或它还没有对您开放。"))
    return found


def closed(actor: Actor, one: Listing) -> Mapping[str, int]:
    """How many papers of each tier are there and not open to this actor: a number, no more. What
    they see of a slot is not its paper where a newer version is closed to them."""
    seen = {(p.slot, p.version) for p in papers(actor, one)}
    is_public = one.published_at is not None
    with acting(SYSTEM):  # whoever thinks of signing up is told how many there would be
        rows = list(
            one.papers.filter(withdrawn_at=None).order_by("slot", "version")
            .values_list("slot", "version", "tier", "since")
        )  # fmt: skip
    # The latest of each slot that buyers are shown, if their tier lets them.
    holds = {
        slot: (version, tier) for slot, version, tier, since in rows
        if rules.is_shown(since, one.version, is_public=is_public)
    }  # fmt: skip
    return Counter(
        tier for slot, (version, tier) in holds.items() if (slot, version) not in seen
    )  # fmt: skip


def waiting_papers(one: Listing) -> int:
    """Papers that count from the next version of a public listing; for those who may see them."""
    if one.published_at is None:
        return 0
    return one.papers.filter(withdrawn_at=None, since__gt=one.version).count()


def readings(actor: Actor, one: Listing, *, most: int = MOST_READINGS) -> list[Given]:
    """What was given out, the latest first, at most `most`: with names for those who may know them,
    else the readers numbered in the order in which they first came."""
    policy.may_see_readings(actor, one).or_refuse()
    is_known = policy.knows_readers(actor, one)
    found = Reading.objects.filter(listing=one)
    with acting(SYSTEM):  # the seller is told what was read when, and by whom not before the end
        rows = list(found.select_related("paper", "owner").order_by("-id")[:most])
        came = found.values_list("owner_id", "made_by").annotate(first=Min("id")).order_by("first")
        numbers = {(owner_id, by): n for n, (owner_id, by, _) in enumerate(came, 1)}
        names = people.names({r.made_by for r in rows}) if is_known else {}
    return [
        Given(
            row.paper, row.made_at, row.sha256, numbers[row.owner_id, row.made_by],
            who=row.owner.name if is_known and row.owner else "",
            person=names.get(row.made_by, ""),
        )
        for row in rows
    ]  # fmt: skip
