"""A listing until the public sees it: drafted, handed in, returned, accepted, published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import holders, lots
from yangbanjian.market.trading.actions.decisions import INVALID, fact, locked
from yangbanjian.market.trading.models import Listing, Lot, PublicNotice
from yangbanjian.market.trading.rules import listings as rules
from yangbanjian.market.trading.rules import periods
from yangbanjian.market.trading.rules.deposits import FORFEITURES
from yangbanjian.market.trading.rules.listing_states import TABLE
from yangbanjian.market.trading.rules.lots import Method

OVER = ("archived", "relisted", "withdrawn", "ended")
# What a listing says, in the words of its columns; `days` and `unit` beside them.
SAID = (
    "deal_mode", "method", "start_fen", "step_fen", "floor_fen", "deposit_fen", "free_s", "cycle_s",
    "hard_close_s", "priority_s", "shows_losing", "ladder", "commission", "payment", "forfeitures",
    "conditions",
)  # fmt: skip


def draft_listing(
    *, actor: Actor, achievement_id: int, values: Mapping[str, Any], notice_id: int | None = None
) -> Listing:
    """A draft, with its lot laid out. `values`: method, start_fen, and where they differ from the
    rulebook's: deal_mode, step_fen, floor_fen (Dutch), reserve_fen (never told), deposit_fen, days
    and unit of the disclosure, free_s, cycle_s, hard_close_s, priority_s, shows_losing, ladder,
    commission, payment, forfeitures, conditions."""
    with acting(actor):
        record = locked(actor, achievement_id)
        policy.may_prepare(actor, record.owner_id).or_refuse()
        if Listing.objects.filter(achievement=record).exclude(state__in=OVER).exists():
            raise Conflict(
                "listings.one_at_a_time",
                gettext_noop("这项成果已有一项挂牌在办，请变更或撤回它，不用另起一项。"),
            )
        made = Listing(
            achievement=record, owner_id=record.owner_id, made_by=actor.person_id,
            made_at=clock.now(), notice=_notice(record, notice_id),
        )  # fmt: skip
        reserve = values.get("reserve_fen")
        say(made, record, _with_defaults(made, record, values), reserve_fen=reserve)
        made.save()
        lots.lay_out(actor=actor, listing=made, reserve_fen=reserve)
        tell(actor, made, "listing_drafted", audience="parties")
        return made


def _notice(record: Achievement, notice_id: int | None) -> PublicNotice | None:
    if notice_id is None:
        return None
    found = PublicNotice.objects.filter(pk=notice_id, achievement=record).first()
    if found is None or found.state in ("withdrawn", "stopped"):
        sentence = gettext_noop("请选这项成果自己的、没有撤回或终止的公示。")
        raise Invalid("listings.invalid", INVALID, [Problem("notice_id", "unknown", sentence)])
    return found


def _with_defaults(
    one: Listing, record: Achievement, values: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """What a listing says; what it does not say is as the rulebook or the notice has it."""
    said = {k: v for k, v in values.items() if v is not None}
    figures = queries.figures(record)
    method, start = said.get("method"), said.get("start_fen") or 0
    is_timed = method != Method.SEALED
    usual: dict[str, Any] = {
        "deal_mode": one.notice.deal_mode if one.notice else next(iter(record.modes), "transfer"),
        "free_s": figures.free_s if is_timed else figures.hard_close_s,
        "cycle_s": figures.cycle_s, "priority_s": figures.priority_s, "floor_fen": None,
        "step_fen": max(start // 100, 1) if method == Method.NEGOTIATED else 0, "deposit_fen": 0,
        "shows_losing": True, "ladder": [], "commission": [], "payment": {"kind": "once"},
        "forfeitures": [f.code for f in FORFEITURES], "conditions": "", "days": None, "unit": None,
    }  # fmt: skip
    said = {**usual, **said}
    least = int(said["free_s"]) + int(said["cycle_s"])
    said.setdefault("hard_close_s", max(figures.hard_close_s, least))
    return said


def say(
    one: Listing, record: Achievement, said: Mapping[str, Any], *, reserve_fen: int | None
) -> None:  # fmt: skip
    """Put into a listing what it says now, under the edition that holds now, or refuse with every
    problem at once."""
    now, problems = clock.now(), list[Problem]()
    if said["deal_mode"] not in codes.table("deal_modes"):
        sentence = gettext_noop("请选合作方式，如转让、许可。")
        problems.append(Problem("deal_mode", "unknown", sentence))
    if said.get("method") not in list(Method):
        sentence = gettext_noop("报价方式选多次、动态、一次、降价或协议。")
        raise Invalid(
            "listings.invalid", INVALID, [*problems, Problem("method", "unknown", sentence)]
        )
    if not isinstance(said.get("start_fen"), int):
        sentence = gettext_noop("请填写起始价。")
        raise Invalid(
            "listings.invalid", INVALID, [*problems, Problem("start_fen", "required", sentence)]
        )
    for name in SAID:
        setattr(one, name, said[name])
    one.conditions = clean_text(str(said["conditions"]), cap=5000)
    figures, cap = queries.figures(record), queries.deposit_figure(record, "deposit_cap")[0]
    offer = queries.offer(one, reserve_fen)
    problems += rules.problems_of(offer, figures, deposit_cap_percent=cap, at=now)
    if not problems:
        problems += rules.problems_of_ladder(
            offer, one.ladder, figures, deposit_cap_percent=cap, at=now
        )
    problems += rules.problems_of_commission(
        one.commission, cap_permille=figures.commission_permille
    )
    problems += _unknown_payees(one.commission)
    problems += rules.problems_of_rest(one.payment, one.forfeitures)
    shortest = queries.shortest(record, Method(one.method))
    span = periods.asked_span(
        said["days"], said["unit"], shortest, clock.calendar(), clock.today()
    )  # fmt: skip
    if isinstance(span, Problem):
        raise Invalid("listings.invalid", INVALID, [*problems, span])
    if problems:
        raise Invalid("listings.invalid", INVALID, problems)
    one.edition = queries.disclosure_rule(record)
    one.days, one.unit, one.first_day = span.days, span.unit, span.first_day
    one.title, one.abstract = record.title, record.abstract


def _unknown_payees(shares: list[dict[str, Any]]) -> list[Problem]:
    known = {s["organisation_id"] for s in shares if people.organisation(s["organisation_id"])}
    if len(known) == len(shares):
        return []
    sentence = gettext_noop("佣金里有的单位不存在，请核对单位编号。")
    return [Problem("commission", "unknown", sentence)]


def revise_listing(*, actor: Actor, listing_id: int, values: Mapping[str, Any]) -> Listing:
    """Change a draft, or one that was returned; what is not given stays."""
    with acting(actor):
        one = owned(actor, listing_id)
        if one.state not in ("draft", "returned"):
            raise Conflict(
                "listings.handed_in",
                gettext_noop("已经提交，不能直接改；请等退回补正，或请交易机构变更。"),
            )
        apply(actor, one, values)
        one.save()
        tell(actor, one, "listing_revised", audience="parties")
        return one


def apply(actor: Actor, one: Listing, values: Mapping[str, Any]) -> None:
    """What a listing says with these values changed; its waiting lot is laid out again."""
    given = {name: value for name, value in values.items() if value is not None}
    before = {name: getattr(one, name) for name in SAID}
    reserve = given.get("reserve_fen", queries.reserve_of(one))
    span = {"days": one.days, "unit": one.unit}
    if "method" in given and given["method"] != one.method:
        span = {"days": None, "unit": None}  # another way of selling, another least period
    say(one, one.achievement, {**before, **span, **given}, reserve_fen=reserve)
    lots.lay_out(actor=actor, listing=one, reserve_fen=reserve)


def submit_listing(*, actor: Actor, listing_id: int) -> Listing:
    """Hand a listing in. Refuses, naming them, while duties are not met."""
    with acting(actor):
        one = owned(actor, listing_id)
        one.state = TABLE.advance(one.state, "submit")
        _refuse_gaps(one)
        one.save()
        lacks = list(queries.duties(one.achievement).missing)
        tell(actor, one, "listing_submitted", audience="parties", lacks=lacks)
        word = Word(
            "trading", gettext_noop("「%(title)s」申请挂牌，请核对。"), {"title": one.title},
            f"/listings/{one.pk}", needs_action=True, once=f"listing.submitted.{one.pk}.{_turn(one)}",
        )  # fmt: skip
        messages.tell_role(Role.EXCHANGE, word)
        return one


def _turn(one: Listing) -> int:
    """How often it has been handed in: each time is news."""
    return len(queries.entries_about("listing", one.pk))


def _refuse_gaps(one: Listing) -> None:
    lacks = queries.missing(one.achievement, one)
    if lacks:
        raise Conflict(
            "listings.duties_missing",
            gettext_noop("尽责清单还缺 %(count)d 项，补齐后再办。清单里写明了每一项轮到谁。"),
            count=len(lacks), missing=lacks,
        )  # fmt: skip


def return_listing(*, actor: Actor, listing_id: int, reason: str) -> Listing:
    """Give a listing back to be mended, with the reason."""
    with acting(actor):
        one = _looked_at(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        why = needed_reason(reason)
        one.state = TABLE.advance(one.state, "return")
        one.save()
        tell(actor, one, "listing_returned", audience="parties", remark=why)
        word = Word(
            "trading", gettext_noop("「%(title)s」的挂牌申请退回补正，请查看原因。"),
            {"title": one.title}, f"/listings/{one.pk}", needs_action=True,
            once=f"listing.returned.{one.pk}.{_turn(one)}",
        )  # fmt: skip
        messages.tell_organisation(one.owner_id, word, Role.TTO, Role.ENTERPRISE)
        return one


def accept_listing(*, actor: Actor, listing_id: int) -> Listing:
    """Accept a listing; another person's acceptance of an accepted one confirms it."""
    with acting(actor):
        one = _looked_at(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        if one.state == "accepted":
            policy.may_confirm(actor, one).or_refuse()
            if one.confirmed_by is not None:
                return one
            one.confirmed_by = actor.person_id
            past = "listing_confirmed"
        else:
            one.state = TABLE.advance(one.state, "accept")
            one.accepted_by, one.accepted_at = actor.person_id, clock.now()
            past = "listing_accepted"
        one.save()
        tell(actor, one, past, audience="parties")
        return one


def publish_listing(*, actor: Actor, listing_id: int) -> Listing:
    """Make a listing public: its disclosure begins, under the edition of today. The second of two
    persons of the exchange does this, or any after two have accepted."""
    with acting(actor):
        one = _looked_at(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        state = TABLE.advance(one.state, "publish")
        policy.may_publish(actor, one).or_refuse()
        _refuse_gaps(one)
        one.state, one.published_by = state, actor.person_id
        one.edition = queries.disclosure_rule(one.achievement)
        begin_disclosure(actor, one)
        one.save()
        tell(actor, one, "listing_published")
        word = Word(
            "trading", gettext_noop("「%(title)s」已发布挂牌。"), {"title": one.title},
            f"/listings/{one.pk}", once=f"listing.published.{one.pk}",
        )  # fmt: skip
        messages.tell_organisation(one.owner_id, word, Role.TTO, Role.ENTERPRISE)
        return one


def begin_disclosure(actor: Actor, one: Listing, *, is_extension: bool = False) -> None:
    """The disclosure runs from now; a dynamic lot opens with it, its free period being the
    disclosure's. An extension may be shorter than the first disclosure had to be."""
    now = clock.now()
    one.published_at, one.paused_at = now, None
    ends = queries.closing(one, now)
    one.disclosure_ends_at = ends if is_extension else queries.discloses_until(one, now)
    if one.method == Method.SEALED:
        holders.call_for_keys(one, queries.lot_of(one))
    if one.method == Method.DYNAMIC:
        lot = queries.lot_of(one)
        free = int((one.disclosure_ends_at - now).total_seconds())
        lot.hard_close_s = free + one.hard_close_s - one.free_s
        lot.free_s, lot.needs_free_bid = free, True
        lot.save()
        lots.open_lot(actor=actor, listing=one, opens_at=now)


def needed_reason(reason: str) -> str:
    """The reason as it is kept; refuses where there is none."""
    why = clean_text(reason, cap=1000)
    if not why:
        sentence = gettext_noop("请写明原因。")
        raise Invalid("listings.invalid", INVALID, [Problem("reason", "required", sentence)])
    return why


def locked_listing(listing_id: int) -> Listing:
    """The listing with its row locked to the end of the transaction. The house locks: a buyer signs
    up for what they may see and not change."""
    found = Listing.objects.select_for_update(of=("self",), no_key=True)
    with acting(SYSTEM):
        return found.select_related("achievement__owner", "edition", "notice").get(pk=listing_id)


def looked_at_listing(actor: Actor, listing_id: int) -> Listing:
    """The listing as it is before a move, locked to the end of the request: one of two wins."""
    return _looked_at(actor, listing_id)


def _looked_at(actor: Actor, listing_id: int) -> Listing:
    queries.listing(actor, listing_id)
    return locked_listing(listing_id)


def owned(actor: Actor, listing_id: int) -> Listing:
    """The listing, locked, for those who speak for its seller."""
    one = _looked_at(actor, listing_id)
    policy.may_prepare(actor, one.owner_id).or_refuse()
    return one


def waiting_lot(one: Listing) -> Lot | None:
    """The round's lot where it has not been opened, locked by the house, which writes it."""
    found = Lot.objects.select_for_update(no_key=True)
    with acting(SYSTEM):
        return found.filter(listing=one, round=one.round, state="waiting").first()


def tell(
    actor: Actor, one: Listing, past: str, *, audience: journal.Reader = "public",
    remark: str = "", **more: Any,
) -> None:  # fmt: skip
    """What the journal keeps of a listing; never the reserve, nor who has registered."""
    payload = {
        "state": one.state, "version": one.version, "round": one.round, "method": one.method,
        "start_fen": one.start_fen, "deposit_fen": one.deposit_fen, "days": one.days,
        "unit": one.unit,
        "disclosure_ends_at": one.disclosure_ends_at.isoformat() if one.disclosure_ends_at else None,
        **more,
    }  # fmt: skip
    told = fact(
        one, past, "listing", payload, edition=one.edition.label, audience=audience, remark=remark
    )
    journal.record(actor=actor, fact=told)
