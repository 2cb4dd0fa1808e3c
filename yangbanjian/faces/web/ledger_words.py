"""How the books are said: accounts, sides, kinds of transfers, amounts of any asset."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import translated
from yangbanjian.ground.bank import queries as bank
from yangbanjian.ground.ledger import policy
from yangbanjian.ground.ledger.rules.book import Balance
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.amounts import format_fen_full
from yangbanjian.kernel.words import gettext_noop

CODES = {
    "clearing": gettext_noop("清算账户"), "suspense": gettext_noop("暂记账户"),
    "rounding": gettext_noop("尾差账户"), "bank": gettext_noop("银行存款"),
}  # fmt: skip
KINDS = {
    "posted": (gettext_noop("转账"), ""), "pending": (gettext_noop("冻结"), "warn"),
    "post": (gettext_noop("结清"), "ok"), "void": (gettext_noop("解冻"), ""),
    "expire": (gettext_noop("到期解冻"), ""),
}  # fmt: skip


def reader(request: HttpRequest, *, writes: bool = False) -> Actor:
    """Who reads the books, or keeps them where something is written; anybody else is refused."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    (policy.may_keep_books if writes else policy.may_read_books)(actor).or_refuse()
    return actor


def amount(value: int, asset: str) -> str:
    """Yuan with two decimals, or whole units with their asset."""
    if asset == "CNY":
        return format_fen_full(value)
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{abs(value):,} {asset}"


def side(balance: Balance, asset: str) -> str:
    """The posted balance as bookkeepers say it: on which side, and how much."""
    net = balance.credits_posted - balance.debits_posted
    if net == 0:
        return amount(0, asset)
    told = _("贷 %(amount)s") if net > 0 else _("借 %(amount)s")
    return told % {"amount": amount(abs(net), asset)}


def free(balance: Balance, asset: str) -> str:
    """What is not on hold."""
    net = balance.credits_posted - balance.debits_posted - balance.debits_pending
    return amount(net, asset)


def code_name(code: str) -> str:
    return translated(CODES[code]) if code in CODES else code


def account_name(account: Any) -> str:
    """Whose it is and what it is for."""
    if account.owner_id is None:
        return code_name(account.code)
    return f"{account.owner.short_name or account.owner.name} · {code_name(account.code)}"


def account_url(account: Any) -> str:
    return f"/desk/ledger/accounts/{account.key}"


def kind_tag(kind: str) -> dict[str, str]:
    text, tone = KINDS.get(kind, (kind, ""))
    return {"text": translated(text), "tone": tone}


def tabs(actor: Actor, here: str) -> list[dict[str, Any]]:
    """The pages of the books; none for somebody who sees only an account of their own."""
    if not policy.may_read_books(actor).allowed:
        return []
    waiting = bank.unmatched(actor, most=1).count
    places = (
        ("/desk/ledger", _("账户"), 0), ("/desk/ledger/unmatched", _("待对账"), waiting),
        ("/desk/ledger/expected", _("待收付"), 0), ("/desk/ledger/bank", _("银行流水"), 0), 
        ("/desk/ledger/trial-balance", _("试算平衡"), 0),
    )  # fmt: skip
    return [
        {"url": url, "text": text, "count": count, "current": url == here}
        for url, text, count in places
    ]
