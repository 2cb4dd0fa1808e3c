"""References as printed: GB/T 7714 (with [J], [P], [D] …), APA-like and IEEE-like."""

import re
from collections.abc import Iterator

from yangbanjian.libraries.records.rules.guesses import (
    HALF_WIDTH,
    NAME,
    NAME_SPLIT,
    Draft,
    Prefill,
    is_organisation,
    names,
)

LONGEST = 1500
LONGEST_HEAD = 600
MOST = 200
_TAG = re.compile(r"\[\s?([JPDMCRSNAG]|EB|DB|CP|DS|Z)(?:\s?/\s?(?:OL|CD|MT|DK))?\s?\]")
_AFTER_TAG = re.compile(r"\s*(?:$|[.,/;:])")
_NUMBERED = re.compile(r"^\s*(?:\[\d{1,4}\]|\(\d{1,4}\)|\d{1,3}\.(?=\s))\s*")
_DOT = re.compile(r"\.\s*")
_LONE_INITIAL = re.compile(r"(?:^|[,;、&]|\band\b)\s*[A-Z]\s*$")
_APA = re.compile(
    r"^(?P<authors>[^()]{2,400}?)\s*\((?P<year>(?:19|20)\d{2})[a-z]?(?:,[^)]{1,20})?\)\s*[.,]?\s*"
    r"(?P<title>[^.]{3,400}(?:\.(?!\s)[^.]*)*)\.?\s*(?P<source>.*)$",
    re.DOTALL,
)
_APA_AUTHOR = re.compile(
    r"[^\W\d_][^,&.\u3400-\u9fff]{0,40},\s*(?:[A-Z]\.(?:\s?-?\s?)?)+"
    r"|[\u3400-\u9fff]{2,4}(?![\u3400-\u9fff])"
)
_APA_REST = re.compile(r"(?:[\s,;、&.]|\band\b|\bet al\b)*")
_IEEE = re.compile(
    r"^(?P<authors>[^\"“”]{2,400}?),\s*[\"“](?P<title>[^\"“”]{3,400}?),?[\"”],?\s*(?P<source>.*)$",
    re.DOTALL,
)
_PATENT_TITLE = re.compile(
    r"[:,]\s*(?:(?:中国|CN|China)\s*[,:]\s*)?([A-Z]{0,4}[\s/]*\d[\dXx.A-Z\s/]*)$"
)


def reference_spans(text: str) -> list[tuple[int, int]]:
    """The places of the references of a list, one a line; [] unless there are at least two."""
    lines = re.finditer(r"[^\n]+", text)
    spans = [line.span() for line in lines if _TAG.search(line[0].translate(HALF_WIDTH))]
    return spans[:MOST] if len(spans) > 1 else []


def read_reference(text: str) -> Prefill | None:
    """A single reference, or None when the text isn't one."""
    half = text.translate(HALF_WIDTH)
    start = number.end() if (number := _NUMBERED.match(half)) else 0
    tag = _TAG.search(half, start)
    if tag and tag.start() - start <= LONGEST_HEAD and _AFTER_TAG.match(half, tag.end()):
        return _gbt7714(text, half, start, tag)
    if len(half) > LONGEST:
        return None
    return _apa(text, half, start) or _ieee(text, half, start)


def _gbt7714(text: str, half: str, start: int, tag: "re.Match[str]") -> Prefill:
    draft = Draft(text, "gbt7714")
    end_of_authors, start_of_title = _authors_end(half, start, tag.start())
    if end_of_authors > start:
        found = re.split(r"\s*[,;、，；]\s*", half[start:end_of_authors])
        authors = names(_initials_kept(found))
        people = tuple(name for name in authors if not is_organisation(name))
        owners = "、".join(name for name in authors if is_organisation(name))
        draft.take("completers", start, end_of_authors, value=people)
        draft.take("holder_name", start, end_of_authors, value=owners)
    if tag[1] == "P":
        _patent_title(draft, half, start_of_title, tag.start())
    else:
        draft.take("title", start_of_title, tag.start())
    _after_tag(draft, half, tag)
    return draft.done()


