"""Making keys and handing over from one to the next."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.db import connection

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.keys import policy, queries, rules
from yangbanjian.ground.keys.models import Key
from yangbanjian.kernel.actor import Actor


def ensure(*, actor: Actor, purpose: str, algorithm: str = rules.ED25519) -> Key:
    """The key at work; the first one is made when there is none yet, with this algorithm, which
    those that follow keep."""
    return queries.at_work(purpose) or _change(actor, purpose, first=algorithm)


def rotate(*, actor: Actor, purpose: str, is_lost: bool = False) -> Key:
    """Put a new key to work, endorsed by the old one. `is_lost`: the old one is in no hands or in
    wrong ones; it is revoked and endorses nothing. Raises NotAllowed, Conflict."""
    return _change(actor, purpose, is_lost=is_lost)


def _change(actor: Actor, purpose: str, *, is_lost: bool = False, first: str = "") -> Key:
    policy.may_rotate(actor).or_refuse()
    with acting(actor):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('keys'), hashtext(%s))", [purpose]
            )
        old = queries.at_work(purpose)
        if old is not None and first:
            return old
        algorithm = old.algorithm if old is not None else first or rules.ED25519
        key = _made(purpose, algorithm, old, is_lost=is_lost)
        fact = journal.Fact(
            verb="keys.revoked" if old is not None and is_lost else "keys.put_to_work",
            subject_kind="key", subject_id=key.pk, audience="public",
            payload={
                "purpose": purpose, "public": bytes(key.public).hex(),
                "follows": bytes(old.public).hex() if old is not None else None,
            },
        )  # fmt: skip
        journal.record(actor=actor, fact=fact)
        return key


def _made(purpose: str, algorithm: str, old: Key | None, *, is_lost: bool) -> Key:
    at = clock.recorded_now()
    seed = secrets.token_bytes(32)
    signer = rules.SIGNERS[algorithm](seed)
    follows, statement, endorsement = None, b"", b""
    if old is not None and not is_lost:
        follows = old
        statement = rules.rotation_statement(
            purpose, bytes(old.public), signer.public, signer.algorithm, at.isoformat()
        )
        endorsement = queries.signer_of(old).sign(statement)
    if old is not None:
        old.retired_at, old.revoked_at = at, at if is_lost else None
        old.save(update_fields=["retired_at", "revoked_at"])
    key = Key(
        purpose=purpose, algorithm=signer.algorithm, public=signer.public, made_at=at,
        follows=follows, statement=statement.decode(), endorsement=endorsement,
    )  # fmt: skip
    # The file first: a file without a row is rubbish, a row without a file would stop the log.
    _keep_secret(queries.file_of(key), seed.hex())
    key.save(force_insert=True)
    return key


def _keep_secret(path: Path, text: str) -> None:
    folder = Path(settings.KEYS_ROOT)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:  # a command of root's: the key is for the account that the folder is for
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
