"""Issuing, revoking, replacing; the page; the keys behind them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import policy, printing, queries, sealing
from yangbanjian.ground.credentials.models import Credential, Issuer, Page, Seal, StatusList
from yangbanjian.ground.credentials.rules import bits, codes, documents
from yangbanjian.ground.database import bulk
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.keys import actions as keys
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.ground.keys.models import Key
from yangbanjian.ground.keys.rules import P256
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.words import gettext_noop

# A list is closed when it is half full: a free bit is then found at the second try on average.
FULL = bits.SIZE // 2
TRIES = 100
# Signed with the document, so that no copy is without it.
SANDBOX = "演示环境签发，没有任何效力"
_REASON = re.compile(r"[a-z_]{1,40}", re.ASCII)
PROBLEMS = {
    "missing": gettext_noop("缺少「%(label)s」，请补上。"),
    "unknown": gettext_noop("表上没有「%(label)s」这一项，请去掉。"),
    "empty": gettext_noop("「%(label)s」是空的，请填写。"),
    "long": gettext_noop("「%(label)s」太长，请缩短。"),
    "number": gettext_noop("「%(label)s」只能是文字或整数，小数请写成文字。"),
    "text": gettext_noop("「%(label)s」里有换行、首尾空格或看不见的字符，请去掉。"),
    "glyph": gettext_noop("「%(label)s」里的“%(letter)s”印不出来，请换一种写法。"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What a credential is about, and who else may read of it in the journal."""

    kind: str
    id: int
    owner_id: int | None = None
    party_ids: tuple[int, ...] = ()


def issue(
    *, actor: Actor, form: documents.Form, about: About,
    values: Mapping[str, documents.Value], valid_until: datetime | None = None,
    replaces: bool = False,
) -> Credential:  # fmt: skip
    """Sign what the form's fields say about one thing, and give it a bit of its own.

    With `replaces` the one that holds is revoked in the same commit. Raises NotAllowed, Invalid
    (fields), Conflict: one holds already; or it is too long for the code on the page.
    """
    policy.may_issue(actor).or_refuse()
    assert not form.problem(), form.problem()
    _check(form, values)
    with acting(actor):
        _one_at_a_time(f"{form.type}:{about.kind}:{about.id}")
        before = queries.live(form.type, about.kind, about.id)
        if before is not None and not replaces:
            raise Conflict(
                "credentials.exists",
                gettext_noop("已经签发过，仍然有效。要更正请用“换发”，原来的会同时作废。"),
            )
        (new_id,) = bulk.drawn(Credential, 1)
        if before is not None:
            _revoke(actor, before, queries.SUPERSEDED, replaced_by=new_id)
        return _issue(actor, new_id, form, about, values, valid_until)


def _issue(
    actor: Actor, new_id: int, form: documents.Form, about: About,
    values: Mapping[str, documents.Value], valid_until: datetime | None,
) -> Credential:  # fmt: skip
    key = keys.ensure(actor=SYSTEM, purpose=queries.PURPOSE)
    _hold_key(key)
    who = _ensure_issuer()
    # Recorded time also for the validity: nobody's clock outside knows the sandbox's business time.
    at = max(clock.recorded_now(), key.made_at)
    token = secrets.token_hex(16)
    notice = SANDBOX if clock.is_sandbox() else ""
    for _ in range(TRIES):
        place = documents.Place(_open_list().pk, secrets.randbelow(bits.SIZE))
        said = documents.credential(who, token, form, values, place, at, valid_until, notice)
        document = queries.signed(said, key, at)
        _check_size(document)
        row = Credential(
            id=new_id, token=token, type=form.type, about_kind=about.kind, about_id=about.id,
            owner_id=about.owner_id, status_list_id=place.list_id, position=place.position,
            key=key, document=document.decode(), issued_at=at,
        )  # fmt: skip
        if _is_free(row):
            fact = {"type": form.type, "about": f"{about.kind}:{about.id}",
                    "sha256": hashlib.sha256(document).hexdigest()}  # fmt: skip
            _tell(actor, row, "credentials.issued", fact, about.party_ids)
            return row
    raise RuntimeError("no free bit was found")


