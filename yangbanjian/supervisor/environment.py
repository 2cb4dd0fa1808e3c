"""What an operator has set, looked at before anything starts: a value that nobody can use is told
in a sentence with an example, where it would else be a fault deep inside, or be found out later by
those who use what was published with it. An empty variable is one that is not set."""

import os
import re
import zoneinfo
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from yangbanjian.supervisor.refusal import EngineRefusal

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# OCDS 1.1, «Open Contracting Identifiers»: the prefix that a publisher is given.
_OCDS_PREFIX = re.compile(r"ocds-[a-z0-9]{6}", re.ASCII)


def _is_zone(value: str) -> bool:
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _is_address(*schemes: str, is_bare: bool = False) -> Callable[[str], bool]:
    def holds(value: str) -> bool:
        try:
            parts = urlsplit(value)
            named = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            return False
        return named and not (is_bare and (parts.path.strip("/") or parts.query or parts.fragment))

    return holds


_RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "YBJ_TIME_ZONE": (_is_zone, "应是时区的名字，如 Asia/Shanghai"),
    "YBJ_LOG_LEVEL": (LOG_LEVELS.__contains__, "只能是 DEBUG、INFO、WARNING 或 ERROR"),
    "YBJ_PUBLIC_URL": (
        _is_address("http", "https", is_bare=True),
        "应是用户打开的网址，不带路径，如 https://market.example",
    ),
    "YBJ_OCDS_PREFIX": (
        lambda value: _OCDS_PREFIX.fullmatch(value) is not None,
        "应是向 Open Contracting Partnership 申请到的前缀：ocds- 加六位小写字母或数字，如 ocds-a1b2c3；"
        "还没有就不要设置",
    ),
    "YBJ_DATA_LICENSE": (
        _is_address("http", "https"),
        "应是使用许可的网址，如 https://creativecommons.org/licenses/by/4.0/",
    ),
    "YBJ_SMTP_URL": (
        _is_address("smtp", "smtps"),
        "应如 smtps://用户名:密码@主机:465 或 smtp://主机:587，用户名和密码里的特殊字符写成 %40 这样",
    ),
}  # fmt: skip
# Their values are no text for a screen or a log.
_SECRET = ("YBJ_SMTP_URL",)


def refuse_unusable(environment: Mapping[str, str] = os.environ) -> None:
    """Raise EngineRefusal for the first variable whose value nobody can use."""
    for name, (holds, wanted) in _RULES.items():
        value = environment.get(name, "")
        if value and not holds(value):
            shown = " 的值" if name in _SECRET else f"「{value[:80]}」"
            raise EngineRefusal("bad_setting", f"环境变量 {name}{shown}不能用：{wanted}。")
