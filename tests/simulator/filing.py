"""Stored files are what their names say: bytes that were changed, cut or lost are refused when they
are read, found when they are looked at, and whole again when they are stored anew (E7)."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from django.test import override_settings

from tests.telling import Telling
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import actions, queries
from yangbanjian.ground.files.models import Content, File
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import kept_files
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict

ROUNDS = 12
EVERY = ("changed", "cut", "lost", "swapped", "refused", "read", "found", "mended", "audited")


def file_away(tell: Telling) -> None:
    """Rounds of storing, damaging in one of four ways, reading, looking, auditing and mending."""
    chance = random.Random(tell.seed)
    with tempfile.TemporaryDirectory() as place, override_settings(MEDIA_ROOT=Path(place)):
        kept: dict[str, bytes] = {}
        for number in range(ROUNDS):
            content = chance.randbytes(chance.randint(1, 200)) + bytes([number])
            row = actions.store(actor=SYSTEM, content=content, media_type="text/plain", name="a")
            kept[row.sha256] = content
            hurt = chance.sample(sorted(kept), k=min(len(kept), 1 + number // 4))
            for name in hurt:
                tell.reached[_damage(chance, name, kept)] += 1
            _look(tell, kept, set(hurt), read_first=bool(number % 2))
            for name in hurt:
                actions.store(actor=SYSTEM, content=kept[name], media_type="text/plain", name="a")
                tell.reached["mended"] += 1
            _look(tell, kept, set(), read_first=False)
            tell.steps += 1


def _damage(chance: random.Random, name: str, kept: dict[str, bytes]) -> str:
    path, whole = queries.path_of(name), kept[name]
    others = [content for other, content in kept.items() if other != name]
    how = chance.choice(["changed", "cut", "lost", "swapped"])
    if how == "swapped" and others:
        path.write_bytes(chance.choice(others))
    elif how == "cut":
        path.write_bytes(whole[:-1])
    elif how == "lost":
        path.unlink()
    else:
        how = "changed"
        at = chance.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    return how


def _look(tell: Telling, kept: dict[str, bytes], hurt: set[str], *, read_first: bool) -> None:
    """What is hurt and nothing else is refused, found and audited; by reading alone, or by looking."""
    if not read_first:
        _all_looked_at(clock.recorded_now())
        _is_known(tell, hurt)
    for name, content in kept.items():
        try:
            _, said = actions.read(actor=SYSTEM, sha256=name)
        except Conflict:
            said = None
        if (said is None) != (name in hurt) or said not in (None, content):
            tell.violated(f"{name[:12]} is given out as it is not, or not given out as it is")
        tell.reached["refused" if said is None else "read"] += 1
    _is_known(tell, hurt)
    told = dict(Entry.objects.filter(verb="files.stored").values_list("subject_id", "payload"))
    for row in File.objects.filter(sha256__in=list(kept)):
        if bool(kept_files._wrong(row, told[row.pk])) != (row.sha256 in hurt):
            tell.violated(f"the audit is wrong about {row.sha256[:12]}")
        tell.reached["audited"] += 1


def _is_known(tell: Telling, hurt: set[str]) -> None:
    found = {content.pk for content in queries.damaged()}
    if found != hurt:
        tell.violated(f"{len(found)} are known as damaged, {len(hurt)} are")
    tell.reached["found"] += len(found)


def _all_looked_at(now: datetime) -> None:
    later = now + timedelta(days=1)
    if actions.check_some(actor=SYSTEM, before=later) < Content.objects.count():
        actions.check_some(actor=SYSTEM, before=later)
