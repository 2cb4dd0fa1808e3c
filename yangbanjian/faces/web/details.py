"""A record as its detail panel, in the preview and on its own page."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from yangbanjian.faces.web.cards import amount_of, content_language, owner_name
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.identifiers import check_orcid, check_patent, check_software
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import completeness

Facts = list[dict[str, Any]]


def panel(library: Library, record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    """What detail_panel.html shows of the record; matches and actions are added by the page."""
    made = _MAKERS[library.kind](record, words, actor)
    made |= {
        "url": f"/{library.room}/{record.pk}",
        "title": record.title,
        "lang": content_language(record.title),
        "badges": _badges(library, record, words),
        "closed": _closed(library, record),
        "cover_url": f"/files/{record.cover}" if record.cover else "",
        "cover_alt": record.title,
    }
    made["sections"] = [s for s in made["sections"] if s["text"]]
    made["facts"] = [f for f in made["facts"] if f.get("text") or f.get("tags") or f.get("missing")]
    return made


def advice_for(library: Library, record: Any) -> dict[str, Any]:
    """How complete the record is, and where to add what helps most."""
    values = {f.name: getattr(record, f.name) for f in library.fields}
    if record.is_title_derived:
        values["title"] = ""
    found = completeness(library.fields, values)
    edit = f"/{library.room}/{record.pk}/edit"
    return {
        "percent": found.percent,
        "advice": [
            {"text": translated(text), "url": f"{edit}#f-{name}"} for name, text in found.advice[:4]
        ],
    }


def _badges(library: Library, record: Any, words: Words) -> list[dict[str, str]]:
    found = []
    if record.field:
        tone = {"demand": "demand", "expert": "expert"}.get(library.kind, "brand")
        found.append({"text": words.label("field", record.field), "tone": tone})
    if getattr(record, "kind", ""):
        found.append({"text": words.label("achievement_kinds", record.kind), "tone": ""})
    if record.owner.state == "verified" and library.kind == "achievement":
        found.append({"text": _("单位已核验"), "tone": "ok", "icon": "shield-check"})
    found.append(state_tag(library.table, record.state))
    if record.is_demo:
        found.append({"text": _("演示数据"), "tone": ""})
    return found


def _closed(library: Library, record: Any) -> dict[str, str] | None:
    if record.state not in ("expired", "withdrawn", "sold"):
        return None
    day = date_format(localtime(record.state_since), "Y-m-d")
    texts = {
        "expired": _("%(day)s 已到期，内容可能不是最新。下面有相近的条目。"),
        "withdrawn": _("%(day)s 已由发布单位撤回。下面有相近的条目。"),
        "sold": _("%(day)s 已成交或已解决，不再接受约谈。下面有相近的条目。"),
    }
    tone = "ok" if record.state == "sold" else "warn"
    return {"text": texts[record.state] % {"day": day}, "tone": tone}


def _term(label: str, text: str, **more: Any) -> dict[str, Any]:
    return {"term": label, "text": text, **more}


def _named_shares(rows: list[dict[str, Any]]) -> str:
    parts = []
    for row in rows:
        share = row.get("share_percent")
        parts.append(f"{row.get('name', '')}" + (f" {share}%" if share else ""))
    return _("、").join(p for p in parts if p)


def _yes_no(value: bool | None) -> str:
    return "" if value is None else _("是") if value else _("否")


def _achievement(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    evidence = [
        {"level": row.get("level"), "text": row.get("text", "")} for row in record.trl_evidence
    ]
    return {
        "subtitle": " · ".join(t for t in (record.owner.name, record.team) if t),
        "sections": [
            {"title": _("能解决什么"), "text": record.problem or record.value_line},
            {"title": _("怎么做到的"), "text": record.abstract},
            {"title": _("与现有最好办法相比"), "text": record.advantage},
        ],
        "kpis": kpis(record.results),
        "results": record.results,
        "trl": {"level": record.trl, "name": words.label("trl", str(record.trl))}
        if record.trl
        else None,
        "evidence": sorted(evidence, key=lambda row: row["level"] or 0),
        "rights": [_right(row, words) for row in record.rights],
        "facts": _achievement_facts(record, words),
    }


def kpis(rows: list[dict[str, Any]], most: int = 3) -> list[dict[str, str]]:
    """The first measured results, large."""
    found = [{"value": amount_of(r), "label": r.get("metric") or ""} for r in rows]
    return [k for k in found if k["value"]][:most]


def _right(row: dict[str, Any], words: Words) -> dict[str, Any]:
    number = row.get("number") or ""
    check = check_software(number) if row.get("kind") == "software" else check_patent(number)
    return {
        "kind": words.label("ip_kinds", row.get("kind") or ""),
        "number": number,
        "title": row.get("title") or "",
        "status": words.label("ip_status", row.get("status") or ""),
        "expires_on": row.get("expires_on") or "",
        "is_checked": bool(number) and check.ok,
        "is_encumbered": bool(row.get("is_encumbered")),
    }


def _achievement_facts(record: Any, words: Words) -> Facts:
    custody = record.custody_broker.name if record.custody_broker_id else ""
    codes = [*words.labels("industries", record.industry_codes)]
    return [
        _term(_("合作方式"), _("、").join(words.labels("deal_modes", record.modes)),
              missing=not record.modes),
        _term(_("参考价格"), price_text(record), tone="price"),
        _term(_("价格说明"), record.price_note),
        _term(_("持有单位"), _named_shares(record.holders)),
        _term(_("完成人"), _named_shares(record.completers)),
        _term(_("职务成果"), _yes_no(record.is_service)),
        _term(_("财政资金支持"), _yes_no(record.is_fiscally_funded)),
        _term(_("项目编号"), record.project_no, mono=True),
        _term(_("所在地区"), words.region(record.region) if record.region else ""),
        _term(_("适用行业"), _("、").join(codes)),
        _term(_("关键词"), "", tags=[{"text": k, "tone": ""} for k in record.keywords]),
        _term(_("托管经纪机构"), custody),
        _term(_("编号"), f"A-{record.pk:06d}", mono=True),
        _term(_("有效期至"), _day(record.valid_until)),
    ]  # fmt: skip


def price_text(record: Any) -> str:
    """「80 万起」, the note, or 「面议」."""
    from yangbanjian.faces.web.templatetags.ui import money_from

    return str(money_from(record.price_fen))


def _day(at: Any) -> str:
    return date_format(localtime(at), "Y-m-d") if at else ""


def _demand(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    from yangbanjian.faces.web.templatetags.ui import money

    named = may_see_owner(actor, record)
    budget = money(record.budget_fen)
    targets = [
        {"value": amount_of(r), "label": r.get("metric") or r.get("text") or ""}
        for r in record.targets
    ]
    return {
        "subtitle": record.owner.name if named else _("匿名单位（双方同意后公开）"),
        "sections": [
            {"title": _("难题"), "text": record.abstract},
            {"title": _("要的交付物"), "text": record.deliverable},
        ],
        "kpis": [k for k in targets if k["value"]][:3],
        "trl": {"level": record.trl_wanted, "name": _("希望达到")} if record.trl_wanted else None,
        "facts": [
            _term(_("预算"), str(budget), tone="price"),
            _term(_("预算说明"), record.budget_note),
            _term(_("希望完成"), record.deadline.isoformat() if record.deadline else "",
                  missing=record.deadline is None),
            _term(_("现场条件"), "", tags=[{"text": c, "tone": "warn"} for c in record.conditions]),
            _term(_("合作方式"), _("、").join(words.labels("deal_modes", record.modes))),
            _term(_("知识产权"), words.label("ip_wish", record.ip_wish)),
            _term(_("所在地区"), words.region(record.region) if record.region else ""),
            _term(_("公开方式"), words.label("visibility", record.visibility)),
            _term(_("编号"), f"D-{record.pk:06d}", mono=True),
            _term(_("有效期至"), _day(record.valid_until)),
        ],
    }  # fmt: skip


def _expert(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    works = [
        " · ".join(
            t
            for t in (
                words.label("work_kinds", w.get("kind") or ""),
                w.get("title"),
                str(w.get("year") or ""),
            )
            if t
        )
        for w in record.works
    ]
    tone = {"open": "ok", "limited": "warn"}.get(record.availability, "")
    free = [{"text": words.label("availability", record.availability), "tone": tone}]
    return {
        "subtitle": " · ".join(t for t in (record.affiliation, record.job_title) if t),
        "sections": [
            {"title": _("能帮上什么"), "text": record.abstract},
            {"title": _("代表作"), "text": "\n".join(works)},
        ],
        "kpis": [],
        "facts": [
            _term(_("可服务状态"), record.availability_note, tags=free),
            _term(_("技能"), "", tags=[{"text": k, "tone": "expert"} for k in record.keywords]),
            _term(_("研究方向"), _("、").join(record.disciplines)),
            _term(_("学科"), _("、").join(words.labels("disciplines", record.discipline_codes))),
            _term(_("服务行业"), _("、").join(words.labels("industries", record.industry_codes))),
            _term(_("ORCID"), record.orcid, mono=True, tags=_orcid_tags(record.orcid)),
            _term(_("所在地区"), words.region(record.region) if record.region else ""),
            _term(_("所属单位"), owner_name(record)),
            _term(_("编号"), f"E-{record.pk:06d}", mono=True),
        ],
    }


def _orcid_tags(said: str) -> list[dict[str, str]]:
    """Whether the number's own check character agrees."""
    if not said:
        return []
    if check_orcid(said).ok:
        return [{"text": _("校验位正确"), "tone": "ok"}]
    return [{"text": _("号码待核对"), "tone": "warn"}]


_MAKERS = {"achievement": _achievement, "demand": _demand, "expert": _expert}
