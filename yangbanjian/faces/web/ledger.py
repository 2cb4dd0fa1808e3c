"""The books, for the treasurer and those who check: accounts, statements, transfers, trial balance.

An account's statement may be read by its owner too; everything else by those who read the books.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.faces.sheets import ledgers
from yangbanjian.faces.web import ledger_words as told
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.operator_log import address_of
from yangbanjian.faces.web.words import of_refusal
from yangbanjian.ground.bank import queries as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger import policy, queries
from yangbanjian.ground.ledger.rules.book import Balance
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

SIZE, STATEMENT_SIZE = 20, 50
LONGEST_SEQ = 18


def asked_seq(request: HttpRequest) -> tuple[int | None, int | None, str]:
    """(number asked for, number to be read at, what is wrong with what was asked)."""
    typed = request.GET.get("at_seq", "").strip()
    if not typed:
        return None, None, ""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_SEQ):
        return None, None, _("序号请填数字，已按现在显示。")
    try:
        return int(typed), queries.past(int(typed)), ""
    except (Invalid, Conflict) as refusal:
        return None, None, of_refusal(refusal)


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """/desk/ledger: the accounts, filtered, with their balances now or at a number."""
    actor = told.reader(request)
    asked = {
        "q": clean_line(request.GET.get("q", ""), cap=80),
        "asset": request.GET.get("asset", "")[:64],
        "kind": request.GET.get("kind", "") if request.GET.get("kind") in ("house", "limited") else "",
        "at_seq": request.GET.get("at_seq", "")[:LONGEST_SEQ],
    }  # fmt: skip
    _typed, seq, wrong = asked_seq(request)
    found = queries.accounts(actor, asked=asked["q"], asset=asked["asset"], kind=asked["kind"])
    page = page_of(request)
    rows = [_account_row(one, seq) for one in found[(page - 1) * SIZE : page * SIZE]]
    waiting = bank.unmatched(actor, most=1)
    context = {
        "rows": rows, "asked": asked, "assets": queries.assets(), "seq": seq, "wrong": wrong,
        "waiting": waiting, "waiting_sum": told.amount(waiting.sum, "CNY"),
        "is_even": waiting.sum == waiting.suspense_balance,
        "last_seq": queries.settled_seq(), "count": found.count(), "page": page, "size": SIZE,
        "tabs": told.tabs(actor, "/desk/ledger"), "page_title": _("账务"), "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/accounts.html", context, status=422 if wrong else 200)


def _account_row(one: Any, seq: int | None) -> dict[str, Any]:
    balance = queries.kept(one) if seq is None else queries.balance(one, seq)[1]
    query = "" if seq is None else f"?at_seq={seq}"
    return {
        "name": told.account_name(one), "url": told.account_url(one) + query, "asset": one.asset,
        "is_limited": one.is_limited, "side": told.side(balance, one.asset),
        "held": told.amount(balance.debits_pending, one.asset) if balance.debits_pending else "",
        "coming": told.amount(balance.credits_pending, one.asset) if balance.credits_pending else "",
    }  # fmt: skip


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _span(request: HttpRequest) -> tuple[dict[str, str], datetime | None, datetime | None, str]:
    """(as typed, since, before, what is wrong)."""
    typed = {name: request.GET.get(name, "").strip()[:10] for name in ("since", "until")}
    days = {name: _day(text) for name, text in typed.items()}
    if any(text and days[name] is None for name, text in typed.items()):
        return typed, None, None, _("日期请写成 2026-11-22，已略过这个条件。")
    zone, since, until = clock.site_zone(), days["since"], days["until"]
    begin = datetime(since.year, since.month, since.day, tzinfo=zone) if since else None
    if until is None or until.year > 9000:
        return typed, begin, None, ""
    end = datetime(until.year, until.month, until.day, tzinfo=zone) + timedelta(days=1)
    return typed, begin, end, ""


@require_safe
def account(request: HttpRequest, key: UUID) -> HttpResponse:
    """/desk/ledger/accounts/KEY: its statement, a page at a time, with the running balance."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    one = queries.account(actor, key)
    _typed, seq, wrong = asked_seq(request)
    typed, since, until, wrong_day = _span(request)
    at, balance = queries.balance(one, seq)
    found = queries.statement(one, to_seq=at, since=since, until=until)
    page, count = page_of(request), found.count()
    rows = list(found[(page - 1) * STATEMENT_SIZE : page * STATEMENT_SIZE])
    query = request.GET.copy()
    query.pop("page", None)
    reads_all = policy.may_read_books(actor).allowed
    context = {
        "one": one, "name": told.account_name(one), "seq": seq, "at": at, "asked": typed,
        "typed_seq": request.GET.get("at_seq", "")[:LONGEST_SEQ],
        "wrong": [text for text in (wrong, wrong_day) if text], "facts": _facts(one, balance),
        "side": told.side(balance, one.asset), "free": told.free(balance, one.asset),
        "held": told.amount(balance.debits_pending, one.asset),
        "coming": told.amount(balance.credits_pending, one.asset),
        "rows": list(_lines(one, rows, reads_all)), "count": count, "page": page,
        "size": STATEMENT_SIZE, "query": query.urlencode(), "reads_all": reads_all,
        "tabs": told.tabs(actor, ""), "page_title": told.account_name(one), "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/account.html", context, status=422 if context["wrong"] else 200)


