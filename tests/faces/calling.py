"""Calling the API in tests: a client for a person, and JSON sent."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests import make
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import SYSTEM, Role


def token_of(person: Person) -> str:
    """A token of the person's only organisation."""
    organisation = person.memberships.get().organisation_id
    _, secret = people.create_token(actor=SYSTEM, person_id=person.pk, organisation_id=organisation)
    return secret


def client_of(person: Person) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_of(person)}"})


def client_as(role: Role) -> Client:
    return client_of(make.person(role))


def get(client: Client, path: str, **query: Any) -> Any:
    return client.get(f"/api/v1{path}", query)


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


def patch(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.patch(f"/api/v1{path}", body, content_type="application/json", headers=headers)


def is_problem(answer: Any, status: int, code: str) -> bool:
    """Is it this problem, in the standard's form, with a sentence?"""
    said = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json", said
    assert said["status"] == answer.status_code
    assert said["title"]
    assert (answer.status_code, said["code"]) == (status, code), said
    return True
