"""Packages: what goes around releases and records, and the extensions that they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yangbanjian.market.openness.rules.merging import compiled, versioned
from yangbanjian.market.openness.rules.parts import instant

VERSION = "1.1"
_KNOWN = "https://raw.githubusercontent.com/open-contracting-extensions"
EXTENSIONS = (
    f"{_KNOWN}/ocds_bid_extension/v1.1.5/extension.json",
    f"{_KNOWN}/ocds_lots_extension/v1.1.5/extension.json",
    f"{_KNOWN}/ocds_enquiry_extension/v1.1.5/extension.json",
    f"{_KNOWN}/ocds_participationFee_extension/v1.1.5/extension.json",
    f"{_KNOWN}/ocds_milestone_documents_extension/v1.1.5/extension.json",
)
OWN = "/ocds/extensions/auctions/extension.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who publishes, where from, and under which licence."""

    name: str
    base: str
    licence: str


def extensions(publisher: Publisher) -> list[str]:
    """The extensions that every package names; the last one is our own, served by this house."""
    return [*EXTENSIONS, publisher.base + OWN]


def _head(publisher: Publisher, uri: str, at: datetime) -> dict[str, Any]:
    return {
        "uri": uri, "version": VERSION, "publishedDate": instant(at),
        "extensions": extensions(publisher),
        "publisher": {"name": publisher.name, "uri": publisher.base},
        "license": publisher.licence, "publicationPolicy": f"{publisher.base}/open-data",
    }  # fmt: skip


def release_package(
    publisher: Publisher, uri: str, at: datetime, releases: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Releases with what a reader must know of them."""
    return {**_head(publisher, uri, at), "releases": list(releases)}


def record_package(
    publisher: Publisher, uri: str, at: datetime, releases: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """One process: its releases, their sum and their history."""
    record = {
        "ocid": releases[0]["ocid"], "releases": list(releases),
        "compiledRelease": compiled(releases), "versionedRelease": versioned(releases),
    }  # fmt: skip
    return {**_head(publisher, uri, at), "records": [record]}
