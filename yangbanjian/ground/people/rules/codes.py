"""Time-based one-time codes (RFC 6238) and recovery codes."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

STEP_SECONDS = 30
# One step to either side: phones' clocks are a little off.
STEPS_ASIDE = 1
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
RECOVERY_LENGTH = 10


def step_at(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, at: datetime, last_step: int) -> int | None:
    """The step that the code belongs to, if it is near `at` and later than the last one used."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits, re.ASCII):
        return None
    maker = pyotp.TOTP(secret)
    found = None
    for step in range(step_at(at) - STEPS_ASIDE, step_at(at) + STEPS_ASIDE + 1):
        expected = maker.generate_otp(step)
        if hmac.compare_digest(expected, digits) and step > last_step:
            found = step
    return found


def tidy_recovery(code: str) -> str:
    """As stored before hashing: upper case, without hyphens and spaces."""
    return re.sub(r"[\s-]", "", code[:40]).upper()


def shown_recovery(code: str) -> str:
    """In two groups, easier to write down."""
    return f"{code[:5]}-{code[5:]}"
