"""Small pieces that releases are put together from: money, times, organisations, documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from yangbanjian.market.openness.rules.facts import Process, Unit

Part = dict[str, Any]
OCID_FORM = r"ocds-[a-z0-9]{6}-[0-9]{1,18}"


def ocid_of(prefix: str, listing_id: int) -> str:
    """The name of a process for ever: the publisher's registered prefix and the listing's number."""
    return f"{prefix}-{listing_id}"


def release_id(ocid: str, entry_id: int) -> str:
    """A release is named by its process and the entry that it tells of."""
    return f"{ocid}-{entry_id}"


def entry_of(name: str) -> int | None:
    """The entry in the id of a release; None for what is no such id."""
    number = name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, always with six places of a second, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def value(fen: int) -> Part:
    """An amount as the standard has it: yuan, a JSON number. Below 10**15 fen (ten trillion yuan) its
    two places are exact in what is written: fifteen digits come back from any reader."""
    return {"amount": fen // 100 if fen % 100 == 0 else fen / 100, "currency": "CNY"}


def period(
    start: datetime | None, end: datetime | None = None, most: datetime | None = None
) -> Part:
    """Only the ends that are known."""
    said = {"startDate": start, "endDate": end, "maxExtentDate": most}
    return {name: instant(at) for name, at in said.items() if at is not None}


def reference(unit: Unit) -> Part:
    """How other parts name an organisation that stands in `parties`."""
    return {"id": _party_id(unit), "name": unit.name}


def _party_id(unit: Unit) -> str:
    return f"CN-USCC-{unit.uscc}" if unit.uscc else f"organisation-{unit.id}"


def party(unit: Unit, *roles: str) -> Part:
    """An organisation in full, as publicly known."""
    told: Part = {**reference(unit), "roles": list(roles)}
    if unit.uscc:
        told["identifier"] = {"scheme": "CN-USCC", "id": unit.uscc, "legalName": unit.name}
    if unit.region:
        told["address"] = {"region": unit.region, "countryName": "中国"}
    return told


def seller(process: Process) -> Part:
    """The unit that sells stands where the standard has the buyer: it runs the procedure."""
    return party(process.seller, "buyer", "procuringEntity", "payee")


def document(name: str, kind: str, title: str, url: str, at: datetime | None = None) -> Part:
    """A page of this house."""
    told: Part = {"id": name, "documentType": kind, "title": title, "url": url,
                  "format": "text/html", "language": "zh"}  # fmt: skip
    return {**told, "datePublished": instant(at)} if at is not None else told


def lot_name(lot_id: int) -> str:
    return f"lot-{lot_id}"


def bid_name(lot_id: int, plate: str) -> str:
    """A plate's bid for a lot; plates are drawn anew for each listing and name nobody."""
    return f"lot-{lot_id}-{plate}"


def without_nothing(told: Mapping[str, Any]) -> Part:
    """Without what is empty: the standard leaves out what is not known."""
    kept: Part = {}
    for name, said in told.items():
        if isinstance(said, Mapping):
            said = without_nothing(said)
        if said is not None and said not in ("", [], {}):
            kept[name] = said
    return kept
