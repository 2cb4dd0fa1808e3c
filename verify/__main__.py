"""Checks what a technology market has handed out, without the market and without a network.

    python -m verify FILE --trust KEYS.json [--seen CHECKPOINT]... [--status LIST.json] [--json]

FILE is an evidence packet (of one entry), a checkpoint (the signed head of the log), a proof of
consistency (of two heads), the log of a lot (its bidding is recounted by rules written a second
time), the receipt of a sealed bid, a certificate (a Verifiable Credential, or the text of the code
on its page), a deal's dossier or a status list. KEYS.json is what the market publishes at /log/keys, which you should
have kept since you first dealt with it: a file fetched today proves what is said today. --seen
names checkpoints that came into your hands earlier (by mail, on paper): one of them still counts
when its key has been revoked since, and a head that contradicts it is refused.

Exit code 0 holds, 1 a check fails (the first is named), 2 unreadable, 3 intact but the signer is
not trusted. Needs Python 3.11 and the package `cryptography`.

In this order: the file is canonical (RFC 8785), so that no byte can change without changing what
is said; payload, remark and files are those that the leaf names; the leaf stands in the tree
(RFC 9162 section 2.1); the tree's head is signed (C2SP signed-note); the key is one you trust, or
was endorsed by one you trust. Of a certificate: context, proof, key, signature (W3C eddsa-jcs-2022),
issuer, the key's time, its own time, and with --status its bit in the list that it names. It may be
laid out anew: what counts is what it says. Of a dossier: the entry that vouches for it, then every
packet, signature, payment, bid and certificate in it, and that it says no more than they do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from verify.canonical_json import canonical, read_json
from verify.certificates import check_certificate, is_certificate
from verify.codes import scanned
from verify.dossier import DOSSIER, Checks, check_dossier
from verify.heads import holds
from verify.lot_log import LOT_LOG
from verify.packets import check_checkpoint, check_consistency, check_packet
from verify.receipts import RECEIPT, check_receipt
from verify.trust import Trust, read_trust
from verify.verdicts import FAILS, HOLDS, UNREADABLE, Verdict, fail, unreadable
from verify.vouching import check_lot_log

LARGEST = 64 * 2**20
SAID = "属实：逐项核对无误。It holds."


def check_dossier_file(said: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """A deal's dossier: all that it encloses, and that it says no more than that."""
    by = Checks(
        packet=lambda one: check_packet(one, trust),
        certificate=lambda one: check_certificate(one, trust),
        lot_log=lambda text: check_lot_log(text, trust),
        canonical=canonical, holds=holds, fail=fail,
    )  # fmt: skip
    try:
        return check_dossier(said, by)
    except (KeyError, TypeError, AttributeError):
        fail("dossier", "证据包的栏目有误。The dossier has other parts than it should.")


CHECKS: dict[str, Callable[[dict[str, Any], Trust], dict[str, Any]]] = {
    "yangbanjian-packet/1": check_packet,
    "yangbanjian-consistency/1": check_consistency,
    DOSSIER: check_dossier_file,
    RECEIPT: check_receipt,
}


def verify(content: bytes, trust: Trust) -> Verdict:
    """What is to be said of a file's bytes."""
    try:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            unreadable("不是 UTF-8 文本。Not a text in UTF-8.")
        if text.startswith("YBJ1:"):
            text = scanned(text)
        if not text.startswith("{"):
            return Verdict(HOLDS, "", SAID, check_checkpoint(text, trust))
        if text.partition("\n")[0].endswith(f'"type":"{LOT_LOG}"}}'):
            return Verdict(HOLDS, "", SAID, check_lot_log(text, trust))
        said = read_json(text)
        # Signed is what it says, not how it is laid out: wallets write it anew.
        if is_certificate(said):
            return Verdict(HOLDS, "", SAID, check_certificate(said, trust))
        check = CHECKS.get(said.get("type")) if isinstance(said.get("type"), str) else None
        if check is None:
            unreadable("不认识的文件类型。A file of an unknown type.")
        if canonical(said) != text:
            fail("canonical", "文件不是规范形式，可能被改过。The file is not in canonical form.")
        return Verdict(HOLDS, "", SAID, check(said, trust))
    except Verdict as verdict:
        return verdict


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--trust", help="the keys you trust (kept from /log/keys)")
    parser.add_argument("--seen", action="append", default=[], help="a checkpoint seen earlier")
    parser.add_argument("--status", help="the status list that a certificate names")
    parser.add_argument("--at", help="judge as of this time, 2026-03-01T08:00:00Z (now)")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    asked = parser.parse_args(arguments)
    try:
        content = Path(asked.file).read_bytes()
        if len(content) > LARGEST:
            unreadable("文件太大。The file is too large.")
        verdict = verify(content, read_trust(asked.trust, asked.seen, asked.status, asked.at))
    except Verdict as stopped:
        verdict = stopped
    except (OSError, UnicodeDecodeError):
        verdict = Verdict(UNREADABLE, "file", "文件打不开。The file cannot be opened.")
    if asked.json:
        said = {"code": verdict.code, "check": verdict.check, "sentence": verdict.sentence}
        print(json.dumps({**said, "proven": verdict.proven}, ensure_ascii=False))
    else:
        print(verdict.sentence)
        for name, value in (verdict.proven or {}).items():
            if isinstance(value, dict):
                print(f"  {name}:")
                for label, said_there in value.items():
                    print(f"    {label}: {said_there}")
            else:
                print(f"  {name}: {value}")
        if verdict.code == FAILS:
            print(f"  check: {verdict.check}")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
