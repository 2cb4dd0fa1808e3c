"""A sheet with good and bad rows, and files that are no sheets."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import Watch, assert_accessible, assert_no_sideways_scroll, shot

STAMP = int(time.time())
ROWS = (
    "id,title,abstract,trl\n"
    "{s}-1,轴承滚道裂纹的涡流在线检出,把涡流探头装进转台，滚道上 0.2 毫米的裂纹两秒内检出，漏检率 0.3%。,7\n"
    "{s}-2,,没有名称也没有编号的一行要不要收。,5\n"
    "{s}-3,印染废水余热回收,板式换热器在线反冲，换热效率稳定在 82%，年省蒸汽 1.1 万吨。,11\n"
    "{s}-1,同一个编号又来一次,这一行的编号前面已经有了，应当说明是哪一行。,6\n"
    "{s}-4,食品包装氧含量无损检测,激光吸收光谱透过包装膜测顶空氧，误差 0.2%，每分钟 90 袋。,8\n"
)


def send(page: Page, path: Path) -> None:
    page.goto("/desk/imports")
    page.get_by_label("导入到").select_option("achievements")
    page.get_by_label("文件", exact=True).set_input_files(path)
    page.get_by_role("button", name="上传").click()


def test_good_rows_come_in_and_bad_ones_come_back(
    visit: Visit, screen: str, tmp_path: Path
) -> None:
    file = tmp_path / "成果.csv"
    file.write_text(ROWS.replace("{s}", f"J{STAMP}{screen}"), encoding="gb18030")
    page = visit("tto", screen=screen)
    send(page, file)
    expect(page.get_by_role("heading", name="每一列是什么")).to_be_visible()
    expect(page.get_by_role("heading", name="收不进的行")).to_be_visible()
    shot(page, "import-check", whole=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="导入好的行").click()
    expect(page.get_by_text("已完成").first).to_be_visible(timeout=30_000)
    shot(page, "import-done", whole=True)
    assert_accessible(page)
    told = page.locator("main").inner_text()
    for word in ("新增", "未收", "原因"):
        assert word in told
    with page.expect_download() as given:
        page.get_by_role("link", name="下载退回行").click()
    assert given.value.path().stat().st_size > 1000


@pytest.mark.parametrize("fault", ["not a workbook", "cut off"])
def test_a_file_that_is_no_sheet_gets_a_sentence(
    visit: Visit, watch: Watch, tmp_path: Path, fault: str
) -> None:
    watch.expected.add(422)
    file = tmp_path / "表格.xlsx"
    file.write_bytes(b"PK\x03\x04 cut off" if fault == "cut off" else "不是表格".encode())
    page = visit("tto")
    send(page, file)
    said = page.locator("main .note-bad, main .empty")
    expect(said.first).to_be_visible()
    assert_accessible(page)
