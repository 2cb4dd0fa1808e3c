"""A dossier for people: what is met and what is missing, clause by clause, then what happened. The
file beside it proves; this says what is in it. typst is imported when something is printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from yangbanjian.ground.credentials import printing
from yangbanjian.market.certificates.rules import dossiers, form

HERE = Path(__file__).parent
LINES = (
    "本文件是证据包的可读部分，证据在同名的 JSON 文件里，页脚是它的 SHA-256。",
    "离线核验：python -m verify 证据包.json --trust keys.json。核验程序和公钥在平台的“存证”页下载，公钥最好用以前存下的那一份。",
    "核验逐条检查每一步的记录是否在签名日志里、合同是否与签字一致、款项是否相符、竞价是否能重算出同样的结果。",
)
STATES: Mapping[str, str] = {
    "awarded": "待签约", "signed": "待付款", "paid": "价款已到账", "handed_over": "已交割",
    "archived": "已归档", "defaulted": "买方违约",
}  # fmt: skip
MOST_ROWS = 400


def pdf(body: Mapping[str, Any], sha256: str, at: datetime) -> bytes:
    """PDF/A-2b. The same body gives the same bytes: dated by its entry, no font of the system."""
    import typst

    said = words(body, f"SHA-256 {sha256}")
    return bytes(
        typst.compile(
            str(HERE / "dossier.typ"), root=str(HERE), font_paths=[str(printing.FONTS)],
            ignore_system_fonts=True, pdf_standards=["a-2b"], timestamp=int(at.timestamp()),
            sys_inputs={"said": json.dumps(said)},
        )
    )  # fmt: skip


def words(body: Mapping[str, Any], footer: str) -> dict[str, Any]:
    """What is printed, as data."""
    lacks = sum(d["verdict"] == "missing" for d in body["duties"])
    verdict = f"清单有缺项 {lacks} 项，见下表。" if lacks else "清单所列职责均已满足，无缺项。"
    return {
        "title": _shown(body["deal"]["title"]), "notice": body["note"], "footer": footer,
        "verdict": verdict, "jurisdiction": body["jurisdiction"], "edition": body["edition"],
        "duties": [
            [dossiers.VERDICTS[d["verdict"]], d["label"], f"{d['document']} {d['clause']}".strip()]
            for d in body["duties"]
        ],
        "parts": [_part("交易", _deal(body)), _part("价款", _money(body)),
                  *_packets(body)],
        "lines": LINES,
    }  # fmt: skip


def _part(title: str, rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {"title": title, "rows": [[label, _shown(value)] for label, value in rows[:MOST_ROWS]]}


def _deal(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    deal, certificate = body["deal"], body["certificate"]
    no = certificate["credentialSubject"]["no"] if certificate else "尚未出具"
    return [
        ("转让方", deal["seller"]), ("受让方", deal["buyer"]),
        ("成交价", form.money(deal["price_fen"])), ("交易方式", form.METHODS[deal["method"]]),
        ("状态", STATES[deal["state"]]), ("成交", deal["awarded_at"] or "—"),
        ("签约", deal["signed_at"] or "—"), ("到账", deal["paid_at"] or "—"),
        ("交割", deal["handed_over_at"] or "—"),
        ("技术合同登记号", deal["registered_no"] or "尚未登记"), ("凭证编号", no),
        ("合同文本 SHA-256", body["contract"].get("sha256", "—")),
    ]  # fmt: skip


def _money(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            f"第 {i['seq']} 笔",
            f"应付 {form.money(i['amount_fen'])}，已付 {form.money(i['paid_fen'])}"
            f"（其中保证金 {form.money(i['from_deposit_fen'])}），{i['paid_at'] or '未付清'}",
        )
        for i in body["instalments"]
    ]


def _packets(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each section with its entries: when, what, at which place of the log."""
    leaves = {p["leaf"]["id"]: (p["leaf"], p["proof"]["index"]) for p in body["packets"]}
    parts = []
    for section in body["sections"]:
        rows = []
        for entry in section["entries"]:
            if entry in leaves:
                leaf, place = leaves[entry]
                rows.append((leaf["at_business"][:19], f"{leaf['verb']}（日志第 {place + 1} 条）"))
        parts.append(_part(dossiers.SECTIONS[section["name"]], rows))
    return parts


def _shown(text: str) -> str:
    """What the font cannot draw is shown as a box, so that nothing stops the print."""
    return "".join("□" if printing.unprintable(letter) else letter for letter in text)
