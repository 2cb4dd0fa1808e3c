"""API tokens: shown once, stored as SHA-256, found by it, revoked."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import policy, queries
from yangbanjian.ground.people.credentials import digest_of
from yangbanjian.ground.people.models import Membership, Organisation, Person, Token
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.kernel.words import gettext_noop

PREFIX = "ybj_"
SHOWN = 10
LONGEST_DAYS = 3660
MOST_TOKENS = 20
USED_EVERY = timedelta(minutes=5)


def _organisation(person: Person, organisation_id: int | None) -> Organisation | None:
    """The one that the token acts for: the first of the person's, where none is named."""
    held = Membership.objects.filter(person=person, period__contains=clock.now())
    if organisation_id is not None:
        held = held.filter(organisation_id=organisation_id)
    first = held.select_related("organisation").order_by("id").first()
    if first is None and organisation_id is not None:
        raise NotAllowed(policy.NOT_YOUR_ORGANISATION.code, policy.NOT_YOUR_ORGANISATION.reason)
    return first.organisation if first else None


def _check(actor: Actor, person: Person | None, expires_days: int | None) -> Person:
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个人。"))
    if expires_days is not None and not 1 <= expires_days <= LONGEST_DAYS:
        raise Invalid("people.expires_days", gettext_noop("有效天数请填 1 到 3660。"))
    if (
        not actor.is_system
        and person.totp_confirmed_at is None
        and queries.must_have_second_factor(person.pk)
    ):
        raise NotAllowed(
            "people.second_factor_first", gettext_noop("请先开启两步验证，再建接口令牌。")
        )
    if queries.tokens_of(person.pk).count() >= MOST_TOKENS:
        raise Conflict("people.too_many_tokens", gettext_noop("令牌太多，请先停用不再用的。"))
    return person


def create_token(
    *,
    actor: Actor,
    person_id: int,
    name: str = "",
    organisation_id: int | None = None,
    expires_days: int | None = None,
) -> tuple[Token, str]:
    """Make a token for a person, acting for one organisation; returns it and its secret, which
    can't be had again. One's own, or as the system (command line)."""
    policy.may_be(actor, person_id).or_refuse()
    typed = Typed()
    called = typed.line("name", name, cap=60)
    typed.or_refuse()
    with acting(actor):
        locked = Person.objects.select_for_update().filter(pk=person_id, is_active=True).first()
        person = _check(actor, locked, expires_days)
        now = clock.recorded_now()
        secret = PREFIX + secrets.token_urlsafe(32)
        made = Token.objects.create(
            person=person,
            organisation=_organisation(person, organisation_id),
            name=called,
            prefix=secret[:SHOWN],
            digest=digest_of(secret),
            made_at=now,
            expires_at=now + timedelta(days=expires_days) if expires_days else None,
        )
        journal.record(
            actor=actor,
            fact=journal.Fact("people.token_made", "person", person_id, payload={"token": made.pk}),
        )
        return made, secret


def revoke_token(*, actor: Actor, token_id: int) -> None:
    """End a token; ending it twice is no error."""
    with acting(actor):
        token = Token.objects.select_for_update().filter(pk=token_id).first()
        if token is None:
            raise NotFound("people.no_token", gettext_noop("没有这个令牌。"))
        policy.REVOKE_TOKEN.may(actor, token).or_refuse()
        if token.revoked_at is not None:
            return
        token.revoked_at = clock.recorded_now()
        token.save(update_fields=["revoked_at"])
        journal.record(
            actor=actor,
            fact=journal.Fact(
                "people.token_revoked", "person", token.person_id, payload={"token": token.pk}
            ),
        )


def use_token(secret: str) -> Actor | None:
    """The actor of a secret, acting for the token's organisation and no other; None when it is
    unknown, revoked, expired, or its person is gone."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    # Who it is must be found before anybody acts.
    with acting(SYSTEM):
        return _used(secret)


def _used(secret: str) -> Actor | None:
    token = (
        Token.objects.filter(digest=digest_of(secret), revoked_at=None)
        .select_related("person")
        .first()
    )
    if token is None:
        return None
    business, now = clock.both()
    if token.expires_at is not None and token.expires_at <= now:
        return None
    actor = queries.actor_of(token.person, token.organisation_id, business)
    if actor.is_anonymous:
        return None
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        Token.objects.filter(pk=token.pk).update(used_at=now)
    if token.organisation_id is None or actor.organisation_id != token.organisation_id:
        return Actor(person_id=actor.person_id)
    return replace(actor, mandates=frozenset({token.organisation_id}))
