"""How fast rows come in and are found: the section «import» of docs/benchmarks.md.

    python -m bench.imports [--size 10k | 100k | 1M] [--json]

The size may also stand in the environment (SIZE=1M). Everything happens in a folder of its own that
is deleted afterwards, on an embedded server of its own, with files and commands as people use them:

1. `ybj import` alone, then a bare COPY of the very rows that it wrote, into tables without indexes
   and constraints;
2. `ybj import` again beside a running `ybj up`, asked by words over HTTP until every row is found.

Rows are synthetic (:func:`rows`): sentences put together from our own words by a generator with a
fixed seed. Floors hold for 100,000 rows; other sizes are reported without.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import tell
from bench.matching import Row, anchor, at_least, at_most
from yangbanjian.supervisor.home import Home, home_at
from yangbanjian.supervisor.postgres import Engine, ensure_running

SEED = 11
MEASURED = 100_000
RATIO, FINDABLE_S = 25.0, 300.0
SAMPLES = 40
LONGEST_S = 4 * 3600
FIELDS = ("it", "design", "marine", "paediatrics", "printing", "air", "manufacturing")
REGIONS = ("330212", "330203", "330206", "330106", "310115", "320505", "340111", "110108", "440305")
MODES = ("transfer", "licence_ordinary", "licence_exclusive", "equity", "development")
TABLES = ("achievements_achievement", "achievements_version", "journal_entry")
_TICKS = os.sysconf("SC_CLK_TCK")
_SIZE = re.compile(r"(\d+)([kKmM]?)")
THINGS = (
    "冷库", "污泥", "风机叶片", "电梯导轨", "锂电隔膜", "钢丝绳", "注塑模具", "茶叶", "稀土废液", "光伏背板",
    "桥梁支座", "液压阀", "荔枝", "铝型材", "城市内涝点", "输电杆塔", "混凝土泵", "骨科植入物", "仓储货架", "海水淡化膜",
    "变压器油", "玻璃基板", "种猪", "轴承滚子", "染色废水", "隧道衬砌", "热泵机组", "印制电路板", "航空紧固件", "牡蛎",
)  # fmt: skip
MEANS = (
    "声发射监测", "微波辅助萃取", "激光熔覆", "相变蓄热", "多光谱成像", "电渗析", "超临界干燥", "数字孪生调度", "磁流变抛光", "酶法改性",
    "毫米波雷达测距", "纳米气泡曝气", "等离子体刻蚀", "光纤光栅测温", "低温等静压", "自适应滤波", "冷喷涂", "厌氧氨氧化", "结构光扫描", "梯级回收",
)  # fmt: skip
_ENDS = (
    "在线检测装置", "节能改造方案", "修复工艺", "回收系统", "预警平台", "制备方法", "分选设备", "密封结构", "控制算法", "保鲜技术",
    "评估模型", "清洗机器人", "涂层材料", "快速筛查试剂", "装配工装", "远程运维终端",
)  # fmt: skip
TROUBLES = (
    "人工巡检漏检率高", "停机更换代价大", "能耗居高不下", "批次之间差异明显", "药剂残留难以达标", "进口备件交期太长",
    "高温下容易失效", "现场粉尘大、湿度高", "小批量订单换型慢", "数据分散在几套系统里",
)  # fmt: skip
_HOWS = (
    "先用{m}取得原始信号，再按工况分段建模", "以{m}替代传统的机械处理", "把{m}与现有产线的控制器连成闭环",
    "在关键部位加装{m}单元，失效时自动旁路", "用{m}把杂质降到检出限以下", "将{m}做成可拆换的模块，三十分钟内完成更换",
)  # fmt: skip
GAINS = (
    "综合能耗下降{n}%", "一次合格率提高到{n}%", "使用寿命延长{n}个月", "每吨成本减少{n}元", "响应时间缩短到{n}毫秒",
    "误报率低于{n}‰", "年减排二氧化碳{n}吨", "连续运行{n}小时无故障",
)  # fmt: skip
_PLACES = (
    "已在{k}家企业试用", "完成{k}个月中试", "取得发明专利{k}项", "通过第三方检测", "可按现场尺寸定制", "配套操作手册与培训",
    "愿意以许可或合作开发的方式转化", "团队有{k}名工程师常驻现场",
)  # fmt: skip


def rows(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Synthetic achievements, always the same: about 190 characters each, of our own words."""
    some = random.Random(seed)
    for number in range(count):
        thing, means, end = some.choice(THINGS), some.choice(MEANS), some.choice(_ENDS)
        gains = [g.format(n=some.randint(2, 980)) for g in some.sample(GAINS, 3)]
        places = [p.format(k=some.randint(2, 40)) for p in some.sample(_PLACES, 3)]
        told = (
            f"{thing}在使用中常见的问题是{some.choice(TROUBLES)}，{some.choice(TROUBLES)}。"
            f"本成果{some.choice(_HOWS).format(m=means)}，{some.choice(_HOWS).format(m=some.choice(MEANS))}，"
            f"形成面向{some.choice(THINGS)}和{thing}的{end}。"
            f"实测{gains[0]}，{gains[1]}，{gains[2]}。{places[0]}，{places[1]}，{places[2]}。"
        )
        yield {
            "id": f"SYN-{number:07d}",
            "title": f"{thing}{means}{end}（{number % 9973}型）",
            "abstract": told,
            "keywords": [thing, means, end],
            "field": some.choice(FIELDS),
            "region": some.choice(REGIONS),
            "modes": some.sample(MODES, some.randint(0, 2)),
            "trl": some.randint(3, 9),
            "price_fen": some.choice([None, some.randint(5, 900) * 1_000_000]),
        }


