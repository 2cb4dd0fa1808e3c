"""The budget: which amount is money on offer, and not a bill, a turnover or a loss."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from .bounds import bound_of
from .clauses import Clauses
from .offsets import MINUS, Folded
from .quantities import Quantity
from .shapes import Budget, Guess

_OFFER = re.compile(
    r"预算|经费|资金|投入|投资|报价|出价|价格|价款|总价|费用(?!高)|采购价|愿意出|愿出|能出|"
    r"可出|最多出|只出|拿出|拿得出|出得起|"
    r"准备花|准备出|想花|打算花|打算投|花|出资|转让费|许可费|合作费|研发费|悬赏|揭榜金额|榜额|"
    r"budget|spend|invest|price|pay"
)
_NOT_OFFER = re.compile(
    r"电费|水费|气费|油费|运费|房租|租金|工资|薪|营业额|营收|销售额|产值|收入|利润|"
    r"注册资本|融资|税|损失|亏损|"
    r"罚款|赔|罚|债|每年花|一年花|年采购|成本|订单|市值|估值|补贴|省下|节省|节约|售价|单价|"
    r"每台|每吨|每件|"
    r"每平|每套|客单|revenue|turnover|loss|cost us|sales|bill"
)
_TALK = re.compile(
    r"(?:预算|价格|费用|报价|资金|经费)?(?:可以|可|都|再|待)?(?:面议|面谈|协商|另议|详谈|好商量|可商量|好谈)|"
    r"negotiable"
)
_NO_LIMIT = re.compile(r"预算(?:不限|充足|没上限|不是问题)")
_HARD = re.compile(
    r"以内|之内|≤|<|低于|不高于|不超|别超|不能超|不得超|最多|至多|顶多|上限|封顶|最高|以下|within|under|"
    r"max|at most|no more than|below|up to"
)
_LOOSE = re.compile(r"左右|上下|大概|大约|约|about|around|or so")
_LIMIT_BARE = re.compile(r"^(?:元|块)?(?:以内|之内|以下|左右)")
_FOREIGN = re.compile(
    r" ?(?:美元|美金|欧元|港[币元]|日元|英镑|usd|us dollars?|dollars?|euros?)", re.I
)
_LARGE_LATIN = re.compile(r"(?:thousand|million|billion)$", re.I)
_JUST_OFFERED = re.compile(r"(?:预算|经费|价格|报价|budget)(?:是|为|约|在|of)?[: ]*$", re.I)
_BARE_YUAN = 1000  # 预算 500000 is 元; 预算 50 could be 万, so it is not guessed
_MIN_FEN, _MAX_FEN = 100_00, 10**15


def read_budget(
    folded: Folded, found: Iterable[Quantity]
) -> tuple[Budget | None, tuple[Guess, ...], tuple[Quantity, ...]]:
    """The budget in fen (upper end of a range), doubts, and every amount of money in the text.

    None without an offer. An amount far from any offer word counts only as a guess when it is
    bounded (50 万以内). Negative or absurd amounts are left out and reported as a guess.
    """
    clauses = Clauses(folded.text)
    amounts = [q for q in found if _is_money(folded.text, q)]
    best: tuple[float, Quantity] | None = None
    for one in amounts:
        trust = _trust(folded.text, clauses, one)
        if trust > 0 and (best is None or trust > best[0]):
            best = (trust, one)
    if best is None:
        return _talk(folded), (), tuple(amounts)
    trust, one = best
    return (*_budget(folded, clauses, one, trust), tuple(amounts))


def _is_money(text: str, one: Quantity) -> bool:
    if _FOREIGN.match(text, one.end) or text[max(0, one.start - 1) : one.start] in {"$", "€"}:
        return False
    if one.unit is not None:
        return one.unit.dimension == "money"
    if _LARGE_LATIN.search(text[one.start : one.end]):
        return True
    if one.low >= _BARE_YUAN and _JUST_OFFERED.search(text[max(0, one.start - 8) : one.start]):
        return True
    if text[one.end : one.end + 1] in {"台", "吨", "次", "件", "人", "平"}:
        return False
    before = text[max(0, one.start - 1) : one.start]
    return before in {"¥", "￥"} or text[one.end - 1] in "万亿千" or text[one.end - 1] in "多余"


def _trust(text: str, clauses: Clauses, one: Quantity) -> float:
    """1 with an offer word before the amount, less when it stands after or is only implied."""
    start, end = clauses.bounds(one.start)
    left, right = text[start : one.start].lower(), text[one.end : end].lower()
    refuse = [m.end() for m in _NOT_OFFER.finditer(left)]
    offer = [m.end() for m in _OFFER.finditer(left)]
    if offer and (not refuse or offer[-1] >= refuse[-1]) and not _reached(left):
        return 1.0
    if refuse or _NOT_OFFER.match(right[1:6]) or _NOT_OFFER.match(right[:5]):
        return 0.0
    if re.search(r"的?(?:预算|经费|资金|budget)", right[:10]):
        return 0.9
    before = clauses.previous(one.start)
    if before and len(left) <= 3 and _ends_with_offer(text[slice(*before)].lower()):
        return 0.9
    if _LIMIT_BARE.match(right) and len(left) <= 8 and not re.search(r"降|提|减|增|产|超过", left):
        return 0.6
    return 0.0


def _reached(left: str) -> bool:
    """已投入 300 万 is spent money."""
    return bool(re.search(r"(?:已|已经|累计|每年|先后|曾)[一-鿿]{0,4}(?:投入|投资|花)", left))


def _ends_with_offer(clause: str) -> bool:
    ends = [word.end() for word in _OFFER.finditer(clause)]
    return bool(ends) and len(clause) - ends[-1] <= 4


def _talk(folded: Folded) -> Budget | None:
    said = _TALK.search(folded.text) or _NO_LIMIT.search(folded.text)
    if said is None:
        return None
    return Budget(None, None, hard=False, negotiable=True, span=folded.span(*said.span()))


def _fen(value: Decimal) -> int | None:
    fen = int((value * 100).to_integral_value())
    return fen if _MIN_FEN <= fen <= _MAX_FEN else None


def _budget(
    folded: Folded, clauses: Clauses, one: Quantity, trust: float
) -> tuple[Budget | None, tuple[Guess, ...]]:
    start, end = clauses.bounds(one.start)
    left, right = folded.text[start : one.start], folded.text[one.end : end]
    begin, stop = _reach(folded.text, start, end, one)
    span = folded.span(begin, stop)
    said = folded.text[begin:stop]
    top = _fen(one.high)
    if top is None or MINUS in folded.text[one.start : one.end]:
        return None, (Guess("budget", said, span, 0.0),)
    near = left[-12:].lower() + "|" + right[:6].lower()
    budget = Budget(
        fen=top,
        floor_fen=_fen(one.low) if one.is_range else None,
        hard=bool(_HARD.search(near)) and not _LOOSE.search(near),
        negotiable=bool(_TALK.search(folded.text)),
        span=span,
    )
    return budget, (() if trust > 0.8 else (Guess("budget", said, span, trust),))


def _reach(text: str, start: int, end: int, one: Quantity) -> tuple[int, int]:
    """From the offer word (when close) to the bounding words behind the amount."""
    bound = bound_of(text[start : one.start], text[one.end : end])
    begin = one.start - bound.left
    words = [word.span() for word in _OFFER.finditer(text.lower(), start, one.start)]
    if words and one.start - words[-1][1] <= 8:
        begin = min(begin, words[-1][0])
    return begin, one.end + bound.right
