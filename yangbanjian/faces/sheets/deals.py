"""Every deal of the floor as a sheet to take away. It can't be taken in again: a deal comes only
from a sale, by the floor's own verbs.

In `.xlsx` and `.csv` codes are words and money is yuan; in `.jsonl` codes and fen stay as the
API tells them. What is written is what everybody may read of a result.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext

from yangbanjian.faces.sheets import guarding
from yangbanjian.faces.sheets.cells import Codebook
from yangbanjian.faces.sheets.ledgers import yuan
from yangbanjian.faces.sheets.writing import Sheet, lines_into, suffix_of, workbook
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates import queries as certificates
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.rules import closing, deal_states
from yangbanjian.market.trading.rules.listings import METHODS

NAME = "deals"
_LABEL = gettext_noop("成交记录")


@dataclass(frozen=True, slots=True)
class _Column:
    """`kind`: text, number, fen, moment, state, method or mode."""

    name: str
    heading: str
    read: Callable[[Any], Any]
    kind: str = "text"


def _certificate(one: Any) -> str:
    live = certificates.live(one)
    return live.no if live else ""


COLUMNS = (
    _Column("id", gettext_noop("成交编号"), lambda d: d.pk, "number"),
    _Column("title", gettext_noop("成果名称"), lambda d: d.listing.title),
    _Column("state", gettext_noop("状态"), lambda d: d.state, "state"),
    _Column("seller", gettext_noop("转让方"), lambda d: d.owner.name),
    _Column("buyer", gettext_noop("受让方"), lambda d: d.buyer.name),
    _Column("deal_mode", gettext_noop("合作方式"), lambda d: d.deal_mode, "mode"),
    _Column("method", gettext_noop("交易方式"), lambda d: d.lot.method, "method"),
    _Column("start_fen", gettext_noop("起始价（元）"), lambda d: d.lot.start_fen, "fen"),
    _Column("price_fen", gettext_noop("成交价（元）"), lambda d: d.price_fen, "fen"),
    _Column(
        "premium_percent", gettext_noop("溢价百分数"),
        lambda d: str(closing.premium_percent(d.lot.start_fen, d.price_fen)),
    ),
    _Column("awarded_at", gettext_noop("成交时间"), lambda d: d.awarded_at, "moment"),
    _Column("signed_at", gettext_noop("签约时间"), lambda d: d.signed_at, "moment"),
    _Column("paid_at", gettext_noop("付清时间"), lambda d: d.paid_at, "moment"),
    _Column("handed_over_at", gettext_noop("交割时间"), lambda d: d.handed_over_at, "moment"),
    _Column("settled_at", gettext_noop("结算时间"), lambda d: d.settled_at, "moment"),
    _Column("registered_no", gettext_noop("技术合同登记号"), lambda d: d.registered_no),
    _Column("certificate", gettext_noop("交易凭证编号"), _certificate),
    _Column("achievement_id", gettext_noop("成果编号"), lambda d: d.achievement_id, "number"),
    _Column("listing_id", gettext_noop("挂牌编号"), lambda d: d.listing_id, "number"),
    _Column("lot_id", gettext_noop("标的编号"), lambda d: d.lot_id, "number"),
    _Column("edition", gettext_noop("规则版次"), lambda d: d.edition.label),
)  # fmt: skip


def export(path: Path) -> int:
    """Write every deal, the oldest first; returns how many. Raises Invalid for another format."""
    write = {".xlsx": _workbook, ".csv": _csv}.get(suffix_of(path), _lines)
    with acting(SYSTEM):  # also deals whose achievement is no longer shown
        return write(path)


def _workbook(path: Path) -> int:
    with workbook(path) as book:
        sheet = Sheet(book, gettext(_LABEL))
        sheet.head(gettext(c.heading) for c in COLUMNS)
        for row in _rows():
            sheet.row(row)
        return sheet.at - 1


def _deals() -> Iterator[Any]:
    return queries.deals(SYSTEM).order_by("pk").iterator(chunk_size=500)


def _rows() -> Iterator[list[str | int | float]]:
    book = Codebook()
    for one in _deals():
        yield [_cell(column, column.read(one), book) for column in COLUMNS]


def _cell(column: _Column, value: Any, book: Codebook) -> str | int | float:
    if value is None or value == "":
        return ""
    match column.kind:
        case "fen":
            return yuan(value, "CNY")
        case "moment":
            return localtime(value).strftime("%Y-%m-%d %H:%M")
        case "state":
            return gettext(deal_states.TABLE.state(value).label)
        case "method":
            return gettext(METHODS[value])
        case "mode":
            return book.label("deal_modes", value)
        case "number":
            return int(value)
    return str(value)


def _csv(path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow([gettext(c.heading) for c in COLUMNS])
        for row in _rows():
            sheet.writerow([guarding.for_csv(c) if isinstance(c, str) else c for c in row])
            count += 1
    return count


def _lines(path: Path) -> int:
    count = 0
    with lines_into(path) as out:
        for one in _deals():
            said = {c.name: c.read(one) for c in COLUMNS}
            told = {k: v for k, v in said.items() if v not in ("", None)}
            out.write(json.dumps(told, ensure_ascii=False, default=_moment) + "\n")
            count += 1
    return count


def _moment(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
