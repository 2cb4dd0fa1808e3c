"""The register of technology rights (技术权益登记): what an entry does, and the state on a day.

An entry is written once and never changed; an error is put right by a further entry. So the state
on a day is a fold of the entries in force on it, in the order in which they were entered, and what
was known at an earlier moment can be read by leaving out those entered later (two times, as in the
journal).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from yangbanjian.kernel.identifiers import check_11_2
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.words import gettext_noop as _

KINDS = {
    "initial": _("初始登记"),
    "change": _("变更登记"),
    "transfer": _("转移登记"),
    "licence": _("许可备案"),
    "pledge": _("质押登记"),
    "release": _("注销质押"),
    "objection": _("异议登记"),
    "correction": _("更正登记"),
    "cancellation": _("注销登记"),
}
LICENCE_KINDS = {"exclusive": _("独占许可"), "sole": _("排他许可"), "ordinary": _("普通许可")}
WHOLE = 10_000  # holders' shares are basis points


def number(year: int, achievement_id: int) -> str:
    """A register number: year, running number and a check character (ISO 7064 modulus 11-2), so
    that one mistyped or two swapped characters are found: R20260000123-4."""
    digits = f"{year:04d}{achievement_id:07d}"
    return f"R{digits}-{check_11_2(digits)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `seq` counts from 1 without a gap; `holds_from` is the day from which it holds."""

    seq: int
    kind: str
    holds_from: date
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """The register's state: holders with their shares, live licences and pledges, whether an
    objection stands, whether the right is cancelled."""

    title: str = ""
    holders: tuple[Mapping[str, Any], ...] = ()
    licences: tuple[Mapping[str, Any], ...] = ()
    pledges: tuple[Mapping[str, Any], ...] = ()
    objections: tuple[Mapping[str, Any], ...] = ()
    is_cancelled: bool = False
    entries: tuple[int, ...] = field(default=())


def standing(entries: Sequence[Entry], on: date) -> Standing:
    """The state on a day, by the entries known (give fewer to know less)."""
    now = Standing()
    for entry in sorted(entries, key=lambda e: e.seq):
        if entry.holds_from <= on:
            now = replace(_after(now, entry, on), entries=(*now.entries, entry.seq))
    return now


def _after(now: Standing, entry: Entry, on: date) -> Standing:
    content = dict(entry.content)
    mine = {"seq": entry.seq, **content}
    match entry.kind:
        case "initial" | "change" | "correction":
            return replace(
                now, title=content.get("title", now.title),
                holders=tuple(content.get("holders", now.holders)),
            )  # fmt: skip
        case "transfer":
            return replace(now, holders=tuple(content["holders"]))
        case "licence":
            return replace(now, licences=(*now.licences, mine)) if _lasts(content, on) else now
        case "pledge":
            return replace(now, pledges=(*now.pledges, mine)) if _lasts(content, on) else now
        case "release":
            left = tuple(p for p in now.pledges if p["seq"] != content["of"])
            return replace(now, pledges=left)
        case "objection":
            return replace(now, objections=(*now.objections, mine))
        case _:
            return replace(now, is_cancelled=True, licences=(), pledges=())


def _lasts(content: Mapping[str, Any], on: date) -> bool:
    until = content.get("until")
    return not until or on < date.fromisoformat(until)


def check_shares(holders: Sequence[Mapping[str, Any]]) -> None:
    """Refuses holders whose shares are not positive or do not make a whole."""
    shares = [int(h.get("share_bp", 0)) for h in holders]
    if not holders or min(shares) <= 0 or sum(shares) != WHOLE:
        sentence = _("权利人的份额都要大于零，加起来应为 100%。")
        raise Invalid(
            "rights.invalid",
            _("登记内容需要修改，请看各栏的提示。"),
            [Problem("holders", "shares", sentence)],
        )


def check_entry(before: Standing, kind: str, content: Mapping[str, Any]) -> None:
    """Refuses an entry that the state does not admit."""
    if before.is_cancelled:
        raise Conflict("rights.cancelled", _("这项权益已经注销，不能再登记。"))
    if (kind == "initial") != (not before.entries):
        raise Conflict("rights.order", _("先做一次初始登记，其后用变更、转移等登记。"))
    if kind in ("initial", "transfer") or "holders" in content:
        check_shares(content.get("holders", ()))
    if kind == "transfer" and before.pledges:
        raise Conflict("rights.pledged", _("这项权益已质押，请先办理注销质押或取得质权人同意。"))
    if kind == "transfer" and before.objections:
        raise Conflict("rights.objected", _("这项权益有异议登记，处理后才能转移。"))
    if kind == "licence" and any(x.get("licence") == "exclusive" for x in before.licences):
        raise Conflict("rights.exclusive", _("已有独占许可在有效期内，不能再许可他人。"))
    if kind == "release" and content.get("of") not in [p["seq"] for p in before.pledges]:
        raise Conflict("rights.no_pledge", _("没有这笔有效的质押，请核对登记序号。"))
