"""Checks and digests of what people prove themselves with."""

from __future__ import annotations

import hashlib

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.crypto import salted_hmac

from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.rules.typed import LONGEST_PASSWORD, Typed
from yangbanjian.kernel.words import gettext_noop

# Class of advisory locks (the first of the two numbers): one attempt at a time for one name.
LOCK_SIGN_IN = 21
LOCK_OPERATORS = 22


def digest_of(secret: str) -> str:
    """SHA-256 of a secret that is long and random, so that it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def name_digest(username: str) -> str:
    """What the lock-out knows a name by, also one that nobody has."""
    return salted_hmac(
        "yangbanjian.people.sign_in", username.strip().casefold(), algorithm="sha256"
    ).hexdigest()


def lock(number: int, key: str = "") -> None:
    """Wait for this lock; it is given back at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [number, key])


def spend_time_on(password: str) -> None:
    """Hash once, so that a name that nobody has takes as long as one that somebody has."""
    make_password(password[:LONGEST_PASSWORD])


def check_new_password(typed: Typed, name: str, password: str, person: Person) -> str:
    """A password that may be set; problems go to `typed` under the field's name."""
    if len(password) > LONGEST_PASSWORD:
        return typed.wrong(
            name, "too_long", gettext_noop("最多 %(cap)d 个字。"), cap=LONGEST_PASSWORD
        )
    if "\x00" in password:
        return typed.wrong(name, "unusable", gettext_noop("密码里有不能用的字符，请换一个。"))
    try:
        validate_password(password, person)
    except ValidationError as problem:
        # The validators speak the language of the request already; % is doubled for our own.
        return typed.wrong(name, "weak", " ".join(problem.messages).replace("%", "%%"))
    return password
