"""Reading the log: heads, tiles, proofs, and the packet of one entry."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.conf import settings
from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as reading
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.keys.models import Key
from yangbanjian.ground.log.models import Anchor, Checkpoint, Leaf, Log, Subtree
from yangbanjian.ground.log.rules import leaves, merkle
from yangbanjian.ground.log.rules.tiles import Tile, width_at
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Refusal
from yangbanjian.kernel.words import gettext_noop

PURPOSE = "log"
# What is promised (E6), in seconds from the writing of an entry.
SEALED_WITHIN_S, OUTSIDE_WITHIN_S = 60, 24 * 3600
LARGEST_ENCLOSED = 8 * 2**20
NOTHING_YET = gettext_noop("还没有签名的树头，请一分钟后再试。")


class Broken(RuntimeError):
    """The tables do not hold the tree that they should: an audit says where."""


def read_hashes(level: int, first: int, count: int) -> Sequence[bytes]:
    """Kept hashes, as `rules.merkle` asks for them."""
    found: list[Any]
    if level == 0:
        rows = Leaf.objects.filter(position__gte=first, position__lt=first + count)
        found = list(rows.order_by("position").values_list("leaf_hash", flat=True))
    else:
        kept = Subtree.objects.filter(level=level, index__gte=first, index__lt=first + count)
        found = list(kept.order_by("index").values_list("hash", flat=True))
    if len(found) != count:
        raise Broken(f"level {level}, {first} to {first + count}: {len(found)} hashes")
    return [bytes(h) for h in found]


def origin() -> str:
    """The log's name; "" before its first leaf."""
    log = Log.objects.first()
    return log.origin if log is not None else ""


def head() -> Checkpoint | None:
    """The newest signed head."""
    return Checkpoint.objects.select_related("key").order_by("-id").first()


def head_or_refuse() -> Checkpoint:
    found = head()
    if found is None:
        raise NotFound("log.nothing_yet", NOTHING_YET)
    return found


def tile(wanted: Tile, *, is_lenient: bool = False) -> bytes | None:
    """The bytes of a tile, as the signed head has it; None where it has none (or not so wide).
    `is_lenient`: of an incomplete tile what there is."""
    signed = head()
    wide = width_at(wanted.level, wanted.index, signed.size) if signed is not None else 0
    if wide < wanted.width and not (is_lenient and wide):
        return None
    width = min(wide, wanted.width)
    return b"".join(read_hashes(wanted.level, wanted.index * merkle.WIDTH, width))


def published_keys() -> dict[str, Any]:
    """All keys of the log with their history: what a verifier trusts."""
    name = origin()
    return {
        "type": "yangbanjian-keys/1",
        "origin": name,
        "keys": [
            {
                "algorithm": key.algorithm,
                "public": bytes(key.public).hex(),
                "verifier_key": signing.verifier_key(name, key.algorithm, bytes(key.public)),
                "made_at": leaves.moment(key.made_at),
                "retired_at": leaves.moment(key.retired_at) if key.retired_at else None,
                "revoked_at": leaves.moment(key.revoked_at) if key.revoked_at else None,
                "statement": key.statement or None,
                "endorsement": bytes(key.endorsement).hex() or None,
            }
            for key in keys.all_of(PURPOSE)
        ],
    }


def entries_about(actor: Actor, subject: str) -> QuerySet[Entry]:
    """What the actor may read about `kind:id`, oldest first. Raises Invalid."""
    kind, _, number = subject.partition(":")
    if not kind or not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise Invalid(
            "log.subject", gettext_noop("subject 应写成「种类:编号」，如 achievement:12。")
        )
    found = Entry.objects.filter(
        journal.readable_by(actor), subject_kind=kind, subject_id=int(number)
    )
    return found.select_related("remark", "leaf").order_by("id")


def entry_for(actor: Actor, entry_id: int) -> Entry:
    """One entry that the actor may read; what may not be read does not exist."""
    found = Entry.objects.filter(journal.readable_by(actor), pk=entry_id)
    entry = found.select_related("remark", "leaf").first()
    if entry is None:
        raise NotFound("log.no_entry", gettext_noop("没有这条记录，或者它不对您公开。"))
    return entry


def place_of(entry: Entry) -> tuple[Leaf, Checkpoint]:
    """The entry's leaf and the signed head that has it. Raises Conflict: not yet."""
    leaf, signed = getattr(entry, "leaf", None), head()
    if leaf is None or signed is None or leaf.position >= signed.size:
        raise Conflict("log.not_yet", gettext_noop("这条记录还没有写入存证日志，请一分钟后再试。"))
    return leaf, signed


def position_of(entry_id: int) -> int | None:
    """The place of an entry in the log, signed or about to be; None while it has none."""
    return Leaf.objects.filter(entry_id=entry_id).values_list("position", flat=True).first()


def proof(entry: Entry) -> dict[str, Any]:
    """That the entry stands in the signed head; hashes in hexadecimal, lowest first."""
    leaf, signed = place_of(entry)
    path = merkle.inclusion_proof(read_hashes, leaf.position, signed.size)
    return {
        "index": leaf.position,
        "size": signed.size,
        "leaf_hash": bytes(leaf.leaf_hash).hex(),
        "hashes": [h.hex() for h in path],
    }


def proof_in(entry: Entry, size: int) -> dict[str, Any]:
    """That the entry stands among the first `size` leaves: in a head that was signed back then.
    Raises Conflict where it came later."""
    leaf, signed = place_of(entry)
    if not leaf.position < size <= signed.size:
        raise Conflict("log.later", gettext_noop("这条记录晚于所问的树头。"))
    path = merkle.inclusion_proof(read_hashes, leaf.position, size)
    return {"index": leaf.position, "size": size, "hashes": [h.hex() for h in path]}


