"""The bank beside the books: lines that wait, one line and what it is, accounts at the bank, and a
statement on its way in."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yangbanjian.faces.sheets import statements, taking
from yangbanjian.faces.sheets.cells import as_text
from yangbanjian.faces.sheets.jobs import say as said_plainly
from yangbanjian.faces.sheets.statements import KIND, RowProblem
from yangbanjian.faces.web import ledger_words as told
from yangbanjian.faces.web.forms_on_pages import Act, answer_acts
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.refusing import say
from yangbanjian.faces.web.words import of_refusal, translated
from yangbanjian.ground.bank import actions, policy, queries
from yangbanjian.ground.bank.rules import COLUMNS
from yangbanjian.ground.intake import imports
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Refusal
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

SIZE, SHOWN_JOBS, FIRST_ROWS, MOST_TARGETS = 20, 15, 5, 20
HERE = "desk/ledger"
STATES = {
    "uploaded": (gettext_noop("待记账"), "warn"), "done": (gettext_noop("已记账"), "ok"),
    "failed": (gettext_noop("没有记账"), "bad"),
}  # fmt: skip


class BankAccountForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("账号"), max_length=80)
    bank = forms.CharField(label=gettext_lazy("开户银行"), max_length=100)


class MatchForm(forms.Form):
    """One of the two: what was expected, or an account."""

    expectation = forms.IntegerField(required=False, min_value=1, max_value=2**53)
    account = forms.UUIDField(
        required=False, error_messages={"invalid": gettext_lazy("请选一个账户。")}
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and bool(given.get("account")) == bool(given.get("expectation")):
            self.add_error(None, _("请选一个账户，或一笔待收付的款。"))
        return given


class ReturnForm(forms.Form):
    expectation = forms.IntegerField(min_value=1, max_value=2**53)


class UnmatchForm(forms.Form):
    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("为什么撤销"), max_length=200,
        error_messages={"required": gettext_lazy("请写明为什么撤销对账。")},
    )  # fmt: skip


class RefundForm(forms.Form):
    use_required_attribute = False
    amount = forms.DecimalField(
        label=gettext_lazy("退款金额（元）"), min_value=0, max_digits=16, decimal_places=2,
        help_text=gettext_lazy("只能退回原来付款的账户；登记后先冻结，银行付出时自动对上"),
    )  # fmt: skip
    cause = forms.CharField(label=gettext_lazy("事由"), max_length=200, required=False)


def _line_row(one: Any) -> dict[str, Any]:
    return {
        "url": f"/desk/ledger/lines/{one.pk}", "one": one, "is_in": one.amount > 0,
        "amount": told.amount(one.amount, one.bank_account.asset),
        "other": one.counterparty_name or one.counterparty or _("对方未写明"),
    }  # fmt: skip


@require_safe
def unmatched(request: HttpRequest) -> HttpResponse:
    """/desk/ledger/unmatched: lines that nobody has placed, beside what suspense holds; or all."""
    actor = told.reader(request)
    shows_all = request.GET.get("all") == "1"
    asked = clean_line(request.GET.get("q", ""), cap=80)
    found = queries.lines(actor, only_waiting=not shows_all)
    if asked:
        found = queries.among(found, asked)
    page = page_of(request)
    waiting = queries.unmatched(actor, most=1)
    rows = [_line_row(one) for one in found[(page - 1) * SIZE : page * SIZE]]
    context = {
        "rows": rows, "shows_all": shows_all, "asked": asked, "waiting": waiting,
        "sum": told.amount(waiting.sum, "CNY"),
        "suspense": told.amount(waiting.suspense_balance, "CNY"),
        "is_even": waiting.sum == waiting.suspense_balance,
        "may_keep": policy.may_keep_books(actor).allowed, "count": found.count(), "page": page,
        "size": SIZE, "tabs": told.tabs(actor, "/desk/ledger/unmatched"),
        "page_title": _("全部流水") if shows_all else _("待对账"), "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/unmatched.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """/desk/ledger/lines/N: one line; whose it is, taking that back, giving the money back."""
    actor = told.reader(request, writes=request.method == "POST")
    one = queries.line(actor, min(line_id, 2**53))

    def match(values: dict[str, Any]) -> str:
        actions.match(
            actor=actor, line_id=one.pk, account=values["account"],
            expectation_id=values["expectation"],
        )  # fmt: skip
        return _("已对上。")

    def return_payment(values: dict[str, Any]) -> str:
        actions.return_payment(actor=actor, line_id=one.pk, expectation_id=values["expectation"])
        return _("已记为退回，款回到原来的账户，可以重新付。")

    def unmatch(values: dict[str, Any]) -> str:
        actions.unmatch(actor=actor, line_id=one.pk, reason=values["reason"])
        return _("对账已撤销，这笔流水重新待对账。")

    def refund(values: dict[str, Any]) -> str:
        made = actions.refund(
            actor=actor, line_id=one.pk, amount=int(values["amount"] * 100), cause=values["cause"]
        )
        return _("退款已登记，编号 %(reference)s。请在银行付款时把编号写进附言。") % {
            "reference": made.reference
        }

    whole = {"amount": f"{abs(one.amount) // 100}.{abs(one.amount) % 100:02d}"}
    acts = {
        "match": Act(MatchForm, match), "unmatch": Act(UnmatchForm, unmatch),
        "return": Act(ReturnForm, return_payment),
        "refund": Act(RefundForm, refund, initial=whole),
    }  # fmt: skip
    return answer_acts(request, "ledger/line.html", acts, lambda: _about(request, actor, line_id))


def _about(request: HttpRequest, actor: Actor, line_id: int) -> dict[str, Any]:
    one = queries.line(actor, min(line_id, 2**53))
    asset, asked = one.bank_account.asset, clean_line(request.GET.get("q", ""), cap=80)
    matches = [_match_row(match, asset) for match in queries.matches_of(one)]
    standing = next((m for m in matches if m["is_standing"]), None)
    is_open = standing is None
    found = queries.targets(actor, one, asked)[:MOST_TARGETS] if is_open else []
    facts: list[dict[str, Any]] = [
        {"term": _("银行账户"), "text": f"{one.bank_account.bank} {one.bank_account.number}"},
        {"term": _("流水号"), "text": one.serial, "mono": True},
        {"term": _("记账日期"), "text": one.booked_on.isoformat()},
        {"term": _("对方户名"), "text": one.counterparty_name},
        {"term": _("对方账号"), "text": one.counterparty, "mono": True},
        {"term": _("附言"), "text": one.reference},
        {"term": _("账面余额"), "text": told.amount(one.balance, asset) if one.balance is not None else ""},
    ]  # fmt: skip
    return {
        "one": one, "row": _line_row(one), "matches": matches, "standing": standing,
        "facts": [fact for fact in facts if fact["text"]], "asked": asked,
        "posting": f"/desk/ledger/transfers/{one.transfer_id}",
        "may_keep": policy.may_keep_books(actor).allowed,
        "suggestions": [_expected_row(e, one) for e in queries.suggestions(one)] if is_open else [],
        "returns": [_returned_row(e, one) for e in queries.possible_returns(one)] if is_open else [],
        "targets": [{"key": a.key, "name": told.account_name(a)} for a in found],
        "may_refund": bool(standing) and one.amount > 0 and bool(one.counterparty),
        "refunds": [_expected_row(e, one) for e in queries.refunds_of(one)],
        "tabs": told.tabs(actor, ""), "section": "desk",
        "page_title": _("银行流水 %(amount)s") % {"amount": told.amount(one.amount, asset)},
    }  # fmt: skip


def _match_row(found: Any, asset: str) -> dict[str, Any]:
    moved = found.transfer
    account = moved.credit if found.line.amount > 0 else moved.debit
    return {
        "at": found.made_at, "account": told.account_name(account),
        "account_url": told.account_url(account), "is_standing": found.undone_by_id is None,
        "url": f"/desk/ledger/transfers/{moved.pk}", "amount": told.amount(moved.amount, asset),
        "undone_url": f"/desk/ledger/transfers/{found.undone_by_id}" if found.undone_by_id else "",
        "reference": found.expectation.reference if found.expectation else "",
        "returns": found.returns.reference if found.returns else "",
    }  # fmt: skip


def _returned_row(order: Any, one: Any) -> dict[str, Any]:
    return {
        "id": order.pk, "reference": order.reference, "payee": order.counterparty,
        "account": told.account_name(order.account),
        "named": order.reference in one.reference.upper(),
    }  # fmt: skip


def _expected_row(expected: Any, one: Any) -> dict[str, Any]:
    fits = queries.fits(one, expected)
    return {
        "id": expected.pk, "reference": expected.reference, "fits": fits,
        "account": told.account_name(expected.account), "payee": expected.counterparty,
        "amount": told.amount(expected.amount, one.bank_account.asset),
        "named": expected.reference in one.reference.upper(),
        "state": _order_state(expected),
    }  # fmt: skip


def _order_state(order: Any) -> str:
    if order.amount < 0 and queries.is_returned(order.pk):
        return _("被银行退回")
    return (_("没有付成") if order.failure else _("已撤回")) if order.withdrawn_at else ""


@require_http_methods(["GET", "HEAD", "POST"])
def bank(request: HttpRequest) -> HttpResponse:
    """/desk/ledger/bank: accounts at the bank, the file to send, files sent before."""
    actor = told.reader(request, writes=request.method == "POST")
    if request.POST.get("do") == "send":
        try:
            at = taking.bank_account_of(actor, request.POST.get("at", ""))
            file = request.FILES.get("file")
            if file is None:
                raise Invalid("imports.no_file", gettext_noop("请先选一个文件。"))
            job = taking.keep_file(actor=actor, at=at, name=file.name or "", pieces=file.chunks())
        except (Invalid, NotFound) as refusal:
            return render(
                request, "ledger/bank.html",
                {**_bank(actor), "refused_file": of_refusal(refusal), "forms": _bare_forms()},
                status=422,
            )  # fmt: skip
        return redirect(f"/desk/ledger/statements/{job.pk}?at={at.pk}")

    def register(values: dict[str, Any]) -> str:
        actions.open_account(actor=actor, number=values["number"], bank=values["bank"])
        return _("银行账户已登记。")

    acts = {"register": Act(BankAccountForm, register)}
    return answer_acts(request, "ledger/bank.html", acts, lambda: _bank(actor))


def _bare_forms() -> dict[str, forms.Form]:
    return {"register": BankAccountForm(auto_id="register_%s")}


def _bank(actor: Actor) -> dict[str, Any]:
    held = [
        {
            "one": one, "url": told.account_url(one.account),
            "balance": told.amount(
                one.account.debits_posted - one.account.credits_posted, one.asset
            ),
        }
        for one in queries.accounts(actor)
    ]  # fmt: skip
    jobs = imports.visible(actor).filter(kind=KIND)[:SHOWN_JOBS]
    return {
        "held": held, "jobs": [_job_row(job) for job in jobs], "columns": [
            {"text": translated(c.heading), "must": translated(c.must), "hint": translated(c.hint)}
            for c in COLUMNS
        ],
        "may_keep": policy.may_keep_books(actor).allowed, "page_title": _("银行流水"),
        "tabs": told.tabs(actor, "/desk/ledger/bank"), "section": "desk",
    }  # fmt: skip


def _job_row(job: Any) -> dict[str, Any]:
    text, tone = STATES.get(job.state, (job.state, ""))
    return {
        "job": job, "url": f"/desk/ledger/statements/{job.pk}",
        "state": translated(text), "tone": tone,
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, job_id: int) -> HttpResponse:
    """/desk/ledger/statements/N: what the columns are, which rows stop it, and taking it in."""
    actor = told.reader(request, writes=request.method == "POST")
    job = imports.get(actor, job_id)
    if job.kind != KIND:
        return redirect(f"/desk/imports/{job_id}")
    if job.state != "uploaded":
        return _ended(request, actor, job)
    try:
        at = taking.bank_account_of(actor, request.POST.get("at") or request.GET.get("at", ""))
        table, columns = statements.open_statement(imports.path_of(job.file), at.owner_id)
    except Refusal as refusal:
        return _preview(request, actor, job, {"unusable": of_refusal(refusal)}, 422)
    if request.method == "POST":
        columns = {
            h: request.POST.get(f"column-{place}", "")[:40]
            for place, h in enumerate(table.headings) if h
        }  # fmt: skip
        if "take" in request.POST:
            return _take(request, actor, job, at, columns)
    return _preview(request, actor, job, _looked(job, at, columns), 200)


def _take(
    request: HttpRequest, actor: Actor, job: Any, at: Any, columns: dict[str, str]
) -> HttpResponse:
    try:
        taken, problems = taking.take_in(actor=actor, job_id=job.pk, at=at, columns=columns)
    except Invalid as refusal:
        found = {**_looked(job, at, columns), "refused": of_refusal(refusal)}
        return _preview(request, actor, job, found, 422)
    if taken is None:
        found = {
            **_looked(job, at, columns),
            "problems": _rows_table(problems),
            "bad": len(problems),
        }
        return _preview(request, actor, job, found, 422)
    counts = {"new": len(taken.new), "known": taken.known, "matched": taken.matched}
    say(
        request,
        _("已记账 %(new)d 笔，其中 %(matched)d 笔自动对上；%(known)d 笔以前记过。") % counts,
    )
    return redirect("/desk/ledger/unmatched")


def _looked(job: Any, at: Any, columns: dict[str, str]) -> dict[str, Any]:
    """The file as it stands: its columns, its first lines, the rows that stop it."""
    table, _kept = statements.open_statement(imports.path_of(job.file), at.owner_id)
    refused = ""
    problems: list[RowProblem] = []
    lines: list[tuple[int, Any]] = []
    try:
        found = statements.read(table, columns, own=at.number, asset=at.asset)
    except Refusal as refusal:
        refused = said_plainly(refusal)
    else:
        problems, lines = found.problems, found.lines
    first = list(islice(table.rows(), 3))
    return {
        "at": at, "refused": refused, "problems": _rows_table(problems),
        "bad": len({p.row for p in problems}), "total": table.total,
        "lines": [
            {"row": number, "one": line, "amount": told.amount(line.amount, at.asset)}
            for number, line in lines[:FIRST_ROWS]
        ],
        "sum_in": told.amount(sum(o.amount for _n, o in lines if o.amount > 0), at.asset),
        "sum_out": told.amount(sum(-o.amount for _n, o in lines if o.amount < 0), at.asset),
        "is_ready": bool(lines) and not problems and not refused,
        "columns": [
            {
                "place": place, "heading": heading, "column": columns.get(heading, ""),
                "samples": [as_text(r.cells.get(heading))[:40] for r in first],
            }
            for place, heading in enumerate(table.headings) if heading
        ],
        "options": [{"value": c.name, "text": translated(c.heading)} for c in COLUMNS],
    }  # fmt: skip


def _preview(
    request: HttpRequest, actor: Actor, job: Any, found: dict[str, Any], status: int
) -> HttpResponse:
    context = {
        **found, "job": job, "may_keep": policy.may_keep_books(actor).allowed,
        "tabs": told.tabs(actor, "/desk/ledger/bank"), "page_title": job.name, "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/statement.html", context, status=status)


def _ended(request: HttpRequest, actor: Actor, job: Any) -> HttpResponse:
    problems = [RowProblem(p["row"], p["column"], p["reason"]) for p in job.problems]
    context = {
        "job": job, "shown": _job_row(job), "problems": _rows_table(problems), "bad": len(problems),
        "tabs": told.tabs(actor, "/desk/ledger/bank"), "page_title": job.name, "section": "desk",
    }  # fmt: skip
    return render(request, "ledger/statement_done.html", context)


def _rows_table(problems: list[RowProblem]) -> dict[str, Any]:
    row, column, reason = _("行"), _("列"), _("原因")
    return {
        "caption": _("收不进的行"),
        "columns": [{"text": row}, {"text": column}, {"text": reason}],
        "rows": [
            {"cells": [{"text": p.row}, {"text": p.column or "—", "label": column},
                       {"text": p.reason, "label": reason}]}
            for p in problems
        ],
    }  # fmt: skip


urls: list[URLPattern] = [
    path(f"{HERE}/unmatched", unmatched),
    path(f"{HERE}/bank", bank),
    path(f"{HERE}/lines/<int:line_id>", line),
    path(f"{HERE}/statements/<int:job_id>", statement),
]