def write(place: Path, count: int) -> list[Path]:
    """The rows as lines of JSON, in as many files as it takes: one has a size that it may not exceed."""
    made = rows(count)
    files = []
    for number in range(0, count, MEASURED):
        files.append(place / f"rows-{number}.jsonl")
        with files[-1].open("w", encoding="utf-8") as out:
            for row in itertools.islice(made, MEASURED):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        files[-1].chmod(0o644)
    return files


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one piece of work: on the wall, and of the processors on either side."""

    wall: float
    client: float
    server: float

    @property
    def cpu(self) -> float:
        return self.client + self.server

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.client + other.client, self.server + other.server)


def server_seconds(home: Home) -> float:
    """Processor time of the server and all that it has started, those that have ended included."""
    first = int((home.postgres / "postmaster.pid").read_text("utf-8").split("\n")[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == first:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == first:
            ticks += sum(map(int, fields[11:13]))
    return ticks / _TICKS


def environment(home: Home, **more: str) -> dict[str, str]:
    """Of a command on this folder, whatever the caller's own folder and database are."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YBJ_", "DATABASE_URL"))}
    return {**kept, "YBJ_HOME": str(home.root), "YBJ_DEMO": "0", **more}


def command(*said: str) -> list[str]:
    return [sys.executable, "-P", "-m", "yangbanjian.faces.cli", *said]