def _facts(one: Any, balance: Balance) -> list[dict[str, Any]]:
    limit = _("不能透支") if one.is_limited else _("不限")
    return [
        {"term": _("归属"), "text": one.owner.name if one.owner else _("本站")},
        {"term": _("科目"), "text": told.code_name(one.code)},
        {"term": _("单位"), "text": _("人民币（元）") if one.asset == "CNY" else one.asset},
        {"term": _("限额"), "text": limit},
        {"term": _("借方累计"), "text": told.amount(balance.debits_posted, one.asset)},
        {"term": _("贷方累计"), "text": told.amount(balance.credits_posted, one.asset)},
        {"term": _("账户编号"), "text": str(one.key), "mono": True},
    ]


def _lines(one: Any, rows: list[Any], reads_all: bool) -> Iterator[dict[str, Any]]:
    """Transfers as lines of the account's statement; the other side is for those who read all."""
    running = queries.before(one, rows[0].seq) if rows else Balance()
    others = queries.other_sides(one, rows) if reads_all else {}
    for row in rows:
        is_debit = row.debit_id == one.pk
        running = running.after(
            is_debit=is_debit, posted=row.posted_change, pending=row.pending_change
        )
        other = others.get(row.credit_id if is_debit else row.debit_id)
        moved = told.amount(row.posted_change, one.asset) if row.posted_change else ""
        yield {
            "seq": row.seq, "at": row.at_business, "day": row.effective_on, "row": row,
            "url": f"/desk/ledger/transfers/{row.pk}" if other else "",
            "other": told.account_name(other) if other else "",
            "other_url": told.account_url(other) if other else "",
            "debit": moved if is_debit else "", "credit": "" if is_debit else moved,
            "held": told.amount(row.pending_change, one.asset) if row.pending_change else "",
            "tag": told.kind_tag(row.kind), "cause": row.cause, "running": running,
            "balance": told.side(running, one.asset),
        }  # fmt: skip


