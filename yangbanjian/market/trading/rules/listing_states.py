"""The life of a listing: from a draft over disclosure and bidding to the archive, with all exits.

After disclosure three ways open by the number of qualified buyers: none (extend, lower, end), one
(a negotiated contract), two or more (bidding).
"""

from __future__ import annotations

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.words import gettext_noop as _

_DISCLOSED, _PAUSED, _OVER = _("信息发布中"), _("中止"), _("公告期满")
_NOBODY, _SIGNING, _BIDDING = _("无人受让"), _("协议签约中"), _("竞价中")
_RESULT, _ENDED = _("成交公示中"), _("已终结")
BEFORE_BIDDING = ("disclosed", "paused", "expired", "nobody", "qualifying")

TABLE = StateTable(
    name="listings",
    start="draft",
    states=(
        State("draft", _("草稿")),
        State("submitted", _("齐备性审核")),
        State("returned", _("待补正")),
        State("accepted", _("已受理")),
        State("disclosed", _DISCLOSED, _DISCLOSED),
        State("paused", _PAUSED, _PAUSED),
        State("expired", _OVER, _OVER),
        State("qualifying", _("资格确认"), _OVER),
        State("nobody", _NOBODY, _NOBODY),
        State("negotiating", _SIGNING, _SIGNING),
        State("bidding", _BIDDING, _BIDDING),
        State("confirmed", _("结果已确认"), _RESULT),
        State("announced", _RESULT, _RESULT),
        State("signed", _("已签约"), _("已成交")),
        State("paid", _("价款已结算"), _("已成交")),
        State("certified", _("已出具凭证"), _("已成交")),
        State("handed_over", _("已交割"), _("已成交")),
        State("archived", _("已归档"), _("已成交"), is_final=True),
        State("defaulted", _("违约待再挂牌"), _("违约待再挂牌")),
        State("relisted", _("已再挂牌"), _("已再挂牌"), is_final=True),
        State("withdrawn", _("已撤牌"), _("已撤牌"), is_final=True),
        State("ended", _ENDED, _ENDED, is_final=True),
    ),
    moves=(
        Move("submit", ("draft", "returned"), "submitted", _("提交"), ("owner",)),
        Move("return", ("submitted",), "returned", _("退回补正"), ("exchange",), needs_reason=True),
        Move("accept", ("submitted",), "accepted", _("受理"), ("exchange",)),
        Move("publish", ("accepted",), "disclosed", _("发布"), ("exchange",)),
        Move("change", ("disclosed", "paused"), "disclosed", _("变更"), ("exchange",), needs_reason=True),
        Move("pause", ("disclosed",), "paused", _("中止"), ("exchange",), needs_reason=True),
        Move("resume", ("paused",), "disclosed", _("恢复"), ("exchange",)),
        Move("expire", ("disclosed",), "expired", _("公告期满"), ("system",)),
        Move("qualify", ("expired",), "qualifying", _("确认资格"), ("system",)),
        Move("find_nobody", ("expired", "qualifying"), "nobody", _("无人受让"), ("system",)),
        Move("extend", ("nobody",), "disclosed", _("延期"), ("exchange", "system")),
        Move("lower", ("nobody",), "disclosed", _("进入下一轮"), ("exchange", "system")),
        Move("negotiate", ("qualifying",), "negotiating", _("协议签约"), ("system",)),
        Move("bid", ("qualifying",), "bidding", _("组织竞价"), ("system",)),
        Move("fail", ("negotiating", "bidding"), "nobody", _("未成交"), ("exchange", "system")),
        Move("confirm", ("negotiating", "bidding"), "confirmed", _("确认结果"), ("system",)),
        Move("announce", ("confirmed",), "announced", _("公示结果"), ("exchange", "system")),
        Move("sign", ("announced",), "signed", _("签约"), ("system",)),
        Move("pay", ("signed",), "paid", _("结算价款"), ("system",)),
        Move("certify", ("paid",), "certified", _("出具凭证"), ("exchange",)),
        Move("hand_over", ("certified",), "handed_over", _("交割"), ("owner", "exchange")),
        Move("archive", ("handed_over",), "archived", _("归档"), ("exchange", "system")),
        Move(
            "default", ("confirmed", "announced", "signed"), "defaulted", _("认定违约"), ("exchange",),
            needs_reason=True,
        ),
        Move("pass_on", ("defaulted",), "confirmed", _("由次高报价者受让"), ("exchange",)),
        Move("relist", ("defaulted",), "relisted", _("再挂牌"), ("exchange",)),
        Move(
            "withdraw", ("draft", "submitted", "returned", "accepted", *BEFORE_BIDDING), "withdrawn",
            _("撤牌"), ("owner", "exchange"), needs_reason=True,
        ),
        Move(
            "end", (*BEFORE_BIDDING, "negotiating", "bidding", "defaulted"), "ended", _("终结"),
            ("exchange", "system"), needs_reason=True,
        ),
    ),
)  # fmt: skip
