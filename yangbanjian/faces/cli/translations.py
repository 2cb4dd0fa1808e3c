"""The catalogues of the languages beside the source: are they whole, and bringing them up to date.

The source language is zh-Hans: its sentences are the message ids and need no catalogue. What the
product reads at run time are the compiled files, which are kept beside the written ones, so that
only developers need the tool (Babel). Terms that read differently in traditional Chinese stand in
`locale/zh_Hant/terms.csv`; `docs/glossary.md` says how to choose one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yangbanjian.faces.cli.sentences import Sentence, collect, placeholders

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

PACKAGE: Final = Path(__file__).resolve().parents[2]
LOCALE: Final = PACKAGE / "locale"
LANGUAGES: Final = ("zh_Hant", "en")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the source and how traditional Chinese says it; `never` is the wrong carry-over."""

    source: str
    hant: str
    never: str


def missing(package: Path = PACKAGE, locale: Path = LOCALE) -> list[str]:
    """What is wrong with the catalogues, one line each, beginning with the language.

    Wrong is: a sentence of the source without entry, an empty or unreviewed (fuzzy) one, one
    whose named places differ, one that nobody says any more, simplified characters or carried
    over terms in zh_Hant, and a compiled file that differs from the written one.
    """
    said = {s.key: s for s in collect(package)}
    return [line for language in LANGUAGES for line in _faults(language, said, locale)]


def update(package: Path = PACKAGE, locale: Path = LOCALE) -> dict[str, int]:
    """Write the catalogues anew from the source and compile them; translations are kept.

    New sentences stand there empty, those that nobody says are dropped. Returns how many lack a
    translation, by language.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import write_po

    said = sorted(collect(package), key=lambda s: (s.places[0][0], s.text, s.context))
    lacking = {}
    for language in LANGUAGES:
        path = po_path(locale, language)
        fresh = _fresh(language, said, _read(path, language))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, fresh, width=100, include_lineno=False)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, fresh)
        lacking[language] = sum(not _whole(m) for m in fresh if m.id)
    return lacking


def po_path(locale: Path, language: str) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def _fresh(language: str, said: list[Sentence], before: Catalog) -> Catalog:
    from babel.messages.catalog import Catalog

    class Plain(Catalog):
        """Without dates and tool versions: a file changes only when a sentence does."""

        @property
        def mime_headers(self) -> list[tuple[str, str]]:
            return [
                ("Language", language),
                ("MIME-Version", "1.0"),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Transfer-Encoding", "8bit"),
                ("Plural-Forms", self.plural_forms),
            ]

    fresh = Plain(locale=language, fuzzy=False)
    fresh.header_comment = "# Source language: zh-Hans. Written by `ybj update-translations`."
    for s in said:
        kept = before.get(s.text, s.context or None)
        kept_text = kept.string if kept and bool(kept.pluralizable) == bool(s.many) else None
        fresh.add(
            (s.text, s.many) if s.many else s.text,
            kept_text,
            locations=[(place, 1) for place in dict.fromkeys(p for p, _ in s.places)],
            context=s.context or None,
            flags=[f for f in (kept.flags if kept else ()) if f == "fuzzy"],
        )
    return fresh


def _faults(language: str, said: dict[tuple[str, str], Sentence], locale: Path) -> Iterator[str]:
    path = po_path(locale, language)
    catalog = _read(path, language)
    known = {(m.context or "", _one(m)): m for m in catalog if m.id}
    for key, sentence in said.items():
        fault = _fault(language, sentence, known.get(key))
        if fault:
            yield f"{language}: {fault}: {sentence.text}  ({sentence.places[0][0]})"
    for key in known.keys() - said.keys():
        yield f"{language}: no longer said: {key[1]}"
    if not _is_compiled([m for m in catalog if m.id and _whole(m)], path.with_suffix(".mo")):
        yield f"{language}: compiled file is stale, run: ybj update-translations"


def _fault(language: str, sentence: Sentence, entry: Message | None) -> str:
    if entry is None:
        return "missing"
    if bool(entry.pluralizable) != bool(sentence.many):
        return "plural differs"
    if not _whole(entry):
        return "empty"
    if entry.fuzzy:
        return "fuzzy"
    wanted = placeholders(sentence.text) | placeholders(sentence.many)
    if any(placeholders(text) != wanted for text in _strings(entry)):
        return "places differ"
    return _hant_fault(sentence.text, "".join(_strings(entry))) if language == "zh_Hant" else ""


def _hant_fault(source: str, text: str) -> str:
    left = "".join(c for c in text if c in _simplified())
    if left:
        return f"simplified 「{left}」"
    for term in terms():
        if term.source not in source:
            continue
        # Longer terms come first and speak for the shorter ones inside them.
        source, text = source.replace(term.source, "\n"), text.replace(term.hant, "\n")
        if term.never and term.never in text:
            return f"「{term.never}」 for 「{term.hant}」"
    return ""


@cache
def terms() -> tuple[Term, ...]:
    """The reviewed glossary of traditional Chinese, longest source first."""
    with (LOCALE / "zh_Hant" / "terms.csv").open(encoding="utf-8", newline="") as file:
        known = [Term(r["source"], r["hant"], r["never"]) for r in csv.DictReader(file)]
    return tuple(sorted(known, key=lambda term: -len(term.source)))


@cache
def _simplified() -> frozenset[str]:
    """Characters that only simplified text has: their traditional forms don't include themselves,
    nor does Taiwan write them so."""
    traditional = {c for forms in _table("TWVariants").values() for c in forms}
    table = _table("STCharacters")
    return frozenset(c for c, forms in table.items() if c not in forms and c not in traditional)


def _table(name: str) -> dict[str, list[str]]:
    """A dictionary of OpenCC: character and its other forms."""
    import opencc

    path = Path(opencc.__file__).parent / "dictionary" / f"{name}.txt"
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {line[0]: line[1].split(" ") for line in lines if len(line) > 1}


def _read(path: Path, language: str) -> Catalog:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _is_compiled(messages: list[Message], path: Path) -> bool:
    """Does the compiled file say, as it will be read, what the written one says?"""
    if not path.exists():
        return False
    with path.open("rb") as file:
        compiled = GNUTranslations(file)

    def said(message: Message) -> tuple[str, ...]:
        context, text = message.context or "", _one(message)
        if message.pluralizable:
            many = message.id[1]
            numbers = (1, 2)[: len(_strings(message))]
            return tuple(
                compiled.npgettext(context, text, many, n)
                if context
                else compiled.ngettext(text, many, n)
                for n in numbers
            )
        return (compiled.pgettext(context, text) if context else compiled.gettext(text),)

    return all(said(message) == _strings(message) for message in messages)


def _one(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def _whole(message: Message) -> bool:
    return all(_strings(message))
