"""The seam to another identity provider: who somebody is, by another's word.

`YBJ_IDENTITY_PROVIDER` names one object by its dotted path; empty, nothing outside is ever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from yangbanjian.ground.people.letters import address_of
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop

BACK_PATH = "/login/provider/back"
LONGEST_CLAIM = 255


class ProviderFailedError(Exception):
    """The provider said no, its word does not hold, or it cannot be reached. Its text is for the
    log, not for people."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Who the provider says it is: claims `iss` and `sub` of its signed word (OpenID Connect
    Core 1.0, 5.7: only the two together, and nothing else, name an end-user)."""

    issuer: str
    subject: str


class IdentityProvider(Protocol):
    """What an adapter does. It keeps nothing between the two calls: what it must find again (nonce,
    PKCE verifier) it derives from `state` and a secret of its own."""

    @property
    def name(self) -> str:
        """What people call the provider: it stands on the button."""

    def begin(self, state: str, redirect: str) -> str:
        """The provider's address to send the browser to. It comes back to `redirect` with `state`
        among its parameters. Raises ProviderFailedError."""

    def finish(self, params: Mapping[str, str], redirect: str) -> Proven:
        """Whom the parameters of the way back prove. The adapter has checked the signature,
        audience, time and nonce of the provider's word. `state` has been checked before. It must
        come to an end by itself within seconds. Raises ProviderFailedError."""


def provider() -> IdentityProvider | None:
    """The configured provider. Raises ImportError where the path leads to nothing."""
    path: str = settings.YBJ_IDENTITY_PROVIDER
    if not path:
        return None
    found: IdentityProvider = import_string(path)
    return found


def redirect_address() -> str:
    """Where the provider sends people back to; it is registered there, so never from a header."""
    return address_of(BACK_PATH)


def failed() -> Conflict:
    """What people are told, whatever the reason: the reason stands in the log."""
    return Conflict(
        "people.provider_failed",
        gettext_noop("没有完成。请再试一次；一直不行，请用密码登录并联系运营人员。"),
    )


def begin(chosen: IdentityProvider, state: str) -> str:
    """Where to send the browser. Raises ProviderFailedError for an address that is none."""
    address = chosen.begin(state, redirect_address())
    if not address.startswith(("https://", "http://")):
        raise ProviderFailedError("the provider's address is no web address")
    return address


def finish(chosen: IdentityProvider, params: Mapping[str, str]) -> Proven:
    """Who came back. An empty claim would be the same person for everybody: it is refused."""
    proven = chosen.finish(params, redirect_address())
    for claim in (proven.issuer, proven.subject):
        if not claim.strip() or len(claim) > LONGEST_CLAIM or "\x00" in claim:
            raise ProviderFailedError("the provider's word lacks a usable issuer or subject")
    return proven
