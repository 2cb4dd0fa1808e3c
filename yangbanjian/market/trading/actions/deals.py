"""Deals: from the award of a lot over contract and signatures to the hand-over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.log.requirements import Subject, require_entries
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries, signing
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.actions.deal_payments import await_payment, settle_state
from yangbanjian.market.trading.actions.deal_rows import (
    keep_listing,
    locked_deal,
    move_listing,
    save,
    tell,
    write_to,
)
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.rights import enter_right
from yangbanjian.market.trading.models import Deal, Instalment, Listing, Lot, Registration
from yangbanjian.market.trading.rules import contracts, deal_states, payments

ASSET = "CNY"
TERRITORY = "中华人民共和国境内"


def award(
    *, actor: Actor, lot: Lot, plate: str, price_fen: int, follows: Deal | None = None
) -> Deal:
    """The lot is the plate's at this price: deposits are converted and released in one chain, the
    instalments laid out and waited for. Called with the lot's row locked. Never refuses for what a
    listing says: bidding is over, somebody has won."""
    with acting(actor):
        listing = Listing.objects.select_related("achievement__owner").get(pk=lot.listing_id)
        registrations = list(
            Registration.objects.select_for_update(no_key=True)
            .filter(listing=listing)
            .order_by("pk")
        )
        winner = next(r for r in registrations if r.plate == plate)
        now = clock.now()
        rule = queries.deposit_rule(queries.jurisdiction(listing.achievement))
        days, unit = queries.figure(rule, "sign")
        made = Deal.objects.create(
            lot=lot, listing=listing, achievement_id=listing.achievement_id, registration=winner,
            owner_id=lot.owner_id, buyer_id=winner.owner_id, edition_id=lot.edition_id,
            follows=follows, price_fen=price_fen, deal_mode=listing.deal_mode,
            payment=listing.payment, awarded_at=now, sign_by=queries.day_after(now, days, unit),
        )  # fmt: skip
        made.account = uuid5(NAMESPACE_URL, f"urn:ybj:deal:{made.pk}")
        ledger.open_account(
            actor=actor, key=made.account, owner_id=made.owner_id, code="deal", asset=ASSET,
            is_limited=True,
        )  # fmt: skip
        counted = winner.deposit_fen if winner.hold_id is not None and not winner.outcome else 0
        losers = [r for r in registrations if r.pk != winner.pk and r.state == "qualified"]
        deposits.award_chain(actor=actor, winner=winner, losers=losers, account=made.account)
        _lay_out(made, counted, rule)
        made.contract = _drafted(made, {})
        made.save()
        keep_listing(made)
        tell(
            actor, made, "awarded", audience="public", edition=rule.label, lot=lot.pk,
            price_fen=price_fen, plate=plate, sign_by=made.sign_by.isoformat(),
            follows=follows.pk if follows else None,
        )  # fmt: skip
        won = gettext_noop("「%(title)s」已成交，请在期限内签约。")
        after = gettext_noop("「%(title)s」的竞得人违约，由次高报价者受让，请在期限内签约。")
        write_to(made, after if follows else won, "awarded")
        return made


def _lay_out(deal: Deal, deposit_fen: int, rule: Any) -> None:
    """The instalments and what is waited for at the bank, under a reference each."""
    first, _ = queries.figure(rule, "first_instalment")
    months, _ = queries.figure(rule, "instalment_term")
    parts = payments.plan(
        deal.price_fen, deal.payment, deposit_fen=deposit_fen, first_percent=first,
        most_months=months,
    )  # fmt: skip
    for part in parts:
        row = Instalment(
            deal=deal, owner_id=deal.buyer_id, seq=part.seq, amount_fen=part.amount_fen,
            from_deposit_fen=part.from_deposit_fen, paid_fen=part.from_deposit_fen,
            due_at=_due_at(deal, deal.sign_by, part.months, rule),
        )  # fmt: skip
        await_payment(row, part.open_fen)


def _due_at(deal: Deal, start: datetime, months: int, rule: Any) -> datetime:
    if months:
        return queries.months_later(start, months)
    return queries.day_after(start, *queries.figure(rule, "pay_once"))


def _drafted(deal: Deal, said: Mapping[str, str]) -> dict[str, Any]:
    """The contract's text: what the listing and the result give, the rest as usual or as said."""
    achievement, listing = deal.achievement, deal.listing
    words = payments.KINDS[payments.kind_of(deal.payment)]
    fields = {
        **contracts.USUAL,
        "project": listing.title,
        "content": clean_text(
            listing.abstract or achievement.abstract, cap=contracts.LONGEST_FIELD
        ),
        "price": f"人民币 {deal.price_fen // 100}.{deal.price_fen % 100:02d} 元，{words}，"
        "经交易机构的结算账户支付。",
        "patents": contracts.patents(achievement.rights),
        **said,
    }
    parties = {
        "seller": deal.owner.name, "buyer": deal.buyer.name, "deal_mode": deal.deal_mode,
    }  # fmt: skip
    return contracts.contract(f"HT{deal.pk:06d}", fields, parties)


