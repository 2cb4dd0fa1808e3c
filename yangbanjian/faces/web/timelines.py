"""The journal as a timeline: what happened, said in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import translated
from yangbanjian.kernel.words import gettext_noop

PAST = {
    "added": (gettext_noop("建立草稿"), "plus", ""),
    "revised": (gettext_noop("修改内容"), "pencil", ""),
    "submitted": (gettext_noop("提交审核"), "send", ""),
    "published": (gettext_noop("公开"), "world", "ok"),
    "returned": (gettext_noop("退回修改"), "arrow-back-up", "warn"),
    "renewed": (gettext_noop("续期"), "refresh", "ok"),
    "withdrawn": (gettext_noop("撤回"), "ban", "bad"),
    "reopened": (gettext_noop("重新编辑"), "edit", ""),
    "expiring": (gettext_noop("即将到期"), "hourglass", "warn"),
    "expired": (gettext_noop("已到期"), "archive", "bad"),
    "closed": (gettext_noop("成交或解决"), "trophy", "gold"),
    "custody_changed": (gettext_noop("变更托管"), "refresh", ""),
    "covered": (gettext_noop("更换封面"), "photo", ""),
    "reported": (gettext_noop("收到举报"), "flag", "warn"),
    "report_decided": (gettext_noop("举报已处理"), "checks", ""),
    "imported": (gettext_noop("导入"), "file-import", ""),
    "suggested": (gettext_noop("系统推荐"), "sparkles", "match"),
    "seen": (gettext_noop("已查看"), "eye", ""),
    "interested": (gettext_noop("表示有意向"), "heart-handshake", "demand"),
    "agreed": (gettext_noop("同意约谈"), "circle-check", "ok"),
    "declined": (gettext_noop("婉拒"), "circle-x", "bad"),
    "lapsed": (gettext_noop("逾期未回应"), "hourglass", ""),
    "judged": (gettext_noop("评价匹配"), "thumb-up", ""),
    "decided": (gettext_noop("单位决策"), "checks", ""),
    "stated": (gettext_noop("核对事项"), "checks", ""),
    "way_chosen": (gettext_noop("选定交易途径"), "scale", ""),
    "notice_drafted": (gettext_noop("起草公示"), "plus", ""),
    "notice_opened": (gettext_noop("开始公示"), "world", "ok"),
    "notice_changed": (gettext_noop("变更，重新公示"), "pencil", "warn"),
    "notice_objected": (gettext_noop("收到异议，暂停计时"), "flag", "warn"),
    "notice_appealed": (gettext_noop("异议申诉，暂停计时"), "flag", "warn"),
    "notice_resumed": (gettext_noop("异议不成立，继续公示"), "refresh", "ok"),
    "notice_stopped": (gettext_noop("异议成立，公示终止"), "ban", "bad"),
    "notice_ended": (gettext_noop("公示期满"), "circle-check", "ok"),
    "notice_withdrawn": (gettext_noop("撤回公示"), "ban", "bad"),
    "objected": (gettext_noop("提出异议"), "flag", "warn"),
    "ruled": (gettext_noop("异议裁定"), "checks", ""),
    "appealed": (gettext_noop("申诉"), "flag", "warn"),
    "right_entered": (gettext_noop("权益登记"), "certificate", ""),
    "listing_drafted": (gettext_noop("起草挂牌"), "plus", ""),
    "listing_revised": (gettext_noop("修改挂牌"), "pencil", ""),
    "listing_submitted": (gettext_noop("提交挂牌"), "send", ""),
    "listing_returned": (gettext_noop("退回补正"), "arrow-back-up", "warn"),
    "listing_accepted": (gettext_noop("受理挂牌"), "checks", ""),
    "listing_confirmed": (gettext_noop("第二人复核"), "checks", ""),
    "listing_published": (gettext_noop("发布挂牌"), "world", "ok"),
    "listing_changed": (gettext_noop("变更，重新披露"), "pencil", "warn"),
    "listing_paused": (gettext_noop("中止"), "hourglass", "warn"),
    "listing_resumed": (gettext_noop("恢复"), "refresh", "ok"),
    "listing_withdrawn": (gettext_noop("撤牌"), "ban", "bad"),
    "listing_ended": (gettext_noop("终结"), "ban", "bad"),
    "listing_expired": (gettext_noop("公告期满"), "hourglass", ""),
    "listing_found_nobody": (gettext_noop("无人受让"), "circle-x", ""),
    "listing_extended": (gettext_noop("延期披露"), "refresh", ""),
    "listing_lowered": (gettext_noop("进入下一轮"), "refresh", ""),
    "listing_negotiating": (gettext_noop("一人合格，协议签约"), "heart-handshake", "ok"),
    "listing_bidding": (gettext_noop("开始竞价"), "scale", "ok"),
    "signed_up": (gettext_noop("报名"), "plus", ""),
    "deposit_held": (gettext_noop("保证金到账"), "coins", "ok"),
    "deposit_refunded": (gettext_noop("退还保证金"), "coins", ""),
    "deposit_forfeited": (gettext_noop("扣除保证金"), "coins", "bad"),
    "buyer_qualified": (gettext_noop("取得资格"), "circle-check", "ok"),
    "buyer_refused": (gettext_noop("资格不通过"), "circle-x", "bad"),
    "registration_lapsed": (gettext_noop("逾期未交保证金"), "hourglass", ""),
    "registration_withdrawn": (gettext_noop("退出报名"), "ban", ""),
    "registration_won": (gettext_noop("竞得"), "trophy", "gold"),
    "asked": (gettext_noop("提问"), "message-circle", ""),
    "answered": (gettext_noop("答复"), "message-circle", ""),
    "paper_put": (gettext_noop("放入尽调材料"), "file-text", ""),
    "paper_taken_back": (gettext_noop("撤下尽调材料"), "ban", ""),
    "undertaken": (gettext_noop("承诺保密"), "lock", ""),
    "paper_read": (gettext_noop("取得尽调材料"), "eye", ""),
    "lot_closed": (gettext_noop("竞价结束"), "gavel", "brand"),
    "awarded": (gettext_noop("成交"), "gavel", "gold"),
    "contract_drafted": (gettext_noop("商定合同条款"), "pencil", ""),
    "contract_signed": (gettext_noop("一方签字"), "edit", ""),
    "deal_signed": (gettext_noop("双方签约"), "file-certificate", "ok"),
    "instalment_paid": (gettext_noop("一期款到账"), "coins", "ok"),
    "payment_taken_back": (gettext_noop("到账记录撤销"), "arrow-back-up", "warn"),
    "deal_paid": (gettext_noop("价款到账"), "coins", "ok"),
    "security_noted": (gettext_noop("登记担保"), "lock", ""),
    "deal_defaulted": (gettext_noop("认定违约"), "ban", "bad"),
    "deal_registered": (gettext_noop("登记技术合同"), "file-certificate", ""),
    "deal_handed_over": (gettext_noop("交割"), "heart-handshake", "ok"),
    "deal_archived": (gettext_noop("归档"), "archive", ""),
    "settlement_proposed": (gettext_noop("提出结算"), "coins", ""),
    "deal_settled": (gettext_noop("结算给转让方"), "coins", "ok"),
    "payout_ordered": (gettext_noop("下付款单"), "coins", ""),
    "payout_paid": (gettext_noop("付到收款账户"), "circle-check", "ok"),
    "payout_failed": (gettext_noop("没有付成"), "alert-triangle", "bad"),
    "deal_unused": (gettext_noop("到期未实施"), "hourglass", "warn"),
    "use_reported": (gettext_noop("申报实施"), "circle-check", "ok"),
    "royalty_reported": (gettext_noop("申报提成"), "chart-line", ""),
    "certificate_issued": (gettext_noop("出具凭证"), "certificate", "ok"),
    "certificate_revoked": (gettext_noop("撤销凭证"), "ban", "bad"),
    "dossier_asked": (gettext_noop("整理证据包"), "packages", ""),
    "dossier_recorded": (gettext_noop("证据包存证"), "packages", "ok"),
    "answer_judged": (gettext_noop("评价匹配"), "thumb-up", ""),
    "put_to_work": (gettext_noop("启用新的签名密钥"), "key", ""),
    "revoked": (gettext_noop("作废旧的签名密钥"), "ban", "bad"),
    "stored": (gettext_noop("存入文件"), "file-text", ""),
    "damaged": (gettext_noop("发现文件损坏"), "alert-triangle", "bad"),
    "mended": (gettext_noop("文件已恢复"), "circle-check", "ok"),
}
SIDES = {"seeker": gettext_noop("需求方"), "provider": gettext_noop("供给方")}


def timeline_of(
    entries: Iterable[Any], names: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Entries as timeline.html shows them. `names` are the labels of changed fields."""
    return [_entry(entry, names or {}) for entry in entries]


def _entry(entry: Any, names: dict[str, str]) -> dict[str, Any]:
    past = entry.verb.rpartition(".")[2]
    what, icon, tone = PAST.get(past, (past, "clock", ""))
    changed = [translated(names.get(c, c)) for c in entry.payload.get("changed", [])[:6]]
    remark = getattr(entry, "remark", None)
    detail = _("、").join(changed)
    if remark is not None and remark.text:
        detail = " ".join(t for t in (detail, _("说明：%(text)s") % {"text": remark.text}) if t)
    side = SIDES.get(str(entry.payload.get("side", "")), "")
    return {
        "at": entry.at_business, "what": translated(what), "detail": detail, "icon": icon,
        "tone": tone, "who": translated(side), "public": entry.audience == "public",
        "url": f"/log/entries/{entry.pk}",
    }  # fmt: skip
