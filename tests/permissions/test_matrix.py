"""Who may do what: the table over the API's verbs (test_acts.py has those of pages alone).

Every caller is tried on every verb. What is forbidden must also leave every row as it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from tests import make
from tests.faces.calling import client_of
from tests.permissions.cells import NOBODY, Table, Things, Verb
from tests.permissions.contents import everything
from tests.permissions.rows import (
    deals,
    ground,
    libraries,
    listings,
    lots,
    matching,
    papers,
    people,
    way_in,
)
from yangbanjian.engines.matching import queries as matching_queries
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db
ROOMS = (people, ground, libraries, matching, lots, way_in, listings, papers, deals)
TABLE: Table = {subject: verbs for room in ROOMS for subject, verbs in room.TABLE.items()}
THINGS: Things = {subject: made for room in ROOMS for subject, made in room.THINGS.items()}
# A subject that stands in two rooms would lose the rows of one.
assert len(TABLE) == sum(len(room.TABLE) for room in ROOMS)
assert TABLE.keys() == THINGS.keys()
# Calls that the table leaves out: no role plays a part in them, or (imports) a file of each kind
# and owner does, which tests/faces/test_sheets_desk.py and tests/actions/test_imports.py try; a new
# address needs the caller's password: `people.ask_email_change` in test_acts.py, tests/faces/test_api_people.py.
ELSEWHERE = frozenset({
    "/sandbox/clock", "/sandbox/mail", "/sandbox/accounts", "/sandbox/bank", "/codes",
    "/imports", "/imports/{id}", "/imports/{id}/errors", "/me/email",
    "/ocds/releases/{release}", "/ocds/records/{ocid}",
})  # fmt: skip
# Their things need a bank and a clock that can be moved.
IN_A_SANDBOX = frozenset({"deals", "certificates", "dossiers", "payouts", "uses"})
CELLS = [
    pytest.param(subject, verb, id=f"{subject}.{verb.name}-{verb.state or 'any'}")
    for subject, verbs in TABLE.items()
    for verb in verbs
]


def _send(client: Client, verb: Verb, thing_id: int | str) -> int:
    path = "/api/v1" + verb.path.format(id=thing_id)
    if verb.body == "a file":
        body: Any = {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7")}
        return client.post(path, body).status_code
    if verb.method == "get":
        return client.get(path).status_code
    call = getattr(client, verb.method)
    body = verb.body(thing_id) if callable(verb.body) else verb.body
    return int(call(path, body, content_type="application/json").status_code)


@pytest.mark.parametrize(("subject", "verb"), CELLS)
def test_the_table_holds(
    subject: str, verb: Verb, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    if subject in IN_A_SANDBOX:
        settings.YBJ_SANDBOX = True
        make.sandbox()
    monkeypatch.setattr(matching_queries, "encoder", lambda: None)
    thing_id, own = THINGS[subject](verb.state)
    callers: dict[str, Client] = {NOBODY: Client()}
    callers |= {role.value: client_of(make.person(role)) for role in Role}
    callers |= {name: client_of(person) for name, person in own.items()}
    before = everything()
    told = {}
    for name, client in callers.items():
        with transaction.atomic():
            told[name] = _send(client, verb, thing_id)
            if name not in verb.may:
                assert everything() == before, f"{name} was refused, and yet something changed"
            transaction.set_rollback(True)
    assert {n for n, status in told.items() if status < 300} == verb.may & set(callers), told
    refused = {n: s for n, s in told.items() if n not in verb.may}
    assert set(refused.values()) <= {401, 403, 404}, refused
    assert refused.get(NOBODY, 401) in (401, 404)


def test_a_changed_row_is_noticed() -> None:
    organisation = make.organisation()
    before = everything()
    assert everything() == before
    Organisation.objects.filter(pk=organisation.pk).update(intro="改了")
    assert everything() != before


def test_every_call_stands_in_the_table() -> None:
    from yangbanjian.faces.api.routes import api

    tried = {(v.method, v.path.partition("?")[0]) for verbs in TABLE.values() for v in verbs}
    tried = {(m, p.split("/moves/")[0] + "/moves/" * ("/moves/" in p)) for m, p in tried}
    for path, calls in api.get_openapi_schema(path_prefix="")["paths"].items():
        plain = "/" + path.strip("/")
        for part in plain.split("/"):
            if part.endswith("_id}"):
                plain = plain.replace(part, "{id}")
        plain = plain.replace("/moves/{move}", "/moves/").replace("/codes/{table}", "/codes/field")
        plain = plain.replace("/rules/{table}", "/rules/notice_days")
        plain = plain.replace("{no}", "{id}").replace("{use}", "reward_payout")
        if plain in ELSEWHERE or plain.endswith("s/{id}/history"):
            continue
        for method in calls:
            assert (method, plain) in tried, (method, path)
