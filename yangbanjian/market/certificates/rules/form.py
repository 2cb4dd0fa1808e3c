"""What the certificate of a deal says: its fields, and the conditions under which it is issued.

The fields are those of a transaction voucher (交易凭证) with what technology adds to it: patents, mode,
territory, term, exclusivity, notice and objections, the contract's registration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yangbanjian.ground.credentials.rules.documents import Field, Form, Value
from yangbanjian.kernel.words import gettext_noop as _

# The labels are signed with the document: they stay in the language of the certificate.
FORM = Form(
    "DealCertificate",
    "技术交易凭证",
    (
        Field("no", "凭证编号"), Field("project", "项目编号"), Field("subject", "标的"),
        Field("seller", "转让方（许可方）"), Field("buyer", "受让方（被许可方）"),
        Field("dealMode", "合作方式"), Field("method", "交易方式"), Field("bids", "有效报价次数"),
        Field("price", "成交价"), Field("received", "已到账"), Field("payment", "付款方式"),
        Field("signedOn", "签约日期"), Field("noticeFrom", "公示起"), Field("noticeTo", "公示止"),
        Field("objections", "异议"), Field("appraisal", "定价依据"), Field("patents", "知识产权"),
        Field("territory", "地域"), Field("term", "期限"), Field("exclusivity", "是否独占"),
        Field("registerNo", "权益登记号"), Field("contractNo", "技术合同登记号"),
        Field("contractDigest", "合同文本 SHA-256"), Field("review", "审核结论"),
    ),
)  # fmt: skip
METHODS: Mapping[str, str] = {
    "rising": "多次报价", "dynamic": "动态报价", "sealed": "一次报价", "dutch": "降价式报价",
    "negotiated": "协议成交",
}  # fmt: skip
PAYMENTS: Mapping[str, str] = {
    "once": "一次总付", "instalments": "分期支付", "royalty": "提成支付", "entry_royalty": "入门费加提成",
}  # fmt: skip
EXCLUSIVE: Mapping[str, str] = {
    "licence_exclusive": "独占许可", "licence_sole": "排他许可", "licence_ordinary": "普通许可",
    "licence_open": "开放许可",
}  # fmt: skip
# Values that must be the same whenever they are computed anew (C4).
FIXED = ("price", "bids", "method", "payment", "signedOn", "contractDigest")
LONGEST = 300
MISSING: Mapping[str, str] = {
    "contract_signed": _("双方签订合同"),
    "price_received": _("价款到账，或首付款到账并有担保"),
    "books_agree": _("账上收到的款与付款记录一致"),
    "notice_over": _("公示期满，无未决异议"),
    "not_defaulted": _("没有认定违约"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is on record about a deal; money in fen."""

    deal_id: int
    listing_id: int
    state: str
    is_signed: bool
    price_fen: int
    paid_fen: int
    received_fen: int
    first_fen: int
    first_paid_fen: int
    has_security: bool
    has_notice: bool
    is_notice_over: bool
    duties_missing: tuple[str, ...]
    subject: str
    seller: str
    buyer: str
    deal_mode: str
    deal_mode_label: str
    method: str
    payment: str
    bids: int
    signed_on: date | None
    notice_from: date | None
    notice_to: date | None
    objections: int
    has_price_basis: bool
    patents: Sequence[str]
    territory: str
    until: str
    register_no: str
    contract_no: str
    contract_sha256: str


def missing(facts: Facts) -> tuple[str, ...]:
    """What stands in the way of a certificate (C5); empty: nothing."""
    is_first_in = facts.first_paid_fen >= facts.first_fen > 0
    is_paid = facts.paid_fen >= facts.price_fen or (is_first_in and facts.has_security)
    checks = (
        ("not_defaulted", facts.state != "defaulted"),
        ("contract_signed", facts.is_signed),
        ("price_received", is_paid),
        ("books_agree", facts.received_fen >= facts.paid_fen),
        ("notice_over", facts.is_notice_over or not facts.has_notice),
    )
    lacks = [name for name, holds in checks if not holds]
    return (*lacks, *(f"duty.{duty}" for duty in facts.duties_missing))


def money(fen: int) -> str:
    """¥2,100,000.00, without a float on the way."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def line(text: str) -> str:
    """One line without what cannot be seen, as a certificate takes it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    tidy = " ".join(shown.split())
    return tidy if len(tidy) <= LONGEST else f"{tidy[: LONGEST - 1]}…"


def values(facts: Facts, no: str) -> dict[str, Value]:
    """The certificate's values, from what is on record and nothing else."""
    assert facts.signed_on is not None
    is_licence = facts.deal_mode.startswith("licence")
    return {
        "no": no,
        "project": f"P{facts.listing_id:07d}",
        "subject": line(facts.subject),
        "seller": line(facts.seller),
        "buyer": line(facts.buyer),
        "dealMode": line(facts.deal_mode_label),
        "method": METHODS[facts.method],
        "bids": facts.bids,
        "price": money(facts.price_fen),
        "received": money(facts.received_fen),
        "payment": PAYMENTS[facts.payment],
        "signedOn": facts.signed_on.isoformat(),
        "noticeFrom": facts.notice_from.isoformat() if facts.notice_from else "不需公示",
        "noticeTo": facts.notice_to.isoformat() if facts.notice_to else "不需公示",
        "objections": f"{facts.objections} 条，均已处理" if facts.objections else "无",
        "appraisal": "已核对定价依据" if facts.has_price_basis else "协议或竞价形成，未评估",
        "patents": [line(p) for p in facts.patents if line(p)][:20] or ["无"],
        "territory": line(facts.territory) or ("以合同为准" if is_licence else "不限"),
        "term": facts.until or ("以合同为准" if is_licence else "至权利终止"),
        "exclusivity": EXCLUSIVE.get(facts.deal_mode, "不适用"),
        "registerNo": facts.register_no or "尚未登记",
        "contractNo": facts.contract_no or "尚未登记",
        "contractDigest": facts.contract_sha256,
        "review": "程序完备，同意出具",
    }


def differing(shown: Mapping[str, Value], now: Mapping[str, Value]) -> tuple[str, ...]:
    """Fixed values of a certificate that its rows no longer give."""
    return tuple(name for name in FIXED if shown.get(name) != now.get(name))
