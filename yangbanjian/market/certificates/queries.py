"""Reading certificates: the facts behind one, one by its number, its uses, what differs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates import policy
from yangbanjian.market.certificates.models import Certificate, Dossier
from yangbanjian.market.certificates.rules import form, numbers
from yangbanjian.market.certificates.rules import uses as use_rules
from yangbanjian.market.trading import queries as trading
from yangbanjian.market.trading.models import Deal
from yangbanjian.market.trading.rules import payments

USES = "certificate_uses"


def facts(deal: Deal) -> form.Facts:
    """What is on record about a deal, read now, by the house: whoever has a certificate's number is
    told who takes it, and that follows from rows which are not theirs."""
    with acting(SYSTEM):
        return _facts(deal)


def _facts(deal: Deal) -> form.Facts:
    listing, notice = deal.listing, deal.listing.notice
    rows = trading.plan_of(deal)
    first = rows[0] if rows else None
    right = trading.right_of(deal.achievement)
    licences = [x for x in trading.standing(right).licences if x.get("to") == deal.buyer.name]
    duties = trading.duties(deal.achievement)
    objections = sum(trading.objection_counts(notice.pk).values()) if notice else 0
    return form.Facts(
        deal_id=deal.pk, listing_id=listing.pk, state=deal.state,
        is_signed=deal.signed_at is not None, price_fen=deal.price_fen,
        paid_fen=sum(i.paid_fen for i in rows), received_fen=trading.received_fen(deal),
        first_fen=first.amount_fen if first else 0, first_paid_fen=first.paid_fen if first else 0,
        has_security=bool(deal.security), has_notice=notice is not None,
        is_notice_over=notice is not None and notice.state == "ended",
        duties_missing=trading.missing(deal.achievement, listing), subject=listing.title, seller=deal.owner.name,
        buyer=deal.buyer.name, deal_mode=deal.deal_mode,
        deal_mode_label=_label("deal_modes", deal.deal_mode), method=deal.lot.method,
        payment=payments.kind_of(deal.payment), bids=deal.lot.bids.count(),
        signed_on=_day(deal.signed_at), notice_from=_day(notice.opened_at) if notice else None,
        notice_to=_day(notice.closes_at) if notice else None, objections=objections,
        has_price_basis=any(
            d.duty == "price_basis" and d.verdict == "met" for d in duties.items
        ),
        patents=[_patent(r) for r in deal.achievement.rights],
        territory=licences[-1].get("territory", "") if licences else "",
        until=licences[-1].get("until", "") if licences else "",
        register_no=right.no if right else "", contract_no=deal.registered_no,
        contract_sha256=deal.contract.get("sha256", ""),
    )  # fmt: skip


def _label(table: str, code: str) -> str:
    rows = codes.table(table).codes
    return rows[code].label_zh if code in rows else code


def _patent(row: dict[str, Any]) -> str:
    return " ".join(str(row.get(n) or "") for n in ("number", "title")).strip()


def _day(at: datetime | None) -> date | None:
    return at.astimezone(clock.site_zone()).date() if at else None


def live(deal: Deal) -> Certificate | None:
    """The one that holds."""
    found = Certificate.objects.select_related("credential", "deal")
    return found.filter(deal=deal, revoked_at=None).first()


def of_deal(deal: Deal) -> QuerySet[Certificate]:
    """All that there have been, the newest first."""
    return Certificate.objects.select_related("credential").filter(deal=deal).order_by("-id")


def certificate(no: str) -> Certificate:
    """The certificate with this number, as it was typed. Raises NotFound, also for a mistyped one:
    the check character says so before anybody looks."""
    tidy = numbers.read(no[:80])
    if not tidy:
        raise NotFound(
            "certificates.mistyped", gettext_noop("编号有误，请对照凭证逐位核对，或扫描二维码。")
        )
    with acting(SYSTEM):  # also where notice or achievement are no longer shown
        found = Certificate.objects.select_related(
            "credential", "deal__owner", "deal__buyer", "deal__listing__notice", "deal__lot",
            "deal__achievement__owner",
        ).filter(no=tidy).first()  # fmt: skip
    if found is None:
        raise NotFound("certificates.none", gettext_noop("没有这份凭证，请核对编号。"))
    return found


def uses(one: Certificate) -> list[use_rules.Use]:
    """Who takes this certificate as it stands now, and what others still wait for."""
    known = facts(one.deal)
    said = {
        "valid": credentials.status_of(one.credential).state == "valid",
        "paid_in_full": known.paid_fen >= known.price_fen,
        "registered": bool(one.deal.registered_no),
        "handed_over": one.deal.handed_over_at is not None,
    }
    return use_rules.uses(rulebook.rule(USES).rows, said)


def read_for(one: Certificate, use: str) -> dict[str, Any]:
    """What a reader gets: contract registry, reward payout, voucher claim. `accepted`, what is
    lacking, and the fields that this use needs. Raises NotFound for another use."""
    found = next((u for u in uses(one) if u.use == use), None)
    if found is None or use not in use_rules.READS:
        raise NotFound(
            "certificates.no_use", gettext_noop("没有「%(use)s」这种用途。"), use=use[:40]
        )
    subject = credentials.document_of(one.credential)["credentialSubject"]
    return {
        "use": use, "accepted": found.is_accepted, "lacks": list(found.lacks),
        "fields": {name: subject[name] for name in use_rules.READS[use]},
    }  # fmt: skip


def use_label(column: str, code: str) -> str:
    """What a use, or what it needs, is called, by the table's own columns."""
    return rulebook.shape(USES).column(column).choices[code]


def differing_now(one: Certificate) -> tuple[str, ...]:
    """Fixed values that the rows no longer give, and `received` where the ledger has less than the
    certificate says (C4)."""
    known = facts(one.deal)
    subject = credentials.document_of(one.credential)["credentialSubject"]
    wrong = list(form.differing(subject, form.values(known, one.no)))
    if _fen(subject["received"]) > known.received_fen:
        wrong.append("received")
    return tuple(wrong)


def _fen(text: str) -> int:
    return int(text.lstrip("¥").replace(",", "").replace(".", ""))


def to_check(today: date, most: int) -> list[int]:
    """Live certificates that have not been checked today."""
    found = Certificate.objects.filter(revoked_at=None).exclude(checked_on=today)
    return list(found.order_by("pk").values_list("pk", flat=True)[:most])


def found_differing() -> list[str]:
    """Numbers of live certificates that the last check found to differ; at most 100."""
    found = Certificate.objects.filter(revoked_at=None).exclude(differs=[])
    return list(found.order_by("pk").values_list("no", flat=True)[:100])


def dossier(actor: Actor, dossier_id: int) -> Dossier:
    """A dossier that this actor may have; another does not exist."""
    found = Dossier.objects.select_related("deal__listing").filter(pk=dossier_id).first()
    if found is None or not policy.may_dossier(actor, found.deal).allowed:
        raise NotFound("jobs.not_found", gettext_noop("没有这个任务，请核对编号。"))
    return found


def under_way(most: int) -> list[int]:
    """Dossiers that are not done yet."""
    found = Dossier.objects.filter(state__in=["queued", "recorded"])
    return list(found.order_by("pk").values_list("pk", flat=True)[:most])
