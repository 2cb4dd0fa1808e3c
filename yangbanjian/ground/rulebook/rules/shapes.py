"""What a row of each table holds. A table is declared here; its figures are editions.

Every row may also name its own document and clause, and say that it is provisional: one edition
often gathers several documents of one jurisdiction. A percentage is a decimal in text ("2.5"),
money is integer fen, a period an integer with its unit beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from yangbanjian.kernel.words import gettext_noop as _

Kind = Literal["choice", "integer", "fen", "percent", "line", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices` are code -> label; `low` and `high` bound an integer."""

    name: str
    label: str
    kind: Kind
    is_required: bool = True
    choices: Mapping[str, str] = field(default_factory=dict)
    low: int = 0
    high: int = 10**15


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: `key` names the columns that tell its rows apart. `is_house`: a rule of this
    installation (jurisdiction `site`), not of an authority."""

    name: str
    label: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_house: bool = False

    def column(self, name: str) -> Column:
        return next(c for c in (*self.columns, *COMMON) if c.name == name)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return (*self.columns, *COMMON)


COMMON = (
    Column("remark", _("说明"), "line", is_required=False),
    Column("document", _("出处"), "line", is_required=False),
    Column("clause", _("条款"), "line", is_required=False),
    Column("is_provisional", _("暂定"), "flag", is_required=False),
)


def _choice(name: str, label: str, **choices: str) -> Column:
    return Column(name, label, "choice", choices=choices)


_DAYS = Column("days", _("天数"), "integer", low=1, high=3650)
_UNIT = _choice("unit", _("日的算法"), calendar=_("自然日"), working=_("工作日"))
_FIRST = _choice("first_day", _("首日"), counted=_("当天计入"), next=_("次日起算"))

_LISTED = (
    Shape(
        "notice_days", _("公示期"), _("职务科技成果转化中各种公示至少要几天，首日怎样算。"),
        (
            _choice("case", _("情形"), agreement_price=_("协议定价公示"), reward=_("奖酬公示")),
            _DAYS, _UNIT, _FIRST,
        ),
        ("case",),
    ),
    Shape(
        "disclosure_periods", _("信息披露期"), _("挂牌、拍卖前后信息至少要披露多久。"),
        (
            _choice(
                "case", _("情形"), equity=_("企业国有产权转让"), extension=_("期满延长一次"),
                asset=_("企业资产转让"), achievement=_("技术成果挂牌"),
                dynamic_bid=_("动态报价自由报价期"), auction=_("拍卖公告"), result=_("结果公示"),
            ),
            Column("over_fen", _("底价高于"), "fen", is_required=False),
            Column("upto_fen", _("底价至多"), "fen", is_required=False),
            _DAYS, _UNIT, _FIRST,
        ),
        ("case", "over_fen"),
    ),
    Shape(
        "deposit_rules", _("保证金与价款"), _("保证金的上限、退还和签约付款的时限。"),
        (
            _choice(
                "item", _("事项"), deposit_cap=_("保证金不超过底价的"),
                refund_losers=_("未成交者退还保证金"), sign=_("签订成交文件"),
                pay_once=_("一次付清价款"), first_instalment=_("分期首付不低于"),
                instalment_term=_("分期付清不超过"), consent_below=_("低于评估值须书面同意"),
            ),
            Column("value", _("数值"), "integer", low=1, high=3650),
            _choice(
                "unit", _("单位"), percent="%", calendar=_("自然日"), working=_("工作日"),
                months=_("个月"),
            ),
        ),
        ("item",),
    ),
    Shape(
        "follow_up", _("成交后跟踪"), _("付款、提成和实施各在什么时候提醒，多久没有实施要注明。"),
        (
            _choice(
                "item", _("事项"), unused=_("交割后多久没有实施要注明"),
                unused_remind=_("注明以前几天提醒"), instalment_remind=_("付款到期以前几天提醒"),
                royalty=_("多久申报一次提成"), royalty_remind=_("提成申报到期以前几天提醒"),
            ),
            Column("value", _("数值"), "integer", low=1, high=3650),
            _choice("unit", _("单位"), calendar=_("自然日"), months=_("个月")),
        ),
        ("item",),
    ),
    Shape(
        "bidding_terms", _("竞价条件"), _("报价各段时间的下限，以及挂牌没有写明时怎样算。"),
        (
            _choice(
                "item", _("事项"), free_least=_("自由报价期至少"), cycle_least=_("限时周期至少"),
                hard_close=_("没有写明时，最迟结束"), resume=_("恢复后至少还剩"),
                outage=_("不能报价多久算中断"), priority=_("没有写明时，优先权行使时间"),
                negotiation=_("协议签约的时间"), commission_most=_("佣金合计至多"),
            ),
            Column("value", _("数值"), "integer", low=1, high=366 * 86400),
            _choice("unit", _("单位"), seconds=_("秒"), permille="‰"),
        ),
        ("item",),
    ),
    Shape(
        "reward_floors", _("奖酬比例"), _("没有约定时，完成人至少得多少。"),
        (
            _choice(
                "case", _("情形"), transfer_licence=_("转让、许可"), equity=_("作价投资"),
                implementation=_("自行或合作实施"),
            ),
            Column("floor_percent", _("比例"), "percent"),
            _choice(
                "base", _("基数"), net_income=_("净收入"), shares=_("股份或出资比例"),
                operating_profit=_("每年营业利润"),
            ),
            _choice("force", _("效力"), floor=_("不低于"), allowed=_("可以不低于")),
            Column("years_from", _("最少年数"), "integer", is_required=False, low=1, high=50),
            Column("years_to", _("最多年数"), "integer", is_required=False, low=1, high=50),
        ),
        ("case",),
    ),
    Shape(
        "award_minimums", _("专利奖金最低额"), _("没有约定时，授权后至少发给发明人的奖金。"),
        (
            _choice("right", _("权利"), invention=_("发明专利"), utility=_("实用新型"), design=_("外观设计")),
            Column("amount_fen", _("金额"), "fen"),
            Column("within_months", _("几个月内"), "integer", low=1, high=120),
        ),
        ("right",),
    ),
    Shape(
        "fee_schedules", _("交易收费"), _("已知的收费上限和最低额；各交易机构另有公布的，以公布的为准。"),
        (
            _choice(
                "fee", _("收费项目"), auction_commission=_("拍卖佣金"), exchange=_("交易服务费"),
                promotion=_("推介费"),
            ),
            _choice("payer", _("由谁付"), each=_("双方各自"), seller=_("转让方"), buyer=_("受让方")),
            Column("most_percent", _("比例上限"), "percent", is_required=False),
            Column("least_fen", _("最低额"), "fen", is_required=False),
            Column("per_months", _("每几个月"), "integer", is_required=False, low=1, high=120),
            Column("free_months", _("先免几个月"), "integer", is_required=False, low=1, high=120),
        ),
        ("fee", "payer"),
    ),
    Shape(
        "duties", _("进场尽责清单"), _("职务科技成果进场交易，单位要做到什么，各出自哪一条。"),
        (
            _choice(
                "duty", _("职责"), decision=_("民主决策：集体决定转化、定价方式和价格"),
                notice=_("信息公示：名称、简介、方式、拟交易价格，期满无异议"),
                related_party=_("受让方是完成人或关联方的，写明情况"),
                objections=_("异议都已处理并有结论"),
                price_basis=_("合理注意：有定价依据，或写明不评估的理由"),
                title=_("合理注意：权属清楚，权利人和完成人齐全"),
                encumbrance=_("合理注意：没有妨碍交易的质押、许可和异议登记"),
                annual_fee=_("合理注意：专利有效，年费已缴"),
                secrecy=_("合理注意：不涉密，不属限制公开的技术"),
                priority=_("告知完成人：同等条件下优先受让"),
            ),
            _choice(
                "price_mode", _("定价方式"), any=_("各种方式"), agreement=_("协议定价"),
                listing=_("挂牌交易"), auction=_("拍卖"),
            ),
            _choice("units", _("哪些单位"), public=_("国家设立的高校、院所、医院"), any=_("各种单位")),
        ),
        ("duty", "price_mode"),
    ),
    Shape(
        "answer_days", _("回应期限"), _("有意向以后，对方几天内没有回应就自动结束。"),
        (
            _choice("step", _("步骤"), introduction=_("约谈意向")),
            Column("days", _("天数"), "integer", low=1, high=180),
        ),
        ("step",), is_house=True,
    ),
    Shape(
        "access_terms", _("查阅期限"), _("运营人员查阅单位不公开的资料，一次至多多久。"),
        (
            _choice("what", _("查阅什么"), owner=_("一个单位不公开的资料")),
            Column("hours", _("至多几小时"), "integer", low=1, high=720),
        ),
        ("what",), is_house=True,
    ),
    Shape(
        "certificate_uses", _("凭证用途"), _("一证通用：凭证可以用来办哪些事，各要具备什么。"),
        (
            _choice(
                "use", _("用途"), contract_registry=_("技术合同登记"), reward_payout=_("奖酬发放"),
                voucher_claim=_("科技券兑付"), tax_relief=_("税收优惠备案"),
                patent_recordal=_("专利权转移、许可备案"), bank_loan=_("银行贷款"),
            ),
            _choice(
                "needs", _("要具备"), valid=_("凭证有效"), paid_in_full=_("价款全部到账"),
                registered=_("技术合同已登记"), handed_over=_("已交割登记"),
            ),
        ),
        ("use", "needs"), is_house=True,
    ),
    Shape(
        "undertakings", _("资料室保密承诺"), _("进尽调资料室看保密材料以前，受让方的人要承诺的各条。"),
        (
            Column("no", _("第几条"), "integer", low=1, high=99),
            Column("text", _("内容"), "line"),
        ),
        ("no",), is_house=True,
    ),
    Shape(
        "risk_indicators", _("风险提示"), _("哪些成交值得多看一眼：每条提示的阈值。"),
        (
            _choice(
                "indicator", _("提示"), single_bidder=_("只有一家报价"), price_at_reserve=_("底价成交"),
                inventor_linked=_("受让方与完成人有关联"), repeated_pair=_("同一对买卖方多次成交"),
                rapid_resale=_("短期内转手"), best_bid_disqualified=_("报价更高的没有成交"),
                split_lots=_("化整为零"),
            ),
            Column("count", _("次数或家数"), "integer", is_required=False, low=1, high=1000),
            Column("days", _("天数"), "integer", is_required=False, low=1, high=3650),
            Column("percent", _("百分比"), "integer", is_required=False, low=0, high=1000),
            Column("amount_fen", _("限额"), "fen", is_required=False),
        ),
        ("indicator",), is_house=True,
    ),
    Shape(
        "required_entries", _("必备记录"), _("到达某一步之前，存证日志里必须先有哪些记录。"),
        (
            _choice("process", _("办的事"), introduction=_("约谈"), deal=_("成交后的办理")),
            _choice(
                "state", _("到哪一步"), agreed=_("双方同意约谈"), handed_over=_("交割"),
                settled=_("结算给转让方"), archived=_("归档"),
            ),
            Column(
                "entry", _("要有的记录"), "choice",
                choices={
                    "matches.interested": _("一方表示有意向"),
                    "trading.awarded": _("成交"), "trading.deal_signed": _("双方签约"),
                    "trading.deal_paid": _("价款到账"),
                    "trading.settlement_proposed": _("提出结算"),
                    "trading.deal_handed_over": _("交割"),
                },
            ),
        ),
        ("process", "state", "entry"), is_house=True,
    ),
)  # fmt: skip
SHAPES: Mapping[str, Shape] = {shape.name: shape for shape in _LISTED}