def consistency(old: int, new: int) -> dict[str, Any]:
    """That the tree of `new` leaves continues that of `old`; with the signed heads of these sizes
    a file for the verifier. Raises Invalid."""
    signed = head_or_refuse()
    if not 0 < old <= new <= signed.size:
        raise Invalid(
            "log.sizes",
            gettext_noop("from、to 应满足 0 < from ≤ to ≤ %(size)d。"),
            size=signed.size,
        )
    path = merkle.consistency_proof(read_hashes, old, new)
    found: dict[str, Any] = {"from": old, "to": new, "hashes": [h.hex() for h in path]}
    # The later of two signatures over one size: the key that is at work.
    at = Checkpoint.objects.filter(size__in=[old, new]).select_related("key").order_by("id")
    heads = {c.size: c for c in at}
    if len(heads) == len({old, new}):
        found |= {
            "type": "yangbanjian-consistency/1", "old": heads[old].note, "new": heads[new].note,
            "keys": _chain(heads[new].key),
        }  # fmt: skip
    return found


def packet(actor: Actor, entry: Entry) -> bytes:
    """All that is needed to check an entry without us, as canonical JSON."""
    _, signed = place_of(entry)
    said = {
        "type": "yangbanjian-packet/1",
        "leaf": leaves.leaf_of(row_of(entry)),
        "payload": entry.payload,
        "salt": bytes(entry.salt).hex(),
        "remark": _remark(entry),
        "files": _files(actor, entry),
        "proof": proof(entry),
        "checkpoint": signed.note,
        "keys": _chain(signed.key),
    }
    return rfc8785.dumps(said)


def canonical(said: Any) -> bytes:
    """RFC 8785: the bytes that the verifier wants to see unchanged."""
    return rfc8785.dumps(said)


def row_of(entry: Entry) -> leaves.Row:
    """An entry as the leaf is made of it."""
    return leaves.Row(**{name: getattr(entry, name) for name in ROW})


ROW = tuple(leaves.Row.__dataclass_fields__)


def _remark(entry: Entry) -> Any:
    remark = getattr(entry, "remark", None)
    if remark is None:
        return None
    if remark.erased_at is not None:
        return "erased"
    return {"text": remark.text, "salt": bytes(remark.salt).hex()}


def _files(actor: Actor, entry: Entry) -> list[dict[str, str]]:
    """The file that the entry names, if the actor may open it, it is whole and not too large."""
    named = entry.payload.get("sha256")
    if not isinstance(named, str):
        return []
    try:
        if files.opened(actor, named).size > LARGEST_ENCLOSED:
            return []
        _, content = reading.read(actor=actor, sha256=named)
    except Refusal:
        return []
    return [{"sha256": named, "content": base64.b64encode(content).decode()}]


def _chain(key: Key) -> list[dict[str, Any]]:
    return [
        {
            "algorithm": link.algorithm, "public": bytes(link.public).hex(),
            "statement": link.statement or None,
            "endorsement": bytes(link.endorsement).hex() or None,
        }
        for link in keys.chain(key)
    ]  # fmt: skip


def behind(signed: Checkpoint) -> QuerySet[Entry]:
    """What comes after this head, the newest: also in an import of a million entries under one
    transaction, of which a part has its place."""
    last = Leaf.objects.select_related("entry").order_by("-position").first()
    reached = last.entry_id if last and last.entry.xact == signed.xact else 0
    return Entry.objects.extra(
        where=["(journal_entry.xact, journal_entry.id) > (%s, %s)"], params=[signed.xact, reached]
    )


def unsequenced_since() -> float:
    """How many seconds the oldest entry without a place has waited; 0 when all have theirs."""
    # Whoever asks how the log stands is told of all entries, seen by them or not.
    with acting(SYSTEM):
        signed = head()
        waiting = Entry.objects.all() if signed is None else behind(signed)
        oldest = waiting.order_by("xact", "id").first()
    return 0.0 if oldest is None else _age(oldest)


def _age(entry: Entry) -> float:
    return max(0.0, (clock.recorded_now() - entry.at_recorded).total_seconds())


@dataclass(frozen=True, slots=True)
class Place:
    """Where heads are put outside: the anchors' folder, or an address. `name` is "" for the
    folder."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return self.name or str(settings.ANCHORS_ROOT)

    def _tries(self) -> QuerySet[Anchor]:
        tries = Anchor.objects.filter(kind=self.kind).order_by("-id")
        return tries.filter(place=self.name) if self.name else tries

    def last(self) -> Anchor | None:
        """The newest head that was put there."""
        return self._tries().filter(failure="").select_related("checkpoint").first()

    def failures(self) -> list[Anchor]:
        """What has failed since then, newest first; twenty at most."""
        last = self.last()
        return list(self._tries().filter(pk__gt=last.pk if last is not None else 0)[:20])

    def waits_s(self) -> float:
        """For how long the oldest sealed entry has not been outside here; 0 when all are."""
        last = self.last()
        first = Leaf.objects.filter(position=last.checkpoint.size if last is not None else 0)
        with acting(SYSTEM):
            leaf = first.select_related("entry").first()
        return 0.0 if leaf is None else _age(leaf.entry)


def places() -> list[Place]:
    """Everywhere heads go; addresses only where letters can be sent."""
    return [
        Place("file"),
        *(Place("mail", a.strip()) for a in settings.YBJ_ANCHOR_MAIL if has_mail()),
    ]


def late_places() -> list[tuple[Place, float]]:
    """(place, seconds) of those that lack an entry which was sealed longer ago than is promised."""
    waits = ((place, place.waits_s()) for place in places())
    return [(place, seconds) for place, seconds in waits if seconds > OUTSIDE_WITHIN_S]


def has_mail() -> bool:
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")
