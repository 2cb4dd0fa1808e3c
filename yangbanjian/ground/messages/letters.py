"""What a mail with messages says: plain text and simple HTML, in the reader's language.

The sentences are those of the inbox and nothing more. Nothing is loaded from anywhere, and no
address says who opened what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people.letters import address_of
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.site import queries as site

MOST_SHOWN = 20
INBOX = "/desk/inbox"


def sentence(text: str, params: Mapping[str, Any]) -> str:
    """A message id in the reader's language with its parameters, which may be ids themselves."""
    said = {k: _(v) if isinstance(v, str) and v else v for k, v in params.items()}
    return _(text) % said if said else _(text)


def write(person: Person, notices: Sequence[Notice], choice_path: str) -> EmailMultiAlternatives:
    """One mail for all of them; the first so many are shown, what needs an answer first."""
    with override(person.language):
        ordered = sorted(notices, key=lambda n: (not n.needs_action, n.pk))
        rows = [(_line(n), _link(n)) for n in ordered[:MOST_SHOWN]]
        name, more = site.settings().name, len(ordered) - MOST_SHOWN
        hello = _("%(name)s，您好：") % {"name": person.display_name}
        rest = (
            ngettext("还有 %(n)d 条，请到「消息」里看。", "还有 %(n)d 条，请到「消息」里看。", more)
            % {"n": more}
            if more > 0
            else ""
        )
        foot = _("选择邮件通知，或不再接收：")
        choice = address_of(choice_path)
        text = "\n\n".join(
            part
            for part in (
                hello,
                *(f"· {line}\n  {link}" for line, link in rows),
                rest,
                f"{_('全部消息：')}\n{address_of(INBOX)}",
                f"-- \n{name}\n{foot}\n{choice}",
            )
            if part
        )
        message = EmailMultiAlternatives(
            _subject(name, ordered),
            text + "\n",
            settings.DEFAULT_FROM_EMAIL,
            [person.email or ""],
            headers={
                "List-Unsubscribe": f"<{choice}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
        )
        html = _html(person.language, hello, rows, rest, (name, foot, choice))
        message.attach_alternative(html, "text/html")
        return message


def _line(notice: Notice) -> str:
    said = " ".join(sentence(notice.sentence, notice.params).split())
    return _("【要您处理】%(message)s") % {"message": said} if notice.needs_action else said


def _link(notice: Notice) -> str:
    return address_of(f"{INBOX}/{notice.pk}" if notice.url else INBOX)


def _subject(name: str, notices: Sequence[Notice]) -> str:
    urgent = sum(n.needs_action for n in notices)
    if urgent:
        said = ngettext("%(n)d 条消息要您处理", "%(n)d 条消息要您处理", urgent) % {"n": urgent}
    else:
        said = ngettext("%(n)d 条新消息", "%(n)d 条新消息", len(notices)) % {"n": len(notices)}
    return " ".join(_("%(site)s：%(what)s").split()) % {
        "site": " ".join(name.split()),
        "what": said,
    }


def _html(
    language: str,
    hello: str,
    rows: Sequence[tuple[str, str]],
    rest: str,
    foot: tuple[str, str, str],
) -> SafeString:
    listed = format_html_join("\n", '<li><a href="{}">{}</a></li>', [(u, t) for t, u in rows])
    name, says, choice = foot
    return format_html(
        '<!doctype html>\n<html lang="{}"><meta charset="utf-8"><title>{}</title>\n<body>\n'
        '<p>{}</p>\n<ul>\n{}\n</ul>\n{}<p><a href="{}">{}</a></p>\n'
        '<hr>\n<p>{}<br>{} <a href="{}">{}</a></p>\n</body></html>\n',
        language, name, hello, listed,
        format_html("<p>{}</p>\n", rest) if rest else "",
        address_of(INBOX), _("全部消息"), name, says, choice, _("选择"),
    )  # fmt: skip
