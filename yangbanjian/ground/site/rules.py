"""The settings an operator may change, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

# Promised with a new sandbox; begun by its loader; whole; or left unfinished, because somebody had
# begun to work in it.
DemoState = Literal["promised", "begun", "whole", "unfinished"]


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """`valid_days`: how long a published record stays public; `notice_days`: how long before its
    end the owner is reminded; `is_moderated`: whether the operator checks before publication;
    `import_file_days`: how long a file that was sent to be imported is kept; `digest_hour`: the
    hour, in the site's zone, at which the day's messages are sent together by e-mail."""

    name: str = "示范区技术大市场"
    tagline: str = "成果 · 需求 · 专家 一站对接"
    host: str = "示范区科学技术委员会"
    operator: str = "示范区技术转移中心"
    contact: str = ""
    site_code: str = ""
    icp: str = ""
    police: str = ""
    logo: str = ""
    streets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("zh-hans", "zh-hant", "en")
    valid_days: int = 365
    notice_days: int = 30
    is_moderated: bool = True
    import_file_days: int = 30
    digest_hour: int = 8
    extra: dict[str, Any] = field(default_factory=dict)
