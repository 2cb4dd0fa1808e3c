"""What may be stored: sizes, kinds, and where a content lies."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes

MB = 1024 * 1024
LARGEST_IMAGE = 8 * MB
LARGEST_ATTACHMENT = 20 * MB
MOST_PIXELS = 40_000_000
COVER_WIDTH, COVER_HEIGHT = 1600, 900
# What a file must begin with to be taken for its kind; names and declared types prove nothing.
IMAGE_BEGINNINGS = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
}
OTHER_BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04",),
}
SHOWN_INLINE = frozenset(IMAGE_BEGINNINGS)


def image_type(beginning: bytes) -> str:
    """The media type that the first bytes say, or "" for what is no picture that we take."""
    for media_type, beginnings in IMAGE_BEGINNINGS.items():
        if beginning.startswith(beginnings):
            if media_type == "image/webp" and beginning[8:12] != b"WEBP":
                continue
            return media_type
    return ""


def media_type_of(beginning: bytes) -> str:
    """The media type that the first bytes say; what is not known is offered for saving only."""
    for media_type, beginnings in OTHER_BEGINNINGS.items():
        if beginning.startswith(beginnings):
            return media_type
    return image_type(beginning) or "application/octet-stream"


def place_of(sha256: str) -> tuple[str, str]:
    """Folder and file name of a content, below the files folder."""
    return sha256[:2], sha256


def is_sha256(text: str) -> bool:
    """Is this a SHA-256 in lower-case hex, as names of contents are?"""
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def sha256_of(content: bytes) -> str:
    """The name of a content, in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def sm3_of(content: bytes) -> str:
    """SM3 (GB/T 32905), in lower-case hex: for those who must not rely on SHA-256 alone."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()
