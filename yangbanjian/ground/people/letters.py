"""Letters that this room writes: plain text in the reader's language, sent after the commit.

The way out is Django's mail backend: SMTP, or a table in a sandbox. Paths are those of the public
contract, so that a letter needs to know no page.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, override

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people.models import Letter
from yangbanjian.kernel.refusals import Conflict, TooMany
from yangbanjian.kernel.words import gettext_noop

log = logging.getLogger(__name__)
_HOUR = timedelta(hours=1)
MOST_TO_ONE_AN_HOUR = 5
MOST_FROM_ONE_AN_HOUR = 40

_IGNORE = gettext_noop("如果不是您本人操作，请不用理会这封信，什么都不会改变。")
_WARN = gettext_noop("如果不是您本人操作，请马上找回密码并联系运营人员。")
_WARN_NO_MAILBOX = gettext_noop("如果不是您本人操作，请马上联系运营人员。")
# kind -> (subject, what it says, what stands under it)
LETTERS: Final[dict[str, tuple[str, str, str]]] = {
    "confirm": (
        gettext_noop("请确认您的邮箱"),
        gettext_noop("%(name)s，您好：请在 %(hours)d 小时内打开下面的链接，确认邮箱并完成注册。"),
        _IGNORE,
    ),
    "already": (
        gettext_noop("您已经有账号了"),
        gettext_noop(
            "您好：有人用这个邮箱注册，但它已有账号，没有新建。请直接登录；忘了密码，打开下面的链接找回。"
        ),
        _IGNORE,
    ),
    "reset": (
        gettext_noop("重设密码"),
        gettext_noop("您好：请在 %(hours)d 小时内打开下面的链接，设一个新密码。"),
        _IGNORE,
    ),
    "no_account": (
        gettext_noop("这个邮箱还没有账号"),
        gettext_noop(
            "您好：有人用这个邮箱找回密码，但它没有账号。您可能用别的邮箱注册过；也可以打开下面的链接注册。"
        ),
        _IGNORE,
    ),
    "email_new": (
        gettext_noop("请确认您的新邮箱"),
        gettext_noop("%(name)s，您好：请在 %(hours)d 小时内打开下面的链接，以后就用这个邮箱。"),
        _IGNORE,
    ),
    "email_taken": (
        gettext_noop("这个邮箱已有账号"),
        gettext_noop("您好：有人想把账号的邮箱改成这一个，但它已有账号，所以没有改。"),
        _IGNORE,
    ),
    "email_asked": (
        gettext_noop("有人要更换您账号的邮箱"),
        gettext_noop(
            "您好：有人登录您的账号并填了一个新邮箱。打开寄往新邮箱的链接之前，什么都不会改变。"
        ),
        _WARN,
    ),
    "email_changed": (
        gettext_noop("邮箱已更换"),
        gettext_noop("您好：您的账号刚刚换了邮箱，这个邮箱不能再登录，也不再收到通知。"),
        _WARN_NO_MAILBOX,
    ),
    "invitation": (
        gettext_noop("邀请您加入「%(organisation)s」"),
        gettext_noop(
            "您好：%(inviter)s 邀请您加入「%(organisation)s」，角色是%(role)s。"
            "请在 %(days)d 天内打开下面的链接。"
        ),
        _IGNORE,
    ),
    "claim_approved": (
        gettext_noop("「%(organisation)s」认领已通过"),
        gettext_noop("您好：您现在可以代表「%(organisation)s」办事了。"),
        "",
    ),
    "claim_refused": (
        gettext_noop("「%(organisation)s」认领没有通过"),
        gettext_noop(
            "您好：认领「%(organisation)s」没有通过。原因：%(reason)s。您可以补充后再申请。"
        ),
        "",
    ),
    "password_changed": (
        gettext_noop("密码已修改"),
        gettext_noop("您好：您的密码刚刚改过，其他设备都已退出登录。"),
        _WARN,
    ),
    "second_factor_on": (
        gettext_noop("两步验证已开启"),
        gettext_noop("您好：您的账号开启了两步验证，以后登录要输入动态口令。"),
        _WARN,
    ),
    "second_factor_off": (
        gettext_noop("两步验证已关闭"),
        gettext_noop("您好：您的账号关闭了两步验证。"),
        _WARN,
    ),
    "identity_linked": (
        gettext_noop("账号关联了其他登录方式"),
        gettext_noop("您好：您的账号刚刚关联了另一个身份，以后用它也能登录。"),
        _WARN,
    ),
    "identity_unlinked": (
        gettext_noop("账号解除了一种登录方式"),
        gettext_noop("您好：您的账号刚刚解除了一个关联的身份，它不能再登录。"),
        _WARN,
    ),
}


def address_digest(email: str) -> str:
    """What the count of letters knows an address by."""
    return salted_hmac("yangbanjian.people.letter", email.lower(), algorithm="sha256").hexdigest()


def can_send() -> bool:
    """Is there a way for letters to go out?"""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def or_refuse() -> None:
    """Refuse a verb that makes no sense without its letter."""
    if not can_send():
        sentence = gettext_noop("本站还没有配置发信邮箱，暂时不能自助办理，请联系运营人员。")
        raise Conflict("people.no_mail", sentence)


def address_of(path: str) -> str:
    """The whole address of a page of this site."""
    base = settings.YBJ_PUBLIC_URL or f"http://127.0.0.1:{settings.YBJ_PORT}"
    return base + path


def write(kind: str, *, language: str, path: str = "", **params: str | int) -> tuple[str, str]:
    """Subject and text of a letter in a language."""
    subject, says, below = LETTERS[kind]
    with override(language):
        lines = [gettext(says) % params]
        if path:
            lines.append(address_of(path))
        if below:
            lines.append(gettext(below))
        # A subject is one line, whatever an organisation is called.
        return " ".join((gettext(subject) % params).split()), "\n\n".join(lines) + "\n"


def refuse_flood(client_address: str) -> None:
    """Refuse when one address has had too many letters sent within the hour."""
    if not client_address:
        return
    sent = Letter.objects.filter(
        client_address=client_address, sent_at__gt=clock.recorded_now() - _HOUR
    ).count()
    if sent >= MOST_FROM_ONE_AN_HOUR:
        raise TooMany(
            "people.too_many_letters",
            gettext_noop("发信次数太多，请一小时后再试。"),
            retry_after_seconds=3600,
        )


def send(
    kind: str,
    *,
    to: str,
    language: str,
    path: str = "",
    client_address: str = "",
    **params: str | int,
) -> bool:
    """Send a letter once the transaction has committed.

    Returns False, and sends nothing, where the mailbox has had enough within the hour: the asker
    isn't told, so the answer says nothing about whether the address is known.
    """
    if not can_send():
        log.warning("no way to send letters: %s", kind)
        return False
    digest = address_digest(to)
    now = clock.recorded_now()
    if (
        Letter.objects.filter(kind=kind, address_digest=digest, sent_at__gt=now - _HOUR).count()
        >= MOST_TO_ONE_AN_HOUR
    ):
        return False
    Letter.objects.create(
        kind=kind, address_digest=digest, client_address=client_address, sent_at=now
    )
    subject, text = write(kind, language=language, path=path, **params)
    message = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to])
    # Robust: a mail server that is away must not undo or fail what has been committed.
    transaction.on_commit(message.send, robust=True)
    return True
