"""Template tags of the pages: icons, amounts, times, marked text, page links.

Each tag escapes what it is given; none needs a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, Textarea
from django.template.context import Context, RequestContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from yangbanjian.faces.telling import amount
from yangbanjian.faces.web.pages import Gap, page_numbers
from yangbanjian.kernel.amounts import format_fen_full
from yangbanjian.kernel.words import ngettext_noop

register = template.Library()

DAY_S = 86_400
TONES = ("brand", "demand", "match", "expert", "gold", "ok", "warn", "bad")
DIRECTION_ICONS = {"up": "trending-up", "down": "trending-down", "time": "clock"}


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """One icon of the sprite; hidden from screen readers unless it has a `label`."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="i{}" {}><use href="{}#{}"/></svg>',
        f" {extra}" if extra else "",
        SafeString(spoken),
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def direction_icon(direction: str) -> str:
    """The icon of a measured result: up, down or time; a check mark for anything else."""
    return DIRECTION_ICONS.get(direction, "check")


@register.filter
def tone_class(tone: str, prefix: str = "tag") -> str:
    """`tag-ok` for a known tone, nothing for others, so that data never becomes a class name."""
    return f"{prefix}-{tone}" if tone in TONES else ""


@register.filter
def grouped(number: int | None) -> str:
    """1286 as 「1,286」; a dash when there is none."""
    return "—" if number is None else f"{number:,}"


@register.filter
def money(fen: int | None) -> str:
    """「80 万」; 「面议」 when there is no amount."""
    return _("面议") if fen is None else amount(fen)


@register.filter
def money_from(fen: int | None) -> str:
    """「80 万起」; 「面议」 when there is no amount."""
    return _("面议") if fen is None else _("%(amount)s起") % {"amount": amount(fen)}


@register.filter
def money_full(fen: int | None) -> str:
    """「¥1,062,000.00」; a dash when there is no amount."""
    return "—" if fen is None else format_fen_full(fen)


def _relative(seconds: float) -> str:
    ahead = seconds < 0
    size = abs(seconds)
    if size < 60:
        return _("马上") if ahead else _("刚刚")
    for limit, unit_s, behind_text, ahead_text in _STEPS:
        if size < limit:
            n = int(size // unit_s)
            one, many = ahead_text if ahead else behind_text
            return ngettext(one, many, n) % {"n": n}
    return ""


_STEPS = (
    (
        3600,
        60,
        ngettext_noop("%(n)d 分钟前", "%(n)d 分钟前"),
        ngettext_noop("%(n)d 分钟后", "%(n)d 分钟后"),
    ),
    (
        DAY_S,
        3600,
        ngettext_noop("%(n)d 小时前", "%(n)d 小时前"),
        ngettext_noop("%(n)d 小时后", "%(n)d 小时后"),
    ),
    (
        7 * DAY_S + 1,
        DAY_S,
        ngettext_noop("%(n)d 天前", "%(n)d 天前"),
        ngettext_noop("%(n)d 天后", "%(n)d 天后"),
    ),
)


@register.simple_tag(takes_context=True)
def relative_time(context: Context, at: datetime | None) -> SafeString | str:
    """A `<time>`: relative within seven days, else the date; the full time stands in `title`.

    `now` of the template context, when there is one, is the business time; else the wall clock.
    """
    if at is None:
        return ""
    now = context.get("now")
    base = now if isinstance(now, datetime) else timezone.now()
    local = timezone.localtime(at)
    text = _relative((base - at).total_seconds()) or date_format(local, "Y-m-d")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        date_format(local, "Y-m-d H:i"),
        text,
    )


@register.simple_tag
def highlight(text: str, spans: Iterable[Sequence[int]] | None = None) -> SafeString:
    """`text` with the spans marked and everything escaped.

    Spans are half-open code point pairs; overlaps are joined, what lies outside is ignored.
    """
    pieces: list[tuple[str, str]] = []
    at = 0
    for start, end in sorted((max(0, int(s[0])), min(len(text), int(s[1]))) for s in spans or ()):
        begin = max(start, at)
        if end <= begin:
            continue
        pieces.append((text[at:begin], text[begin:end]))
        at = end
    marked = format_html_join("", "{}<mark>{}</mark>", pieces)
    return marked + conditional_escape(text[at:])