def run(home: Home, *said: str, **more: str) -> Spent:
    """One `ybj` command to its end; `more`: variables of its environment. Raises RuntimeError when it fails."""
    at, served, ours = time.monotonic(), server_seconds(home), os.times()
    done = subprocess.run(  # noqa: S603 - our own command
        command(*said), env=environment(home, **more), check=False, timeout=LONGEST_S,
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"ybj {said[0]}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    now = os.times()
    client = now.children_user + now.children_system - ours.children_user - ours.children_system
    return Spent(time.monotonic() - at, client, server_seconds(home) - served)


def take_in(home: Home, files: list[Path]) -> Spent:
    """Import them one after the other."""
    spent = Spent(0, 0, 0)
    for file in files:
        spent += run(home, "import", "achievements", str(file))
    return spent


def bare_copy(home: Home, engine: Engine, table: str) -> Spent:
    """COPY a table's own rows into one without indexes and constraints."""
    # As somebody whom no row wall stops: the table's owner would see, and copy, none.
    with psycopg.connect(engine.url("superuser"), autocommit=True) as connection:
        connection.execute(f"CREATE TABLE bare (LIKE {table} INCLUDING DEFAULTS)")
        with connection.cursor().copy(f"COPY {table} TO STDOUT") as out:
            pieces = list(out)
        at, served, ours = time.monotonic(), server_seconds(home), time.process_time()
        with connection.cursor().copy("COPY bare FROM STDIN") as into:
            for start in range(0, len(pieces), 64):
                into.write(b"".join(pieces[start : start + 64]))
        spent = Spent(
            time.monotonic() - at, time.process_time() - ours, server_seconds(home) - served
        )
        connection.execute("DROP TABLE bare")
    return spent


@contextmanager
def folder() -> Iterator[Home]:
    """An installation of its own, gone afterwards."""
    # Not 0700: the server's account must pass.
    place = Path(tempfile.mkdtemp(prefix="ybj-bench-"))
    place.chmod(0o755)
    home = home_at(place)
    try:
        yield home
    finally:
        shutil.rmtree(home.sockets, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)


def row_path(count: int) -> list[Row]:
    """The import alone against a bare COPY of what it wrote."""
    with folder() as home, ensure_running(home) as engine:
        files = write(home.root, count)
        run(home, "migrate")
        spent = take_in(home, files)
        record, *others = (bare_copy(home, engine, table) for table in TABLES)
    three = record + others[0] + others[1]
    floor = RATIO if count == MEASURED else None
    return [
        at_most("import, wall s", spent.wall),
        at_least("import, rows a second", count / spent.wall),
        at_most("import, client CPU-s", spent.client),
        at_most("import, server CPU-s", spent.server),
        at_most("bare COPY of the record table, wall s", record.wall),
        at_most("bare COPY of the record table, CPU-s", record.cpu),
        at_most("bare COPY of the three tables, wall s", three.wall),
        at_most("bare COPY of the three tables, CPU-s", three.cpu),
        at_most("import / record table, wall", spent.wall / record.wall, floor),
        at_most("import / record table, CPU", spent.cpu / record.cpu, floor),
        at_most("import / three tables, wall", spent.wall / three.wall, floor),
        at_most("import / three tables, CPU", spent.cpu / three.cpu, floor),
    ]


def two_ports() -> tuple[int, int]:
    """Two free ports."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def market(home: Home, **more: str) -> Iterator[str]:
    """A running `ybj up`; gives its address. `more`: variables of its environment."""
    port, events = two_ports()
    env = environment(home, **{"YBJ_PORT": str(port), "YBJ_EVENTS_PORT": str(events), **more})
    base = f"http://127.0.0.1:{port}"
    with (home.root / "up.log").open("w") as log:
        up = subprocess.Popen(  # noqa: S603 - our own command
            command("up"), env=env, stdout=log, stderr=log
        )
        try:
            wait_until(lambda: is_well(base), 300)
            yield base
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(timeout=60)


def is_well(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/api/v1/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(is_so: Any, seconds: float) -> None:
    """Raises TimeoutError."""
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.5)


def ask(base: str, row: dict[str, Any]) -> tuple[bool, int]:
    """(Does the row's own text find it among the first ten, how many records were compared)."""
    asked = {"text": f"{row['title']}。{row['abstract']}"[:500], "kinds": ["achievement"]}
    call = urllib.request.Request(  # noqa: S310 - our own address
        f"{base}/api/v1/match", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(call, timeout=120) as answer:  # noqa: S310
            said = json.load(answer)
    except TimeoutError:
        return False, 0
    return any(item["external_id"] == row["id"] for item in said["items"]), said["compared"]


def findable(count: int) -> list[Row]:
    """The import beside a running market, until its rows are found by words."""
    some = random.Random(SEED)
    wanted = {count - 1, *some.sample(range(count), min(SAMPLES, count))}
    asked = [row for number, row in enumerate(rows(count)) if number in wanted]
    with folder() as home:
        files = write(home.root, count)
        with ensure_running(home), market(home) as base:
            at = time.monotonic()
            spent = take_in(home, files)
            wait_until(lambda: ask(base, asked[-1])[1] >= count, LONGEST_S)
            # Two processes answer, each with its own view: both must have caught up.
            wait_until(lambda: all(ask(base, row)[0] for row in asked), LONGEST_S)
            found = time.monotonic() - at
    floor = FINDABLE_S if count == MEASURED else None
    return [
        at_most("import beside a running market, wall s", spent.wall),
        at_most("findable by words, wall s from the start", found, floor),
    ]


def size_of(said: str) -> int:
    """10k, 100k, 1M or a plain number."""
    match = _SIZE.fullmatch(said.strip())
    if match is None or not int(match[1]):
        raise SystemExit(f"SIZE={said}: 10k, 100k, 1M")
    return int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]


def measure(count: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench NAME --json` prints it."""
    before = anchor()
    measured = [*row_path(count), *findable(count)]
    return {
        "anchors": {"before_cpu_s": round(before, 4), "after_cpu_s": round(anchor(), 4)},
        "rows": [asdict(row) for row in measured],
        "records": count,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default=os.environ.get("SIZE", "100k"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    result = measure(size_of(given.size))
    return tell(result, as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
