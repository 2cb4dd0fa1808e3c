"""The floor's whole story over HTTP, as another program would play it: no browser, no import of the
product. It knows what the contract says and nothing else.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Caller:
    """Somebody who calls the API of a market."""

    url: str
    token: str = ""
    organisation_id: int = 0
    bank_account: str = ""
    said: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        where = (
            path if path.startswith(("/log", "/events", "/status", "/api")) else f"/api/v1{path}"
        )
        line.request(method, where, None if body is None else json.dumps(body), headers)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return answer.status, content

    def get(self, path: str, expect: int = 200) -> Any:
        status, content = self.ask("GET", path)
        assert status == expect, (path, status, content.decode()[:2000])
        return json.loads(content)

    def raw(self, path: str) -> bytes:
        status, content = self.ask("GET", path)
        assert status == 200, (path, status, content.decode(errors="replace")[:2000])
        return content

    def post(self, path: str, body: Any = None, expect: tuple[int, ...] = (200, 201, 202)) -> Any:
        status, content = self.ask("POST", path, {} if body is None else body)
        assert status in expect, (path, status, content.decode()[:2000])
        return json.loads(content) if content else None


class Story:
    """One market, and who plays in it."""

    def __init__(self, url: str, place: Path) -> None:
        self.url, self.place = url, place
        self.public = Caller(url)
        self.tto = self.account("tto")
        self.exchange, self.second = self.accounts("exchange", 2)
        self.auditor = self.account("auditor")
        self.buyers = self.accounts("enterprise", 3)

    def accounts(self, role: str, count: int) -> list[Caller]:
        made = self.public.post("/sandbox/accounts", {"role": role, "count": count})["items"]
        return [Caller(self.url, m["token"], m["organisation_id"], m["bank_account"]) for m in made]

    def account(self, role: str) -> Caller:
        return self.accounts(role, 1)[0]

    def advance(self, by: str) -> Any:
        told = self.public.post("/sandbox/clock", {"advance": by})
        assert told["failed"] == [], told
        return told

    def wait_until(self, moment: str) -> None:
        told = self.public.post("/sandbox/clock", {"to": moment})
        assert told["failed"] == [], told

    def pay(self, sender: Caller, to_account: str, fen: int, reference: str) -> None:
        said = {
            "from_account": sender.bank_account, "to_account": to_account, "amount_fen": fen,
            "reference": reference,
        }  # fmt: skip
        self.public.post("/sandbox/bank", said, (201,))

    def achievement(self, title: str) -> int:
        """A public unit's achievement in the library."""
        said = {
            "title": title, "abstract": title + "，中试已经完成，能耗比同类低三成，愿意转让。",
            "completers": [{"name": "陈一", "share": 60}, {"name": "林二", "share": 40}],
        }  # fmt: skip
        made = self.tto.post("/achievements", said)
        self.tto.post(f"/achievements/{made['id']}/moves/submit")
        state = self.tto.get(f"/achievements/{made['id']}")["state"]
        if state != "public":
            self.account("operator").post(f"/achievements/{made['id']}/moves/approve")
        return int(made["id"])

    def noticed(self, achievement: int, price_mode: str, fen: int) -> int:
        """Decision, notice, an objection that is dismissed, and the days over."""
        self.tto.post(
            f"/achievements/{achievement}/decisions",
            {"kind": "collective", "price_mode": price_mode, "price_fen": fen},
        )
        said = {
            "achievement_id": achievement, "deal_mode": "transfer", "price_mode": price_mode,
            "price_fen": fen, "related_party": {"is": False, "statement": ""}, "days": 15,
        }  # fmt: skip
        notice = self.tto.post("/notices", said)["id"]
        self.tto.post(f"/notices/{notice}/moves/open")
        objection = self.buyers[2].post(f"/notices/{notice}/objections", {"text": "完成人有遗漏。"})
        self.tto.post(
            f"/objections/{objection['id']}/moves/rule",
            {"outcome": "dismissed", "reason": "已核对立项和中试记录。"},
        )
        self.advance("16d")
        assert self.public.get(f"/notices/{notice}")["state"] == "ended"
        return int(notice)

    def listed(self, method: str, fen: int, **more: Any) -> dict[str, Any]:
        """A listing that stands on the floor."""
        achievement = self.achievement(f"低温余热梯级回收装置 {uuid.uuid4().hex[:6]}")
        notice = self.noticed(achievement, "auction", fen)
        said = {
            "achievement_id": achievement, "notice_id": notice, "method": method,
            "start_fen": fen, "step_fen": 10_000_00, "deposit_fen": 50_000_00,
            "disclosure": {"days": 10, "unit": "working"}, "free_s": 600, "cycle_s": 180,
            "hard_close_s": 7200, "ladder": [],
            "commission": [{"organisation_id": self.exchange.organisation_id, "permille": 30}],
            **more,
        }  # fmt: skip
        listing = self.tto.post("/listings", said)
        assert {"id", "lot_id", "disclosure_ends_at"} <= set(listing), listing
        one = f"/listings/{listing['id']}/moves"
        self.tto.post(f"{one}/submit")
        self.exchange.post(f"{one}/accept")
        status, _ = self.exchange.ask("POST", f"{one}/publish", {})
        assert status == 403, "one person alone does not publish"
        self.second.post(f"{one}/publish")
        return {**listing, "achievement_id": achievement}

    def registered(self, listing: int, buyer: Caller, is_paid: bool = True) -> dict[str, Any]:
        made: dict[str, Any] = buyer.post(f"/listings/{listing}/registrations")
        due = made["deposit"]
        if is_paid:
            self.pay(buyer, due["account"], due["amount_fen"], due["reference"])
        return made

    def bid(self, buyer: Caller, lot: int, fen: int, key: str = "") -> dict[str, Any]:
        said = {"bid_id": key or str(uuid.uuid4()), "amount_fen": fen}
        told: dict[str, Any] = buyer.post(f"/lots/{lot}/bids", said, (200,))
        return told

    def verified(self, name: str, content: bytes, expect: int = 0, *more: str) -> str:
        """What the verifier says of something that the market handed out."""
        (self.place / name).write_bytes(content)
        (self.place / "keys.json").write_bytes(self.public.raw("/log/keys"))
        done = subprocess.run(
            [sys.executable, "-m", "verify", str(self.place / name), "--trust",
             str(self.place / "keys.json"), *more],
            cwd=PROJECT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == expect, (name, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def is_zero_sum(self) -> None:
        for one in self.auditor.get("/ledger/trial-balance")["assets"]:
            assert one["debits_posted"] == one["credits_posted"], one
            assert one["debits_pending"] == one["credits_pending"], one


def rising(story: Story) -> dict[str, Any]:
    """Three buyers, twenty bids, one replayed; the winner defaults, the runner-up pays."""
    fen, step = 2_000_000_00, 10_000_00
    listing = story.listed("rising", fen)
    lot = listing["lot_id"]
    for buyer in story.buyers:
        made = story.registered(listing["id"], buyer)
        story.exchange.post(f"/registrations/{made['id']}/moves/qualify")
    story.wait_until(story.public.get(f"/listings/{listing['id']}")["disclosure_ends_at"])
    seen = story.public.get(f"/lots/{lot}")
    assert seen["state"] == "open", seen
    first = None
    for n in range(20):
        buyer, key = story.buyers[n % 2], str(uuid.uuid4())
        told = story.bid(buyer, lot, fen + n * step, key)
        assert (told["verdict"], told["seq"]) == ("accepted", n + 1), told
        first = first or (buyer, key, told)
    buyer, key, told = first  # type: ignore[misc]
    assert story.bid(buyer, lot, fen, key) == told, "the same again gets the first answer"
    assert story.bid(buyer, lot, fen + step, key)["verdict"] == "conflict"
    assert story.bid(story.buyers[1], lot, fen + 19 * step)["verdict"] == "own_top"
    assert story.bid(story.buyers[0], lot, fen + 19 * step)["verdict"] == "too_low"
    assert story.bid(story.buyers[0], lot, fen + 20 * step + 1)["verdict"] == "off_step"
    seen = story.public.get(f"/lots/{lot}")
    assert (seen["top"]["seq"], seen["top"]["amount_fen"]) == (20, fen + 19 * step)
    assert seen["next_fen"] == fen + 20 * step
    story.advance("3h")
    assert story.bid(story.buyers[0], lot, fen + 20 * step)["verdict"] == "closed"
    over = story.exchange.get(f"/lots/{lot}")
    assert over["state"] == "sold", over
    deal = over["deal_id"]
    assert story.exchange.get(f"/deals/{deal}")["price_fen"] == fen + 19 * step
    # The winner never signs.
    story.advance("6d")
    story.exchange.post(f"/deals/{deal}/moves/default", {"reason": "逾期未签约"})
    deal = story.exchange.get(f"/lots/{lot}")["deal_id"]
    one = story.exchange.get(f"/deals/{deal}")
    assert one["price_fen"] == fen + 18 * step, one
    return settled(story, listing, deal, story.buyers[0])


def settled(story: Story, listing: dict[str, Any], deal: int, winner: Caller) -> dict[str, Any]:
    """Signed, paid, certified, assembled; every proof checked; revoked."""
    lot = listing["lot_id"]
    story.tto.post(f"/deals/{deal}/moves/sign")
    winner.post(f"/deals/{deal}/moves/sign")
    early = story.exchange.post(f"/deals/{deal}/certificate", None, (409,))
    assert early["missing"], early
    for part in winner.get(f"/deals/{deal}")["instalments"]:
        left = part["amount_fen"] - part["paid_fen"]
        if left:
            story.pay(winner, part["account"], left, part["reference"])
    assert winner.get(f"/deals/{deal}")["state"] == "paid"
    split = story.tto.get(f"/deals/{deal}/split")
    assert split["gross_fen"] - sum(c["fen"] for c in split["costs"]) == split["net_fen"]
    assert sum(s["fen"] for s in split["shares"]) == split["net_fen"]
    no = story.exchange.post(f"/deals/{deal}/certificate")["no"]
    certificate = story.public.raw(f"/certificates/{no}.vc.json")
    story.verified("certificate.vc.json", certificate)
    assert story.public.raw(f"/certificates/{no}.pdf").startswith(b"%PDF")
    story.advance("7d")
    story.verified("lot.jsonl", story.public.raw(f"/lots/{lot}/log"))
    told = story.public.get(f"/ocds/records/ocds-000000-{listing['id']}")["records"][0]
    whole = told["compiledRelease"]
    assert (whole["isDemonstration"], whole["tender"]["status"]) == (True, "complete"), whole
    assert whole["awards"][-1]["id"] == f"deal-{deal}", whole["awards"]
    assert whole["contracts"][-1]["implementation"]["transactions"], whole["contracts"]
    assert len(story.public.raw("/ocds/releases.jsonl").splitlines()) >= len(told["releases"])
    job = story.tto.post(f"/deals/{deal}/dossier", None, (202,))["job"]
    for _ in range(120):
        found = story.tto.get(f"/jobs/{job}")
        if found["state"] in ("done", "failed"):
            break
        story.advance("1m")
    assert found["state"] == "done", found
    dossier = story.tto.raw(found["file"])
    story.verified("dossier", dossier)
    story.is_zero_sum()
    unmatched = story.exchange.get("/ledger/unmatched")
    assert unmatched["sum"] == unmatched["suspense_balance"] == 0, unmatched
    story.second.post(f"/certificates/{no}/moves/revoke", {"reason": "登记有误"})
    document = json.loads(certificate)
    where = document["credentialStatus"]["statusListCredential"]
    (story.place / "status.json").write_bytes(story.public.raw(urlsplit(where).path))
    story.verified(
        "certificate.vc.json", certificate, 1, "--status", str(story.place / "status.json")
    )
    return {"deal": deal, "certificate": no}
