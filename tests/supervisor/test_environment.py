"""What an operator sets wrongly is told in words before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yangbanjian.supervisor.environment import refuse_unusable
from yangbanjian.supervisor.refusal import EngineRefusal


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YBJ_TIME_ZONE", "Asia/Nowhere"), ("YBJ_TIME_ZONE", "../etc/passwd"), ("YBJ_TIME_ZONE", "Asia"),
        ("YBJ_LOG_LEVEL", "loud"), ("YBJ_PUBLIC_URL", "market.example"),
        ("YBJ_PUBLIC_URL", "https://market.example/floor"), ("YBJ_PUBLIC_URL", "https://"),
        ("YBJ_PUBLIC_URL", "https://market.example:port"), ("YBJ_PUBLIC_URL", "ftp://market.example"),
        ("YBJ_OCDS_PREFIX", "ocds-A1B2C3"), ("YBJ_OCDS_PREFIX", "a1b2c3"),
        ("YBJ_OCDS_PREFIX", "ocds-a1b2c3-"), ("YBJ_OCDS_PREFIX", "ocds-a1b2c3\n"),
        ("YBJ_DATA_LICENSE", "CC BY 4.0"), ("YBJ_SMTP_URL", "mail.example:25"),
        ("YBJ_SMTP_URL", "smtp://somebody:secret/word@mail.example"),
    ],
)  # fmt: skip
def test_what_nobody_can_use_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(EngineRefusal) as refusal:
        refuse_unusable({name: value})
    assert refusal.value.code == "bad_setting"
    assert name in refusal.value.sentence
    assert "secret" not in refusal.value.sentence


@pytest.mark.parametrize(
    "told",
    [
        {}, {"YBJ_TIME_ZONE": "", "YBJ_PUBLIC_URL": "", "YBJ_OCDS_PREFIX": ""},
        {"YBJ_TIME_ZONE": "Asia/Urumqi", "YBJ_LOG_LEVEL": "DEBUG", "YBJ_OCDS_PREFIX": "ocds-000000"},
        {"YBJ_PUBLIC_URL": "https://market.example/", "YBJ_DATA_LICENSE": "https://l.example/by/4.0/"},
        {"YBJ_PUBLIC_URL": "http://127.0.0.1:8931", "YBJ_SMTP_URL": "smtp://mail.example:25?tls=off"},
        {"YBJ_SMTP_URL": "smtps://somebody%40market.example:a%2Fb@mail.example:465"},
    ],
)  # fmt: skip
def test_what_is_usable_or_empty_is_not(told: dict[str, str]) -> None:
    refuse_unusable(told)


def test_every_command_says_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "yangbanjian.faces.cli", "up"],
        env={**os.environ, "YBJ_HOME": str(home), "YBJ_TIME_ZONE": "Mars/Olympus"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("环境变量 YBJ_TIME_ZONE「Mars/Olympus」不能用：")
    assert len(done.stderr.splitlines()) == 1
    assert not home.exists()


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ("YBJ_PORT", "YBJ_TIME_ZONE", "YBJ_LOG_LEVEL", "YBJ_OCDS_PREFIX", "YBJ_SECRET_FILE")
    told = "from yangbanjian.config import settings as s; print(s.TIME_ZONE, s.YBJ_PORT)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", told],
        env={**os.environ, **dict.fromkeys(names, "")},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["Asia/Shanghai", "8000"], done.stderr
