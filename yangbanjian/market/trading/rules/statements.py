"""Checks before an achievement is listed: what a unit states, what the record itself tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

ITEMS = {
    "title": _("权属"),
    "encumbrance": _("质押、许可等负担"),
    "annual_fee": _("专利年费"),
    "secrecy": _("涉密和出口管制"),
    "foreign_buyer": _("境外受让方"),
    "price_basis": _("定价依据"),
    "priority": _("完成人优先受让权"),
}
VERDICTS = {"pass": _("符合"), "fail": _("不符合"), "not_applicable": _("不涉及")}


@dataclass(frozen=True, slots=True)
class Check:
    """One item: pass, fail, not_applicable, or open while nobody has stated it; `why` where the
    record itself decides."""

    item: str
    verdict: str
    why: str = ""


def check(item: str, record: Mapping[str, Any], stated: str | None) -> Check:
    """An item from the record's own facts and what was stated last. What the record rules out no
    statement makes good: a secret stays one.

    `record`: secrecy, is_export_controlled (None: not said), holders and completers (counts),
    pledges, objections (of the register), has_patent.
    """
    if item == "secrecy":
        if record["secrecy"] != "none":
            return Check(item, "fail", _("这项成果涉密，不能公开挂牌。"))
        if record["is_export_controlled"] is None:
            return Check(item, stated or "open", _("请在成果里写明是否受出口管制。"))
        if not record["is_export_controlled"]:
            return Check(item, stated or "pass")
    if item == "title" and not (record["holders"] and record["completers"]):
        return Check(item, "open", _("请在成果里填全权利人和完成人。"))
    if item == "encumbrance" and (record["pledges"] or record["objections"]):
        return Check(item, "fail", _("权益登记簿上有质押或异议，请先办理注销。"))
    if item == "annual_fee" and not record["has_patent"] and stated is None:
        return Check(item, "not_applicable")
    return Check(item, stated or "open")


def is_good(check: Check) -> bool:
    """Does it stand in nobody's way?"""
    return check.verdict in ("pass", "not_applicable")
