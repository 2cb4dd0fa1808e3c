"""`ybj up` and what it does first."""

from __future__ import annotations

import os

from yangbanjian.faces.cli.place import refuse_other_tables, say
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.supervisor.home import home_from_environment
from yangbanjian.supervisor.up import place_from_environment, serve


def up() -> None:
    """Serve until told to stop; a new sandbox folder gets the demo district beside."""
    home = home_from_environment()
    place = place_from_environment()
    is_sandbox = os.environ.get("YBJ_SANDBOX") == "1"
    os.environ["YBJ_CHILD"] = "1"
    os.environ["YBJ_POOL"] = "1"
    say(f"正在启动，稍后请打开 http://{place.bind}:{place.port}")
    beside, first = {}, ["migrate"]
    if is_sandbox and os.environ.get("YBJ_DEMO") != "0":
        beside["demo"] = ["load-demo"]
        first.append("--mend-demo")
        say(f"演示账号：{'、'.join(DEMO_ACCOUNTS)}；密码：{DEMO_PASSWORD}")
    serve(home, say, first=(first,), beside=beside)


def part(name: str) -> None:
    """Serve one part until told to stop."""
    from yangbanjian.supervisor.parts import serve_part

    home, place = home_from_environment(), place_from_environment()
    os.environ["YBJ_CHILD"] = "1"
    os.environ["YBJ_POOL"] = "1"
    if name == "web":
        say(f"正在启动网页，稍后请打开 http://{place.bind}:{place.port}")
    serve_part(home, say, name)


def be_ready() -> None:
    """Refuse tables that are not this edition's; collect static files, for this machine."""
    from django.conf import settings
    from django.core.management import call_command

    from yangbanjian.ground.clock import actions as clock
    from yangbanjian.ground.database import numbering

    refuse_other_tables()
    if not numbering.is_at_home():
        raise Conflict(
            "site.brought_over",
            gettext_noop("数据库是从别处恢复来的，请先运行一次 ybj migrate，再启动各部分。"),
        )
    clock.settle_installation(is_sandbox=settings.YBJ_SANDBOX)
    call_command("collectstatic", interactive=False, verbosity=0)


DEMO_ACCOUNTS = (
    "operator", "broker", "tto", "tto2", "enterprise", "enterprise2", "enterprise3", "expert",
    "exchange", "exchange2", "auditor",
)  # fmt: skip
DEMO_DAYS = 730
DEMO_PASSWORD = "yangbanjian-demo"  # noqa: S105 - public by design, exists in a sandbox only


def migrate(*, mends_demo: bool = False) -> None:
    """Tables, the installation's row, static files with hashed names.

    `mends_demo`: begin again with a demo district that was left half loaded; only for a start,
    when nobody else is at work here.
    """
    from datetime import timedelta

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections, transaction

    alias = "migrator" if "migrator" in connections.settings else "default"
    if mends_demo:
        from yangbanjian.faces.cli.demo.mending import mend

        mend(alias, say)
    call_command("migrate", database=alias, interactive=False, verbosity=0)
    from yangbanjian.ground.database import numbering

    if numbering.count_on(alias):
        say("数据库是从别处恢复来的：事务编号已接着原来的往下数，索引将重建。")
    from yangbanjian.ground.clock import actions as clock
    from yangbanjian.ground.rulebook import actions as rulebook
    from yangbanjian.ground.site import actions as site

    wants_demo = settings.YBJ_SANDBOX and os.environ.get("YBJ_DEMO") != "0"
    # A new demo district starts two years ago and lives through them (see demo/load.py).
    offset = timedelta(days=-DEMO_DAYS) if wants_demo else timedelta(0)
    # Both or neither: a clock two years behind without its district would never catch up.
    with transaction.atomic():
        is_new = clock.settle_installation(is_sandbox=settings.YBJ_SANDBOX, offset=offset)
        if is_new and wants_demo:
            site.set_demo("promised")
    rulebook.settle_shipped(alias)
    call_command("collectstatic", interactive=False, verbosity=0)