def draft_contract(
    *, actor: Actor, deal_id: int, fields: Mapping[str, str], other_fen: int | None = None
) -> Deal:
    """Word the clauses that are the parties' own, and say which part of the price is not technical.
    Nobody has signed yet. Raises NotAllowed, Conflict, Invalid."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "owner", "buyer").or_refuse()
        if deal.state != "awarded" or deal.seller_signed_at or deal.buyer_signed_at:
            raise Conflict(
                "deals.contract_stands", gettext_noop("已有一方签字，合同文本不能再改。")
            )
        said = {c["name"]: c["text"] for c in deal.contract.get("clauses", ())}
        for name, text in fields.items():
            if name not in contracts.OPEN_FIELDS:
                sentence = gettext_noop("这一条由成交结果决定，不能自己填写。")
                raise Invalid("deals.invalid", INVALID, [Problem(name, "fixed", sentence)])
            said[name] = clean_text(text, cap=contracts.LONGEST_FIELD)
        if other_fen is not None:
            if not 0 <= other_fen <= deal.price_fen:
                sentence = gettext_noop("非技术性的部分不能小于零，也不能超过成交价。")
                raise Invalid("deals.invalid", INVALID, [Problem("other_fen", "range", sentence)])
            deal.other_fen = other_fen
        deal.contract = _drafted(deal, said)
        save(deal)
        tell(actor, deal, "contract_drafted", contract_sha256=deal.contract["sha256"])
        return deal


def sign(*, actor: Actor, deal_id: int) -> Deal:
    """Sign the contract for the side that the actor speaks for; when both have, the deal is signed
    and the days of payment begin. Signed already by this side: nothing changes."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "owner", "buyer").or_refuse()
        side = "seller" if "owner" in policy.sides_of(actor, deal) else "buyer"
        if getattr(deal, f"{side}_signed_at") is not None:
            return deal
        deal_states.TABLE.advance(deal.state, "sign")
        now = clock.now()
        organisation = deal.owner_id if side == "seller" else deal.buyer_id
        will = signing.Will(
            deal.contract["sha256"], side, organisation, actor.person_id, now.isoformat()
        )
        deal.signatures = {**deal.signatures, side: signing.signing().sign(will)}
        setattr(deal, f"{side}_signed_at", now)
        setattr(deal, f"{side}_signed_by", actor.person_id)
        is_whole = bool(deal.seller_signed_at and deal.buyer_signed_at)
        if is_whole:
            rule = queries.deposit_rule(queries.jurisdiction(deal.achievement))
            with acting(SYSTEM):  # what is to be paid is the house's to write
                redate(deal, now, rule)
            deal.state, deal.signed_at = deal_states.TABLE.advance(deal.state, "sign"), now
        save(deal)
        past = "deal_signed" if is_whole else "contract_signed"
        said = {"side": side, "contract_sha256": deal.contract["sha256"]}
        tell(actor, deal, past, audience="public" if is_whole else "parties", **said)
        if is_whole:
            keep_listing(deal)
            with acting(SYSTEM):
                settle_state(deal)
            write_to(deal, gettext_noop("「%(title)s」合同已签订，请按期付款。"), "signed")
        return deal


