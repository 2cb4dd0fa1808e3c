"""The treasurer: a file with a bad row, the same file put right, a line placed and taken back."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot

HEADINGS = "流水号,记账日期,收入金额,支出金额,对方账号,对方户名,附言\n"


def _send(page: Page, rows: str) -> None:
    page.goto("/desk/ledger/bank")
    file = {
        "name": "day.csv",
        "mimeType": "text/csv",
        "buffer": (HEADINGS + rows).encode("gb18030"),
    }
    page.set_input_files("#b-file", files=[file])
    page.get_by_role("button", name="上传").click()
    page.wait_for_url(re.compile("/statements/"))


def test_a_day_at_the_bank(visit: Visit, screen: str) -> None:
    stamp = f"{screen}{time.time_ns()}"
    page = visit("exchange", screen=screen)
    _send(page, f'{stamp},2026-03-01,"1,234.50",,6222,某公司{stamp},货款\n')
    expect(page.get_by_text("里有逗号")).to_be_visible()
    expect(page.get_by_role("button", name="记账", exact=True)).to_have_count(0)
    assert_accessible(page)
    shot(page, "statement-bad-row", whole=True)

    _send(page, f"{stamp},2026-03-01,1234.50,,6222,某公司{stamp},货款\n")
    shot(page, "statement-ready", whole=True)
    page.get_by_role("button", name="记账", exact=True).click()
    page.wait_for_url(re.compile("/unmatched"))
    expect(page.get_by_text("已记账 1 笔")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shot(page, "unmatched", whole=True)

    page.get_by_role("link", name=f"某公司{stamp}").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="记到账户").click()
    page.locator("#confirm-yes").click()
    expect(page.get_by_text("已对上。")).to_be_visible()
    assert_accessible(page)
    shot(page, "bank-line-matched", whole=True)

    page.get_by_label("为什么撤销").fill("记错了账户")
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(page.get_by_text("重新待对账")).to_be_visible()
    page.get_by_role("link", name="看入账的转账").click()
    assert_accessible(page)
    shot(page, "transfer", whole=True)
