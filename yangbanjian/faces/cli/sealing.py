"""`ybj seal`: seals a bid on the bidder's own machine. Needs no database and no network."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from yangbanjian.faces.cli.place import say
from yangbanjian.ground.sealing import fresh
from yangbanjian.ground.sealing.rules import hpke
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.rules import sealing


def run(how: Path, amount_fen: int, out: Path, bid_id: str) -> int:
    """Seal, say so, and return the exit code."""
    try:
        print(f"bid_id={seal(how, amount_fen, out, bid_id)}")
    except Invalid as refusal:
        say(str(refusal))
        return 1
    return 0


def seal(how: Path, amount_fen: int, out: Path, bid_id: str) -> str:
    """Write the sealed bid to `out`, and beside it (`.secret`) what proves later what was bid; the
    bid's id. Raises Invalid for a file that `GET /lots/{id}/sealing` has not made."""
    try:
        said = json.loads(how.read_text(encoding="utf-8"))
        public, pad_to = bytes.fromhex(said["public_key"]), int(said["pad_to"])
        lot, plate, aad = str(said["lot"]), str(said["plate"]), str(said["aad"])
        if said["suite"] != hpke.SUITE or not plate:
            raise ValueError(said["suite"])
        name, nonce = bid_id or secrets.token_hex(16), secrets.token_bytes(sealing.NONCE_BYTES)
        text = sealing.text_of(lot=lot, plate=plate, bid_id=name, amount_fen=amount_fen)
        inside = sealing.padded(text, nonce, pad_to)
        raw = fresh.seal(public, inside, aad=aad.replace("{bid_id}", name).encode())
    except (OSError, ValueError, KeyError, TypeError) as odd:
        raise Invalid(
            "sealing.unusable",
            gettext_noop("不能封存：请重新下载封存参数（须以竞买人身份登录），并核对金额。"),
        ) from odd
    sent = {
        "bid_id": name, "commitment": sealing.commitment(text, nonce),
        "ciphertext": base64.b64encode(raw).decode(),
    }  # fmt: skip
    kept = out.with_name(out.name + ".secret")
    kept.touch(mode=0o600)
    kept.write_text(json.dumps({"text": text, "nonce": nonce.hex()}) + "\n", encoding="utf-8")
    out.write_text(json.dumps(sent, indent=1) + "\n", encoding="utf-8")
    return name
