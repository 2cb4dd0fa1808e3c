"""Credentials on paper: C8, the seal, what is found when somebody edits, the codes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from asn1crypto import x509
from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests import make
from tests.credentials import FORM, VALUES, issued, verdict
from verify import __main__ as verifier
from yangbanjian.ground.credentials import actions, printing, queries, sealing
from yangbanjian.ground.credentials.models import Credential, Page, Seal
from yangbanjian.ground.credentials.rules import documents
from yangbanjian.ground.keys.rules import P256Signer
from yangbanjian.kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Credential:
    return issued()


@pytest.fixture
def pdf(row: Credential) -> bytes:
    return actions.page(credential=row)


def words(text: str) -> str:
    """Without the white space that a line break or a wide space leaves."""
    return "".join(text.split())


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as found:
        return words("".join(page.get_textpage().get_text_bounded() for page in found))


def validated(pdf: bytes) -> Any:
    """What pyHanko says of the seal, trusting the certificate that we publish."""
    own = x509.Certificate.load(bytes(Seal.objects.latest("id").certificate))
    # No revocation lists of a self-signed certificate, and no network.
    context = ValidationContext(trust_roots=[own], allow_fetching=False)
    (seal,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(seal, signer_validation_context=context)


def is_good(pdf: bytes) -> bool:
    try:
        return bool(validated(pdf).bottom_line)
    except Exception:  # unreadable is refused as well
        return False


def test_C8_document_paper_and_code_show_the_same_fields(row: Credential, pdf: bytes) -> None:
    subject = queries.document_of(row)["credentialSubject"]
    assert subject == VALUES
    text = text_of(pdf)
    for field in FORM.fields:
        said = words(documents.in_words(subject[field.name]))
        assert words(field.label) + said in text, field.label
    assert words(FORM.title) in text
    assert words(queries.shown(row).issuer) in text
    assert row.token in text
    assert hashlib.sha256(row.document.encode()).hexdigest() in text


def test_what_a_sandbox_signs_says_so_everywhere(settings: Any, client: Client) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()
    row = issued()
    assert verdict(row.document).proven["notice"] == actions.SANDBOX
    assert actions.SANDBOX in text_of(actions.page(credential=row))
    assert actions.SANDBOX in client.get(f"/credentials/{row.token}").content.decode()
    without = {n: v for n, v in queries.document_of(row).items() if n != "notice"}
    assert verdict(json.dumps(without)).check == "signature"


def test_the_codes_are_read_from_the_picture_and_hold_offline(row: Credential, pdf: bytes) -> None:
    with pypdfium2.PdfDocument(pdf) as found:
        assert len(found) == 1, "one sheet"
        picture = found[0].render(scale=300 / 72).to_pil()
    texts = {
        code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    }
    assert texts == {queries.code_of(row), queries.address_of(row)}
    said = verdict(queries.code_of(row))
    assert said.code == verifier.HOLDS
    assert said.proven["fields"]["成交价"] == VALUES["price"]


def test_the_seal_is_pades_and_covers_everything(pdf: bytes) -> None:
    status = validated(pdf)
    assert (status.bottom_line, status.intact, status.valid, status.trusted) == (True,) * 4
    assert status.coverage.name == "ENTIRE_FILE"
    (seal,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert seal.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert status.md_algorithm == "sha256"


def _other_contents(writer: IncrementalPdfFileWriter) -> None:
    """The price is drawn over: new contents for the page."""
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(
        generic.StreamObject(stream_data=b"1 1 1 rg 0 0 600 850 re f")
    )
    writer.update_container(page)


def _a_note_on_top(writer: IncrementalPdfFileWriter) -> None:
    """Swapped appearance: an annotation whose picture lies over the price."""
    picture = generic.StreamObject(stream_data=b"1 1 1 rg 0 0 200 20 re f")
    picture.update({
        generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
        generic.pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 20))),
    })  # fmt: skip
    note = generic.DictionaryObject({
        generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
        generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (100, 400, 300, 420))),
        generic.pdf_name("/Contents"): generic.pdf_string("1 yuan"),
        generic.pdf_name("/AP"): generic.DictionaryObject(
            {generic.pdf_name("/N"): writer.add_object(picture)}),
    })  # fmt: skip
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    notes = page.get("/Annots", generic.ArrayObject())
    page["/Annots"] = generic.ArrayObject([*notes, writer.add_object(note)])
    writer.update_container(page)


def _seal_gets_a_face(writer: IncrementalPdfFileWriter) -> None:
    """The seal's own field is given a picture."""
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    field["/Rect"] = generic.ArrayObject(map(generic.NumberObject, (100, 400, 300, 420)))
    writer.update_container(field)


