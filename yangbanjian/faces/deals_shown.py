"""What pages and API show alike of a deal and of a certificate."""

from __future__ import annotations

from typing import Any

from yangbanjian.faces.web.words import translated
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates import queries as certificate_queries
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.rules import deal_states

_REGISTER = gettext_noop("登记技术合同")
_SETTLE, _SECURE = gettext_noop("结算给转让方"), gettext_noop("登记担保")


def moves_of(actor: Actor, one: Any) -> list[dict[str, Any]]:
    """What this actor may do with a deal now, with what each move asks for."""
    sides = policy.sides_of(actor, one)
    found = [
        {
            "move": m.name,
            "label": translated(m.label),
            "missing": ["reason"] if m.needs_reason else [],
        }
        for m in deal_states.TABLE.moves_from(one.state, set(sides) - {"system"})
        if m.name != "sign" or not _has_signed(sides, one)
    ]
    is_signed = one.state in ("signed", "paid", "handed_over")
    if is_signed and not one.registered_no and {"owner", "exchange"} & set(sides):
        found.append({"move": "register", "label": translated(_REGISTER), "missing": ["no"]})
    if "exchange" in sides and one.state == "signed":
        found.append({"move": "secure", "label": translated(_SECURE), "missing": ["security"]})
    is_paid = one.state in ("paid", "handed_over", "archived") and one.settled_at is None
    if "exchange" in sides and is_paid and actor.person_id != one.settle_proposed_by:
        found.append({"move": "settle", "label": translated(_SETTLE), "missing": []})
    return found


def _has_signed(sides: tuple[str, ...], one: Any) -> bool:
    mine = one.seller_signed_at if "owner" in sides else one.buyer_signed_at
    return mine is not None


def certificate_shown(one: Any) -> dict[str, Any]:
    """A certificate with its standing and its uses."""
    read = credentials.shown(one.credential)
    standing = credentials.status_of(one.credential)
    return {
        "no": one.no, "deal_id": one.deal_id, "url": f"/certificates/{one.no}",
        "title": read.title, "issuer": read.issuer, "notice": read.notice,
        "state": standing.state, "since": standing.since, "reason": standing.reason,
        "fields": {
            k: v
            for k, v in credentials.document_of(one.credential)["credentialSubject"].items()
            if k != "id"
        },
        "rows": [tuple(row) for row in read.rows],
        "status_list": f"/status/{one.credential.status_list_id}",
        "uses": [
            {
                "use": u.use, "label": translated(certificate_queries.use_label("use", u.use)),
                "accepted": u.is_accepted, "lacks": list(u.lacks),
            }
            for u in certificate_queries.uses(one)
        ],
    }  # fmt: skip
