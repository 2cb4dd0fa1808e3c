"""C2SP signed notes and checkpoints: the text that a log signs, and its signature lines."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SIGNED = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9]\d{0,15}", re.ASCII)
LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, by name and the four bytes of the key's id."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head as it is signed."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signed(text: str, signatures: Iterable[Signature]) -> str:
    """The whole note."""
    return f"{text}\n{''.join(s.line() for s in signatures)}"


def opened(note: str) -> tuple[str, list[Signature]]:
    """(text, signatures), nothing verified. Raises ValueError for what is no signed note."""
    text, blank, lines = note.rpartition("\n\n")
    is_plain = all(c == "\n" or ord(c) >= 0x20 for c in note)
    if not blank or not lines.endswith("\n") or not is_plain or len(note) > LONGEST:
        raise ValueError("not a signed note")
    found = []
    for line in lines[:-1].split("\n"):
        parts = _SIGNED.fullmatch(line)
        if parts is None:
            raise ValueError("not a signature line")
        try:
            raw = base64.b64decode(parts[2], validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error
        if len(raw) < 5 or base64.b64encode(raw).decode() != parts[2]:
            raise ValueError("not a signature")
        found.append(Signature(parts[1], raw[:4], raw[4:]))
    return text + "\n", found


def checkpoint_of(text: str) -> Checkpoint:
    """The checkpoint that a note's text is. Raises ValueError; extension lines are not ours."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise ValueError("not a checkpoint")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    found = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != 32 or found.text() != text:
        raise ValueError("not a checkpoint")
    return found
