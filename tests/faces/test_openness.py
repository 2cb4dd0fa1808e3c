"""Open data over HTTP: lines, files, records, the feed, the extension; the page of indicators."""

from __future__ import annotations

import gzip
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests import deals, make
from tests.faces.pages import Visitor, text_of
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.kernel.actor import Role
from yangbanjian.market.openness import jobs
from yangbanjian.market.openness.models import Release
from yangbanjian.market.openness.rules.merging import compiled, versioned

assert jobs  # its subscription must be known before the journal is delivered
pytestmark = pytest.mark.django_db
LINES = "/api/v1/ocds/releases.jsonl"


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def sale() -> deals.Sale:
    made = deals.awarded(bidders=1)
    deliver(include_own=True)
    return made


def lines(client: Client, address: str = LINES) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [json.loads(x) for x in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]


def test_everybody_reads_releases_and_goes_on_where_they_were(client: Client) -> None:
    sale()
    told = lines(client)
    assert len(told) == Release.objects.count() > 2
    assert lines(client, f"{LINES}?after={told[0]['id']}&limit=1") == told[1:2]
    assert lines(client, f"{LINES}?since=2100-01-01T00:00:00Z") == []
    assert client.get(f"{LINES}?after=x").status_code == 422
    assert client.get(f"{LINES}?since=2026-01-01T00:00:00").status_code == 422
    packed = b"".join(client.get(f"{LINES}.gz").streaming_content)  # type: ignore[attr-defined]
    assert [json.loads(x) for x in gzip.decompress(packed).splitlines()] == told


def test_a_record_is_the_sum_of_its_releases(client: Client) -> None:
    sale()
    told = lines(client)
    package = client.get(f"/api/v1/ocds/records/{told[0]['ocid']}").json()
    (record,) = package["records"]
    assert record["compiledRelease"] == compiled(told)
    assert record["versionedRelease"] == versioned(told)
    assert (record["releases"], package["version"]) == (told, "1.1")
    assert "演示数据" in package["publisher"]["name"]
    one = client.get(f"/api/v1/ocds/releases/{told[0]['id']}").json()
    assert one["releases"] == told[:1]
    for nothing in ("ocds-000000-0", "x", "%00"):
        assert client.get(f"/api/v1/ocds/records/{nothing}").status_code == 404
        assert client.get(f"/api/v1/ocds/releases/{nothing}").status_code == 404


def test_the_page_counts_and_leads_to_everything(client: Client) -> None:
    made = sale()
    text = client.get("/open-data").content.decode()
    assert "creativecommons.org/licenses/by/4.0" in text
    assert "isDemonstration" in text
    ocid = lines(client)[0]["ocid"]
    assert f"/api/v1/ocds/records/{ocid}" in text
    assert made.deal is not None
    assert ocid in client.get(f"/deals/{made.deal.pk}").content.decode()
    assert ocid in client.get(f"/listings/{made.lot.listing_id}").content.decode()


def test_the_feed_is_atom_and_tells_notices_and_results(client: Client) -> None:
    made = sale()
    answer = client.get("/open-data/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml"
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    space = {"a": "http://www.w3.org/2005/Atom"}
    titles = [e.text or "" for e in root.findall("a:entry/a:title", space)]
    assert titles
    assert all(made.lot.listing.title in title for title in titles)


def test_our_extension_is_served_whole(client: Client) -> None:
    where = "/ocds/extensions/auctions/"
    said = json.loads(client.get(where + "extension.json").content)
    assert "{base}" not in json.dumps(said)
    schema = json.loads(client.get(where + "release-schema.json").content)
    named = {
        p["codelist"]: set(p["enum"]) - {None}
        for d in schema["definitions"].values()
        for p in d["properties"].values()
        if "codelist" in p
    }
    assert set(said["codelists"]) == set(named)
    for name, codes in named.items():
        rows = client.get(f"{where}codelists/{name}").content.decode().splitlines()[1:]
        assert {row.partition(",")[0] for row in rows} == codes
    for nothing in ("x", "../models.py", "codelists"):
        assert client.get(where + nothing).status_code == 404


def test_what_is_suspected_of_persons_is_for_operators_and_auditors(client: Client) -> None:
    made = deals.awarded(bidders=1, completers=[{"name": "沈知行", "share_percent": "100"}])
    person = made.bidders[0]
    person.name = "沈知行"
    person.save()
    assert made.deal is not None
    page = f"/deals/{made.deal.pk}"
    public = client.get(page).content.decode()
    assert "只有一家报价" in public
    assert "底价成交" in public
    assert "与完成人同名" not in public
    assert client.get("/desk/risks").status_code in (302, 403)
    for role in (Role.OPERATOR, Role.AUDITOR):
        staff = Visitor(role)
        assert "与完成人同名" in text_of(staff.get(page))
        board = text_of(staff.get("/desk/risks?indicator=inventor_linked"))
        assert f'href="{page}"' in board
        assert f'href="{page}"' not in text_of(staff.get("/desk/risks?indicator=split_lots"))
    for role in (Role.TTO, Role.EXCHANGE, Role.ENTERPRISE):
        assert Visitor(role).get("/desk/risks").status_code == 403
