"""The stand-alone verifier as one file, for the page and the command that hand it out."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def verifier_source() -> str:
    """The program's text. It is read and not imported: the platform shares nothing with it."""
    place: Path = settings.PACKAGE.parent / "verify" / "__main__.py"
    return place.read_text(encoding="utf-8")
