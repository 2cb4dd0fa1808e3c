"""Opening files: what is read, and what each file that can't be used is told."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.faces import sheets
from yangbanjian.faces.sheets.reading import open_table
from yangbanjian.kernel.refusals import Invalid


def refused(path: Path) -> str:
    with pytest.raises(Invalid) as refusal:
        list(open_table(path).rows())
    assert str(refusal.value)
    return refusal.value.code


def test_a_workbook_is_read_with_the_row_numbers_that_people_see(tmp_path: Path) -> None:
    path = sheets.workbook(
        tmp_path / "a.xlsx",
        [("a1", "甲", "乙"), (None, None, None), (2, "丙", datetime.date(2026, 3, 1))],
    )
    table = open_table(path)
    assert (table.headings, table.total) == (("编号", "名称", "摘要"), 3)
    found = list(table.rows())
    assert [r.number for r in found] == [2, 4]
    assert found[0].cells == {"编号": "a1", "名称": "甲", "摘要": "乙"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_table_is_read_in_any_encoding_and_with_any_divider(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    path = tmp_path / "a.csv"
    text = (
        mark.join(("编号", "名称", "摘要"))
        + "\r\n"
        + mark.join(("a1", '"甲, 乙; 丙"', '"两\n行"'))
        + "\r\n"
    )
    path.write_bytes(text.encode(encoding))
    table = open_table(path)
    assert table.total == 1
    (row,) = table.rows()
    assert (row.number, dict(row.cells)) == (
        2,
        {"编号": "a1", "名称": "甲, 乙; 丙", "摘要": "两\n行"},
    )


def test_lines_are_read_packed_or_not_and_a_broken_one_is_named(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.jsonl.gz"):
        path = sheets.lines(tmp_path / name, sheets.rows(3))
        assert [r.cells["id"] for r in open_table(path).rows()] == ["a0", "a1", "a2"]
    path = tmp_path / "b.jsonl"
    path.write_text('{"id": "1"}\nnonsense\n{"id": "2", "ti', "utf-8")
    found = list(open_table(path).rows())
    assert [r.problem.code if r.problem else "" for r in found] == ["", "not_json", "cut_off"]


def test_a_zip_bomb_is_refused_unread(tmp_path: Path) -> None:
    assert refused(sheets.bomb(tmp_path / "a.xlsx")) == "sheets.bomb"


def test_a_packed_bomb_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb") as out:
        for _ in range(100):
            out.write(b" " * (1 << 20))
    assert refused(path) == "sheets.bomb"


def test_an_old_workbook_under_a_new_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    assert refused(path) == "sheets.old_workbook"
    path.write_bytes(b"<html><table><tr><td>1</td></tr></table></html>")
    assert refused(path) == "sheets.markup"


def test_a_file_cut_off_in_the_middle_is_refused(tmp_path: Path) -> None:
    whole = sheets.workbook(tmp_path / "a.xlsx", [("a", "b", "c")] * 50).read_bytes()
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(whole[: len(whole) // 2])
    assert refused(cut) == "sheets.damaged"
    packed = sheets.lines(tmp_path / "a.jsonl.gz", sheets.rows(500)).read_bytes()
    short = tmp_path / "cut.jsonl.gz"
    short.write_bytes(packed[: len(packed) // 2])
    assert refused(short) == "sheets.damaged"
    table = tmp_path / "cut.csv"
    table.write_text('编号,名称,摘要\na1,甲,"没有', "utf-8")
    assert refused(table) == "sheets.broken_csv"
    table.write_bytes("编号,名称,摘要\na1,甲,汉字汉字汉字".encode()[:-1])
    assert refused(table) == "sheets.damaged"


def test_the_last_row_of_a_table_without_its_end_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,名称,摘要\na1,甲,乙\na2,丙", "utf-8")
    assert [r.problem.code if r.problem else "" for r in open_table(path).rows()] == ["", "cut_off"]


def test_a_damaged_byte_is_noticed(tmp_path: Path) -> None:
    body = bytearray(sheets.workbook(tmp_path / "a.xlsx", [("a", "b", "c")] * 300).read_bytes())
    at = body.index(b"xl/worksheets/sheet1.xml") + 60
    body[at] ^= 0xFF
    path = tmp_path / "bad.xlsx"
    path.write_bytes(bytes(body))
    assert refused(path) == "sheets.damaged"


def test_too_many_columns_are_refused_in_every_form(tmp_path: Path) -> None:
    wide = [f"c{n}" for n in range(16_384)]
    assert refused(sheets.workbook(tmp_path / "a.xlsx", [], wide)) == "sheets.too_many_columns"
    path = tmp_path / "a.csv"
    path.write_text(",".join(wide) + "\n", "utf-8")
    assert refused(path) == "sheets.too_many_columns"
    lines = sheets.lines(tmp_path / "a.jsonl", [dict.fromkeys(wide, 1)])
    assert refused(lines) == "sheets.too_many_columns"


def test_one_cell_in_the_last_corner_reserves_no_room(tmp_path: Path) -> None:
    source = sheets.workbook(tmp_path / "a.xlsx", [("a", "b", "c")])
    far = sheets.with_sheet(tmp_path / "b.xlsx", source, b'r="C2"', b'r="XFD1048576"')
    assert refused(far) == "sheets.too_many_columns"


def test_wrong_encodings_are_refused_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "编号,名称,摘要\n" + "a1,低温余热回收装置,回收排热用于除霜和地坪防冻\n" * 20
    path.write_bytes(text.encode() + b"a2,\xff\xfe,x\n")
    assert refused(path) == "sheets.mixed_encoding"
    path.write_bytes(b"id,title\n1,caf\xe9 \xff\xff\n")
    assert refused(path) == "sheets.encoding"
    path.write_bytes(bytes(range(256)) * 20)
    assert refused(path) == "sheets.binary"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "empty"), (b"%PDF-1.7 x", "not_a_sheet"), (b"\n\n  \n", "no_rows"),
     (b"[1, 2]", "not_lines"), (b"PK\x03\x04" + b"x" * 50, "damaged")],
)  # fmt: skip
def test_other_files_are_told_what_they_are(tmp_path: Path, body: bytes, code: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(body)
    assert refused(path) == f"sheets.{code}"


def test_a_plain_zip_is_not_a_workbook(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("table.csv", "1")
    assert refused(path) == "sheets.not_a_workbook"
