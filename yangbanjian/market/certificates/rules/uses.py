"""«一证通用»: for which uses a certificate is taken, as rows of the rulebook say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What each reader is given of the certificate: no more than it needs.
READS: Mapping[str, tuple[str, ...]] = {
    "contract_registry": (
        "no", "subject", "seller", "buyer", "dealMode", "price", "payment", "signedOn", "patents",
        "contractDigest",
    ),
    "reward_payout": ("no", "subject", "seller", "price", "received", "signedOn", "objections"),
    "voucher_claim": ("no", "subject", "buyer", "price", "received", "signedOn", "contractNo"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """One use and whether the certificate does for it; `lacks` says what is not there yet."""

    use: str
    is_accepted: bool
    lacks: tuple[str, ...]
    documents: tuple[str, ...]


def uses(rows: Sequence[Mapping[str, Any]], facts: Mapping[str, bool]) -> list[Use]:
    """Each use of the table against the facts (`valid`, `paid_in_full`, `registered`,
    `handed_over`), in the table's order."""
    found: dict[str, Use] = {}
    for row in rows:
        known = found.get(row["use"], Use(row["use"], True, (), ()))
        lacks = known.lacks if facts.get(row["needs"]) else (*known.lacks, row["needs"])
        named = " ".join(t for t in (row.get("document", ""), row.get("clause", "")) if t)
        documents = known.documents if named in known.documents else (*known.documents, named)
        found[row["use"]] = Use(row["use"], not lacks, lacks, documents)
    return list(found.values())