@require_safe
def account_sheet(request: HttpRequest, key: UUID, form: str) -> HttpResponse:
    """The statement as filtered, as .xlsx or .csv; at most MOST_ROWS transfers."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    one = queries.account(actor, key)
    _typed, seq, _wrong = asked_seq(request)
    _days, since, until, _wrong_day = _span(request)
    at, _balance = queries.balance(one, seq)
    found = queries.statement(one, to_seq=at, since=since, until=until)
    reads_all = policy.may_read_books(actor).allowed
    headings = [
        _("序号"), _("业务日期"), _("记账时间"), _("类型"), _("事由"), _("对方账户"), _("借方"), _("贷方"),
        _("冻结变动"), _("余额（贷减借）"), _("转账编号"),
    ]  # fmt: skip
    zone = clock.site_zone()

    def rows() -> Iterator[list[ledgers.Cell]]:
        for line in _lines(one, list(found[: ledgers.MOST_ROWS]), reads_all):
            row, running = line["row"], line["running"]
            is_debit = row.debit_id == one.pk
            posted = ledgers.yuan(row.posted_change, one.asset)
            net = running.credits_posted - running.debits_posted
            yield [
                row.seq, row.effective_on.isoformat(),
                row.at_business.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"), line["tag"]["text"],
                row.cause, line["other"], posted if is_debit else "", "" if is_debit else posted,
                ledgers.yuan(row.pending_change, one.asset), ledgers.yuan(net, one.asset),
                str(row.pk),
            ]  # fmt: skip

    return _download(ledgers.written(form, _("对账单"), headings, rows()), f"account-{key}", form)


def _download(content: bytes, name: str, form: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=ledgers.FORMATS[form])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
def transfer(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """/desk/ledger/transfers/ID: what it moved, its chain, what it was for, who posted it."""
    actor = told.reader(request)
    one = queries.transfer(transfer_id)
    if one is None:
        raise NotFound("ledger.no_transfer", gettext_noop("没有这笔转账，请核对编号。"))
    queries.refuse_what_is_kept(actor, one)
    chain = [_transfer_row(row, one.pk) for row in queries.chained(one)]
    hold = queries.transfer(one.hold_id) if one.hold_id else None
    resolution = queries.resolution_of(one) if one.kind == "pending" else None
    corrected = queries.transfer(one.corrects_id) if one.corrects_id else None
    related = [
        (_("结清或解冻的冻结"), hold), (_("后来由它结清或解冻"), resolution), (_("更正的转账"), corrected),
        *((_("后来更正它的转账"), row) for row in queries.corrections_of(one)[:SIZE]),
    ]  # fmt: skip
    context = {
        "one": one, "tag": told.kind_tag(one.kind), "amount": told.amount(one.amount, one.asset),
        "facts": _transfer_facts(one), "chain": chain, "line": bank.line_behind(one),
        "related": [
            {"text": text, "url": f"/desk/ledger/transfers/{row.pk}", "seq": row.seq,
             "amount": told.amount(row.amount, row.asset), "tag": told.kind_tag(row.kind)}
            for text, row in related if row is not None
        ],
        "cause": _cause(one.cause), "entry": _entry(actor, one), "tabs": told.tabs(actor, ""),
        "page_title": _("转账 %(seq)s") % {"seq": one.seq}, "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/transfer.html", context)


def _transfer_row(row: Any, own: UUID) -> dict[str, Any]:
    return {
        "seq": row.seq, "url": f"/desk/ledger/transfers/{row.pk}", "is_this": row.pk == own,
        "debit": told.account_name(row.debit), "debit_url": told.account_url(row.debit),
        "credit": told.account_name(row.credit), "credit_url": told.account_url(row.credit),
        "amount": told.amount(row.amount, row.asset), "tag": told.kind_tag(row.kind),
    }  # fmt: skip


def _transfer_facts(one: Any) -> list[dict[str, Any]]:
    zone = clock.site_zone()
    moment = "%Y-%m-%d %H:%M:%S"
    facts = [
        {"term": _("业务日期"), "text": one.effective_on.isoformat()},
        {"term": _("业务时间"), "text": one.at_business.astimezone(zone).strftime(moment)},
        {"term": _("记录时间"), "text": one.at_recorded.astimezone(zone).strftime(moment)},
        {"term": _("到期"), "text": one.expires_at.astimezone(zone).strftime(moment) if one.expires_at else ""},
        {"term": _("转账编号"), "text": str(one.pk), "mono": True},
        {"term": _("内容摘要"), "text": bytes(one.payload_sha256).hex()[:16] + "…", "mono": True},
    ]  # fmt: skip
    return [fact for fact in facts if fact["text"]]


def _cause(text: str) -> dict[str, str]:
    """What a transfer was for, with the page of the thing where it names one (`kind:number`)."""
    kind, _mark, number = text.partition(":")
    is_one = number.isascii() and number.isdigit() and len(number) < 19
    named = type("Named", (), {"subject_kind": kind, "subject_id": int(number) if is_one else 0})
    return {"text": text, "url": address_of(named)}


def _entry(actor: Actor, one: Any) -> dict[str, Any] | None:
    """The entry of the batch: who posted it and how many with it."""
    found = queries.entry_of(one)
    if found is None:
        return None
    person = people.person(found.person_id) if found.person_id else None
    proves = actor.has_any(Role.OPERATOR, Role.AUDITOR)
    return {
        "id": found.pk, "at": found.at_business, "count": found.payload.get("count", 1),
        "who": person.display_name if person else _("系统"),
        "url": f"/log/entries/{found.pk}" if proves else "",
    }  # fmt: skip


@require_safe
def trial_balance(request: HttpRequest) -> HttpResponse:
    """/desk/ledger/trial-balance: do the books add up, now or at a number of the past?"""
    actor = told.reader(request)
    _typed, seq, wrong = asked_seq(request)
    at, found = queries.trial_balance(actor, seq)
    rows = [
        {
            "asset": line.asset, "is_even": _is_even(line.balance),
            **{name: told.amount(getattr(line.balance, name), line.asset) for name in SUMS},
        }
        for line in found
    ]  # fmt: skip
    codes = [
        {
            "asset": line.asset, "name": told.code_name(line.code), "accounts": line.accounts,
            "is_house": line.is_house, "side": told.side(line.balance, line.asset),
            **{name: told.amount(getattr(line.balance, name), line.asset) for name in SUMS},
        }
        for line in queries.trial_balance_by_code(actor, at)
    ]  # fmt: skip
    context = {
        "rows": rows, "codes": codes, "at": at, "seq": seq, "wrong": wrong,
        "typed_seq": request.GET.get("at_seq", "")[:LONGEST_SEQ],
        "is_even": all(row["is_even"] for row in rows),
        "tabs": told.tabs(actor, "/desk/ledger/trial-balance"), "page_title": _("试算平衡"),
        "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/trial_balance.html", context, status=422 if wrong else 200)


SUMS = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")


def _is_even(balance: Balance) -> bool:
    return (
        balance.debits_posted == balance.credits_posted
        and balance.debits_pending == balance.credits_pending
    )


@require_safe
def trial_balance_sheet(request: HttpRequest, form: str) -> HttpResponse:
    """The trial balance by code, as .xlsx or .csv."""
    actor = told.reader(request)
    _typed, seq, _wrong = asked_seq(request)
    at, found = queries.trial_balance(actor, seq)
    headings = [
        _("单位"), _("科目"), _("账户数"), _("借方"), _("贷方"), _("冻结借方"), _("冻结贷方"), _("余额（贷减借）"),
        _("截至序号"),
    ]  # fmt: skip

    def cells(name: str, count: int, asset: str, balance: Balance) -> list[ledgers.Cell]:
        net = balance.credits_posted - balance.debits_posted
        sums = [ledgers.yuan(getattr(balance, sum_), asset) for sum_ in SUMS]
        return [asset, name, count, *sums, ledgers.yuan(net, asset), at]

    by_code = queries.trial_balance_by_code(actor, at)
    rows = [cells(told.code_name(o.code), o.accounts, o.asset, o.balance) for o in by_code]
    for line in found:
        total = sum(o.accounts for o in by_code if o.asset == line.asset)
        rows.append(cells(_("合计"), total, line.asset, line.balance))
    content = ledgers.written(form, _("试算平衡"), headings, rows)
    return _download(content, f"trial-balance-{at}", form)


HERE = "desk/ledger"
urls: list[URLPattern] = [
    path(HERE, accounts, name="ledger"),
    path(f"{HERE}/accounts/<uuid:key>", account),
    path(f"{HERE}/transfers/<uuid:transfer_id>", transfer),
    path(f"{HERE}/trial-balance", trial_balance),
    *(
        pattern
        for form in ledgers.FORMATS
        for pattern in (
            path(f"{HERE}/accounts/<uuid:key>.{form}", account_sheet, {"form": form}),
            path(f"{HERE}/trial-balance.{form}", trial_balance_sheet, {"form": form}),
        )
    ),
]
