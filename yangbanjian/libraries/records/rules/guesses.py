"""A guess at a field, with the place in the pasted text that it was read from."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yangbanjian.kernel.flaws import Flaw, gettext_noop
from yangbanjian.kernel.identifiers import Checked, check_doi, check_patent
from yangbanjian.kernel.text import clean_line, clean_text

FIELDS = (
    "title",
    "abstract",
    "keywords",
    "completers",
    "year",
    "ip",
    "holder_name",
    "source",
    "doi",
)
MOST_NAMES = 60
# One code point to one code point, so that spans hold in the text as pasted.
HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3002: 0x2E}

# What passes for a name where nothing else says that it is one: one to five words in Latin letters
# that begin with a capital, or two to four characters.
NAME = re.compile(r"(?:[A-Z][\w.'’-]*\s?){1,5}|[\u3400-\u9fff]{2,4}|et al\.?")
NAME_SPLIT = re.compile(r"\s*[;；、,，/]\s*(?:and\s+)?|\s{2,}|\s+and\s+")
_ORGANISATION = re.compile(
    r"(?:大学|学院|公司|集团|研究院|研究所|研究中心|医院|学会|协会|实验室|University|Institute|Ltd\.?|Inc\.?)$"
)
_YEAR = re.compile(r"(?<![\d.])(?:19|20)\d{2}(?![\d.]\d|\d)")
_DOI = re.compile(r"10\.\d{4,9}/[^\s,，；;]+")
_OTHERS = re.compile(r"^(?:and\s+)?(?:others|et\s+al\.?)$|^等(?:著|编|编著)?\.?$", re.IGNORECASE)
_TAIL = re.compile(r"(?:[,，]?\s*et\s+al\.?|[,，]?\s*等)\s*$", re.IGNORECASE)
_EDGES = " \t\r\n\u3000.,;:，。；：、"


@dataclass(frozen=True)
class IpNumber:
    """``kind`` is a code of the table ip_kinds, "" where the number doesn't say."""

    kind: str
    number: str


@dataclass(frozen=True)
class Guess:
    """``source_snippet`` is ``text[span[0]:span[1]]`` of the text as pasted, in code points."""

    value: Any
    source_snippet: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Prefill:
    """What a pasted text says. A field that it doesn't say is absent. ``kind``: bibtex, gbt7714,
    apa, ieee, patent_number, software_number, doi, labelled, abstract, or "" for an empty text."""

    kind: str
    fields: Mapping[str, Guess] = field(default_factory=dict)
    problems: tuple[Flaw, ...] = ()


class Draft:
    """Collects guesses over one text; the first guess at a field stays."""

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.kind = kind
        self.fields: dict[str, Guess] = {}
        self.problems: list[Flaw] = []

    def take(self, name: str, start: int, end: int, value: Any = None) -> None:
        """Record text[start:end], without the punctuation at its edges, as a field. ``value``
        None means the piece itself, cleaned; an empty value is not recorded."""
        while start < end and self.text[start] in _EDGES:
            start += 1
        # An abstract keeps the stop of its last sentence.
        tail = " \t\r\n\u3000" if name == "abstract" else _EDGES
        while end > start and self.text[end - 1] in tail:
            end -= 1
        piece = self.text[start:end]
        if value is None:
            value = clean_text(piece) if name == "abstract" else clean_line(piece)
        if piece and value and name not in self.fields:
            self.fields[name] = Guess(value, piece, (start, end))

    def take_year(self, start: int, end: int, *, last: bool = False) -> None:
        """The first (or last) year between 1900 and 2099 in the piece."""
        found = list(_YEAR.finditer(self.text.translate(HALF_WIDTH), start, end))
        if found:
            match = found[-1 if last else 0]
            self.take("year", *match.span(), value=int(match[0]))

    def take_doi(self, start: int, end: int) -> None:
        """A DOI anywhere in the piece."""
        match = _DOI.search(self.text, start, end)
        if match and check_doi(match[0]).ok:
            self.take("doi", *match.span(), value=check_doi(match[0]).normalised)

    def take_patent(self, start: int, end: int) -> None:
        """A patent number; a wrong one is kept as typed, with what is wrong with it."""
        checked = check_patent(self.text[start:end])
        if checked.problem and checked.problem_code in ("patent.form", "patent.empty"):
            return
        self.take("ip", start, end, value=(IpNumber(ip_kind(checked), checked.normalised),))
        if checked.problem:
            self.problems.append(checked.problem)

    def done(self) -> Prefill:
        """Fields in their fixed order."""
        if "title" not in self.fields and self.kind:
            self.problems.append(
                Flaw("citation.no_title", gettext_noop("没有认出名称，请填写成果名称。"))
            )
        ordered = {name: self.fields[name] for name in FIELDS if name in self.fields}
        return Prefill(self.kind, ordered, tuple(self.problems))


def ip_kind(checked: Checked) -> str:
    """The code of ip_kinds for a checked patent number."""
    form = checked.facts.get("form", "")
    return form if form in ("pct", "foreign") else checked.facts.get("kind", "")


def names(pieces: Iterable[str]) -> tuple[str, ...]:
    """Cleaned names without "et al.", each once, in order: 张, 三 -> 张三; Wang, Li -> Li Wang."""
    found: dict[str, None] = {}
    for piece in pieces:
        name = clean_line(_TAIL.sub("", clean_line(piece)), cap=80).strip(" ,;，；、")
        if name and not _OTHERS.match(name):
            found[_given_first(name)] = None
        if len(found) >= MOST_NAMES:
            break
    return tuple(found)


def _given_first(name: str) -> str:
    family, comma, given = (part.strip() for part in name.partition(","))
    if not comma or not given:
        return name.rstrip(",")
    return f"{family}{given}" if not name.isascii() and _is_han(family) else f"{given} {family}"


def _is_han(text: str) -> bool:
    return bool(text) and all("\u3400" <= c <= "\u9fff" for c in text)


def is_organisation(name: str) -> bool:
    """Whether a name in the place of an author is an organisation's."""
    return bool(_ORGANISATION.search(name.strip()))


def split_words(text: str) -> tuple[str, ...]:
    """Keywords: split at ; ；、 if there are any, else at commas."""
    parts = re.split(r"[;；、|]+", text)
    if len(parts) == 1:
        parts = re.split(r"[,，]+|\s{2,}", text)
    words = (clean_line(part, cap=40).strip(_EDGES) for part in parts)
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_NAMES]
