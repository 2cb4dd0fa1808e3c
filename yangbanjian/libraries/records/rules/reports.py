"""Why an item is reported: a closed list, so that reports can be counted."""

from __future__ import annotations

from yangbanjian.kernel.words import gettext_noop

WHYS = {
    "wrong": gettext_noop("内容不实"),
    "not_theirs": gettext_noop("不是该单位的成果或需求"),
    "private": gettext_noop("含有个人信息或商业秘密"),
    "unlawful": gettext_noop("违法或不当"),
    "outdated": gettext_noop("已经过时"),
    "duplicate": gettext_noop("与别的条目重复"),
    "other": gettext_noop("其他"),
}
