"""A record as reasons see it: plain text fields and the few facts that stand in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["achievement", "expert", "demand"]


@dataclass(frozen=True, slots=True)
class RecordView:
    """What a match card may say about a record.

    `fields` maps a field's name to its stored text (an expert's disciplines and works are fields
    too); `price_fen` is the price wished for, None when unstated; `region` and `region_within`
    are region codes; `modes` deal-mode codes; `available_from` the first day it can be used.
    """

    kind: Kind
    fields: Mapping[str, str]
    price_fen: int | None = None
    negotiable: bool = False
    trl: int | None = None
    modes: tuple[str, ...] = ()
    region: str | None = None
    region_within: tuple[str, ...] = ()
    field_codes: tuple[str, ...] = ()
    available_from: date | None = None
    expires_on: date | None = None
    owner_id: str | None = None
