"""Lots: how they stand, bids and their verdicts, the log, sealed bids."""

# No postponed annotations here: ninja evaluates them.
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yangbanjian.faces.api.lot_shapes import (
    BidIn,
    CeilingIn,
    LotOut,
    LotStep,
    PriorityIn,
    ReceiptOut,
    SealedBidIn,
    SealingOut,
    ShareIn,
    ShareOut,
    SharesOut,
    TrialIn,
    TrialOut,
    VerdictOut,
)
from yangbanjian.faces.api.schemas import REFUSED, Id
from yangbanjian.faces.api.wire import actor_of, signed_in
from yangbanjian.faces.web.words import translated
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.rules import lot_states

router = Router(tags=["lots"])
# A bid commits before it is answered, together with those of others: no transaction around it.
BIDDING = frozenset({"bids_add", "ceilings_set", "priority_claim", "sealed_bids_add"})


def shown(actor: Actor, lot_id: int) -> dict[str, Any]:
    """A lot as this actor may read it."""
    one = queries.lot(actor, lot_id)
    board = queries.board(one)
    mine = queries.mine(one, actor)
    return {
        "id": one.pk, "kind": "lot", "listing_id": one.listing_id, "title": one.listing.title,
        "state": one.state, "version": one.version, "edition": one.edition.label,
        "url": f"/lots/{one.pk}", "method": one.method, "round": one.round,
        "start_fen": one.start_fen, "step_fen": one.step_fen, "top": board.top,
        "next_fen": board.next_fen, "opens_at": one.opens_at, "free_until": one.free_until,
        "closes_at": one.closes_at, "hard_close_at": one.hard_close_at,
        "paused_at": one.paused_at, "server_now": board.now, "extensions": one.extensions,
        "sealed_count": board.sealed_count, "result": board.result,
        **queries.awarded(one, actor),
        "mine": None if mine is None else {
            "plate": mine.plate, "standing": mine.standing, "is_top": mine.is_top,
            "ceiling_fen": mine.ceiling_fen,
        },
        "moves": [
            {
                "move": m.name, "label": translated(m.label),
                "missing": ["reason"] if m.needs_reason else [],
            }
            for m in queries.lot_moves(one, actor)
        ],
    }  # fmt: skip


def _verdict(told: Any) -> dict[str, Any]:
    return {
        "verdict": told.verdict.value, "seq": told.seq, "decided_at": told.at,
        "closes_at": told.closes_at,
    }  # fmt: skip


@router.get("/lots/{int:lot_id}", response={200: LotOut, **REFUSED}, operation_id="lots_read")
def read_lot(request: HttpRequest, lot_id: Id) -> Any:
    """How a lot stands: top, next bid, times by the server's clock."""
    return shown(actor_of(request), lot_id)


@router.post(
    "/lots/{int:lot_id}/bids",
    response={200: VerdictOut, **REFUSED},
    operation_id="bids_add",
    url_name="bids_add",
)
def place_bid(request: HttpRequest, lot_id: Id, payload: BidIn) -> Any:
    """Bid; the answer is the one verdict."""
    actor, _ = signed_in(request)
    return _verdict(
        actions.place_bid(
            actor=actor, lot_id=lot_id, bid_id=payload.bid_id, amount_fen=payload.amount_fen
        )
    )


@router.post(
    "/lots/{int:lot_id}/trial-bids",
    response={200: TrialOut, **REFUSED},
    operation_id="trial_bids_add",
)
def try_bid(request: HttpRequest, lot_id: Id, payload: TrialIn) -> Any:
    """Try a bid before bidding begins: the verdict that it would have as the first. Nothing is
    recorded."""
    actor, _ = signed_in(request)
    told = queries.trial(actor, lot_id, payload.amount_fen)
    return {
        "is_trial": True, "verdict": told.verdict.value, "opens_at": told.at,
        "closes_at": told.closes_at,
    }  # fmt: skip


@router.post(
    "/lots/{int:lot_id}/ceiling",
    response={200: VerdictOut, **REFUSED},
    operation_id="ceilings_set",
    url_name="ceilings_set",
)
def set_ceiling(request: HttpRequest, lot_id: Id, payload: CeilingIn) -> Any:
    """Set one's standing maximum; it bids one step above what is bid against it."""
    actor, _ = signed_in(request)
    return _verdict(
        actions.set_ceiling(
            actor=actor, lot_id=lot_id, max_fen=payload.max_fen, bid_id=payload.bid_id
        )
    )


