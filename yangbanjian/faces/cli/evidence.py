"""`ybj log` and `ybj credential`: audit, new keys."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yangbanjian.ground.credentials import actions as credentials
from yangbanjian.ground.credentials import queries as credential_queries
from yangbanjian.ground.log import actions, audit
from yangbanjian.kernel.actor import SYSTEM


def run_audit(outside: Iterable[Path]) -> int:
    """Print what was found; the exit code. The last line is for programs."""
    report = audit.audit(outside=outside)
    for finding in report.findings:
        print(f"坏  {finding}")
    first = "" if report.first_bad is None else f" first_bad={report.first_bad}"
    print(
        f"leaves={report.leaves} heads={report.heads} outside={report.outside}"
        f" findings={len(report.findings)}{first}"
    )
    return 0 if report.is_whole else 1


def rotate(*, is_lost: bool) -> str:
    """A new key at work; its public part."""
    key = actions.rotate_key(actor=SYSTEM, is_lost=is_lost)
    actions.anchor_if_due(actor=SYSTEM)
    return f"public={bytes(key.public).hex()}"


def rotate_credentials(*, is_seal: bool, is_lost: bool) -> str:
    """A new key for credentials, or for the seal on their pages; its public part."""
    purpose = credential_queries.SEAL if is_seal else credential_queries.PURPOSE
    key = credentials.rotate_key(actor=SYSTEM, purpose=purpose, is_lost=is_lost)
    return f"public={bytes(key.public).hex()}"