def _authors_end(half: str, start: int, end: int) -> tuple[int, int]:
    """Where the authors end and the title begins; both ``start`` when there are no authors."""
    for dot in _DOT.finditer(half, start, end):
        before, after = half[start : dot.start()], half[dot.end() : end]
        if re.match(r"[,;&]|[A-Z]\.|\d|$", after) or dot.end() == end:
            continue
        if _LONE_INITIAL.search(before):
            continue
        return dot.start(), dot.end()
    return start, start


def _initials_kept(pieces: list[str]) -> Iterator[str]:
    """Split at commas, "Smith, J." came in two pieces: initials join the piece before."""
    held = ""
    for piece in pieces:
        if held and re.fullmatch(r"(?:[A-Z]\.?[\s-]?){1,4}", piece):
            held = f"{held} {piece}"
            continue
        if held:
            yield held
        held = piece
    yield held


def _patent_title(draft: Draft, half: str, start: int, end: int) -> None:
    number = _PATENT_TITLE.search(half[start:end].rstrip())
    if not number:
        draft.take("title", start, end)
        return
    draft.take_patent(start + number.start(1), start + number.end(1))
    draft.take("title", start, start + number.start() if "ip" in draft.fields else end)


def _after_tag(draft: Draft, half: str, tag: "re.Match[str]") -> None:
    kind, start, end = tag[1], tag.end(), len(half)
    draft.take_year(start, end)
    draft.take_doi(start, end)
    if kind == "P":
        return
    while start < end and half[start] in ".,/ \n":
        start += 1
    host = _host(half, start, kind)
    if host is None:
        return
    draft.take("source", *host)
    if kind in ("D", "R"):
        draft.take("holder_name", *host)


def _host(half: str, start: int, kind: str) -> tuple[int, int] | None:
    """The journal, the proceedings, or the publisher or school after "place:"."""
    match = re.compile(r"[^,\[]+").match(half, start)
    if not match:
        return None
    begin, end = match.span()
    if kind in ("D", "M", "R", "S"):
        colon = half.rfind(":", begin, end)
        begin = colon + 1 if colon >= 0 else begin
    year = re.compile(r"\.?\s*(?:19|20)\d{2}|\.\s+[A-Z]").search(half, begin, end)
    if year:
        end = year.start()
    return (begin, end) if half[begin:end].strip(" .") else None


def _apa(text: str, half: str, start: int) -> Prefill | None:
    match = _APA.match(half[start:])
    if not match:
        return None
    found = _APA_AUTHOR.findall(match["authors"])
    # Ordinary prose has brackets with years too: nothing but names may stand before them.
    if not found or not _APA_REST.fullmatch(_APA_AUTHOR.sub("", match["authors"])):
        return None
    draft = Draft(text, "apa")
    draft.take("completers", *_at(match, "authors", start), value=names(found))
    draft.take_year(*_at(match, "year", start))
    draft.take("title", *_at(match, "title", start))
    _journal(draft, half, *_at(match, "source", start))
    return draft.done()


def _ieee(text: str, half: str, start: int) -> Prefill | None:
    match = _IEEE.match(half[start:])
    if not match:
        return None
    found = NAME_SPLIT.split(match["authors"].strip())
    if not all(NAME.fullmatch(author) for author in found):
        return None
    draft = Draft(text, "ieee")
    draft.take("completers", *_at(match, "authors", start), value=names(found))
    draft.take("title", *_at(match, "title", start))
    draft.take_year(*_at(match, "source", start), last=True)
    _journal(draft, half, *_at(match, "source", start))
    return draft.done()


def _journal(draft: Draft, half: str, start: int, end: int) -> None:
    draft.take_doi(start, end)
    match = re.compile(r"(?:In\s+)?(?P<host>[^,.\d]+)").match(half, start, end)
    if match and "http" not in match[0].lower() and "doi" not in match[0].lower():
        draft.take("source", *match.span("host"))


def _at(match: "re.Match[str]", group: str, offset: int) -> tuple[int, int]:
    return match.start(group) + offset, match.end(group) + offset
