"""What is stored of typed text, and what is compared."""

import re
import unicodedata

LINE_CAP = 300
TEXT_CAP = 20_000
# A sentence ends at a stop that isn't part of a number or an abbreviation such as "e.g.".
_SENTENCE_END = re.compile(r"[。！？!?；;]+[”’」』)）]*|\.(?=\s|$)|\n+")
# Controls, bidi embeddings, overrides and isolates, invisible joiners and byte-order marks. Kept:
# U+200D, which emoji are composed with.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def _is_clean(text: str, cap: int) -> bool:
    """Is there nothing to do? Most texts are as they should be, and this asks in a few microseconds:
    what is printable holds no break, no unseen character and no space but the common one."""
    return (
        text.isprintable()
        and len(text) <= cap
        and "  " not in text
        and text[:1] != " " != text[-1:]
        and unicodedata.is_normalized("NFC", text)
    )


def clean_text(text: str, *, cap: int = TEXT_CAP) -> str:
    """Typed text of several lines: no control or direction-changing characters, at most ``cap``
    code points, at most one blank line in a row. Full width and letter case stay as typed."""
    if _is_clean(text, cap):
        return text
    # The slice before the regular expressions bounds the work; runs of spaces still fit in it.
    lines = text[: cap * 4].replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n")
    seen = _UNSEEN.sub("", lines.replace("\u2028", "\n"))
    spaced = "\n".join(_SPACES.sub(" ", line).strip() for line in seen.split("\n"))
    whole = _BLANK_LINES.sub("\n\n", spaced).strip()
    return unicodedata.normalize("NFC", whole)[:cap].rstrip()


def clean_line(text: str, *, cap: int = LINE_CAP) -> str:
    """Typed text of one line: as ``clean_text``, with line breaks turned into spaces."""
    if _is_clean(text, cap):
        return text
    return " ".join(clean_text(text, cap=cap * 2).split())[:cap].rstrip()


def fold(text: str) -> str:
    """The form in which texts are compared: half width (NFKC), lower case, single spaces.

    Traditional characters are folded by matching, which carries the table."""
    flat = unicodedata.normalize("NFKC", text)
    if not flat.isprintable():
        flat = _UNSEEN.sub("", flat)
    return " ".join(flat.casefold().split())


def first_sentence(text: str, *, cap: int = 60) -> str:
    """The first sentence, without its stop, cut at ``cap``: a title for a text without one."""
    start = text.strip()
    end = _SENTENCE_END.search(start)
    sentence = start[: end.start()] if end else start
    return clean_line(sentence, cap=cap)
