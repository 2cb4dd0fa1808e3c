"""The books on pages, without script: who sees them, statements with their running balance, the
bank's lines and their matches, a file on its way in, sheets to take away."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import bank, ledger, make
from tests.faces.pages import Visitor, text_of
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import BankAccount, Expectation, Line
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.kernel.actor import SYSTEM, Role

pytestmark = pytest.mark.django_db
HERE = "/desk/ledger"
ROWS = "交易流水号,交易日期,贷方发生额,借方发生额,对方账号,摘要\nT1,20260301,1000.00,0.00,6222,货款 K-0001\n"


@pytest.fixture
def treasurer() -> Visitor:
    return Visitor(Role.EXCHANGE, bank.exchange())


@pytest.fixture
def at(treasurer: Visitor) -> BankAccount:
    return bank.bank_account(treasurer.actor)


def sent(who: Visitor, at: BankAccount, text: str, name: str = "day.csv") -> Any:
    file = SimpleUploadedFile(name, text.encode("gb18030"))
    return who.post(f"{HERE}/bank", {"do": "send", "at": at.pk, "file": file})


def test_who_sees_the_books(treasurer: Visitor, at: BankAccount) -> None:
    (line,) = bank.take(at, bank.line(500))
    paths = (
        HERE, f"{HERE}/unmatched", f"{HERE}/unmatched?all=1", f"{HERE}/bank",
        f"{HERE}/expected",
        f"{HERE}/trial-balance", f"{HERE}/trial-balance.csv", f"{HERE}/lines/{line.pk}",
        f"{HERE}/transfers/{line.transfer_id}", f"{HERE}/accounts/{at.account.key}",
        f"{HERE}/accounts/{at.account.key}.xlsx",
    )  # fmt: skip
    for path in paths:
        for visitor in (treasurer, Visitor(Role.AUDITOR)):
            assert visitor.get(path).status_code == 200, path
        # An organisation's account and what it moves are opened to the operator by a grant (T7).
        is_kept = "/accounts/" in path or "/transfers/" in path
        operator = Visitor(Role.OPERATOR)
        assert operator.get(path).status_code == (403 if is_kept else 200), path
        make.look_in(operator.actor, at.owner_id)
        assert operator.get(path).status_code == 200, path
        expected = 404 if "/accounts/" in path else 403
        assert Visitor(Role.TTO).get(path).status_code == expected, path
        assert Visitor().get(path).status_code == 302, path
    auditor = Visitor(Role.AUDITOR)
    assert "去对账" not in text_of(auditor.get(f"{HERE}/unmatched"))
    assert "导入流水" not in text_of(auditor.get(f"{HERE}/bank"))
    for do in ("match", "unmatch", "refund"):
        answer = auditor.post(f"{HERE}/lines/{line.pk}", {"do": do, "account": at.account.key})
        assert answer.status_code == 403
    assert sent(auditor, at, ROWS).status_code == 403
    assert Line.objects.count() == 1
    assert "账务" in text_of(treasurer.get("/desk/"))
    assert "账务" not in text_of(Visitor(Role.TTO).get("/desk/"))


def test_an_owner_reads_their_own_statement_and_no_other_side(at: BankAccount) -> None:
    firm = make.organisation()
    key = ledger.account()
    Account.objects.get(key=key)
    mine, _ = ledger.actions.open_account(
        actor=SYSTEM, key=ledger.new_id(), owner_id=firm.pk, code="deposit", asset="CNY",
        is_limited=True,
    )  # fmt: skip
    ledger.post(ledger.posted(key, mine.key, 123_450, cause="lot:7"))
    owner = Visitor(Role.ENTERPRISE, firm)
    said = text_of(owner.get(f"{HERE}/accounts/{mine.key}"))
    assert "贷 ¥1,234.50" in said
    other = Account.objects.get(key=key)
    assert str(other.key) not in said
    assert other.owner.name not in said
    assert owner.get(f"{HERE}/accounts/{key}").status_code == 404
    sheet = owner.get(f"{HERE}/accounts/{mine.key}.csv")
    assert other.owner.name not in sheet.content.decode()


def test_a_statement_runs_on_over_its_pages_and_back_in_time(treasurer: Visitor) -> None:
    one, two = ledger.account(), ledger.account()
    outcomes = ledger.post(*(ledger.posted(one, two, 100, cause=f"n:{n}") for n in range(60)))
    page = text_of(treasurer.get(f"{HERE}/accounts/{two}?page=2"))
    assert "贷 ¥51.00" in page
    assert "贷 ¥60.00" in page
    assert "贷 ¥50.00" not in page
    then = text_of(treasurer.get(f"{HERE}/accounts/{two}?at_seq={outcomes[9].seq}"))
    assert "贷 ¥10.00" in then
    assert "贷 ¥11.00" not in then
    listed = text_of(treasurer.get(f"{HERE}?at_seq={outcomes[9].seq}"))
    assert "借 ¥10.00" in listed
    future = treasurer.get(f"{HERE}?at_seq={10**15}")
    assert future.status_code == 422
    assert "账上还没有第" in text_of(future)
    for odd in ("x", "-1", "１", "9" * 19):
        assert treasurer.get(f"{HERE}/trial-balance?at_seq={odd}").status_code == 422
    nothing = text_of(treasurer.get(f"{HERE}/accounts/{two}?since=2001-01-01&until=2001-01-02"))
    assert "这段时间没有发生额" in nothing
    assert treasurer.get(f"{HERE}/accounts/{two}?since=never").status_code == 422


def test_accounts_are_found_by_owner_code_and_kind(treasurer: Visitor, at: BankAccount) -> None:
    limited = Account.objects.get(key=ledger.account(is_limited=True))
    listed = text_of(treasurer.get(f"{HERE}?q={limited.owner.name}"))
    assert str(limited.key) in listed
    assert str(at.account.key) not in listed
    assert str(limited.key) in text_of(treasurer.get(f"{HERE}?q={limited.key}"))
    house = text_of(treasurer.get(f"{HERE}?kind=house"))
    assert "暂记账户" in house
    assert str(limited.key) not in house
    assert "没有符合条件的账户" in text_of(treasurer.get(f"{HERE}?q=没有这样的"))


def test_a_transfer_shows_its_chain_and_its_cause(treasurer: Visitor, at: BankAccount) -> None:
    one, two, name = ledger.account(), ledger.account(), ledger.new_id()
    first, second = (ledger.posted(one, two, n, chain=name, cause="match:5") for n in (7, 8))
    ledger.post(first, second)
    said = text_of(treasurer.get(f"{HERE}/transfers/{first.id}"))
    assert f"{HERE}/transfers/{second.id}" in said
    assert 'href="/matches/5"' in said
    assert "同批 2 笔" in said
    assert "/log/entries/" not in said
    assert "/log/entries/" in text_of(Visitor(Role.AUDITOR).get(f"{HERE}/transfers/{first.id}"))
    (line,) = bank.take(at, bank.line(500))
    assert f"{HERE}/lines/{line.pk}" in text_of(
        treasurer.get(f"{HERE}/transfers/{line.transfer_id}")
    )
    assert treasurer.get(f"{HERE}/transfers/{ledger.new_id()}").status_code == 404


def test_a_line_is_matched_taken_back_and_refunded(treasurer: Visitor, at: BankAccount) -> None:
    buyer = ledger.account(is_limited=True)
    (line,) = bank.take(at, bank.line(100_000, counterparty="6222-A"))
    here = f"{HERE}/lines/{line.pk}"
    assert "去对账" in text_of(treasurer.get(f"{HERE}/unmatched"))
    for wrong in ({}, {"account": "x"}, {"account": buyer, "expectation": 1}, {"expectation": 9}):
        assert treasurer.post(here, {"do": "match", **wrong}).status_code == 422
    owner = Account.objects.get(key=buyer).owner.name
    assert str(buyer) in text_of(treasurer.get(f"{here}?q={owner}"))
    assert treasurer.post(here, {"do": "match", "account": buyer}).status_code == 302
    assert "都对上了" in text_of(treasurer.get(f"{HERE}/unmatched"))
    assert treasurer.post(here, {"do": "unmatch", "reason": ""}).status_code == 422
    assert treasurer.post(here, {"do": "unmatch", "reason": "记错"}).status_code == 302
    assert bank.suspense() == (1, 100_000, 100_000)
    assert treasurer.post(here, {"do": "match", "account": buyer}).status_code == 302
    assert treasurer.post(here, {"do": "refund", "amount": "0"}).status_code == 422
    assert treasurer.post(here, {"do": "refund", "amount": "600.00"}).status_code == 302
    order = Expectation.objects.get()
    assert (order.amount, order.counterparty) == (-60_000, "6222-A")
    assert order.reference in text_of(treasurer.get(here))
    assert treasurer.post(here, {"do": "refund", "amount": "600.00"}).status_code == 422


def test_a_payment_that_came_back_is_named_and_refunded_anew(
    treasurer: Visitor, at: BankAccount
) -> None:
    payer = make.actor(Role.ENTERPRISE)
    key = ledger.account(owner_id=payer.organisation_id)
    (came,) = bank.take(at, bank.line(60_000, counterparty="6222-A"))
    actions.match(actor=SYSTEM, line_id=came.pk, account=key)
    order = actions.refund(actor=SYSTEM, line_id=came.pk, reference="TK-0001")
    bank.take(at, bank.line(-60_000, counterparty="6222-A", reference="TK-0001"))
    (back,) = bank.take(at, bank.line(60_000, counterparty="9999"))
    here, expected = f"/desk/ledger/lines/{back.pk}", "/desk/ledger/expected"
    assert "记为退回" in text_of(treasurer.get(here))
    said = {"do": "return", "expectation": order.pk}
    assert Visitor(Role.AUDITOR).post(here, said).status_code == 403
    assert treasurer.post(here, said).status_code == 302
    assert treasurer.post(here, said).status_code == 422
    assert "TK-0001" in text_of(treasurer.get(here))
    assert "被银行退回" in text_of(treasurer.get(f"/desk/ledger/lines/{came.pk}"))
    again = {"do": "repeat", "expectation": order.pk}
    assert "等对方登记收款账户" in text_of(treasurer.get(expected))
    assert treasurer.post(expected, again).status_code == 422
    actions.name_payee(actor=payer, number="6222-NEW", bank="东港银行")
    assert "6222-NEW" in text_of(treasurer.get(expected))
    assert treasurer.post(expected, again).status_code == 302
    assert "TK-0001-R2" in text_of(treasurer.get(expected))


def test_what_is_expected_is_offered(treasurer: Visitor, at: BankAccount) -> None:
    buyer = ledger.account()
    asked = actions.expect(
        actor=SYSTEM, account=buyer, amount=500, reference="K-0001", counterparty="6222"
    )
    (line,) = bank.take(at, bank.line(500, counterparty="6333", reference="K-0001"))
    said = text_of(treasurer.get(f"{HERE}/lines/{line.pk}"))
    assert "编号相符" in said
    assert "金额或对方不符" in said
    # Of two that it could be, a person chooses.
    actions.expect(actor=SYSTEM, account=buyer, amount=500, reference="K-0002", counterparty="6222")
    (right,) = bank.take(at, bank.line(500, counterparty="6222"))
    assert "对上" in text_of(treasurer.get(f"{HERE}/lines/{right.pk}"))
    answer = treasurer.post(f"{HERE}/lines/{right.pk}", {"do": "match", "expectation": asked.pk})
    assert answer.status_code == 302


def test_a_statement_is_looked_through_before_it_is_posted(
    treasurer: Visitor, at: BankAccount
) -> None:
    buyer = ledger.account()
    actions.expect(actor=SYSTEM, account=buyer, amount=100_000, reference="K-0001")
    first = sent(treasurer, at, ROWS)
    assert first.status_code == 302
    said = text_of(treasurer.get(first.url))
    assert "1 行都可以记账" in said
    assert Line.objects.count() == 0
    columns = {
        f"column-{n}": c
        for n, c in enumerate(
            ("serial", "booked_on", "income", "expense", "counterparty", "reference")
        )
    }
    given = {"at": at.pk, **columns}
    assert treasurer.post(first.url, {**given, "look": "1"}).status_code == 200
    assert treasurer.post(first.url, {**given, "take": "1"}).status_code == 302
    assert Line.objects.get().matches.count() == 1
    # Done is done: the page says so, and nothing is posted again.
    assert "已记账" in text_of(treasurer.get(first.url))
    treasurer.post(first.url, {**given, "take": "1"})
    again = sent(treasurer, at, ROWS)
    assert treasurer.post(again.url, {**given, "take": "1"}).status_code == 302
    assert (Line.objects.count(), Transfer.objects.count()) == (1, 2)
    # The desk's imports of rows are another thing.
    assert "day.csv" not in text_of(Visitor(Role.OPERATOR).get("/desk/imports"))
    assert (
        treasurer.get(f"/desk/imports/{again.url.split('/')[-1].split('?')[0]}").status_code == 302
    )


def test_rows_that_stop_a_statement_are_named_and_it_can_be_sent_again(
    treasurer: Visitor, at: BankAccount
) -> None:
    answer = sent(treasurer, at, ROWS + 'T2,20260302,"1,234.50",,6222,\nT3,20260302,1e5,,6222,\n')
    said = text_of(treasurer.get(answer.url))
    assert "有 2 行收不进" in said
    assert "里有逗号" in said
    assert "科学计数法" in said
    assert 'name="take"' not in said
    columns = ("serial", "booked_on", "income", "expense", "counterparty", "reference")
    given = {"at": at.pk, "take": "1", **{f"column-{n}": c for n, c in enumerate(columns)}}
    assert treasurer.post(answer.url, given).status_code == 422
    assert Line.objects.count() == 0
    unusable = sent(treasurer, at, "%PDF-1.4")
    assert "用不了" in text_of(treasurer.get(unusable.url))
    assert treasurer.post(f"{HERE}/bank", {"do": "send", "at": at.pk}).status_code == 422
    assert sent(treasurer, at, ROWS.replace("贷方发生额", "什么"), "odd.csv").status_code == 302


def test_a_columns_meaning_is_remembered(treasurer: Visitor, at: BankAccount) -> None:
    odd = "甲,乙,丙,丁\nA1,2026-03-01,5.00,附言一\n"
    first = sent(treasurer, at, odd)
    assert "没有找到这些列" in text_of(treasurer.get(first.url))
    columns = {"column-0": "serial", "column-1": "booked_on", "column-2": "amount",
               "column-3": "reference"}  # fmt: skip
    assert treasurer.post(first.url, {"at": at.pk, "take": "1", **columns}).status_code == 302
    again = sent(treasurer, at, odd.replace("A1", "A2"))
    assert "1 行都可以记账" in text_of(treasurer.get(again.url))


def test_sheets_are_exact_and_safe(treasurer: Visitor, at: BankAccount) -> None:
    one, two = ledger.account(), ledger.account()
    ledger.post(ledger.posted(one, two, 123_450, cause="=HYPERLINK(1)"))
    sheet = treasurer.get(f"{HERE}/accounts/{two}.csv").content.decode("utf-8-sig")
    (row,) = list(csv.DictReader(io.StringIO(sheet)))
    assert (row["贷方"], row["余额（贷减借）"], row["事由"]) == (
        "1234.50",
        "1234.50",
        "'=HYPERLINK(1)",
    )
    packed = treasurer.get(f"{HERE}/accounts/{two}.xlsx").content
    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(packed))
    cells = book.get_sheet_by_index(0).to_python()[1]
    assert "=HYPERLINK(1)" in cells
    assert 1234.5 in cells
    bank.take(at, bank.line(7))
    rows = list(csv.reader(io.StringIO(
        treasurer.get(f"{HERE}/trial-balance.csv").content.decode("utf-8-sig")
    )))  # fmt: skip
    total = next(r for r in rows if r[1] == "合计")
    assert total[3] == total[4] == "1234.57"
    assert queries.differing() == []


def test_a_bank_account_is_registered_on_its_page(treasurer: Visitor) -> None:
    empty = text_of(treasurer.get(f"{HERE}/bank"))
    assert "还没有银行账户" in empty
    wrong = treasurer.post(f"{HERE}/bank", {"do": "register", "number": "中文", "bank": "b"})
    assert wrong.status_code == 422
    given = {"do": "register", "number": "3105 0100", "bank": "东港银行"}
    assert treasurer.post(f"{HERE}/bank", given).status_code == 302
    assert BankAccount.objects.get().number == "31050100"


def test_a_payment_is_awaited_by_hand_and_matches_when_it_comes(
    treasurer: Visitor, at: BankAccount
) -> None:
    kept = Account.objects.get(key=ledger.account())
    asked = {
        "do": "expect",
        "account": kept.key,
        "amount": "12.50",
        "reference": "bzj-7",
        "cause": "保证金",
    }
    assert Visitor(Role.AUDITOR).post(f"{HERE}/expected", asked).status_code == 403
    for wrong in ({"account": ""}, {"amount": "0"}, {"amount": "1.234"}, {"reference": "a b"}):
        answer = treasurer.post(f"{HERE}/expected", asked | wrong)
        assert answer.status_code == 422, wrong
        assert not Expectation.objects.exists()
    assert treasurer.post(f"{HERE}/expected", asked).status_code == 302
    assert "编号 BZJ-7" in text_of(treasurer.get(f"{HERE}/expected"))
    made = Expectation.objects.get()
    assert (made.amount, made.reference, made.account_id) == (1250, "BZJ-7", kept.pk)
    assert "撤回" in text_of(treasurer.get(f"{HERE}/expected"))
    assert "撤回" not in text_of(Visitor(Role.AUDITOR).get(f"{HERE}/expected"))
    (line,) = bank.take(at, bank.line(1250, reference="BZJ-7"))
    assert queries.matches_of(line).get().expectation_id == made.pk
    assert "BZJ-7" not in text_of(treasurer.get(f"{HERE}/expected"))


def test_what_is_awaited_can_be_withdrawn_once(treasurer: Visitor, at: BankAccount) -> None:
    made = actions.expect(actor=SYSTEM, account=ledger.account(), amount=5)
    asked = {"do": "withdraw", "expectation": made.pk}
    assert Visitor(Role.AUDITOR).post(f"{HERE}/expected", asked).status_code == 403
    assert made.reference in text_of(treasurer.get(f"{HERE}/expected"))
    assert treasurer.post(f"{HERE}/expected", asked).status_code == 302
    assert f"已撤回 {made.reference}" in text_of(treasurer.get(f"{HERE}/expected"))
    made.refresh_from_db()
    assert made.withdrawn_at is not None
    assert treasurer.post(f"{HERE}/expected", asked).status_code == 422


def test_one_cannot_wait_for_the_bank_itself(treasurer: Visitor, at: BankAccount) -> None:
    kept = ledger.account()
    page = treasurer.get(f"{HERE}/expected").content.decode()
    assert str(kept) in page
    assert str(at.account.key) not in page
