"""A browser without script at the pages of accounts and organisations."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.test import Client

from tests import make, signing
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Role

PASSWORD = signing.PASSWORD
Capture = Any


def known(role: Role | None = Role.ENTERPRISE, **values: Any) -> Person:
    return signing.with_password(make.person(role, **{"username": "zhao", **values}))


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", {"username": "zhao", "password": password, **more})


def desk(client: Client, path: str, **posted: Any) -> Any:
    answer = client.post(path, posted)
    assert answer.status_code in {302, 200, 422, 403}, answer.status_code
    return answer


def letter_link(prefix: str) -> str:
    found = re.search(re.escape(prefix) + r"\S+", str(mail.outbox[-1].body))
    assert found is not None
    return found[0]
