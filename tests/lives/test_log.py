"""The life of the log: written to, sequenced, stopped in between, its keys changed, words erased.

Beside it a tree by the definition of RFC 6962, and the verifier, who has kept what they once saw.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

import pytest
from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests import make
from tests.lives.walking import Life, walk
from tests.simulator.witness import tree_hash
from verify import __main__ as verifier
from verify.heads import Head, read_head
from verify.tree import is_consistent
from verify.trust import Key
from verify.verdicts import UNTRUSTED
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.log import actions, audit, queries
from yangbanjian.ground.log.models import Anchor, Leaf
from yangbanjian.ground.log.rules import leaves
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict

pytestmark = pytest.mark.django_db
SITUATIONS = {
    "written", "written with a remark", "sequenced", "sequenced in several batches",
    "nothing to sequence", "stopped before signing", "key handed over", "key lost", "anchored",
    "nothing to anchor", "remark erased", "packet holds", "packet without its words",
    "packet of a lost key", "packet under a later key", "not yet in the log", "head continued",
}  # fmt: skip
AUDITOR = Actor(roles=frozenset({Role.AUDITOR}))


class Stopped(Exception):
    """The sequencer dies between appending and signing."""


class LogLife(Life):
    """One log from its first entry on."""

    @initialize()
    def born(self) -> None:
        self.begin()

    def begin(self) -> None:
        # What an earlier life has put outside is of another log.
        shutil.rmtree(settings.ANCHORS_ROOT, ignore_errors=True)
        self.person = make.actor(Role.TTO)
        self.written: dict[int, bool] = {}
        self.erased: set[int] = set()
        self.tree: list[int] = []
        self.heads: list[Head] = []
        self.packets: dict[int, bytes] = {}
        self.lost: set[bytes] = set()
        self.anchors = 0

    @classmethod
    def grid(cls) -> None:
        """What chance comes to seldom: in one life, in order."""
        life = cls()
        life.begin()
        life.write(count=3, is_remarked=True)
        life.asks_too_early()
        life.sequence(batch=2)
        life.sequence(batch=2)
        life.anchor()
        life.anchor()
        life.keeps_a_packet(at=0)
        life.rotate(is_lost=False)
        life.shows_a_kept_packet(at=0)
        life.write(count=2, is_remarked=False)
        life.stops_before_signing()
        life.sequence(batch=50)
        life.keeps_two_heads_apart(first=0, second=5)
        life.erase()
        life.keeps_a_packet(at=1)
        life.rotate(is_lost=True)
        life.shows_a_kept_packet(at=1)
        life.the_tree_is_as_defined()
        life.the_audit_finds_nothing()
        life.teardown()

    @classmethod
    def _step(cls, situation: str) -> None:
        cls.reached[situation] += 1
        cls.steps += 1

    @rule(count=st.integers(1, 6), is_remarked=st.booleans())
    def write(self, count: int, is_remarked: bool) -> None:
        facts = [
            journal.Fact(
                verb="things.said", subject_kind="thing", subject_id=n + 1, audience="public",
                payload={"n": n, "名": "甲"}, remark=f"说明 {n}" if is_remarked else "",
            )
            for n in range(count)
        ]  # fmt: skip
        with acting(self.person):
            for pk in journal.record_many(actor=self.person, facts=facts):
                self.written[pk] = is_remarked
        self._step("written with a remark" if is_remarked else "written")

    def _waiting(self) -> list[int]:
        return list(
            Entry.objects.exclude(pk__in=self.tree).order_by("pk").values_list("pk", flat=True)
        )

    @rule(batch=st.sampled_from([2, 3, 50]))
    def sequence(self, batch: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(actions, "BATCH", batch)
            done = actions.sequence_all(include_own=True)
        fresh = list(
            Leaf.objects.filter(position__gte=len(self.tree))
            .order_by("position").values_list("entry_id", flat=True)
        )  # fmt: skip
        assert len(fresh) == done
        assert fresh == sorted(fresh), "one transaction's entries stand in their order"
        self.tree += fresh
        assert not self._waiting()
        self._step("nothing to sequence" if not done else "sequenced")
        self.reached["sequenced in several batches"] += done > batch
        self._see_head()

    @precondition(lambda self: self.tree)
    @rule()
    def stops_before_signing(self) -> None:
        """All of the batch or nothing of it."""
        if not self._waiting():
            return

        def stop(*_args: object) -> Any:
            raise Stopped

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(actions, "_sign", stop)
            with pytest.raises(Stopped):
                actions.sequence(include_own=True)
        self._step("stopped before signing")

    def _see_head(self) -> None:
        head = queries.head()
        if head is not None:
            assert verifier.verify(head.note.encode(), self._trust()).code == verifier.HOLDS
            self.heads.append(read_head(head.note))

    def _trust(self, seen: list[Head] | None = None) -> verifier.Trust:
        known = {bytes(k.public): k.revoked_at is not None for k in keys.all_of(queries.PURPOSE)}
        assert {public for public, is_revoked in known.items() if is_revoked} == self.lost
        return verifier.Trust({p: Key(p, r) for p, r in known.items()}, seen or [])

    @precondition(lambda self: self.tree)
    @rule(is_lost=st.sampled_from([False, False, True]))
    def rotate(self, is_lost: bool) -> None:
        old = keys.at_work(queries.PURPOSE)
        assert old is not None
        actions.rotate_key(actor=SYSTEM, is_lost=is_lost)
        if is_lost:
            self.lost.add(bytes(old.public))
        self._step("key lost" if is_lost else "key handed over")
        self._see_head()

    @precondition(lambda self: self.tree)
    @rule()
    def anchor(self) -> None:
        before = Anchor.objects.count()
        made = actions.anchor_if_due(actor=SYSTEM)
        assert Anchor.objects.count() == before + made
        self._step("anchored" if made else "nothing to anchor")

    @precondition(lambda self: any(self.written.values()))
    @rule()
    def erase(self) -> None:
        assert self.person.person_id is not None
        with acting(SYSTEM):
            journal.erase_remarks(actor=SYSTEM, person_id=self.person.person_id, about={})
        self.erased |= {pk for pk, is_remarked in self.written.items() if is_remarked}
        self._step("remark erased")

    @precondition(lambda self: self.written)
    @rule()
    def asks_too_early(self) -> None:
        early = [pk for pk in self.written if pk not in self.tree]
        if early:
            with pytest.raises(Conflict):
                queries.packet(AUDITOR, queries.entry_for(AUDITOR, early[0]))
            self._step("not yet in the log")

    @precondition(lambda self: set(self.written) & set(self.tree))
    @rule(at=st.integers(0, 10**6))
    def keeps_a_packet(self, at: int) -> None:
        ready = [pk for pk in self.written if pk in self.tree]
        pk = ready[at % len(ready)]
        packet = queries.packet(AUDITOR, queries.entry_for(AUDITOR, pk))
        verdict = verifier.verify(packet, self._trust())
        assert verdict.code == verifier.HOLDS, verdict.sentence
        assert verdict.proven["index"] == self.tree.index(pk)
        if pk in self.erased:
            assert "说明".encode() not in packet
            self.reached["packet without its words"] += 1
        self.packets[pk] = packet
        self._step("packet holds")

    @precondition(lambda self: self.packets)
    @rule(at=st.integers(0, 10**6))
    def shows_a_kept_packet(self, at: int) -> None:
        """E8, E9: what was once handed out holds for good; by a lost key only for who has seen."""
        packet = list(self.packets.values())[at % len(self.packets)]
        verdict = verifier.verify(packet, self._trust(self.heads))
        assert verdict.code == verifier.HOLDS, verdict.sentence
        is_lost = verdict.proven["key"] in {public.hex() for public in self.lost}
        without = verifier.verify(packet, self._trust())
        assert without.code == (UNTRUSTED if is_lost else verifier.HOLDS)
        self._step("packet of a lost key" if is_lost else "packet under a later key")

    @precondition(lambda self: len(self.heads) > 1)
    @rule(first=st.integers(0, 10**6), second=st.integers(0, 10**6))
    def keeps_two_heads_apart(self, first: int, second: int) -> None:
        """E4: any two of them."""
        some = [self.heads[n % len(self.heads)] for n in (first, second)]
        old, new = sorted(some, key=lambda head: head.size)
        path = [bytes.fromhex(h) for h in queries.consistency(old.size, new.size)["hashes"]]
        assert is_consistent(old.size, new.size, old.root, new.root, path)
        self._step("head continued")

    @invariant()
    def the_tree_is_as_defined(self) -> None:
        rows = {e.pk: e for e in Entry.objects.filter(pk__in=self.tree)}
        hashes = [
            hashlib.sha256(
                b"\x00" + verifier.canonical(leaves.leaf_of(queries.row_of(rows[pk]))).encode()
            ).digest()
            for pk in self.tree
        ]
        kept = Leaf.objects.order_by("position").values_list("leaf_hash", flat=True)
        assert [bytes(h) for h in kept] == hashes
        if self.heads:
            assert self.heads[-1].size == len(self.tree)
            assert self.heads[-1].root == tree_hash(hashes)

    @rule()
    def the_audit_finds_nothing(self) -> None:
        assert audit.audit().findings == []


def test_some_lives_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    walk(LogLife, 1, lives=8, steps=12, capsys=capsys, wanted=SITUATIONS)


@pytest.mark.proof
@pytest.mark.parametrize("number", [11, 12, 13])
def test_many_lives_of_the_log(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    walk(LogLife, number, lives=80, steps=40, capsys=capsys, wanted=SITUATIONS)
