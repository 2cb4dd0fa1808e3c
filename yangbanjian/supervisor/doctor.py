"""The checks of `ybj doctor` that need nothing of the product but its engine."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from yangbanjian.supervisor.check import Check
from yangbanjian.supervisor.cluster import LEAST_FREE_BYTES
from yangbanjian.supervisor.external import check_database
from yangbanjian.supervisor.home import Home

# Deadlines follow the database's clock; people compare them with their own.
LARGEST_SKEW = timedelta(seconds=2)


def engine_checks(home: Home, url: str) -> list[Check]:
    """Database (as the login in `url`, normally runtime), its clock, disk space and secrets."""
    found = check_database(url)
    if found[0].ok:
        found.append(clock_check(url))
    return [*found, disk_check(home.root), secrets_check(home.secrets)]


def unopened_checks(home: Home, why: str) -> list[Check]:
    """What can be said of a home whose market cannot be opened; `why` is the refusal's sentence."""
    found = [Check("market", False, why)]
    # The nearest folder that is there: a home that was never made has a disk too.
    there = next(part for part in (home.root, *home.root.parents) if part.exists())
    return [*found, disk_check(there), secrets_check(home.secrets)]


def clock_check(url: str) -> Check:
    """How far the database's clock is from this machine's; the round trip is allowed for."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as database:
        before, mark = datetime.now(UTC), time.monotonic()
        row = database.execute("select clock_timestamp()").fetchone()
        trip = timedelta(seconds=time.monotonic() - mark)
    if row is None:
        return Check("clock", False, "数据库没有返回时间。")
    skew = skew_between(row[0], before, trip)
    seconds = f"{skew.total_seconds():.1f}"
    if abs(skew) <= LARGEST_SKEW:
        return Check("clock", True, f"数据库与本机时钟相差 {seconds} 秒。")
    return Check("clock", False, f"数据库与本机时钟相差 {seconds} 秒，请校准时间。")


def skew_between(database: datetime, before: datetime, trip: timedelta) -> timedelta:
    """Database minus machine, outside the interval in which the question was on its way."""
    if database < before:
        return database - before
    return max(timedelta(0), database - (before + trip))


def disk_check(folder: Path) -> Check:
    """Is there room to go on?"""
    free = shutil.disk_usage(folder).free
    sentence = f"磁盘剩余 {free // 2**20} MB。"
    if free >= LEAST_FREE_BYTES:
        return Check("disk", True, sentence)
    return Check("disk", False, f"{sentence}至少需要 {LEAST_FREE_BYTES // 2**20} MB，请清理。")


def secrets_check(folder: Path) -> Check:
    """Passwords and keys must be readable by their owner only."""
    if not folder.is_dir():
        return Check("secrets", True, "本机没有保存密钥。")
    open_ones = [
        path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077
    ]
    if not open_ones:
        return Check("secrets", True, "密钥文件仅所有者可读。")
    return Check("secrets", False, f"密钥文件权限过宽：{'、'.join(sorted(open_ones))}。")
