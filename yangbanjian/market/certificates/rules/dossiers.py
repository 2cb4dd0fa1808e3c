"""The form of a dossier: one canonical JSON file whose body a journal entry vouches for.

`{"body": …, "evidence": PACKET, "type": "yangbanjian-dossier/1"}`: the payload of the packet's entry
holds the SHA-256 of the canonical body, so no byte of the body can change; the packet itself is bound
to the signed log. The body holds the packet of every entry it speaks of. docs/algorithms/dossier.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

TYPE = "yangbanjian-dossier/1"
SECTIONS: Mapping[str, str] = {
    "way_in": _("决策、核对和进场"),
    "notice": _("公示和异议"),
    "listing": _("挂牌和报名"),
    "bidding": _("竞价"),
    "deal": _("成交、合同和价款"),
    "right": _("权益登记"),
    "certificate": _("交易凭证"),
    "files": _("文件"),
}
VERDICTS: Mapping[str, str] = {"met": "满足", "missing": "缺项", "not_required": "不要求"}


def sealed(body: bytes, packet: bytes) -> bytes:
    """The file. Both parts are canonical already, and so is their sum: keys in their order."""
    return b'{"body":' + body + b',"evidence":' + packet + b',"type":"' + TYPE.encode() + b'"}'


def read(body: bytes) -> dict[str, Any]:
    """A body that we wrote ourselves."""
    found: dict[str, Any] = json.loads(body)
    return found


def sections(found: Mapping[str, Iterable[int]]) -> list[dict[str, Any]]:
    """Each section with its entries, in the order of the way; empty ones too, so that a reader sees
    that there was nothing."""
    return [{"name": name, "entries": sorted(set(found.get(name, ())))} for name in SECTIONS]


def is_whole(duties: Sequence[Mapping[str, Any]]) -> bool:
    """Is nothing missing?"""
    return all(d["verdict"] != "missing" for d in duties)
