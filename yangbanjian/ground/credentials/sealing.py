"""Sealing a PDF: PAdES baseline B-B with a key of ours, by pyHanko.

The key stays behind `keys.rules.Signer`: pyHanko gets signatures, never a secret. A time-stamping
authority makes it B-T; without one nothing is asked over the network. Later edits of any kind are
forbidden by the seal itself, and found by whoever validates it.

pyHanko takes 1.5 s to import, so it is imported when something is sealed.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from yangbanjian.ground.keys.rules import P256, Signer

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import TimeStamper

FIELD = "Seal"
# A seal's certificate must outlive what it sealed; the status of a page is asked elsewhere.
LASTS = timedelta(days=30 * 365)


def certificate(signer: Signer, name: str, since: datetime) -> bytes:
    """A self-signed X.509 certificate (DER) over the key, for the name of who seals.

    A certificate of an accredited authority can stand in its place: the key stays the same.
    """
    from asn1crypto import algos, core, keys, x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if signer.algorithm != P256:
        raise ValueError("seals are made with P-256")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), signer.public)
    spki = keys.PublicKeyInfo.load(
        point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    who = x509.Name.build({"common_name": name, "organization_name": name})
    mechanism = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    key_id = hashlib.sha256(signer.public).digest()[:20]
    extensions = [
        {"extn_id": "basic_constraints", "critical": True, "extn_value": {"ca": False}},
        {"extn_id": "key_usage", "critical": True,
         "extn_value": {"digital_signature", "non_repudiation"}},
        {"extn_id": "key_identifier", "critical": False, "extn_value": key_id},
    ]  # fmt: skip
    body = x509.TbsCertificate(
        {
            "version": "v3",
            # Positive and of this key alone.
            "serial_number": int.from_bytes(key_id[:16]) >> 1,
            "signature": mechanism,
            "issuer": who,
            "validity": {
                "not_before": x509.Time({"utc_time": since.replace(microsecond=0)}),
                "not_after": x509.Time({"general_time": (since + LASTS).replace(microsecond=0)}),
            },
            "subject": who,
            "subject_public_key_info": spki,
            "extensions": extensions,
        }
    )
    signature = core.OctetBitString(signer.sign(body.dump()))
    made = x509.Certificate(
        {"tbs_certificate": body, "signature_algorithm": mechanism, "signature_value": signature}
    )
    return bytes(made.dump())


def sealed(
    pdf: bytes, signer: Signer, certified: bytes, reason: str,
    timestamper: TimeStamper | None = None,
) -> bytes:  # fmt: skip
    """The PDF with the seal; `certified` is the certificate (DER) of the signer's key."""
    from asn1crypto import x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    own = x509.Certificate.load(certified)
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", reason=reason,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )  # fmt: skip
    out = io.BytesIO()
    signers.PdfSigner(meta, signer=_behind(signer, own), timestamper=timestamper).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out
    )
    return out.getvalue()


def _behind(signer: Signer, own: Any) -> Any:
    """pyHanko's view of one of our signers."""
    from asn1crypto import algos
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class Behind(signers.Signer):
        async def async_sign_raw(
            self, data: bytes, digest_algorithm: str, dry_run: bool = False
        ) -> bytes:
            if digest_algorithm != "sha256":
                raise ValueError("sealed with SHA-256 alone")
            # The length is asked first; a signature on P-256 in DER has 72 bytes at most.
            return bytes(72) if dry_run else signer.sign(data)

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(own)
    return Behind(
        signing_cert=own, cert_registry=store,
        signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
    )  # fmt: skip
