"""Sealed bids (一次报价) over HTTP, as another program would play them: no browser, no import of the
product; bids are sealed by `ybj seal`, everything that is handed out is checked by the verifier.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.journeys.floor_over_http import PROJECT, Caller, Story, settled

FEN = 2_000_000_00
# No digits of these stand in anything else by chance.
BEST, SECOND = 2_345_678_91, 2_187_654_37
LONGEST_S = 90


def sealed(story: Story, home: Path | None = None) -> dict[str, Any]:
    """Two bid, one never shows up, one is found unqualified; two of three holders open."""
    best, second, absent = story.buyers
    refused = story.account("enterprise")
    listing = disclosed(story)
    lot = listing["lot_id"]
    made = {
        name: story.registered(listing["id"], who)
        for name, who in {"best": best, "second": second, "absent": absent, "refused": refused}.items()
    }  # fmt: skip
    for name in ("best", "second", "absent"):
        story.exchange.post(f"/registrations/{made[name]['id']}/moves/qualify")
    story.exchange.post(
        f"/registrations/{made['refused']['id']}/moves/refuse", {"reason": "经营范围不符"}
    )
    assert problem(best, "GET", f"/lots/{lot}/sealing") == (409, "sealing.not_ready")
    shares = _shares(story, lot, best)
    story.wait_until(story.public.get(f"/listings/{listing['id']}")["disclosure_ends_at"])
    assert story.public.get(f"/lots/{lot}")["state"] == "open"

    bids = [_bid(story, lot, best, BEST), _bid(story, lot, second, SECOND)]
    late = sealing_of(story, absent, lot, SECOND + 1, "late")
    told = refused.post(f"/lots/{lot}/sealed-bids", sealing_of(story, refused, lot, FEN, "no"))
    assert (told["verdict"], told["receipt"]) == ("not_qualified", None), told
    _nobody_reads(story, lot, listing["id"], home)
    assert problem(story.tto, "POST", f"/lots/{lot}/key-shares", {"share": shares["tto"]}) == (
        409, "trading.not_before_deadline",
    )  # fmt: skip

    story.wait_until(story.public.get(f"/lots/{lot}")["closes_at"])
    assert story.public.get(f"/lots/{lot}")["state"] == "opening"
    assert absent.post(f"/lots/{lot}/sealed-bids", late)["verdict"] == "closed"
    _nobody_reads(story, lot, listing["id"], home)
    deal = _opened(story, lot, shares)
    over = story.exchange.get(f"/lots/{lot}")
    assert over["result"]["winner"] == made["best"]["plate"], over
    assert [b["amount_fen"] for b in over["result"]["order"]] == [BEST, SECOND]
    assert story.exchange.get(f"/deals/{deal}")["price_fen"] == BEST
    _refunded(story, {"second": second, "absent": absent, "refused": refused}, made)
    done = settled(story, listing, deal, best)
    _early(story, bids)
    return done


def disclosed(story: Story) -> dict[str, Any]:
    """A listing by sealed bids, two hours long, that stands on the floor."""
    return story.listed("sealed", FEN, step_fen=0, free_s=7200, cycle_s=0, hard_close_s=0)


def problem(who: Caller, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Status and code of a refusal."""
    status, content = who.ask(method, path, body)
    return status, str(json.loads(content).get("code", ""))


def _shares(story: Story, lot: int, buyer: Caller) -> dict[str, str]:
    """Each of three houses takes its share, once; nobody else gets one."""
    path = f"/lots/{lot}/key-holders"
    houses = {"exchange": story.exchange, "tto": story.tto, "auditor": story.auditor}
    found = {name: house.post(path)["share"] for name, house in houses.items()}
    assert len(set(found.values())) == 3
    assert problem(story.second, "POST", path, {}) == (409, "sealing.taken")
    assert problem(buyer, "POST", path, {})[0] == 403
    return found


