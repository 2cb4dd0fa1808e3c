"""An identity provider made of a dictionary: it says of each code what a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from yangbanjian.ground.people.providers import Proven, ProviderFailedError

ISSUER = "https://id.example.com"
PATH = "tests.providing.FAKE"


class FakeProvider:
    """`words`: code -> whom it proves, or what goes wrong. `asked` keeps what it was told."""

    name = "市民身份平台"

    def __init__(self) -> None:
        self.words: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.address = f"{ISSUER}/authorize"

    def begin(self, state: str, redirect: str) -> str:
        return f"{self.address}?{urlencode({'state': state, 'redirect_uri': redirect})}"

    def finish(self, params: Mapping[str, str], redirect: str) -> Proven:
        self.asked.append({**params, "redirect": redirect})
        said = self.words.get(params.get("code", ""), ProviderFailedError("no such code"))
        if isinstance(said, Exception):
            raise said
        return Proven(ISSUER, str(said))


FAKE = FakeProvider()
