"""`ybj doctor`: one line for each promise that the installation must keep."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connection

from yangbanjian import __version__
from yangbanjian.engines.matching.queries import vectors_made
from yangbanjian.ground.bank import queries as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.log import queries as log
from yangbanjian.ground.people import providers
from yangbanjian.ground.site import queries as site
from yangbanjian.market.certificates import queries as certificates
from yangbanjian.market.trading import queries as trading
from yangbanjian.supervisor.check import Check
from yangbanjian.supervisor.doctor import engine_checks
from yangbanjian.supervisor.home import Home

LONGEST_QUEUE_SECONDS = 600


def checks(home: Home) -> list[Check]:
    """The engine's checks and the product's own."""
    return [
        *engine_checks(home, os.environ["DATABASE_URL"]),
        _queue(),
        _news(),
        _log(),
        _outside(),
        _files(),
        _books(),
        _bank(),
        _certificates(),
        _lots(),
        _vectors(),
        _mail(),
        *_provider(),
        *_demo(),
        Check("version", True, __version__),
    ]


def _queue() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(EXTRACT(epoch FROM now() - min(at)), 0)::int FROM procrastinate_jobs j"
            " JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'"
            " WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at < now())"
        )
        row = cursor.fetchone()
    age = int(row[0]) if row else 0
    sentence = f"最久的任务等了 {age} 秒。"
    if age <= LONGEST_QUEUE_SECONDS:
        return Check("queue age", True, sentence)
    return Check(
        "queue age", False, f"{sentence}请看 ybj ps 里有没有 worker，再看 logs/worker.log。"
    )


def _news() -> Check:
    lost = journal.undelivered_count()
    if not lost:
        return Check("journal followers", True, "办事记录都已送达。")
    return Check(
        "journal followers", False, f"有 {lost} 条办事记录没有送达，请看 logs/worker.log。"
    )


def _log() -> Check:
    """How long the oldest act has waited for its signed place; while a demo loads it may."""
    age = log.unsequenced_since()
    sentence = f"最久的记录等了 {age:.0f} 秒写入存证日志。"
    if age <= log.SEALED_WITHIN_S or site.loading_state() != "ok":
        return Check("log head age", True, sentence)
    return Check(
        "log head age", False, f"{sentence}请看 ybj ps 里有没有 worker，再看 logs/worker.log。"
    )


def _outside() -> Check:
    """Do signed heads reach where the operator of the database has no hand?"""
    if settings.YBJ_ANCHOR_MAIL and not log.has_mail():
        sentence = "设置了 YBJ_ANCHOR_MAIL，却没有配置发信（YBJ_SMTP_URL）：树头寄不出去。"
        return Check("log anchors", False, sentence)
    late = log.late_places()
    if not late or site.loading_state() != "ok":
        return Check("log anchors", True, "树头都按时存到了外部。")
    told = "；".join(f"{place} 已缺 {waits / 3600:.0f} 小时" for place, waits in late)
    return Check(
        "log anchors", False, f"{told}。请检查那里能否写入、邮件能否发出，再看 logs/worker.log。"
    )


def _files() -> Check:
    """Are all stored files what their names say, and has that been looked at?"""
    damaged = files.damaged()
    if damaged:
        names = "、".join(content.pk[:12] for content in damaged[:5])
        sentence = f"有 {len(damaged)} 个文件与存入时不同（{names}），已停止提供。请从备份恢复。"
        return Check("files", False, sentence)
    overdue = files.unchecked_count(clock.recorded_now() - 2 * files.CHECKED_EVERY)
    if overdue and site.loading_state() == "ok":
        sentence = f"有 {overdue} 个文件两个月没有核对。请看 ybj ps 里有没有 worker。"
        return Check("files", False, sentence)
    return Check("files", True, "文件都与存入时相同。")


def _books() -> Check:
    """Is every kept balance the fold of its transfers? The database sees to it; this looks."""
    wrong = ledger.differing()
    if not wrong:
        return Check("ledger", True, "每个账户的余额都与它的转账相符。")
    told = "、".join(str(number) for number in wrong[:5])
    sentence = f"有账户的余额与转账不符（{told}）。请停止记账，保留现场，再从备份核对。"
    return Check("ledger", False, sentence)


def _bank() -> Check:
    """What is in suspense is what nobody has placed yet."""
    wrong = bank.differing()
    if not wrong:
        return Check("bank", True, "待对账的流水合计等于暂记账户。")
    told = "、".join(row["asset"] for row in wrong[:5])
    sentence = f"待对账的流水合计与暂记账户不等（{told}）。请停止记账，保留现场，再从备份核对。"
    return Check("bank", False, sentence)


def _certificates() -> Check:
    """Do live certificates say what ledger and lots say? Held to them once a day (C4)."""
    wrong = certificates.found_differing()
    if not wrong:
        return Check("certificates", True, "有效的凭证都与账上、标的一致。")
    names = "、".join(no[:15] for no in wrong[:5])
    return Check("certificates", False, f"有 {len(wrong)} 份凭证与账上或标的不一致（{names}）。")


def _lots() -> Check:
    """Lots whose end or whose bids the worker could not decide; it tries again once a minute."""
    stuck = trading.stuck_lots()
    if not stuck:
        return Check("lots", True, "没有卡住的标的。")
    zone = clock.site_zone()
    told = "、".join(f"{pk}（自 {at.astimezone(zone):%m-%d %H:%M}）" for pk, at in stuck[:5])
    sentence = f"有 {len(stuck)} 个标的到时没有结束，或报价没有裁定：{told}。请看 logs/worker.log。"
    return Check("lots", False, sentence)


def _mail() -> Check:
    """A district may begin without mail, so it is said and not failed."""
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        sentence = "没有配置发信（YBJ_SMTP_URL）：不能自助注册、找回密码、更换邮箱。"
        return Check("mail", True, sentence)
    if not (settings.YBJ_PUBLIC_URL or settings.YBJ_SANDBOX):
        return Check("mail", True, "已配置发信；没有 YBJ_PUBLIC_URL，所以消息不寄邮件。")
    return Check("mail", True, "已配置发信。")


def _provider() -> list[Check]:
    """The adapter is there and can be called; whether the provider answers is not tried."""
    try:
        found = providers.provider()
    except ImportError as error:
        sentence = f"YBJ_IDENTITY_PROVIDER 指向的适配器装不上（{error}）。请改正变量，或把它留空。"
        return [Check("identity provider", False, sentence)]
    if found is None:
        return []
    is_whole = all(hasattr(found, name) for name in ("name", "begin", "finish"))
    sentence = "" if is_whole else "YBJ_IDENTITY_PROVIDER 指向的对象缺少 name、begin 或 finish。"
    return [Check("identity provider", is_whole, sentence or f"已接入{found.name}。")]


def _demo() -> list[Check]:
    state = site.demo_state()
    if state is None:
        return []
    if state == "whole":
        return [Check("demo", True, "演示区完整。")]
    if state == "unfinished":
        sentence = "演示区没有装完，已有的数据都在。要完整的演示区，请用 YBJ_HOME 指定一个新目录。"
        return [Check("demo", False, sentence)]
    return [Check("demo", False, "演示区还没有装完：运行中请等待，没有运行请再次启动。")]


def _vectors() -> Check:
    """How far the encoding behind an import is: records are found by words before."""
    made, wanted = vectors_made()
    return Check("vectors", True, f"已编码 {made}/{wanted}。")