@register.simple_tag(takes_context=True)
def querystring_with(context: RequestContext, **changes: object) -> str:
    """The query of this request with some names replaced; None or "" removes a name."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, list | tuple):
            query.setlist(name, [str(v) for v in value])
        else:
            query[name] = str(value)
    encoded: str = query.urlencode()
    return "?" + encoded


@register.simple_tag
def bar(value: float, maximum: float = 100, low: float | None = None) -> SafeString:
    """A silent progress bar: the number itself stands beside it as text."""
    css = ' class="low"' if low is not None and value < low else ""
    return format_html(
        '<progress max="{}" value="{}"{} aria-hidden="true"></progress>',
        maximum,
        min(max(value, 0), maximum),
        SafeString(css),
    )


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(
    context: RequestContext, count: int, page: int = 1, size: int = 20, target: str = ""
) -> dict[str, Any]:
    """Page links under a list. `target`: a selector that htmx fills instead of the whole page."""
    pages = max(1, -(-count // size))

    def url(number: int) -> str:
        return querystring_with(context, page=number if number > 1 else None)

    return {
        "count": count,
        "first": min(count, (page - 1) * size + 1),
        "last": min(count, page * size),
        "page": page,
        "pages": pages,
        "target": target,
        "previous_url": url(page - 1) if page > 1 else "",
        "next_url": url(page + 1) if page < pages else "",
        "links": [
            {"gap": True}
            if isinstance(n, Gap)
            else {"number": n, "url": url(n), "current": n == page}
            for n in page_numbers(page, pages)
        ],
    }


@register.inclusion_tag("components/form_field.html")
def field(bound: BoundField, icon_name: str = "") -> dict[str, Any]:
    """A labelled field with hint and error; the widget gets the class it needs."""
    widget = bound.field.widget
    kind = "textarea" if isinstance(widget, Textarea) else getattr(widget, "input_type", "text")
    choices = kind in {"radio", "checkbox"} and hasattr(bound.field, "choices")
    attrs: dict[str, str | bool] = (
        {} if kind in {"radio", "checkbox"} else {"class": _field_class(kind)}
    )
    return {
        "field": bound,
        "kind": "choices" if choices else kind,
        "widget": bound.as_widget(attrs=attrs) if not choices else "",
        "icon_name": icon_name,
    }


def _field_class(kind: str) -> str:
    return {"textarea": "textarea", "select": "select"}.get(kind, "input")


@register.simple_tag
def page_data(value: object, owner_id: str) -> SafeString:
    """Data for a script: a JSON block with the id `<owner_id>-spec`, escaped for HTML."""
    return json_script(value, f"{owner_id}-spec")


@register.filter
def html_lang(code: str | None) -> str:
    """Django's language code as BCP 47 writes it: zh-Hans, zh-Hant, en."""
    names = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
    return names.get((code or "").lower(), code or "zh-Hans")


@register.simple_tag
def ui_text() -> SafeString:
    """The sentences that ui.js and charts.js say, in the language of the page."""
    return json_script(
        {
            "busy": _("提交中…"),
            "cancel": _("取消"),
            "copied": _("链接已复制"),
            "draftSaved": _("已保存 {time}"),
            "draftKept": _("已保留在本机 {time}"),
            "draftRestored": _("已恢复您上次填的内容"),
            "offline": _("网络断开，已保留您填的内容"),
            "online": _("网络已恢复"),
            "failed": _("没有取到内容，请稍后再试"),
            "shown": _("右侧已显示：{title}"),
            "left": _("还可填 {n} 字"),
            "chosen": _("已选 {n} 项"),
            "language": html_lang(get_language()),
        },
        "ui-text",
    )
