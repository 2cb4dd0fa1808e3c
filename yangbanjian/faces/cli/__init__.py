"""The ybj command: starts, inspects and fills an installation. It decides nothing itself."""

from __future__ import annotations

import errno
import sys


def main() -> None:
    """Run the command line. An expected refusal is one sentence and exit code 2; so is a disk, a
    file or a database that fails under us. Anything else is a bug and shows where."""
    from yangbanjian.faces.cli.commands import app
    from yangbanjian.kernel.refusals import Refusal
    from yangbanjian.supervisor.environment import refuse_unusable
    from yangbanjian.supervisor.refusal import EngineRefusal

    try:
        refuse_unusable()
        app()
    except (Refusal, EngineRefusal) as refusal:
        print(str(refusal), file=sys.stderr)
        for problem in getattr(refusal, "problems", ()):
            print(f"  {problem.field}: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as problem:
        print(_told(problem), file=sys.stderr)
        raise SystemExit(2) from None
    except Exception as problem:
        if not _is_lost_database(problem):
            raise
        first = (str(problem).strip().splitlines() or [""])[0]
        print(f"数据库没有回答，请运行 ybj doctor 看原因：{first}", file=sys.stderr)
        raise SystemExit(2) from None


def _told(problem: OSError) -> str:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return "磁盘已满（或超出配额），请清理后再试。"
    place = f" {problem.filename}" if problem.filename else ""
    return f"读写{place} 失败：{problem.strerror or problem}。请检查路径和权限。"


def _is_lost_database(problem: Exception) -> bool:
    """Only a database error can be one, and only then are these modules loaded already."""
    for name in ("django.db.utils", "psycopg"):
        module = sys.modules.get(name)
        if module is not None and isinstance(problem, module.OperationalError):
            return True
    return False
