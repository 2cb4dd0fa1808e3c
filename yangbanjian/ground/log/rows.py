"""Leaves with their entries as the audit reads them: in the database's own text, which is not made
into objects on the way. A million rows pass in tens of seconds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import rfc8785
from django.db import connection

from yangbanjian.ground.log.rules import leaves

AT_ONCE = 20_000
# One way of writing each moment, as `leaves.moment` has it; the era is written too, lest a year
# before Christ pass for one of ours.
_MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"AD')"""
_COPY = f"""COPY (
SELECT l.position, encode(l.leaf_hash, 'hex'), e.id, e.xact, {_MOMENT.format("e.at_business")},
  {_MOMENT.format("e.at_recorded")}, e.audience, e.edition, e.organisation_id, e.owner_id,
  e.party_ids, e.person_id, e.subject_kind, e.subject_id, e.verb, e.payload, encode(e.salt, 'hex'),
  encode(e.payload_jcs_sha256, 'hex'), encode(e.remark_sha256, 'hex'), r.entry_id, r.text,
  encode(r.salt, 'hex'), r.erased_at
FROM log_leaf l LEFT JOIN journal_entry e ON e.id = l.entry_id
  LEFT JOIN journal_remark r ON r.entry_id = l.entry_id
WHERE l.position >= %s AND l.position < %s ORDER BY l.position) TO STDOUT"""  # noqa: S608
_NULL = b"\\N"
_LEAF = (
    b'{"at_business":"%b","at_recorded":"%b","audience":%b,"edition":%b,"id":%b,'
    b'"organisation":%b,"owner":%b,"parties":[%b],"payload_sha256":"%b","person":%b,'
    b'"remark_sha256":%b,"subject":%b:%b","v":1,"verb":%b,"xact":%b}'
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
# Beyond the first plane Python's order of keys and that of RFC 8785 may differ.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_in_json = json.JSONEncoder(ensure_ascii=False).encode


class Judged(NamedTuple):
    """A leaf, and what is wrong with it: names of `audit.WHAT`. `here` is (transaction, id) of its
    entry; None where that is gone."""

    position: int
    leaf_hash: bytes
    here: tuple[int, int] | None
    wrong: tuple[str, ...]


def judged(start: int, end: int) -> Iterator[Judged]:
    """The leaves of these positions, each against its entry."""
    for first in range(start, end, AT_ONCE):
        last = min(end, first + AT_ONCE)
        with connection.cursor() as cursor, cursor.copy(_COPY, [first, last]) as copy:
            lines = b"".join(bytes(some) for some in copy).split(b"\n")
        yield from map(_judge, lines[:-1])


def _judge(line: bytes) -> Judged:
    (
        position, kept, entry, xact, business, recorded, audience, edition, organisation, owner,
        parties, person, kind, subject, verb, payload, salt, payload_digest, remark_digest,
        remark, text, remark_salt, erased,
    ) = line.split(b"\t")  # fmt: skip
    kept_hash = bytes.fromhex(kept.decode())
    if entry == _NULL:
        return Judged(int(position), kept_hash, None, ("entry_missing",))
    wrong = []
    salted = bytes.fromhex(salt.decode()) + canonical(payload)
    if hashlib.sha256(salted).hexdigest().encode() != payload_digest:
        wrong.append("payload")
    if remark != _NULL or remark_digest:
        is_erased = erased != _NULL
        if remark == _NULL or not _is_remark_whole(text, remark_salt, remark_digest, is_erased):
            wrong.append("remark")
    leaf = _LEAF % (
        _moment(business), _moment(recorded), _quoted(audience), _quoted(edition), entry,
        _or_null(organisation), _or_null(owner), parties[1:-1], payload_digest, _or_null(person),
        b'"%b"' % remark_digest if remark_digest else b"null", _quoted(kind)[:-1], subject,
        _quoted(verb), xact,
    )  # fmt: skip
    if hashlib.sha256(b"\x00" + leaf).digest() != kept_hash:
        wrong.append("leaf")
    return Judged(int(position), kept_hash, (int(xact), int(entry)), tuple(wrong))


def _moment(text: bytes) -> bytes:
    return text[:-2] if text.endswith(b"AD") else text


def _or_null(number: bytes) -> bytes:
    return b"null" if number == _NULL else number


def _is_remark_whole(text: bytes, salt: bytes, digest: bytes, is_erased: bool) -> bool:
    if is_erased:
        return bool(digest) and not text and not salt
    said = bytes.fromhex(salt.decode()) + _plain(text)
    return hashlib.sha256(said).hexdigest().encode() == digest


def _plain(field: bytes) -> bytes:
    """A field of COPY without its escapes."""
    if b"\\" not in field:
        return field
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), field)


@lru_cache(maxsize=4096)
def _quoted(field: bytes) -> bytes:
    """A text as JSON; there are few verbs and kinds."""
    return _in_json(_plain(field).decode()).encode()


class _Fraction(Exception):
    """A number that is not whole: how it is written is for the general canoniser."""


def _no_fraction(_text: str) -> float:
    raise _Fraction


_read = json.JSONDecoder(parse_float=_no_fraction).decode


@lru_cache(maxsize=4096)
def canonical(field: bytes) -> bytes:
    """RFC 8785 of a JSON value as COPY writes it. The standard encoder writes the same but for
    fractions and keys beyond the first plane, in a fraction of the time."""
    text = _plain(field).decode()
    if _ASTRAL.search(text) is None:
        try:
            return leaves.leaf_bytes(_read(text))
        except _Fraction:
            pass
    return rfc8785.dumps(json.loads(text))
