"""The commands and their words; each is a few lines that call what does the work."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from yangbanjian.faces.cli.place import installation, is_child, refuse_unbegun, say
from yangbanjian.kernel.refusals import Refusal
from yangbanjian.supervisor.home import home_from_environment
from yangbanjian.supervisor.refusal import EngineRefusal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="样板间：开放的区域技术市场",
)
user_app = typer.Typer(no_args_is_help=True, help="用户")
token_app = typer.Typer(no_args_is_help=True, help="接口令牌")
clock_app = typer.Typer(no_args_is_help=True, help="时钟（演示环境可拨）")
log_app = typer.Typer(no_args_is_help=True, help="存证日志")
credential_app = typer.Typer(no_args_is_help=True, help="凭证")
db_app = typer.Typer(no_args_is_help=True, help="数据库")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(clock_app, name="clock")
app.add_typer(db_app, name="db")
app.add_typer(log_app, name="log")
app.add_typer(credential_app, name="credential")


@app.command()
def up() -> None:
    """启动全部：数据库、网页、实时消息、后台任务。"""
    from yangbanjian.faces.cli.running import up as serve

    serve()


@app.command()
def migrate(
    mend_demo: Annotated[
        bool, typer.Option("--mend-demo", hidden=True, help="演示区没有装完则重来")
    ] = False,
) -> None:
    """建表或升级表结构，准备静态文件。"""
    with installation(migrates=True):
        from yangbanjian.faces.cli.running import migrate as bring_up_to_date

        bring_up_to_date(mends_demo=mend_demo)


@app.command()
def web() -> None:
    """只运行网页、接口和实时消息，在前台；用于多台机器。"""
    from yangbanjian.faces.cli.running import part

    part("web")


@app.command()
def worker() -> None:
    """只运行后台任务，在前台；用于多台机器。"""
    if not is_child():
        from yangbanjian.faces.cli.running import part

        part("worker")
        return
    with installation():
        from yangbanjian.faces.cli.working import run

        run()


@app.command(hidden=True)
def ready() -> None:
    """一部分单独启动之前：表结构是否最新，准备静态文件。"""
    with installation():
        from yangbanjian.faces.cli.running import be_ready

        be_ready()


@app.command(name="load-demo")
def load_demo(keep: Annotated[bool, typer.Option("--keep-vectors", hidden=True)] = False) -> None:
    """装入演示区（数据目录是新的才装）。"""
    with installation():
        from yangbanjian.faces.cli.demo.load import keep_vectors, load_if_new

        (keep_vectors if keep else load_if_new)()


@app.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(help="achievements、demands、experts、codes 或 bank")],
    file: Annotated[Path, typer.Argument(help=".xlsx .csv .jsonl .jsonl.gz")],
    owner: Annotated[str, typer.Option(help="所属单位的全称、信用代码或编号；不填为运营单位")] = "",
    state: Annotated[str, typer.Option(help="draft 或 public")] = "public",
    format_: Annotated[str, typer.Option("--format", help="beir：BEIR 语料")] = "",
    report: Annotated[Path | None, typer.Option(help="未收的行写到哪里")] = None,
    account: Annotated[str, typer.Option(help="bank：银行账户的账号；只有一个时不用填")] = "",
) -> None:
    """导入表格；未收的行写到一个工作簿，改好可再导入。bank 是银行流水，整份收下或整份退回。"""
    from yangbanjian.faces.cli import files

    with installation():
        code = files.import_file(
            kind, file, owner=owner, state=state, format_=format_, report=report, account=account
        )
    raise SystemExit(code)


@app.command(name="export")
def export(
    kind: Annotated[str, typer.Argument(help="achievements、demands、experts 或 deals")],
    file: Annotated[Path, typer.Argument(help=".xlsx .csv .jsonl .jsonl.gz")],
) -> None:
    """导出整库，列与导入的相同；deals 是成交记录，只能导出。"""
    from yangbanjian.faces.cli import files

    with installation():
        code = files.export_file(kind, file)
    raise SystemExit(code)


@app.command(name="match")
def match(
    queries: Annotated[Path, typer.Option(help='每行一个 {"_id","text"}')],
    run: Annotated[Path, typer.Option(help="写到哪里（TREC 格式）")],
    kind: Annotated[str, typer.Option(help="achievement、demand 或 expert")] = "achievement",
    top: Annotated[int, typer.Option(help="每句最多几条")] = 100,
    no_encoder: Annotated[bool, typer.Option("--no-encoder", help="只按字词，不用语义")] = False,
) -> None:
    """成批匹配：每句话在整库里找。"""
    from yangbanjian.faces.cli import files

    with installation():
        code = files.match_file(queries, kind, top=top, run=run, encodes=not no_encoder)
    raise SystemExit(code)


@app.command()
def ps() -> None:
    """列出本目录正在运行的进程。"""
    from yangbanjian.supervisor import records

    running = records.running(home_from_environment())
    if not running:
        say(f"{home_from_environment().asked} 没有正在运行的进程。")
    for line in running:
        print(f"{line.name}\t{line.pid}\t{round(line.uptime_seconds)}s")


@app.command()
def doctor() -> None:
    """逐条检查安装必须守住的承诺；有一条不守则退出码为 1。"""
    from yangbanjian.supervisor.doctor import unopened_checks

    try:
        with installation() as home:
            from yangbanjian.faces.cli.health import checks

            lines = checks(home)
    except (Refusal, EngineRefusal) as refusal:
        lines = unopened_checks(home_from_environment(), str(refusal))
    for line in lines:
        print(f"{'好' if line.ok else '坏'}  {line.name}  {line.sentence}")
    raise SystemExit(0 if all(line.ok for line in lines) else 1)


@user_app.command(name="create")
def user_create(
    name: Annotated[str, typer.Option(help="登录名")],
    role: Annotated[str, typer.Option(help="角色，如 operator")] = "operator",
    organisation: Annotated[str, typer.Option(help="所属单位名称")] = "",
) -> None:
    """建立用户；一次性密码只显示这一次。"""
    with installation():
        from yangbanjian.faces.cli.accounts import create_user

        print(create_user(role=role, name=name, organisation=organisation))


@token_app.command(name="create")
def token_create(
    user: Annotated[str, typer.Option(help="登录名")],
    expires: Annotated[str, typer.Option(help="有效期，如 30d；不填则不过期")] = "",
) -> None:
    """建立接口令牌；只显示这一次。"""
    with installation():
        from yangbanjian.faces.cli.accounts import create_token

        print(create_token(user=user, expires=duration(expires) if expires else None))


def duration(text: str) -> timedelta:
    """«16d», «36h», «90m», «30s»; refuses anything else."""
    from yangbanjian.kernel.durations import read_duration

    return read_duration(text)


@clock_app.command(name="show")
def clock_show() -> None:
    """显示业务时间与记录时间。"""
    with installation():
        from yangbanjian.ground.clock import queries

        business, recorded = queries.both()
        print(f"business {business.isoformat()}")
        print(f"recorded {recorded.isoformat()}")


@clock_app.command(name="advance")
def clock_advance(by: Annotated[str, typer.Argument(help="如 16d、36h")]) -> None:
    """把演示环境的业务时间往前拨，到期的事都办完才返回。"""
    with installation():
        from yangbanjian.faces.cli.working import advance

        now, report = advance(duration(by))
        print(json.dumps({"now": now.isoformat(), "ran": report.ran, "failed": report.failed}))
        raise SystemExit(1 if report.failed else 0)


@log_app.command(name="audit")
def log_audit(
    outside: Annotated[
        list[Path] | None, typer.Option(help="另存在别处的树头文件，可多次给出")
    ] = None,
) -> None:
    """重新核对全部存证；有问题则退出码为 1，并指出第一条有问题的位置（从 0 数）。"""
    with installation():
        from yangbanjian.faces.cli.evidence import run_audit

        code = run_audit(outside or [])
    raise SystemExit(code)


@log_app.command(name="rotate")
def log_rotate(
    lost: Annotated[
        bool, typer.Option("--lost", help="旧密钥丢失或泄露：作废，不由它交接")
    ] = False,
) -> None:
    """换一个新的签名密钥，由旧密钥签名交接。"""
    with installation():
        from yangbanjian.faces.cli.evidence import rotate

        print(rotate(is_lost=lost))


@credential_app.command(name="rotate")
def credential_rotate(
    seal: Annotated[bool, typer.Option("--seal", help="换 PDF 印章的密钥")] = False,
    lost: Annotated[
        bool, typer.Option("--lost", help="旧密钥丢失或泄露：作废，它签过的都要换发")
    ] = False,
) -> None:
    """换一个签发凭证的新密钥；旧密钥签过的仍然有效，除非它已丢失。"""
    with installation():
        from yangbanjian.faces.cli.evidence import rotate_credentials

        print(rotate_credentials(is_seal=seal, is_lost=lost))


@log_app.command(name="verifier")
def log_verifier() -> None:
    """输出独立核验程序（一个文件），如 ybj log verifier > verify.py。"""
    from yangbanjian.faces.verifier import verifier_source

    sys.stdout.write(verifier_source())


@db_app.command(name="url")
def db_url(as_: Annotated[str, typer.Option("--as", help="runtime 或 superuser")]) -> None:
    """演示环境：给想用 SQL 试着打破承诺的人。"""
    from yangbanjian.supervisor.postgres import login_url

    if os.environ.get("YBJ_SANDBOX") != "1":
        say("只有演示环境（YBJ_SANDBOX=1）才给出数据库地址。")
        raise SystemExit(2)
    if as_ not in ("runtime", "superuser"):
        say("--as 只能是 runtime 或 superuser。")
        raise SystemExit(2)
    external = os.environ.get("DATABASE_URL")
    if external:
        print(external)
        return
    refuse_unbegun(home_from_environment())
    print(login_url(home_from_environment(), as_))


@db_app.command(name="init")
def db_init(admin_url: Annotated[str, typer.Option(help="管理员连接地址")]) -> None:
    """在外部 PostgreSQL 上建立角色与数据库，打印各角色的连接地址。"""
    import secrets

    import psycopg

    from yangbanjian.supervisor.roles import init_roles

    passwords = {role: secrets.token_urlsafe(32) for role in ("migrator", "runtime", "auditor")}
    try:
        urls = init_roles(admin_url, passwords)
    except psycopg.Error as problem:
        # A word of the server's says more than ours; its later lines are for its own log.
        told = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        say(f"用这个地址不能建立角色和数据库，请检查地址、密码和权限（须是管理员）：{told}")
        raise SystemExit(2) from None
    print(f"DATABASE_URL={urls['runtime']}")
    print(f"YBJ_MIGRATE_URL={urls['migrator']}")
    print(f"# auditor: {urls['auditor']}")


@app.command()
def backup(folder: Path) -> None:
    """备份到一个新目录，并核对。"""
    from yangbanjian.supervisor.backup import backup as make
    from yangbanjian.supervisor.backup import owners_url

    home = home_from_environment()
    refuse_unbegun(home)
    with owners_url(home, say) as url:
        print(make(home, folder, url).sentence())


@app.command()
def restore(folder: Path) -> None:
    """把备份恢复到空的数据目录（YBJ_HOME）。"""
    from yangbanjian.supervisor.backup import refuse_external
    from yangbanjian.supervisor.backup import restore as bring_back

    refuse_external()
    print(bring_back(folder, home_from_environment(), say).sentence())


@app.command(name="update-translations")
def update_translations() -> None:
    """开发用：从源码更新译文目录并编译。"""
    from yangbanjian.faces.cli.translations import update

    for language, lacking in update().items():
        print(f"{language}\tmissing={lacking}")


@app.command(name="check-translations")
def check_translations() -> None:
    """检查繁体与英文译文齐全。"""
    from yangbanjian.faces.cli.translations import missing as without_translation

    missing = without_translation()
    for line in missing[:50]:
        print(line, file=sys.stderr)
    print(f"missing={len(missing)}")
    raise SystemExit(1 if missing else 0)


@app.command()
def docs() -> None:
    """重写 docs/reference：从代码生成的参考页。"""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yangbanjian.config.settings")
    django.setup()
    from yangbanjian.faces.cli.reference import write

    for path in write():
        print(path)


@app.command()
def seal(
    how: Annotated[Path, typer.Argument(metavar="SEALING.json", help="封存参数，从竞价厅下载")],
    amount_fen: Annotated[int, typer.Option("--amount-fen", help="报价，以分计")],
    out: Annotated[Path, typer.Option("--out", help="封存后的报价写到哪里")],
    bid_id: Annotated[str, typer.Option("--bid-id", help="报价编号；不填则自动取")] = "",
) -> None:
    """在自己的电脑上封存一次报价；不用联网。"""
    from yangbanjian.faces.cli.sealing import run as seal_bid

    raise SystemExit(seal_bid(how, amount_fen, out, bid_id))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="哪一张表，如 matching；不填则全部")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """测量并与下限比较；低于下限退出码为 1。"""
    from yangbanjian.faces.cli.benches import measure

    raise SystemExit(measure(name, list(context.args), as_json=as_json))
