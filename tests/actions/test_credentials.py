"""Credentials on their tables, promise by promise: C1, C2, C3, C6, C7 of any certificate."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from tests import make
from tests.credentials import FORM, VALUES, issued, listed, trust, verdict
from verify import __main__ as verifier
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions, queries
from yangbanjian.ground.credentials.models import Credential, StatusList
from yangbanjian.ground.credentials.rules import bits, codes, documents, proofs
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as keys
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
SEED_OF_ANOTHER = bytes(range(1, 33))


def rewritten(row: Credential, **changes: Any) -> bytes:
    return proofs.canonical({**queries.document_of(row), **changes})


def test_C1_it_verifies_offline_with_key_and_document_only() -> None:
    row = issued()
    said = verdict(row.document)
    assert (said.code, said.sentence) == (verifier.HOLDS, verifier.SAID)
    labels = {field.label: VALUES[field.name] for field in FORM.fields}
    assert said.proven["fields"] == labels
    assert said.proven["status"] == "not checked: give --status"
    assert queries.check(row.document.encode()) == queries.shown(row)
    # By whoever lays it out anew; and by a phone that scanned the code.
    assert verdict(json.dumps(queries.document_of(row), indent=2)).code == verifier.HOLDS
    assert verdict(queries.code_of(row)).proven == said.proven
    assert verdict(queries.code_of(row) + "\n").code == verifier.HOLDS


def test_C1_without_the_key_it_is_intact_and_nobodys() -> None:
    row = issued()
    alone = verifier.verify(row.document.encode(), verifier.Trust({}, []))
    assert (alone.code, alone.check) == (verifier.UNTRUSTED, "trust")


def test_C2_any_changed_byte_is_refused() -> None:
    """Every position, three other bytes each. Where a change is let through, the canonical content
    must be the same: it never is, as what we hand out is canonical."""
    row = issued()
    whole, known = row.document.encode(), trust()
    assert len(whole) > 2000
    reached: Counter[int] = Counter()
    for place in range(len(whole)):
        for other in {whole[place] ^ 1, whole[place] ^ 0x20, 0x20} - {whole[place]}:
            changed = whole[:place] + bytes([other]) + whole[place + 1 :]
            said = verifier.verify(changed, known)
            reached[said.code] += 1
            if said.code == verifier.HOLDS:
                same = verifier.canonical(verifier.read_json(changed.decode()))
                assert same.encode() == whole, place
    assert reached[verifier.FAILS] > 1000
    assert reached[verifier.UNREADABLE] > 100
    assert reached[verifier.HOLDS] == 0
    for shorter in (whole[:-1], whole[1:], whole + b"x", whole * 2, b""):
        assert verifier.verify(shorter, known).code in (verifier.FAILS, verifier.UNREADABLE)


def test_C2_any_changed_letter_of_the_code_is_refused() -> None:
    row = issued()
    code, known, first = queries.code_of(row), trust(), verdict(row.document).proven
    for place in range(5, len(code)):
        other = "A" if code[place] != "A" else "B"
        said = verifier.verify((code[:place] + other + code[place + 1 :]).encode(), known)
        assert said.code in (verifier.FAILS, verifier.UNREADABLE) or said.proven == first, place


def test_C2_the_same_by_our_own_reader() -> None:
    row = issued()
    whole = row.document.encode()
    for place in range(0, len(whole), 7):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(proofs.Broken):
            queries.check(changed)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type":["VerifiableCredential"],"type":["VerifiableCredential"]}', verifier.UNREADABLE),
        ('{"type":["VerifiableCredential"]}', verifier.FAILS),
        ('{"type":["VerifiableCredential"],"proof":{}}', verifier.FAILS),
        ('{"type":["VerifiableCredential"],"a":1.5}', verifier.FAILS),
        ('{"type":["VerifiableCredential"],"a":[{"b":1e400}]}', verifier.UNREADABLE),
        ('{"type":["VerifiableCredential"],"a":9007199254740992}', verifier.UNREADABLE),
        ('{"type":["VerifiableCredential"],"a":' + "[" * 900 + "]" * 900 + "}", verifier.UNREADABLE),
        ('{"type":"VerifiableCredential"}', verifier.UNREADABLE),
        ("YBJ1:", verifier.UNREADABLE), ("YBJ1:abc", verifier.UNREADABLE), ("YBJ1:A", verifier.UNREADABLE),
        (codes.to_code(b"\0" * 2**17), verifier.UNREADABLE), (codes.to_code(b"\xff"), verifier.UNREADABLE),
    ],
)  # fmt: skip
def test_the_verifier_reads_strictly(text: str, code: int) -> None:
    assert verifier.verify(text.encode(), verifier.Trust({}, [])).code == code


def test_both_readers_name_the_same_pitfalls() -> None:
    """What `tests/rules` tries on our reader, tried on the second implementation."""
    row = issued()
    signer = keys.signer_of(row.key)
    whole = queries.document_of(row)
    said = {name: value for name, value in whole.items() if name != "proof"}
    options = {name: value for name, value in whole["proof"].items() if name != "proofValue"}
    tries: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "context": ({"@context": []}, said),
        "proof": ({"proofPurpose": "authentication"}, said),
        "created": ({"created": "2026-03-01"}, said),
        "key": ({"verificationMethod": "did:web:x#zQ3sh" + "1" * 40}, said),
        "issuer": ({}, {**said, "issuer": "did:web:other.example"}),
        "layout": ({}, {**said, "layout": said["layout"][1:]}),
        "validity": ({}, {**said, "validFrom": "2199-01-01T00:00:00Z"}),
        "number": ({}, {**said, "credentialSubject": {"a": 1.5}}),
    }  # fmt: skip
    for check, (changes, document) in tries.items():
        proof = {**options, **changes}
        digest = b"".join(
            verifier.hashlib.sha256(verifier.canonical(v).encode()).digest()
            for v in (proof, document)
        )
        value = "z" + proofs.base58(signer.sign(digest))
        made = {**document, "proof": {**proof, "proofValue": value}}
        found = verdict(json.dumps(made))
        assert (found.code, found.check) == (verifier.FAILS, check), found.sentence
    late = (clock.recorded_now() - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    early = proofs.secured(said, signer, options["verificationMethod"].partition("#")[0],
                           datetime.fromisoformat(late))  # fmt: skip
    assert verdict(json.dumps(early)).check == "created"


def test_C3_about_one_thing_one_holds() -> None:
    first = issued(about=900)
    with pytest.raises(Conflict, match="仍然有效"):
        issued(about=900)
    second = issued(about=900, replaces=True)
    first.refresh_from_db()
    assert queries.live(FORM.type, "thing", 900) == second
    standing = queries.status_of(first)
    assert (standing.state, standing.replaced_by) == ("superseded", second.token)
    assert verdict(first.document, status=listed(first)).check == "revoked"
    assert verdict(second.document, status=listed(second)).code == verifier.HOLDS
    actions.revoke(actor=SYSTEM, credential_id=second.pk, reason="undone")
    assert queries.live(FORM.type, "thing", 900) is None
    third = issued(about=900)
    assert [row.pk for row in queries.all_about("thing", 900)] == [first.pk, second.pk, third.pk]
    with transaction.atomic(), pytest.raises(Conflict):
        issued(about=900)


def test_C6_revocation_is_in_the_list_at_once() -> None:
    row, other = issued(), issued()
    before = listed(row)
    assert verdict(row.document, status=before).code == verifier.HOLDS
    actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="mistaken", remark="印错了价格")
    said = verdict(row.document, status=listed(row))
    assert (said.code, said.check) == (verifier.FAILS, "revoked")
    assert verdict(other.document, status=listed(other)).code == verifier.HOLDS
    assert verdict(row.document).code == verifier.HOLDS, "the document itself stays as it was"
    row.refresh_from_db()
    assert queries.status_of(row).reason == "mistaken"
    entry = Entry.objects.get(verb="credentials.revoked", subject_id=row.pk)
    assert entry.payload == {"reason": "mistaken"}
    assert entry.remark.text == "印错了价格"
    with pytest.raises(Conflict):
        actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="again")


def test_C6_the_list_is_a_credential_that_does_not_last() -> None:
    row = issued()
    text = listed(row)
    said = verdict(text)
    assert (said.proven["kind"], said.proven["revoked"]) == ("status list", 0)
    assert text == listed(row), "the same bytes within a step"
    later = clock.recorded_now() + documents.LIST_LASTS
    stale = verdict(row.document, status=text, at=later)
    assert (stale.code, stale.check) == (verifier.FAILS, "status_stale")
    subject = json.loads(text)["credentialSubject"]
    assert subject["ttl"] + 1000 * queries.STEP_S <= 60_000
    assert 8 * len(bits.unpacked(subject["encodedList"])) >= 131_072


def test_a_status_list_that_is_not_the_one() -> None:
    row = issued()
    text = listed(row)
    StatusList.objects.create(opened_at=clock.recorded_now())
    another = queries.status_list(StatusList.objects.latest("id").pk).decode()
    forged = text.replace('"ttl":30000', '"ttl":30001')
    wrong = {another: "status", forged: "signature", row.document: "status"}
    for given, check in wrong.items():
        assert verdict(row.document, status=given).check == check
    assert verdict(row.document, status="{}").code == verifier.UNREADABLE
    with pytest.raises(NotFound):
        queries.status_list(10**9)


def test_C7_an_address_cannot_be_guessed() -> None:
    rows = [issued() for _ in range(3)]
    assert all(len(row.token) == 32 for row in rows)
    assert len({row.token[:8] for row in rows}) == 3
    assert queries.by_token(rows[0].token) == rows[0]
    with pytest.raises(NotFound):
        queries.by_token("0" * 32)


def test_bits_are_allotted_at_random_and_a_taken_one_is_not_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [issued() for _ in range(4)]
    assert len({row.position for row in rows}) == 4
    assert sorted(r.position for r in rows) != list(range(4))
    drawn = iter([rows[0].position, rows[1].position, 77])
    monkeypatch.setattr(actions.secrets, "randbelow", lambda _size: next(drawn))
    assert issued().position == 77


def test_a_half_full_list_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = issued()
    monkeypatch.setattr(actions, "FULL", 1)
    assert issued().status_list_id > first.status_list_id


def test_old_signatures_hold_after_a_change_of_keys_and_lost_ones_do_not() -> None:
    old = issued()
    actions.rotate_key(actor=SYSTEM)
    new = issued()
    assert old.key_id != new.key_id
    for row in (old, new):
        assert verdict(row.document, status=listed(row)).code == verifier.HOLDS
        queries.check(row.document.encode())
    identity = queries.identity()
    assert len(identity["assertionMethod"]) == 2
    assert ["expires" in m for m in identity["verificationMethod"]] == [True, False]
    actions.rotate_key(actor=SYSTEM, is_lost=True)
    said = verdict(new.document)
    assert (said.code, said.check) == (verifier.UNTRUSTED, "revoked")
    assert verdict(old.document).code == verifier.HOLDS
    assert len(queries.identity()["assertionMethod"]) == 2
    with pytest.raises(NotAllowed):
        actions.rotate_key(actor=make.actor(Role.OPERATOR))


def test_keys_of_the_log_and_of_certificates_do_not_stand_in_for_each_other() -> None:
    row = issued()
    public = bytes(row.key.public)
    as_log = verifier.Trust({public: verifier.Key(public, is_revoked=False)}, [])
    assert verifier.verify(row.document.encode(), as_log).code == verifier.UNTRUSTED


def test_who_may() -> None:
    for actor in (ANONYMOUS, make.actor(Role.TTO), make.actor(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            issued(actor=actor)
    row = issued(actor=make.actor(Role.EXCHANGE))
    with pytest.raises(NotAllowed):
        actions.revoke(actor=make.actor(Role.BROKER), credential_id=row.pk, reason="x")
    row.refresh_from_db()
    assert row.revoked_at is None


def test_what_can_not_be_signed_or_printed_is_refused_with_every_problem() -> None:
    before = Credential.objects.count(), Entry.objects.count()
    values = {**VALUES, "price": 1.5, "seller": " 甲", "buyer": "乙😀", "more": "x"}
    del values["no"]
    with pytest.raises(Invalid) as refused:
        actions.issue(actor=SYSTEM, form=FORM, about=actions.About("thing", 1), values=values)
    found = {problem.field: problem.code for problem in refused.value.problems}
    assert found == {
        "more": "credentials.unknown", "no": "credentials.missing", "price": "credentials.number",
        "seller": "credentials.text", "buyer": "credentials.glyph",
    }  # fmt: skip
    long = {**VALUES, "patents": [f"ZL{n * 7919 % 10**12:012d}.{n % 10}" * 9 for n in range(60)]}
    with pytest.raises(Invalid, match="放不下"):
        actions.issue(actor=SYSTEM, form=FORM, about=actions.About("thing", 1), values=long)
    assert (Credential.objects.count(), Entry.objects.count()) == before


def test_a_credential_with_an_end() -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    row = issued(valid_until=until)
    assert queries.status_of(row).state == "valid"
    assert verdict(row.document, at=until).check == "validity"
    assert verdict(row.document, at=until - timedelta(seconds=1)).code == verifier.HOLDS


def test_what_is_written_down() -> None:
    row = issued()
    entry = Entry.objects.get(verb="credentials.issued", subject_id=row.pk)
    assert entry.payload["about"] == f"thing:{row.about_id}"
    assert entry.payload["sha256"] == verifier.hashlib.sha256(row.document.encode()).hexdigest()