def _is_free(row: Credential) -> bool:
    """Write it, if its bit is nobody's: the database decides, not a look beforehand."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "credential_own_bit":
            raise
        return False
    return True


def revoke(*, actor: Actor, credential_id: int, reason: str, remark: str = "") -> Credential:
    """Take it back for good. `reason` is a word of the room above (lower case, no digits); what is
    to be said in sentences is the remark, which can be erased. Raises NotAllowed, Conflict."""
    policy.may_revoke(actor).or_refuse()
    assert _REASON.fullmatch(reason)
    with acting(actor):
        row = Credential.objects.select_for_update().get(pk=credential_id)
        if row.revoked_at is not None:
            raise Conflict("credentials.revoked", gettext_noop("这份凭证已经撤销过了。"))
        _revoke(actor, row, reason, remark=remark)
        return row


def _revoke(
    actor: Actor, row: Credential, reason: str, *, remark: str = "", replaced_by: int | None = None
) -> None:
    """The bit and the reason are one row: there is no moment at which one is there alone."""
    row.revoked_at, row.reason, row.replaced_by_id = clock.recorded_now(), reason, replaced_by
    row.save(update_fields=["revoked_at", "reason", "replaced_by"])
    _tell(actor, row, "credentials.revoked", {"reason": reason}, (), remark)


def _tell(
    actor: Actor, row: Credential, verb: str, payload: Mapping[str, str],
    party_ids: tuple[int, ...], remark: str = "",
) -> None:  # fmt: skip
    fact = journal.Fact(
        verb=verb, subject_kind="credential", subject_id=row.pk, owner_id=row.owner_id,
        party_ids=party_ids, audience="parties", payload=payload, remark=remark,
    )  # fmt: skip
    journal.record(actor=actor, fact=fact)


def _check(form: documents.Form, values: Mapping[str, documents.Value]) -> None:
    labels = {field.name: field.label for field in form.fields}
    wrong = documents.wrong_values(form, values)
    problems = [
        Problem(name, f"credentials.{what}", PROBLEMS[what], {"label": labels.get(name, name)})
        for name, what in sorted(wrong.items())
    ]
    for name, label in labels.items():
        letter = "" if name in wrong else printing.unprintable(documents.in_words(values[name]))
        if letter:
            params = {"label": label, "letter": letter}
            problems.append(Problem(name, "credentials.glyph", PROBLEMS["glyph"], params))
    if problems:
        raise Invalid(
            "credentials.fields", gettext_noop("有几项填得不对，请改正。"), problems=problems
        )


def _check_size(document: bytes) -> None:
    if len(document) > documents.LARGEST or len(codes.to_code(document)) > codes.LONGEST:
        raise Invalid(
            "credentials.too_long",
            gettext_noop("内容太长，凭证上的二维码放不下。请缩短最长的几项。"),
        )


def _one_at_a_time(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('credentials'), hashtext(%s))", [what]
        )


def _hold_key(key: Key) -> None:
    """No change of keys between choosing the key and the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtext('keys'), hashtext(%s))", [key.purpose]
        )
    key.refresh_from_db()
    if key.retired_at is not None:
        raise Conflict("credentials.key_changed", gettext_noop("签名密钥刚刚更换，请再试一次。"))


def _ensure_issuer() -> documents.Issuer:
    """The identity is chosen once: from then on it stands in documents in other people's hands."""
    found = queries.issuer()
    if found is None:
        _one_at_a_time("issuer")
        base = queries.base_address()
        Issuer.objects.get_or_create(
            pk=1,
            defaults={
                "did": documents.did_of(base), "base": base, "made_at": clock.recorded_now(),
            },
        )  # fmt: skip
        found = queries.issuer_or_refuse()
    return found


def _open_list() -> StatusList:
    found = StatusList.objects.order_by("-id").first()
    if found is None or Credential.objects.filter(status_list=found).count() >= FULL:
        _one_at_a_time("list")
        latest = StatusList.objects.order_by("-id").first()
        if latest is None or latest == found:
            return StatusList.objects.create(opened_at=clock.recorded_now())
        return latest
    return found


def page(*, credential: Credential) -> bytes:
    """The sealed PDF. It is made at the first call and is the same ever after."""
    found = Page.objects.filter(credential=credential).first()
    if found is None:
        with acting(SYSTEM):
            _one_at_a_time(f"page:{credential.pk}")
            found = Page.objects.filter(credential=credential).first() or _made_page(credential)
    return bytes(found.content)


def _made_page(credential: Credential) -> Page:
    seal = _ensure_seal()
    shown = queries.shown(credential)
    # The footer binds the paper to the document, character by character.
    digest = hashlib.sha256(credential.document.encode()).hexdigest()
    pdf = printing.pdf(
        shown, queries.address_of(credential), queries.code_of(credential), f"SHA-256 {digest}"
    )
    signer = key_queries.signer_of(seal.key)
    content = sealing.sealed(pdf, signer, bytes(seal.certificate), shown.title)
    return Page.objects.create(
        credential=credential, seal=seal, content=content, sealed_at=clock.recorded_now()
    )


def _ensure_seal() -> Seal:
    key = keys.ensure(actor=SYSTEM, purpose=queries.SEAL, algorithm=P256)
    _hold_key(key)
    found = Seal.objects.select_related("key").filter(key=key).first()
    if found is None:
        _one_at_a_time("seal")
        found = Seal.objects.select_related("key").filter(key=key).first()
    if found is None:
        name = site.settings().host
        made = sealing.certificate(key_queries.signer_of(key), name, key.made_at)
        found = Seal.objects.create(key=key, certificate=made)
    return found


def rotate_key(*, actor: Actor, purpose: str = queries.PURPOSE, is_lost: bool = False) -> Key:
    """Sign with a new key from now on; what the old one signed stays good unless it is lost.
    Raises NotAllowed."""
    if purpose not in (queries.PURPOSE, queries.SEAL):
        raise ValueError(purpose)
    return keys.rotate(actor=actor, purpose=purpose, is_lost=is_lost)