@router.post(
    "/lots/{int:lot_id}/priority",
    response={200: VerdictOut, **REFUSED},
    operation_id="priority_claim",
    url_name="priority_claim",
)
def claim_priority(request: HttpRequest, lot_id: Id, payload: PriorityIn) -> Any:
    """Take the lot at the top's price by priority right, or let it pass."""
    actor, _ = signed_in(request)
    return _verdict(
        actions.claim_priority(
            actor=actor, lot_id=lot_id, match=payload.match, bid_id=payload.bid_id
        )
    )


@router.get("/lots/{int:lot_id}/log", operation_id="lots_log", include_in_schema=False)
def read_log(request: HttpRequest, lot_id: Id) -> HttpResponse:
    """The log, one line of canonical JSON each; whole after the end, with its evidence."""
    one = queries.lot(actor_of(request), lot_id)
    return HttpResponse(queries.log_text(one), content_type="application/jsonl; charset=utf-8")


@router.post(
    "/lots/{int:lot_id}/moves/{move}", response={200: LotOut, **REFUSED}, operation_id="lots_move"
)
def move_lot(request: HttpRequest, lot_id: Id, move: str, payload: LotStep | None = None) -> Any:
    """Pause a lot with a reason, or let it run on; stop one whose sealed bids can't be opened."""
    actor, _ = signed_in(request)
    reason = (payload or LotStep()).reason
    if move == "pause":
        actions.pause_lot(actor=actor, lot_id=lot_id, reason=reason)
    elif move == "stop":
        actions.stop_lot(actor=actor, lot_id=lot_id, reason=reason)
    elif move == "resume":
        actions.resume_lot(actor=actor, lot_id=lot_id)
    else:
        raise NotFound("lots.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    return shown(actor, lot_id)


@router.get(
    "/lots/{int:lot_id}/sealing",
    response={200: SealingOut, **REFUSED},
    operation_id="sealing_read",
)
def read_sealing(request: HttpRequest, lot_id: Id) -> Any:
    """What a bid is sealed with."""
    return queries.sealing(actor_of(request), lot_id)


@router.post(
    "/lots/{int:lot_id}/sealed-bids",
    response={200: ReceiptOut, **REFUSED},
    operation_id="sealed_bids_add",
    url_name="sealed_bids_add",
)
def place_sealed(request: HttpRequest, lot_id: Id, payload: SealedBidIn) -> Any:
    """Hand in a sealed bid; the receipt is signed."""
    actor, _ = signed_in(request)
    told, receipt = actions.place_sealed(
        actor=actor, lot_id=lot_id, bid_id=payload.bid_id, commitment=payload.commitment,
        ciphertext=payload.ciphertext,
    )  # fmt: skip
    said = _verdict(told)
    del said["closes_at"]
    index = actions.log_index(receipt, is_waiting=True) if receipt else None
    return {**said, "receipt": receipt, "log_index": index}


@router.post(
    "/lots/{int:lot_id}/key-holders",
    response={200: ShareOut, **REFUSED},
    operation_id="key_holders_add",
)
def keep_share(request: HttpRequest, response: HttpResponse, lot_id: Id) -> Any:
    """Become one of the three holders of the lot's key; the share is shown this once."""
    actor, _ = signed_in(request)
    made = actions.keep_share(actor=actor, lot_id=lot_id)
    response["Cache-Control"] = "no-store"
    return {"place": made.place, "role": made.role, "share": made.share}


@router.post(
    "/lots/{int:lot_id}/key-shares",
    response={200: SharesOut, **REFUSED},
    operation_id="key_shares_add",
)
def hand_in_share(request: HttpRequest, lot_id: Id, payload: ShareIn) -> Any:
    """Hand in one's share after the deadline; two open the bids."""
    actor, _ = signed_in(request)
    count = actions.hand_in_share(actor=actor, lot_id=lot_id, share=payload.share)
    state = queries.lot(actor, lot_id).state
    assert state in lot_states.TABLE.codes
    return {"shares": count, "needed": actions.NEEDED, "state": state}