def redate(deal: Deal, now: datetime, rule: Any) -> None:
    """Days of payment run from the contract's effect; each keeps its distance in months."""
    first = min(i.due_at for i in queries.instalments(deal))
    for row in queries.instalments(deal):
        months = round((row.due_at - first).days / 30.44)
        row.due_at = _due_at(deal, now, months, rule)
        row.save(update_fields=["due_at"])


def register(*, actor: Actor, deal_id: int, no: str) -> Deal:
    """Enter the number under which the contract registry has the contract (技术合同认定登记)."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "owner", "exchange").or_refuse()
        number = clean_line(no, cap=60)
        if not number:
            sentence = gettext_noop("请填写登记机构给的编号。")
            raise Invalid("deals.invalid", INVALID, [Problem("no", "required", sentence)])
        if deal.state not in ("signed", "paid", "handed_over"):
            raise Conflict("deals.not_signed", gettext_noop("合同双方签字以后才能登记。"))
        if deal.registered_no:
            raise Conflict("deals.registered", gettext_noop("这份合同已经登记过，编号不能再改。"))
        lacks = queries.registry_check(deal).missing
        if lacks:
            raise Conflict(
                "deals.clauses_missing",
                gettext_noop("合同还缺必备条款，补齐后才能登记。"),
                missing=lacks,
            )
        deal.registered_no, deal.registered_at = number, clock.now()
        save(deal)
        tell(actor, deal, "deal_registered", audience="public", no=number)
        return deal


def hand_over(*, actor: Actor, deal_id: int, territory: str = TERRITORY, until: str = "") -> Deal:
    """Deliver: the register of rights gets the transfer or the licence."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "owner", "exchange").or_refuse()
        deal.state = deal_states.TABLE.advance(deal.state, "hand_over")
        require_entries(Subject("deal", deal.pk), process="deal", state="handed_over")
        deal.handed_over_at = clock.now()
        entry = _enter(deal, clean_line(territory, cap=200) or TERRITORY, until)
        save(deal)
        keep_listing(deal)
        tell(actor, deal, "deal_handed_over", audience="public", right_entry=entry)
        return deal


def _enter(deal: Deal, territory: str, until: str) -> int | None:
    """The register's entry; the first one, of what the seller has, where there is none yet. Modes
    that move no right enter nothing."""
    mode, _, licence = deal.deal_mode.partition("_")
    if mode not in ("transfer", "licence", "equity"):
        return None
    said: dict[str, Any] = {"achievement_id": deal.achievement_id, "basis": f"deal:{deal.pk}"}
    if queries.right_of(deal.achievement) is None:
        holders = [{"name": deal.owner.name, "organisation_id": deal.owner_id, "share_bp": 10_000}]
        content = {"title": deal.achievement.title, "holders": holders}
        enter_right(actor=SYSTEM, kind="initial", content=content, **said)
    if mode == "licence":
        content = {
            "licence": licence if licence in ("exclusive", "sole") else "ordinary",
            "to": deal.buyer.name, "territory": territory,
        }  # fmt: skip
        if until:
            content["until"] = until
        return enter_right(actor=SYSTEM, kind="licence", content=content, **said).entry_id
    holders = [{"name": deal.buyer.name, "organisation_id": deal.buyer_id, "share_bp": 10_000}]
    return enter_right(actor=SYSTEM, kind="transfer", content={"holders": holders}, **said).entry_id


def archive(*, actor: Actor, deal_id: int) -> Deal:
    """File a deal that is done."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "exchange", "system").or_refuse()
        deal.state = deal_states.TABLE.advance(deal.state, "archive")
        require_entries(Subject("deal", deal.pk), process="deal", state="archived")
        save(deal)
        keep_listing(deal)
        tell(actor, deal, "deal_archived", audience="public")
        return deal


def certified(deal: Deal) -> None:
    """A certificate stands: the listing follows."""
    move_listing(deal.listing_id, "certify")
    keep_listing(deal)
