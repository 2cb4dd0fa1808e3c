"""How large the sender's case is (两座低温冷库): never asked for, always marked as a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .numerals import CHINESE
from .offsets import Folded
from .quantities import Quantity
from .shapes import Guess

_COUNTED = re.compile(
    rf"(?<![\d第])(?P<n>\d{{1,6}}|{CHINESE}|十?几)(?P<of>座|台|套|条|间|栋|辆|艘|口|头|亩|"
    rf"所|张床位|张床|个)"
    r"(?P<what>[一-鿿]{2,6}?)(?=[一二两三四五六七八九十\d每年都的是，。；、,;\n]|$|用|需|"
    r"想|要|耗|有|在)"
)
_NOT_THINGS = re.compile(
    r"^(?:月|小时|工作日|星期|季度|问题|办法|方案|方面|百分点|难题|左右|以上|以内)"
)


def read_scale(folded: Folded, found: Sequence[Quantity]) -> tuple[Guess, ...]:
    """At most two things counted in the text; quantities already bounded are not scale."""
    out = []
    for one in _COUNTED.finditer(folded.text):
        if one["n"] in {"一", "1"} or _NOT_THINGS.match(one["what"]):
            continue
        out.append(Guess("scale", folded.source(*one.span()), folded.span(*one.span()), 0.5))
    return tuple(out[:2])
