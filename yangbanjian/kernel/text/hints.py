"""What an editor would say of a text while it is written. Advice only: nothing is refused here."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from yangbanjian.kernel.flaws import gettext_noop

SHORTEST = {"title": 6, "abstract": 60, "problem": 30}
MOST = 20
_READ = 20_000
_SENTENCE = re.compile(r"[^。！？!?；;\n]+")
_NUMBER = re.compile(
    r"\d|[零一二两三四五六七八九十百千兩]+(?:倍|成|个百分点|[万亿萬億]|分之)|百分之|百分百"
)
_BOAST = re.compile(
    r"(?:国际|國際|世界|全球|国内|國內|全国|全國|行业|行業)"
    r"(?:一流|领先|領先|首创|首創|先进|先進|首个|首個|独创|獨創)"
    r"|(?:填补|填補)(?:了)?(?:[^。，；\n]{0,8})?空白"
    r"|独一无二|獨一無二|世界第一|全国第一|全國第一|遥遥领先|遙遙領先"
    r"|world[- ]leading|state[- ]of[- ]the[- ]art|best in the world",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?:显著|顯著|大幅度?|明显|明顯|极大地?|極大地?|大大|有效地?|较大程度|較大程度)"
    r"(?:地)?(?:提高|提升|降低|减少|減少|改善|增强|增強"
    r"|缩短|縮短|节约|節約|优化|優化|延长|延長)"
    r"|significantly (?:improv|reduc|increas|decreas)\w*",
    re.IGNORECASE,
)
# Only the characters of a contact in full width, each to one half-width character: spans hold.
_HALF = str.maketrans("０１２３４５６７８９＠．－（）：", "0123456789@.-():")
_EMAIL = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_MOBILE = r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\d.])"
_LANDLINE = r"(?<![\d.])(?:\(0\d{2,3}\)|0\d{2,3}[- ])\d{7,8}(?![\d.])"
_HOTLINE = r"(?<!\d)400[- ]?\d{3}[- ]?\d{4}(?!\d)"
# After a colon any name; without one it must hold a digit, or 微信小程序 and VxWorks would count.
_CHAT = (
    r"(?<![A-Za-z])(?:微信|微訊|加微|wechat|weixin|vx|qq)(?:号|號|id)?\s{0,3}"
    r"(?:[:：=]\s{0,3}|(?=[A-Za-z_-]{0,19}\d))[A-Za-z0-9_-]{5,20}"
)
_CONTACTS = (
    ("contact.email", re.compile(_EMAIL)),
    ("contact.phone", re.compile(f"{_MOBILE}|{_LANDLINE}|{_HOTLINE}")),
    ("contact.chat", re.compile(_CHAT, re.IGNORECASE)),
)


@dataclass(frozen=True)
class Hint:
    """``code`` is stable; ``span`` is the place in the text, or None for the whole of it."""

    code: str
    span: tuple[int, int] | None
    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def advice(self) -> str:
        """The sentence in the source language."""
        return self.message % self.params if self.params else self.message


def hints(text: str, field: str) -> list[Hint]:
    """Advice for the field named (title, abstract, problem …), in the order of the text, at most
    20. Only the first 20,000 code points are read."""
    read = text[:_READ]
    found: list[Hint] = []
    for look in _LOOKS:
        found.extend(look(read, field))
    return sorted(found, key=lambda hint: hint.span or (-1, -1))[:MOST]


def _too_short(text: str, field: str) -> Iterator[Hint]:
    least, length = SHORTEST.get(field, 0), len(text.strip())
    if 0 < length < least:
        yield Hint(
            "too_short",
            None,
            gettext_noop("只有 %(length)s 个字，写到 %(least)s 个字以上更容易被找到。"),
            {"length": length, "least": least},
        )


def _all_caps(text: str, field: str) -> Iterator[Hint]:
    letters = [c for c in text if c.isascii() and c.isalpha()]
    if len(letters) >= 12 and len(letters) * 2 > len(text) and "".join(letters).isupper():
        yield Hint("all_caps", None, gettext_noop("全部大写不好读，请改成通常的大小写。"))


def _claims(text: str, field: str) -> Iterator[Hint]:
    for sentence in _SENTENCE.finditer(text):
        if _NUMBER.search(sentence[0].translate(_HALF)):
            continue
        for code, pattern, message in _CLAIMS:
            for match in pattern.finditer(sentence[0]):
                start = sentence.start() + match.start()
                yield Hint(code, (start, start + len(match[0])), message, {"words": match[0]})


def _contacts(text: str, field: str) -> Iterator[Hint]:
    half = text.translate(_HALF)
    for code, pattern in _CONTACTS:
        for match in pattern.finditer(half):
            yield Hint(
                code,
                match.span(),
                gettext_noop("公开文字里不要留联系方式，双方同意后平台会交换。"),
            )


_CLAIMS = (
    (
        "boast_without_number",
        _BOAST,
        gettext_noop("“%(words)s”要有依据：写出指标数值、对比对象或查新报告编号。"),
    ),
    (
        "vague_without_number",
        _VAGUE,
        gettext_noop("“%(words)s”是多少？写出前后的数值，例如“由 8 天缩到 3 天”。"),
    ),
)
_LOOKS: tuple[Callable[[str, str], Iterator[Hint]], ...] = (
    _too_short,
    _all_caps,
    _claims,
    _contacts,
)
