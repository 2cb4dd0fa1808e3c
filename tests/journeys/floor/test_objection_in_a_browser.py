"""Anybody may object to a public notice: the days stop, the unit rules, the days go on.

The unit sits at a desk, everybody else holds a phone.
"""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.journeys.floor.people import Floor, said

FEN = 3_000_000_00


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_an_objection_stops_the_days_until_it_is_ruled_on(floor: Floor) -> None:
    title = f"膜分离浓缩装置 {uuid.uuid4().hex[:6]}"
    notice = floor.noticed_until_now(title, FEN)
    public = floor.page()
    public.goto("/notices")
    floor.seen(public, "notices")
    public.locator(f"main a[href='/notices/{notice}']").first.click()
    floor.seen(public, "notice")
    form = public.get_by_role("region", name="提出异议")
    floor.watch.expected.add(422)
    form.get_by_role("button", name="提交异议").click()
    expect(public.get_by_text("有几处需要改一下").first).to_be_visible()
    floor.seen(public, "notice-objection-refused")
    floor.watch.expected.discard(422)
    form.get_by_label("异议内容和理由").fill("完成人名单里少了两位，请核对立项材料。")
    form.get_by_label("姓名").fill("周可")
    form.get_by_label("电话或邮箱").fill("13900000000")
    form.get_by_role("button", name="提交异议").click()
    said(public, "异议已收到")
    expect(public.locator(".note-warn", has_text="暂停计时")).to_be_visible()
    # What is said in an objection, and by whom, is not everybody's to read.
    expect(public.get_by_text("周可")).to_have_count(0)
    floor.seen(public, "notice-paused")
    before = floor.public.get(f"/notices/{notice}")

    floor.advance("3d")
    tto = floor.page(floor.tto, screen="desktop")
    tto.goto("/desk/floor")
    floor.seen(tto, "desk-floor-paused")
    tto.locator(f"main a[href='/notices/{notice}']").first.click()
    expect(tto.get_by_text("周可").first).to_be_visible()
    floor.seen(tto, "notice-to-rule")
    tto.get_by_label("裁定", exact=True).select_option(label="不成立")
    tto.get_by_label("理由", exact=True).fill("已核对立项、中试记录和发明人声明，名单无误。")
    tto.get_by_role("button", name="裁定", exact=True).click()
    said(tto, "已裁定。")
    floor.seen(tto, "notice-ruled")
    public.reload()
    expect(public.locator(".note-warn", has_text="暂停计时")).to_have_count(0)
    after = floor.public.get(f"/notices/{notice}")
    assert (before["state"], after["state"]) == ("paused", "open")
    # The three days of the pause are not counted.
    assert after["closes_at"] > before["closes_at"]
    floor.wait_until(after["closes_at"])
    public.reload()
    expect(public.get_by_text("公示期满").first).to_be_visible()
    floor.seen(public, "notice-over")


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_who_is_overruled_appeals_and_the_exchange_rules_at_last(floor: Floor) -> None:
    title = f"微流控芯片封装 {uuid.uuid4().hex[:6]}"
    notice = floor.noticed_until_now(title, FEN)
    objector = floor.page(floor.buyers[0])
    objector.goto(f"/notices/{notice}")
    form = objector.get_by_role("region", name="提出异议")
    expect(form.get_by_label("姓名")).to_have_count(0)  # who has signed in is known
    form.get_by_label("异议内容和理由").fill("拟交易价格没有依据，请公开评估报告。")
    form.get_by_role("button", name="提交异议").click()
    said(objector, "异议已收到")
    made = floor.tto.get(f"/notices/{notice}/objections")["items"][0]["id"]
    ruling = {"outcome": "dismissed", "reason": "评估报告已在单位公示，价格不低于评估值。"}
    floor.tto.post(f"/objections/{made}/moves/rule", ruling)

    objector.goto("/desk/inbox")
    expect(objector.get_by_text("公示的异议已有裁定").first).to_be_visible()
    objector.goto(f"/notices/{notice}")
    expect(objector.get_by_text("价格不低于评估值").first).to_be_visible()
    floor.seen(objector, "notice-may-appeal")
    before = floor.public.get(f"/notices/{notice}")
    floor.watch.expected.add(422)
    objector.get_by_role("button", name="申诉", exact=True).click()
    expect(objector.get_by_text("有几处需要改一下").first).to_be_visible()
    floor.seen(objector, "notice-appeal-refused")
    floor.watch.expected.discard(422)
    objector.get_by_label("申诉理由").fill("公示里只有摘要，没有评估方法和参数。")
    objector.get_by_role("button", name="申诉", exact=True).click()
    said(objector, "申诉已提交，由交易机构的另一人裁定。")
    expect(objector.locator(".note-warn", has_text="暂停计时")).to_be_visible()
    expect(objector.get_by_role("button", name="申诉", exact=True)).to_have_count(0)
    floor.seen(objector, "notice-appealed")

    # The unit has ruled already: now it is another's turn.
    tto = floor.page(floor.tto, screen="desktop")
    tto.goto(f"/notices/{notice}")
    expect(tto.get_by_text("没有评估方法和参数").first).to_be_visible()
    expect(tto.get_by_label("裁定", exact=True)).to_have_count(0)
    floor.advance("2d")
    officer = floor.page(floor.exchange)
    officer.goto("/desk/inbox")
    expect(officer.get_by_text("的异议人提出申诉").first).to_be_visible()
    officer.goto(f"/notices/{notice}")
    floor.seen(officer, "notice-appeal-to-rule")
    officer.get_by_label("裁定", exact=True).select_option(label="不成立")
    officer.get_by_label("理由", exact=True).fill("已调阅评估报告全文，方法和参数齐全。")
    officer.get_by_role("button", name="裁定", exact=True).click()
    said(officer, "已裁定。")
    objector.goto(f"/notices/{notice}")
    expect(objector.get_by_text("申诉裁定")).to_be_visible()
    expect(objector.get_by_text("方法和参数齐全").first).to_be_visible()
    expect(objector.locator(".note-warn", has_text="暂停计时")).to_have_count(0)
    floor.seen(objector, "notice-appeal-ruled")
    after = floor.public.get(f"/notices/{notice}")
    assert (before["state"], after["state"]) == ("open", "open")
    assert after["closes_at"] > before["closes_at"]
