"""Reading what is published: releases for harvesters, records, the feed, counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.openness.gathering import ocid_of
from yangbanjian.market.openness.models import Release
from yangbanjian.market.openness.rules import packages, parts

BATCH, MOST_IN_FEED = 500, 100
# What the feed tells: notices and results.
NOTICES = ("listing_published", "listing_changed", "listing_extended", "listing_lowered")
RESULTS = ("lot_closed", "awarded", "deal_defaulted", "deal_signed", "listing_ended",
           "listing_withdrawn")  # fmt: skip
UNREGISTERED = "ocds-000000"
_EXTENSION = Path(__file__).parent / "extension"


def publisher() -> packages.Publisher:
    """Whose data it is; a sandbox says so in the name."""
    known = site.settings()
    name = known.operator or known.host or known.name
    if clock.is_sandbox():
        name = f"{name}（演示数据）"
    return packages.Publisher(
        name=name, base=credentials.base_address(), licence=settings.YBJ_DATA_LICENSE
    )


def is_prefix_registered() -> bool:
    """Has the operator a prefix of its own?"""
    return bool(settings.YBJ_OCDS_PREFIX != UNREGISTERED)


def releases(*, after: str = "", since: datetime | None = None) -> QuerySet[Release]:
    """Releases in the order of their publication: a harvester goes on `after` the id of the last
    one that it has; `since` a date of business. Raises Invalid for an id that is none of ours."""
    found = Release.objects.order_by("id")
    if since is not None:
        found = found.filter(date__gte=since)
    if after:
        entry_id = parts.entry_of(after)
        last = Release.objects.filter(entry_id=entry_id).first() if entry_id else None
        if last is None or parts.release_id(last.ocid, last.entry_id) != after:
            sentence = gettext_noop("没有这个发布编号，请填上次收到的最后一条的 id。")
            raise Invalid("openness.no_release", sentence, [Problem("after", "unknown", sentence)])
        found = found.filter(pk__gt=last.pk)
    return found


def lines(found: QuerySet[Release], most: int | None = None) -> Iterator[str]:
    """The contents, one a line, read in small batches: whoever asks for all holds nothing up."""
    last, left = 0, most
    while left is None or left > 0:
        size = BATCH if left is None else min(BATCH, left)
        rows = list(found.filter(pk__gt=last).values_list("pk", "content")[:size])
        yield from (content + "\n" for _, content in rows)
        if len(rows) < size:
            return
        last = rows[-1][0]
        left = None if left is None else left - len(rows)


def release(name: str) -> dict[str, Any]:
    """One release in a package of its own, by its id. Raises NotFound."""
    entry_id = parts.entry_of(name)
    one = Release.objects.filter(entry_id=entry_id).first() if entry_id else None
    if one is None or parts.release_id(one.ocid, one.entry_id) != name:
        raise NotFound("openness.no_such_release", gettext_noop("没有这条发布，请核对编号。"))
    by = publisher()
    uri = f"{by.base}/api/v1/ocds/releases/{name}"
    return packages.release_package(by, uri, one.date, [json.loads(one.content)])


def record(ocid: str) -> dict[str, Any]:
    """A process with all its releases and their sum, in a package of its own. Raises NotFound."""
    rows = []
    if re.fullmatch(parts.OCID_FORM, ocid):
        rows = list(Release.objects.filter(ocid=ocid).order_by("date", "id"))
    if not rows:
        raise NotFound("openness.no_record", gettext_noop("没有这个 ocid，请核对。"))
    by = publisher()
    uri = f"{by.base}/api/v1/ocds/records/{ocid}"
    return packages.record_package(by, uri, rows[-1].date, [json.loads(r.content) for r in rows])


def published_ocid(listing_id: int) -> str:
    """The ocid of a listing that has been published; "" where none has been told yet."""
    found = Release.objects.filter(listing_id=listing_id)
    return ocid_of(listing_id) if found.exists() else ""


def feed(most: int = MOST_IN_FEED) -> list[Release]:
    """Notices and results, the latest first."""
    found = Release.objects.filter(kind__in=[*NOTICES, *RESULTS]).order_by("-id")
    return list(found.select_related("listing")[: min(most, MOST_IN_FEED)])


def counts() -> dict[str, Any]:
    """How many processes and releases there are, and between which dates."""
    return Release.objects.aggregate(
        releases=Count("id"), processes=Count("ocid", distinct=True), first=Min("date"),
        last=Max("date"),
    )  # fmt: skip


def extension_file(name: str) -> tuple[str, str]:
    """(text, media type) of a file of our own extension. Raises NotFound."""
    kinds = {".json": "application/json", ".csv": "text/csv", ".md": "text/markdown"}
    path = next((p for p in _EXTENSION.rglob("*") if str(p.relative_to(_EXTENSION)) == name), None)
    if path is None or path.suffix not in kinds:
        raise NotFound("openness.no_file", gettext_noop("扩展里没有这个文件。"))
    by = publisher()
    text = path.read_text(encoding="utf-8").replace("{base}", by.base)
    return text.replace("{publisher}", by.name), kinds[path.suffix]
