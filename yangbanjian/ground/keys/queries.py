"""Reading keys, and the signer behind the one at work."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from yangbanjian.ground.keys import rules
from yangbanjian.ground.keys.models import Key
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop


def at_work(purpose: str) -> Key | None:
    """The key that signs for a purpose now."""
    return Key.objects.filter(purpose=purpose, retired_at=None).first()


def all_of(purpose: str) -> list[Key]:
    """Every key that a purpose has had, oldest first."""
    return list(Key.objects.filter(purpose=purpose).order_by("id"))


def chain(key: Key) -> list[Key]:
    """The keys from the first that was endorsed by nobody to this one."""
    found = [key]
    while found[-1].follows is not None:
        found.append(found[-1].follows)
    return found[::-1]


def file_of(key: Key) -> Path:
    """Where the secret of a key lies, if it lies in a file."""
    return Path(settings.KEYS_ROOT) / f"{bytes(key.public).hex()[:16]}.{key.algorithm}"


def signer_of(key: Key) -> rules.Signer:
    """Something that signs with this key. Raises Conflict where its secret is not at hand."""
    try:
        seed = bytes.fromhex(file_of(key).read_text(encoding="ascii"))
        signer = rules.SIGNERS[key.algorithm](seed)
    except (OSError, ValueError):
        signer = None
    if signer is None or signer.public != bytes(key.public):
        raise Conflict(
            "keys.secret_missing",
            gettext_noop(
                "签名密钥 %(name)s 不在本机。请从备份恢复密钥文件，或用 ybj log rotate --lost（凭证用 ybj credential rotate --lost）换新。"
            ),
            name=file_of(key).name,
        )
    return signer