def sealing_of(story: Story, who: Caller, lot: int, fen: int, name: str) -> dict[str, str]:
    """What this bidder hands in, made by `ybj seal` without a network."""
    how, out = story.place / f"{name}-SEALING.json", story.place / f"{name}-BID.json"
    how.write_bytes(who.raw(f"/lots/{lot}/sealing"))
    done = subprocess.run(
        [Path(sys.executable).with_name("ybj"), "seal", how, "--amount-fen", str(fen), "--out", out],
        cwd=PROJECT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    made: dict[str, str] = json.loads(out.read_text(encoding="utf-8"))
    return made


def _bid(story: Story, lot: int, who: Caller, fen: int) -> dict[str, Any]:
    """Handed in once: the receipt holds, the commitment stands in the signed log before the
    deadline; the same again is the same, anything else of this bidder a conflict."""
    path, name = f"/lots/{lot}/sealed-bids", f"bid-{fen}"
    said = sealing_of(story, who, lot, fen, name)
    told: dict[str, Any] = who.post(path, said)
    assert told["verdict"] == "accepted", told
    assert who.post(path, said) == told, "the same again gets the first answer"
    other = sealing_of(story, who, lot, fen + 100, f"{name}-again")
    assert who.post(path, other)["verdict"] == "conflict", "one bid each, also a better one"
    assert who.post(path, {**other, "bid_id": said["bid_id"]})["verdict"] == "conflict"
    receipt = told["receipt"]
    assert receipt["commitment"] == said["commitment"]
    story.verified(f"{name}-receipt.json", _canonical(receipt))
    packet = _patiently(who, f"/entries/{receipt['entry_id']}/packet")
    story.verified(f"{name}-packet.json", packet)
    inside = json.loads(packet)
    assert inside["payload"]["commitment"] == said["commitment"]
    assert inside["proof"]["index"] == told["log_index"]
    return inside


def _canonical(said: Any) -> bytes:
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _patiently(who: Caller, path: str, body: Any = None) -> bytes:
    """What is answered once the log has signed what it is about."""
    ends = time.monotonic() + LONGEST_S
    while True:
        status, content = who.ask("GET" if body is None else "POST", path, body)
        is_waiting = status == 409 and json.loads(content)["code"] == "log.not_yet"
        if not is_waiting or time.monotonic() > ends:
            assert status == 200, (path, status, content)
            return content
        time.sleep(1)


def _nobody_reads(story: Story, lot: int, listing: int, home: Path | None) -> None:
    """Neither exchange nor operator, nor who has the whole database and all files, finds an
    amount."""
    operator = story.account("operator")
    paths = [
        f"/lots/{lot}", f"/lots/{lot}/log", f"/entries?subject=lot:{lot}&size=100",
        f"/listings/{listing}", f"/registrations?listing={listing}",
    ]  # fmt: skip
    read = [
        content
        for who in (story.exchange, story.second, story.auditor, story.tto, operator)
        for status, content in (who.ask("GET", path) for path in paths)
        if status == 200
    ]
    assert len(read) > 10
    if home is not None:
        read += _whole_database(home)
        read += [p.read_bytes() for p in (home / "logs").rglob("*") if p.is_file()]
    for fen in (BEST, SECOND):
        yuan = f"{fen // 100:,}.{fen % 100:02d}"
        for said in (str(fen), yuan, yuan.replace(",", "")):
            assert all(said.encode() not in content for content in read), said


def _whole_database(home: Path) -> list[bytes]:
    """Every row of every table as text, by the superuser."""
    import psycopg  # not the product's: what anybody would use

    told = subprocess.run(
        [Path(sys.executable).with_name("ybj"), "db", "url", "--as", "superuser"],
        env={"YBJ_HOME": str(home), "YBJ_SANDBOX": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = []
    with psycopg.connect(told.stdout.strip()) as line:
        tables = line.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            rows = line.execute(f"SELECT t::text FROM {table} AS t").fetchall()  # noqa: S608
            found.append("\n".join(row[0] for row in rows).encode())
    assert len(found) > 50
    return found


def _opened(story: Story, lot: int, shares: dict[str, str]) -> int:
    """One holder learns nothing, two open; the third is not needed. The deal that comes of it."""
    path = f"/lots/{lot}/key-shares"
    said = json.loads(_patiently(story.auditor, path, {"share": shares["auditor"]}))
    assert (said["shares"], said["needed"], said["state"]) == (1, 2, "opening"), said
    again = story.auditor.post(path, {"share": shares["auditor"]})
    assert again["shares"] == 1, "the same share again is one share"
    assert problem(story.tto, "POST", path, {"share": shares["exchange"]})[0] == 403
    broken = shares["tto"][:-1] + ("0" if shares["tto"][-1] != "0" else "1")
    assert problem(story.tto, "POST", path, {"share": broken})[0] == 422
    assert story.public.get(f"/lots/{lot}")["state"] == "opening"
    said = story.tto.post(path, {"share": shares["tto"]})
    assert (said["shares"], said["state"]) == (2, "sold"), said
    assert problem(story.exchange, "POST", path, {"share": shares["exchange"]})[0] == 409
    return int(story.exchange.get(f"/lots/{lot}")["deal_id"])


def _refunded(story: Story, who: dict[str, Caller], made: dict[str, Any]) -> None:
    """Deposits of those who have not won go back to whoever paid them, within three working days."""
    now = story.public.post("/sandbox/clock", {"advance": "1s"})["now"]
    asked = f"from={now[:10]}&days=3&unit=working&first_day=next"
    last = story.public.get(f"/calendar/deadline?{asked}")["last"]
    for _ in range(12):
        found = {n: w.get(f"/registrations/{made[n]['id']}")["deposit"] for n, w in who.items()}
        if all(d["refund"] and d["refund"]["paid_at"] for d in found.values()):
            break
        story.advance("12h")
    for name, deposit in found.items():
        refund = deposit["refund"]
        assert (deposit["outcome"], refund["amount_fen"]) == ("refunded", 50_000_00), (name, refund)
        assert refund["paid_at"][:10] <= last[:10], (name, refund, last)
        assert deposit["payer"] == who[name].bank_account


def _early(story: Story, bids: list[dict[str, Any]]) -> None:
    """The dossier that was handed out has the commitments in the head from before the opening."""
    body = json.loads((story.place / "dossier").read_bytes())["body"]
    proven = {p["entry"]: p["index"] for p in body["sealing"]["proofs"]}
    assert proven == {b["leaf"]["id"]: b["proof"]["index"] for b in bids}
    size = int(body["sealing"]["checkpoint"].split("\n")[1])
    told = {p["leaf"]["verb"]: p["proof"]["index"] for p in body["packets"]}
    assert max(proven.values()) < size <= told["trading.bids_opened"]
    said = story.verified("dossier", (story.place / "dossier").read_bytes())
    assert "2 sealed bids in the log before the opening" in said