def _another_title(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Lang"] = generic.pdf_string("en")
    writer.update_root()


@pytest.mark.parametrize(
    "edit", [_other_contents, _a_note_on_top, _seal_gets_a_face, _another_title]
)
def test_an_edit_after_sealing_is_found(pdf: bytes, edit: Any) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    edit(writer)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(pdf), "an incremental update: the sealed bytes are all there"
    assert not is_good(out.getvalue())


def test_a_changed_byte_is_found(pdf: bytes) -> None:
    """All but the signature's own hexadecimal, whose padding nobody signs and nothing shows."""
    (seal,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    _, first, second, rest = (int(n) for n in seal.byte_range)
    assert second + rest == len(pdf)
    places = [*range(0, first, first // 40), *range(second, len(pdf), rest // 10)]
    for place in places:
        changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        assert not is_good(changed), place
    assert not is_good(pdf[:-10])


def test_another_persons_seal_is_not_ours(row: Credential, pdf: bytes) -> None:
    signer = P256Signer(b"another one's seed, 32 bytes long")
    since = datetime(2020, 1, 1, tzinfo=UTC)
    name = queries.shown(row).issuer
    forged = sealing.sealed(
        printing.pdf(queries.shown(row), "https://x.example/", "YBJ1:", ""),
        signer, sealing.certificate(signer, name, since), "x",
    )  # fmt: skip
    assert not is_good(forged)


def test_the_page_is_made_once_and_the_print_is_the_same_each_time(
    row: Credential, pdf: bytes
) -> None:
    assert actions.page(credential=row) == pdf
    assert Page.objects.filter(credential=row).count() == 1
    prints = {
        printing.pdf(queries.shown(row), queries.address_of(row), queries.code_of(row), "x")
        for _ in range(2)
    }
    assert len(prints) == 1
    actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="mistaken")
    assert actions.page(credential=row) == pdf, "paper does not change: the code and address tell"


def test_a_new_seal_after_a_change_of_keys(pdf: bytes) -> None:
    first = Seal.objects.latest("id")
    actions.rotate_key(actor=SYSTEM, purpose=queries.SEAL)
    again = actions.page(credential=issued())
    assert Seal.objects.latest("id") != first
    assert is_good(again)
    assert not is_good(pdf), "each is validated by its own certificate"


def stamper() -> DummyTimeStamper:
    """A time-stamping authority in memory."""
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = crypto.Name([crypto.NameAttribute(crypto.NameOID.COMMON_NAME, "TSA")])
    since = datetime(2020, 1, 1, tzinfo=UTC)
    builder = crypto.CertificateBuilder(
        name, name, secret.public_key(), 1, since, since.replace(year=2090)
    ).add_extension(
        crypto.ExtendedKeyUsage([crypto.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
    )
    own = x509.Certificate.load(
        builder.sign(secret, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    )
    plain = secret.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    store = SimpleCertificateStore()
    store.register(own)
    return DummyTimeStamper(own, load_private_key_from_pemder_data(plain, None), store)


def test_with_a_time_stamp_it_is_b_t(row: Credential) -> None:
    """Behind the interface, without a network."""
    seal = P256Signer(bytes(32))
    made = sealing.sealed(
        printing.pdf(queries.shown(row), "https://x.example/", "YBJ1:", ""), seal,
        sealing.certificate(seal, "某所", datetime(2020, 1, 1, tzinfo=UTC)), "x", stamper(),
    )  # fmt: skip
    (found,) = PdfFileReader(io.BytesIO(made)).embedded_signatures
    kinds = [attribute["type"].native for attribute in found.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]


def test_heavy_libraries_are_not_needed_to_start() -> None:
    code = (
        "import sys, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'yangbanjian.config.settings';"
        "import django; django.setup(); import yangbanjian.ground.credentials.actions;"
        "print([m for m in ('pyhanko', 'typst', 'asn1crypto') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_loop_is_ours_to_close() -> None:
    """pyHanko runs its own event loop; none is left behind for the server."""
    actions.page(credential=issued())
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
