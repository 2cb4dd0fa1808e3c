"""The log on its tables: sequencing, heads, anchors, packets, keys, erasure."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests import make
from verify import __main__ as verifier
from verify.heads import read_head
from verify.trust import Key
from verify.verdicts import UNTRUSTED
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.journal.models import Entry, Remark
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.log import actions, audit, queries
from yangbanjian.ground.log.models import Anchor, Checkpoint, Leaf
from yangbanjian.ground.log.rules.tiles import Tile
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound

pytestmark = pytest.mark.django_db


def written(count: int, **values: Any) -> list[int]:
    with acting(SYSTEM):
        return journal.record_many(
            actor=SYSTEM,
            facts=[
                journal.Fact(
                    **{
                        "verb": "things.made", "subject_kind": "thing", "subject_id": n + 1,
                        "audience": "public", "payload": {"n": n, "名": "甲"}, **values,
                    }
                )
                for n in range(count)
            ],
        )  # fmt: skip


def sequenced() -> int:
    return actions.sequence_all(include_own=True)


def trust() -> verifier.Trust:
    rows = queries.published_keys()["keys"]
    found = {
        bytes.fromhex(k["public"]): Key(bytes.fromhex(k["public"]), k["revoked_at"] is not None)
        for k in rows
    }
    return verifier.Trust(found, [])


def packet_of(pk: int, actor: Actor = SYSTEM) -> bytes:
    staff = make.actor(Role.AUDITOR) if actor is SYSTEM else actor
    return queries.packet(staff, queries.entry_for(staff, pk))


def test_every_entry_has_one_leaf_and_the_head_is_signed() -> None:
    ids = written(700)
    sequenced()
    sequenced()
    rows = dict(Leaf.objects.filter(entry_id__in=ids).values_list("entry_id", "position"))
    assert sorted(rows) == ids
    assert sorted(Leaf.objects.values_list("position", flat=True)) == list(
        range(Leaf.objects.count())
    )
    head = queries.head()
    assert head is not None
    assert head.size == Leaf.objects.count()
    assert verifier.verify(head.note.encode(), trust()).code == 0
    tile = queries.tile(Tile(0, 1))
    assert tile is not None
    assert len(tile) == 8192
    assert queries.tile(Tile(0, 50)) is None
    assert audit.audit().findings == []


def test_e1_step_and_entry_stand_or_fall_together() -> None:
    sequenced()
    before = Entry.objects.count()
    with pytest.raises(ZeroDivisionError):
        _step_that_fails()
    assert Entry.objects.count() == before
    assert sequenced() == 0


def _step_that_fails() -> None:
    with transaction.atomic():
        written(1)
        assert 1 // (Entry.objects.count() - Entry.objects.count())


def test_a_batch_that_cannot_be_signed_leaves_nothing(settings: Any) -> None:
    written(3)
    sequenced()
    size = Leaf.objects.count()
    written(3)
    key = keys.at_work("log")
    assert key is not None
    secret = keys.file_of(key)
    text = secret.read_text()
    secret.unlink()
    with pytest.raises(Conflict) as refused:
        sequenced()
    assert refused.value.code == "keys.secret_missing"
    assert Leaf.objects.count() == size
    secret.write_text(text)
    sequenced()
    assert Leaf.objects.count() >= size + 3


def test_e3_a_packet_convinces_the_verifier_and_every_changed_byte_is_refused() -> None:
    staff = make.actor(Role.OPERATOR)
    (pk,) = written(1, remark="说明：样品已测", payload={"x": 1.5, "文": "字"})
    written(20)
    sequenced()
    actions.rotate_key(actor=SYSTEM)
    sequenced()
    packet, known = packet_of(pk, staff), trust()
    verdict = verifier.verify(packet, known)
    assert verdict.code == 0, verdict.sentence
    assert verdict.proven["entry"] == pk
    assert len(json.loads(packet)["keys"]) == 2
    taken = [
        (at, bit)
        for at in range(len(packet))
        for bit in (0x01, 0x20, 0x80)
        if verifier.verify(_flipped(packet, at, bit), known).code == 0
    ]
    assert taken == []
    assert all(verifier.verify(packet[:n], known).code for n in range(0, len(packet), 7))
    assert verifier.verify(packet + b"\n", known).code == verifier.FAILS


def _flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]


def test_a_strangers_packet_is_intact_but_not_trusted() -> None:
    (pk,) = written(1)
    sequenced()
    verdict = verifier.verify(packet_of(pk), verifier.Trust({}, []))
    assert (verdict.code, verdict.check) == (UNTRUSTED, "trust")


def test_e4_two_heads_have_a_proof_that_the_verifier_takes() -> None:
    written(3)
    sequenced()
    old = queries.head_or_refuse().size
    written(300)
    sequenced()
    new = queries.head_or_refuse().size
    proof = verifier.canonical(queries.consistency(old, new)).encode()
    assert verifier.verify(proof, trust()).code == 0
    taken = [
        at for at in range(len(proof)) if verifier.verify(_flipped(proof, at, 1), trust()).code == 0
    ]
    assert taken == []


def test_e6_heads_go_outside_once_a_day_and_with_a_new_key(settings: Any, mailoutbox: Any) -> None:
    settings.YBJ_ANCHOR_MAIL = ["notary@example.org"]
    assert actions.anchor_if_due(actor=SYSTEM) == 0
    written(2)
    sequenced()
    assert actions.anchor_if_due(actor=SYSTEM) == 2
    note = queries.head_or_refuse().note
    (file,) = Path(settings.ANCHORS_ROOT).glob("*.checkpoint")
    assert file.read_text(encoding="utf-8") == note
    assert mailoutbox[0].body == note
    written(2)
    sequenced()
    assert actions.anchor_if_due(actor=SYSTEM) == 0
    actions.rotate_key(actor=SYSTEM)
    assert actions.anchor_if_due(actor=SYSTEM) == 2
    assert Anchor.objects.count() == 4


def test_e6_the_age_of_what_waits_is_known() -> None:
    written(1)
    sequenced()
    sequenced()
    assert queries.unsequenced_since() == 0
    written(1)
    assert 0 < queries.unsequenced_since() < 60


def test_e8_words_are_erased_and_every_proof_still_holds() -> None:
    person = make.person(Role.TTO)
    actor = Actor(person.pk, None, frozenset({"tto"}), frozenset())
    with acting(actor):
        pk = journal.record(
            actor=actor,
            fact=journal.Fact(
                verb="things.said", subject_kind="thing", subject_id=1, audience="public",
                remark="张三的电话 13800000000",
            ),
        )  # fmt: skip
    sequenced()
    before = packet_of(pk)
    with acting(SYSTEM):
        journal.erase_remarks(actor=SYSTEM, person_id=person.pk, about={})
    after = packet_of(pk)
    assert b"13800000000" in before
    assert b"13800000000" not in after
    assert json.loads(after)["remark"] == "erased"
    assert bytes(Remark.objects.get(pk=pk).salt) == b""
    assert verifier.verify(before, trust()).code == 0
    assert verifier.verify(after, trust()).code == 0
    assert audit.audit().is_whole


def test_e9_old_signatures_hold_after_rotation_and_the_new_key_is_endorsed(settings: Any) -> None:
    (pk,) = written(1)
    sequenced()
    only_first = trust()
    first = packet_of(pk)
    old = keys.at_work("log")
    assert old is not None
    new = actions.rotate_key(actor=SYSTEM)
    sequenced()
    second = packet_of(pk)
    assert first != second
    assert new.follows == old
    # Who trusts the first key alone follows its endorsement to the second.
    for packet in (first, second):
        assert verifier.verify(packet, only_first).code == 0
        assert verifier.verify(packet, trust()).code == 0
    for key in (old, new):
        assert stat.S_IMODE(keys.file_of(key).stat().st_mode) == 0o600
    assert audit.audit().is_whole


def test_e9_a_revoked_key_counts_only_for_heads_that_were_seen_before() -> None:
    (pk,) = written(1)
    sequenced()
    packet, head = packet_of(pk), queries.head_or_refuse().note
    actions.rotate_key(actor=SYSTEM, is_lost=True)
    sequenced()
    known = trust()
    assert verifier.verify(packet, known).check == "revoked"
    seen = verifier.Trust(known.keys, [read_head(head)])
    assert verifier.verify(packet, seen).code == 0
    assert verifier.verify(packet_of(pk), known).code == 0
    assert audit.audit().is_whole


def test_only_the_machine_changes_keys() -> None:
    written(1)
    sequenced()
    before = Checkpoint.objects.count()
    with pytest.raises(NotAllowed):
        actions.rotate_key(actor=make.actor(Role.OPERATOR))
    assert Checkpoint.objects.count() == before
    assert len(keys.all_of("log")) == 1


def test_secrets_are_in_no_table_and_no_words() -> None:
    written(1)
    sequenced()
    key = keys.at_work("log")
    assert key is not None
    secret = keys.file_of(key).read_text()
    assert secret not in repr(keys.signer_of(key))
    assert secret not in json.dumps(queries.published_keys())
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(k::text, '') FROM keys_key k")
        assert secret not in str(cursor.fetchone())


def test_who_may_not_read_an_entry_gets_no_packet() -> None:
    (pk,) = written(1, audience="staff")
    sequenced()
    with pytest.raises(NotFound):
        queries.entry_for(ANONYMOUS, pk)
    with pytest.raises(NotFound):
        queries.entry_for(make.actor(Role.TTO), pk)
    assert queries.entry_for(make.actor(Role.AUDITOR), pk)


def test_what_waits_is_refused_with_its_reason() -> None:
    (pk,) = written(1)
    with pytest.raises(Conflict) as refused:
        queries.proof(queries.entry_for(ANONYMOUS, pk))
    assert refused.value.code == "log.not_yet"


TABLES = ("log_log", "log_leaf", "log_subtree", "log_checkpoint", "log_anchor")
GUARDS = {
    **{
        f"{words} {table}": f"{words} {table} {rest}"
        for table in TABLES
        for words, rest in (("DELETE FROM", ""), ("TRUNCATE", "CASCADE"))
    },
    "update of log_log": "UPDATE log_log SET origin = origin",
    "update of log_subtree": "UPDATE log_subtree SET hash = hash",
    "update of log_checkpoint": "UPDATE log_checkpoint SET note = note",
    "update of log_anchor": "UPDATE log_anchor SET place = place",
    "update of log_leaf": "UPDATE log_leaf SET leaf_hash = leaf_hash",
    "a leaf after a gap": "INSERT INTO log_leaf SELECT max(l.position) + 2, max(e.id), sha256('')"
    " FROM log_leaf l, journal_entry e",
    "a second leaf of an entry": "INSERT INTO log_leaf SELECT max(position) + 1, min(entry_id),"
    " sha256('') FROM log_leaf",
    "a head over fewer": "INSERT INTO log_checkpoint (number, size, root, note, at, xact, key_id)"
    " SELECT number + 1, size - 1, root, note, at, xact, key_id FROM log_checkpoint"
    " ORDER BY id DESC LIMIT 1",
    "another root of one size": "INSERT INTO log_checkpoint (number, size, root, note, at, xact, key_id)"
    " SELECT number + 1, size, sha256(''), note, at, xact, key_id FROM log_checkpoint ORDER BY id DESC LIMIT 1",
    "a head a second time": "INSERT INTO log_checkpoint (number, size, root, note, at, xact, key_id)"
    " SELECT number + 1, size, root, note, at, xact, key_id FROM log_checkpoint ORDER BY id DESC LIMIT 1",
    "a head out of turn": "INSERT INTO log_checkpoint (number, size, root, note, at, xact, key_id)"
    " SELECT number + 2, size, root, note, at, xact, key_id + 1 FROM log_checkpoint"
    " ORDER BY id DESC LIMIT 1",
    "a second log": "INSERT INTO log_log (id, origin, made_at) VALUES (2, 'a/log', now())",
    "an anchor of unknown kind": "INSERT INTO log_anchor (checkpoint_id, kind, place, at)"
    " SELECT id, 'pigeon', '', now() FROM log_checkpoint",
    "a leafy subtree": "INSERT INTO log_subtree (level, index, hash) VALUES (0, 0, sha256(''))",
    "a key changed": "UPDATE keys_key SET public = sha256(public)",
    "a key deleted": "DELETE FROM keys_key",
    "a second key at work": "INSERT INTO keys_key (purpose, algorithm, public, made_at, statement,"
    " endorsement) SELECT purpose, algorithm, sha256(public), made_at, '', '' FROM keys_key",
    "a key of unknown kind": "INSERT INTO keys_key (purpose, algorithm, public, made_at, statement,"
    " endorsement) SELECT 'x', 'rot13', sha256(public), made_at, '', '' FROM keys_key",
    "a revoked key at work": "INSERT INTO keys_key (purpose, algorithm, public, made_at, statement,"
    " endorsement, revoked_at) SELECT 'x', algorithm, sha256(public), made_at, '', '', now()"
    " FROM keys_key",
    "a key that follows without words": "INSERT INTO keys_key (purpose, algorithm, public, made_at,"
    " statement, endorsement, follows_id) SELECT 'x', algorithm, sha256(public), made_at, '', '',"
    " id FROM keys_key",
}  # fmt: skip


@pytest.mark.parametrize("probe", sorted(GUARDS))
def test_the_tables_guard_themselves_against_the_product(probe: str) -> None:
    _filled()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GUARDS[probe])
    assert audit.audit().is_whole


def _filled() -> None:
    written(260)
    sequenced()
    sequenced()
    actions.anchor_if_due(actor=SYSTEM)
