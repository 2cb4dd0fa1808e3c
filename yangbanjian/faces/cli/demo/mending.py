"""What becomes of a demo district whose loader was killed half-way: all of it again, or as it is.

A year cannot be resumed in the middle, so the database is emptied and the year lived anew. Not
when somebody has worked here meanwhile, for whatever has been acknowledged stays.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection

from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.clock import queries as clocks
from yangbanjian.ground.database import emptying
from yangbanjian.ground.intake import queries as intake
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.site import actions as site
from yangbanjian.ground.site import queries
from yangbanjian.kernel.actor import SYSTEM


def mend(alias: str, say: Callable[[str], None]) -> None:
    """Before the tables are brought up to date. `alias` is the login that owns them."""
    if "site_setting" not in connection.introspection.table_names():
        return
    if not settings.YBJ_SANDBOX or queries.demo_state() != "begun":
        return
    if people.has_somebody_come() or intake.has_anything_come():
        rest = clocks.recorded_now() - clocks.now()
        if rest > timedelta(0):
            clock.advance(actor=SYSTEM, by=rest)
        site.set_demo("unfinished")
        say(
            "演示区上次没有装完，但已经有人登录使用，所以保留现有数据。"
            "要完整的演示区，请用 YBJ_HOME 指定一个新目录。"
        )
        return
    say("演示区上次没有装完，正在清空并从头再装。")
    connection.close()
    emptying.drop_everything(alias)
    # Its record numbers would begin again and mean other records.
    for path in settings.INDEX_ROOT.iterdir() if settings.INDEX_ROOT.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
