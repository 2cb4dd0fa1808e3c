"""Credentials within tests: a form of no business, issued by the real action."""

from __future__ import annotations

import itertools
from typing import Any

from verify import __main__ as verifier
from yangbanjian.ground.credentials import actions, queries
from yangbanjian.ground.credentials.models import Credential
from yangbanjian.ground.credentials.rules.documents import Field, Form
from yangbanjian.kernel.actor import SYSTEM, Actor

# As many fields as a real certificate has (rules of the field: some twenty-five).
FORM = Form(
    "DealCertificate",
    "技术交易凭证",
    (
        Field("no", "凭证编号"), Field("registerNo", "登记号"), Field("project", "项目编号"),
        Field("signedOn", "签约日期"), Field("noticeFrom", "公示起"), Field("noticeTo", "公示止"),
        Field("objections", "异议"), Field("seller", "转让方"), Field("buyer", "受让方"),
        Field("subject", "标的"), Field("patents", "专利"), Field("method", "交易方式"),
        Field("dealMode", "合作方式"), Field("territory", "地域"), Field("term", "期限"),
        Field("exclusivity", "是否独占"), Field("appraisal", "评估"), Field("price", "成交价"),
        Field("payment", "付款方式"), Field("contractNo", "技术合同登记号"),
        Field("review", "审核结论"), Field("bids", "有效报价次数"),
    ),
)  # fmt: skip
VALUES: dict[str, Any] = {
    "no": "YBJ-2026-000041-7", "registerNo": "QY-310112-2026-0188", "project": "P2026-0417",
    "signedOn": "2026-03-02", "noticeFrom": "2026-02-10", "noticeTo": "2026-02-25",
    "objections": "无", "seller": "东海理工大学", "buyer": "上海喆蓝冷链科技有限公司",
    "subject": "低温冷库余热梯级回收系统及其控制方法 #1 *_$@<b>\\",
    "patents": ["ZL202110123456.X", "ZL202210654321.4", "2022SR0123456"],
    "method": "多次报价", "dealMode": "专利权转让", "territory": "中国境内", "term": "至专利权终止",
    "exclusivity": "独占", "appraisal": "¥1,180,000.00", "price": "¥1,260,000.00",
    "payment": "一次付清，已到账", "contractNo": "2026310000001234", "review": "符合规定，同意出具",
    "bids": 20,
}  # fmt: skip
_number = itertools.count(1)


def issued(actor: Actor = SYSTEM, about: int | None = None, **more: Any) -> Credential:
    what = actions.About("thing", about if about is not None else next(_number))
    return actions.issue(actor=actor, form=FORM, about=what, values=VALUES, **more)


def trust(**more: Any) -> verifier.Trust:
    """What a stranger trusts who has kept the published keys."""
    rows = [verifier.read_issuer(row) for row in queries.published_keys()]
    return verifier.Trust({}, [], rows, **more)


def listed(row: Credential) -> str:
    """The status list that speaks for a credential, as fetched now."""
    return queries.status_list(row.status_list_id).decode()


def verdict(content: bytes | str, **more: Any) -> verifier.Verdict:
    """What the second implementation says."""
    given = content.encode() if isinstance(content, str) else content
    return verifier.verify(given, trust(**more))
