"""The side navigation of the workspaces, by role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Place:
    """One entry; without roles everybody who is signed in sees it."""

    url: str
    text: str
    icon: str
    roles: frozenset[Role] = frozenset()


_STAFF = frozenset({Role.OPERATOR, Role.AUDITOR})
_SUPPLY = frozenset({Role.TTO, Role.BROKER, Role.ENTERPRISE, Role.EXPERT})
PLACES = (
    Place("/desk/", gettext_noop("工作台"), "layout-dashboard"),
    Place("/desk/cockpit", gettext_noop("驾驶舱"), "chart-bar", _STAFF),
    Place("/desk/achievements", gettext_noop("我的成果"), "bulb", _SUPPLY),
    Place("/desk/demands", gettext_noop("我的需求"), "target-arrow",
          frozenset({Role.ENTERPRISE, Role.BROKER, Role.TTO})),
    Place("/desk/experts", gettext_noop("我的专家"), "user-star",
          frozenset({Role.TTO, Role.EXPERT, Role.BROKER})),
    Place("/desk/floor", gettext_noop("进场"), "scale",
          frozenset({Role.TTO, Role.ENTERPRISE, Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR})),
    Place("/desk/listings", gettext_noop("挂牌"), "file-text",
          frozenset({Role.TTO, Role.ENTERPRISE, Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR})),
    Place("/desk/registrations", gettext_noop("我的报名"), "ticket",
          frozenset({Role.ENTERPRISE, Role.BROKER, Role.TTO})),
    Place("/desk/deals", gettext_noop("交易"), "certificate",
          frozenset({Role.TTO, Role.ENTERPRISE, Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR})),
    Place("/desk/payee", gettext_noop("收款账户"), "building-bank",
          frozenset({Role.TTO, Role.ENTERPRISE, Role.BROKER})),
    Place("/desk/imports", gettext_noop("导入表格"), "upload", _SUPPLY | {Role.OPERATOR}),
    Place("/desk/matches", gettext_noop("匹配"), "sparkles"),
    Place("/desk/inbox", gettext_noop("消息"), "mail"),
    Place("/desk/searches", gettext_noop("订阅"), "bell"),
    Place("/desk/stars", gettext_noop("我的收藏"), "star"),
    Place("/desk/moderation", gettext_noop("审核"), "checks", _STAFF),
    Place("/desk/organisations", gettext_noop("单位"), "building", _STAFF),
    Place("/desk/people", gettext_noop("人员"), "users", _STAFF),
    Place("/desk/report", gettext_noop("月报"), "file-spreadsheet", _STAFF),
    Place("/desk/risks", gettext_noop("风险提示"), "flag", _STAFF),
    Place("/desk/rules", gettext_noop("规则"), "scale", _STAFF),
    Place("/desk/ledger", gettext_noop("账务"), "coins",
          frozenset({Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR})),
    Place("/desk/log", gettext_noop("日志"), "history", _STAFF),
    Place("/desk/settings", gettext_noop("站点设置"), "adjustments-horizontal", _STAFF),
    Place("/desk/access", gettext_noop("查阅"), "eye"),
    Place("/desk/organisation", gettext_noop("我的单位"), "building-community"),
    Place("/desk/account", gettext_noop("账号"), "settings"),
)  # fmt: skip


def sees_moderation(actor: Actor) -> bool:
    """Is the number of waiting records of interest to this actor?"""
    return actor.has_any(*_STAFF)


def nav_of(actor: Actor, path: str, unread: int = 0, waiting: int = 0) -> list[dict[str, Any]]:
    """The entries for this actor; the longest address that begins the path is the current one."""
    counts = {"/desk/inbox": unread, "/desk/moderation": waiting}
    seen = [p for p in PLACES if not p.roles or actor.has_any(*p.roles)]
    fitting = [p.url for p in seen if path == p.url or path.startswith(p.url.rstrip("/") + "/")]
    current = max(fitting, key=len, default="/desk/matches" if path.startswith("/matches") else "")
    return [
        {
            "text": _(p.text), "url": p.url, "icon": p.icon, "current": p.url == current,
            "count": counts.get(p.url, 0), "tone": "bad",
        }
        for p in seen
    ]  # fmt: skip
