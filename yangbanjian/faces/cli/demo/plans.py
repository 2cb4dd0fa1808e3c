"""What is sold on the demo district's floor in its two years: 45 listings under the seven showrooms,
the deals of which add up to what the programme has published of itself (a little over 4.15 亿元).
Sizes, buyers and reasons are made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Payment = Mapping[str, Any]

WAN = 1_000_000  # fen
FALLS = 2  # how often a descending price has fallen when somebody takes it
SOLD = ("paid", "defaulted", "secured", "awarded")
ONCE: Payment = {"kind": "once"}
TWO_PARTS: Payment = {
    "kind": "instalments",
    "parts": [{"percent": 40, "months": 0}, {"percent": 60, "months": 4}],
}
THREE_PARTS: Payment = {
    "kind": "instalments",
    "parts": [
        {"percent": 30, "months": 0},
        {"percent": 40, "months": 3},
        {"percent": 30, "months": 6},
    ],
}
ROYALTY: Payment = {"kind": "royalty", "rate_permille": 25, "base": "sales", "years": 5}
ENTRY_ROYALTY: Payment = {"kind": "entry_royalty", "rate_permille": 15, "base": "sales", "years": 5}


@dataclass(frozen=True, slots=True)
class Plan:
    """One sale: when it is handed in, what (a key of the achievements), how it is sold; start and
    step in 万元; how many come and how often they bid. Of sealed bids the step says how far apart
    they are. What becomes of it stands in `then`:

    `paid` and all that follows · `defaulted` the winner never signs, the runner-up pays · `secured`
    the second instalment is still to come · `awarded` not signed yet · `live` bidding goes on ·
    `disclosed` buyers may still sign up · `nobody` came in any round · `reserved` no bid reached the
    reserve · `withdrawn`, `ended` before bidding, with a reason.
    """

    day: float
    key: str
    mode: str
    method: str
    start: int
    step: int = 1
    buyers: int = 1
    bids: int = 1
    payment: Payment = field(default_factory=lambda: ONCE)
    then: str = "paid"
    ladder: tuple[Mapping[str, Any], ...] = ()
    round: int = 1  # in which buyers come
    reserve: int | None = None
    is_for_visitors: bool = False  # the buyers are accounts that a visitor may use
    after_issue: str = ""  # what becomes of the certificate: "replaced" or "revoked"
    reason: str = ""
    price_mode: str = "auction"  # how the unit decided to find the price

    @property
    def offers(self) -> list[int]:
        """What is offered one after the other, in 万元: rising bids by one, two and three steps in
        turn; sealed ones of each buyer, the highest by a step for each; else the start."""
        if self.method == "sealed":
            each = range(self.buyers)
            return [self.start + self.step * (1 + (2 * n + 1) % self.buyers) for n in each]
        start = self.start
        if self.round > 1:
            start = self.ladder[self.round - 2].get("start_fen", start * WAN) // WAN
        return [start + self.step * sum(1 + m % 3 for m in range(n)) for n in range(self.bids)]

    @property
    def comes_to(self) -> int:
        """The price of the deal that holds, in 万元; 0 where nothing is sold."""
        if self.then not in SOLD:
            return 0
        if self.method == "dutch":
            return self.start - FALLS * self.step
        return sorted(self.offers)[-2 if self.then == "defaulted" else -1]


NOT_YET = "中试数据还要补一轮，完成后再挂牌。"
KEPT = "单位决定先自行实施，撤回本次挂牌。"
LATE_TITLE = "共有人对权属提出书面异议，按规则终结本次挂牌。"
FELL = {"start_fen": 950_000_000}

PLANS: tuple[Plan, ...] = (
    Plan(30, "a-paediatrics-030", "transfer", "rising", 60, 3, 3, 6),
    Plan(44, "b-manufacturing-004", "transfer", "negotiated", 16, price_mode="listing"),
    Plan(62, "a-marine-025", "transfer", "dutch", 60, 4, 2),
    Plan(80, "b-manufacturing-021", "development", "rising", 700, 20, 3, 5),
    Plan(101, "a-design-004", "transfer", "rising", 380, 10, 2, 5, price_mode="listing"),
    Plan(118, "b-printing-023", "licence_exclusive", "rising", 1800, 40, 3, 7, THREE_PARTS),
    Plan(135, "a-it-035", "transfer", "negotiated", 48),
    Plan(150, "b-air-039", "equity", "rising", 3600, 110, 3, 6, price_mode="listing"),
    Plan(166, "a-paediatrics-016", "development", "sealed", 1500, 120, 3),
    Plan(182, "a-marine-018", "transfer", "rising", 1100, 40, 2, 5),
    Plan(196, "b-printing-011", "development", "negotiated", 700, payment=TWO_PARTS),
    Plan(
        211, "a-it-024", "development", "rising", 320, 10, 0, then="nobody",
        ladder=({}, {"start_fen": 260_000_000}),
    ),
    Plan(225, "b-air-015", "licence_ordinary", "dynamic", 420, 20, 3, 4, ROYALTY),
    Plan(243, "a-design-033", "development", "rising", 360, 10, 0, then="withdrawn", reason=NOT_YET),
    Plan(259, "b-manufacturing-047", "equity", "negotiated", 2800, price_mode="listing"),
    Plan(275, "a-paediatrics-040", "licence_exclusive", "rising", 3000, 100, 3, 5, ENTRY_ROYALTY),
    Plan(290, "a-marine-004", "development", "sealed", 800, 50, 3),
    Plan(306, "b-air-041", "transfer", "rising", 32, 2, 2, 4),
    Plan(322, "a-it-016", "development", "rising", 640, 20, 2, 6, price_mode="listing"),
    Plan(338, "b-printing-014", "equity", "negotiated", 1600, price_mode="listing"),
    Plan(372, "a-design-035", "transfer", "dutch", 46, 3, 2),
    Plan(388, "b-manufacturing-041", "development", "dynamic", 460, 20, 2, 4),
    Plan(402, "a-marine-037", "development", "negotiated", 1100, ladder=(FELL,), round=2),
    Plan(416, "a-paediatrics-017", "development", "rising", 1000, 30, 3, 6),
    Plan(430, "a-it-003", "transfer", "rising", 1200, 40, 3, 7, after_issue="replaced"),
    Plan(444, "b-air-012", "licence_exclusive", "sealed", 2400, 150, 3, payment=TWO_PARTS),
    Plan(458, "a-design-013", "licence_ordinary", "negotiated", 240, payment=ROYALTY),
    Plan(470, "b-manufacturing-002", "equity", "rising", 4200, 150, 3, 6, price_mode="listing"),
    Plan(484, "a-paediatrics-032", "consulting", "rising", 80, 4, 2, 3, then="reserved", reserve=140),
    Plan(498, "a-marine-010", "development", "rising", 800, 30, 2, 5, after_issue="replaced"),
    Plan(512, "b-printing-020", "development", "rising", 260, 10, 0, then="ended", reason=LATE_TITLE),
    Plan(525, "a-it-034", "licence_ordinary", "dynamic", 260, 10, 3, 5, ENTRY_ROYALTY),
    Plan(539, "b-air-003", "service", "negotiated", 520, price_mode="listing"),
    Plan(553, "a-paediatrics-029", "licence_exclusive", "rising", 2000, 80, 3, 7, TWO_PARTS),
    Plan(566, "b-manufacturing-020", "equity", "rising", 900, 20, 0, then="nobody", ladder=({},)),
    Plan(580, "a-design-025", "consulting", "negotiated", 38),
    Plan(594, "a-it-019", "service", "negotiated", 150),
    Plan(607, "b-printing-016", "transfer", "rising", 20, 1, 2, 5, after_issue="revoked"),
    Plan(621, "a-marine-015", "consulting", "rising", 45, 1, 0, then="withdrawn", reason=KEPT),
    Plan(636, "b-manufacturing-015", "service", "sealed", 180, 10, 3),
    Plan(640, "a-it-029", "transfer", "rising", 130, 5, 3, 7, then="defaulted", is_for_visitors=True),
    Plan(
        660, "b-air-004", "licence_exclusive", "rising", 120, 5, 2, 6, TWO_PARTS, "secured",
        is_for_visitors=True,
    ),
    Plan(714, "b-air-026", "licence_exclusive", "rising", 160, 10, 3, 4, then="live", is_for_visitors=True),
    Plan(
        720, "a-design-032", "licence_exclusive", "negotiated", 140, then="awarded",
        is_for_visitors=True,
    ),
    Plan(727, "a-it-040", "transfer", "rising", 260, 10, 1, 0, then="disclosed", is_for_visitors=True),
)  # fmt: skip
BY_KEY: Mapping[str, Plan] = {plan.key: plan for plan in PLANS}
