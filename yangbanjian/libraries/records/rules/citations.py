"""A pasted thing becomes a prefilled achievement: BibTeX, a printed reference, a number, a page.

What isn't known stays empty, each guess shows where it came from, and nothing raises: the worst
text gives an empty ``Prefill`` with a sentence.
"""

from dataclasses import replace

from yangbanjian.kernel.flaws import Flaw, gettext_noop
from yangbanjian.kernel.identifiers import check_doi, check_patent, check_software
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.libraries.records.rules.bibtex import Entry, entries
from yangbanjian.libraries.records.rules.guesses import (
    FIELDS,
    Draft,
    Guess,
    IpNumber,
    Prefill,
    names,
    split_words,
)
from yangbanjian.libraries.records.rules.pasted import (
    first_label,
    read_abstract,
    read_labelled,
)
from yangbanjian.libraries.records.rules.references import read_reference, reference_spans

__all__ = ["Guess", "IpNumber", "Prefill", "prefill", "prefill_all"]

LONGEST = 100_000
_LONGEST_NUMBER = 80
_SOURCES = ("journal", "journaltitle", "booktitle", "publisher", "school", "institution")
_HOLDERS = ("assignee", "holder", "school", "institution", "organization")


def prefill(text: str) -> Prefill:
    """The fields of the first thing in the text; spans are code points of ``text`` as given."""
    read = text[:LONGEST]
    if not read.strip():
        return Prefill("", problems=(_nothing(),))
    found = entries(read) if "@" in read else []
    if found:
        return _from_bibtex(read, found[0], more=len(found) - 1)
    lines = reference_spans(read)
    if lines:
        return _line(read, lines[0], more=len(lines) - 1)
    return _number(read) or _page(read)


def prefill_all(text: str) -> list[Prefill]:
    """One for each BibTeX entry or each line of a list of references, at most 200; for other texts
    the same as ``prefill``."""
    read = text[:LONGEST]
    found = entries(read) if "@" in read else []
    if found:
        return [_from_bibtex(read, entry, more=0) for entry in found]
    return [_line(read, span, more=0) for span in reference_spans(read)] or [prefill(text)]


def _page(text: str) -> Prefill:
    """A reference, labelled pieces, both (a reference with its abstract below), or plain text."""
    cited, labelled = read_reference(text[: first_label(text)]), read_labelled(text)
    if cited and labelled:
        merged = {**labelled.fields, **cited.fields}
        return Prefill(cited.kind, {name: merged[name] for name in FIELDS if name in merged},
                       cited.problems)  # fmt: skip
    return cited or labelled or read_abstract(text)


def _line(text: str, span: tuple[int, int], *, more: int) -> Prefill:
    """One line of a list; its spans are moved to where the line stands in the text."""
    read = _page(text[slice(*span)])
    moved = {
        name: replace(guess, span=(guess.span[0] + span[0], guess.span[1] + span[0]))
        for name, guess in read.fields.items()
    }
    return Prefill(read.kind, moved, read.problems + ((_more(more),) if more else ()))


def _number(text: str) -> Prefill | None:
    """A text that is nothing but a number."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if end - start > _LONGEST_NUMBER:
        return None
    if check_doi(text).ok:
        draft = Draft(text, "doi")
        draft.take("doi", start, end, value=check_doi(text).normalised)
        draft.problems.append(_number_only())
        return draft.done()
    software = check_software(text)
    if software.ok:
        draft = Draft(text, "software_number")
        draft.take("ip", start, end, value=(IpNumber("software", software.normalised),))
        draft.take("year", start, end, value=int(software.facts["year"]))
        draft.problems.append(_number_only())
        return draft.done()
    return _patent_number(text, start, end)


def _patent_number(text: str, start: int, end: int) -> Prefill | None:
    draft = Draft(text, "patent_number")
    draft.take_patent(start, end)
    if "ip" not in draft.fields:
        return None
    year = check_patent(text).facts.get("year")
    draft.take("year", start, end, value=int(year) if year else 0)
    draft.problems.append(_number_only())
    return draft.done()


def _from_bibtex(text: str, entry: Entry, *, more: int) -> Prefill:
    draft = Draft(text, "bibtex")
    for name in ("title", "abstract", "keywords", "completers"):
        _bibtex_field(draft, entry, name)
    for column in ("year", "date"):
        if column in entry.fields:
            draft.take_year(*entry.fields[column].span)
    _bibtex_first(draft, entry, "source", _SOURCES)
    if entry.type in ("patent", "phdthesis", "mastersthesis", "thesis", "techreport"):
        _bibtex_first(draft, entry, "holder_name", _HOLDERS)
    if entry.type == "patent" and "number" in entry.fields:
        draft.take_patent(*entry.fields["number"].span)
    if "doi" in entry.fields:
        draft.take_doi(*entry.fields["doi"].span)
    _bibtex_problems(draft, entry, more)
    return draft.done()


def _bibtex_field(draft: Draft, entry: Entry, name: str) -> None:
    column = "author" if name == "completers" else name
    value = entry.fields.get(column)
    if value is None:
        return
    if name == "completers":
        draft.take(name, *value.span, value=names(_authors(value.text)))
    elif name == "keywords":
        draft.take(name, *value.span, value=split_words(value.text))
    else:
        cleaned = clean_text(value.text) if name == "abstract" else clean_line(value.text)
        draft.take(name, *value.span, value=cleaned)


def _authors(text: str) -> list[str]:
    if " and " in text or text.isascii():
        return text.split(" and ")
    for separator in ("；", ";", "、", "，"):
        text = text.replace(separator, ";")
    return text.split(";") if ";" in text else text.split(",")


def _bibtex_first(draft: Draft, entry: Entry, name: str, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column in entry.fields:
            draft.take(
                name, *entry.fields[column].span, value=clean_line(entry.fields[column].text)
            )


def _bibtex_problems(draft: Draft, entry: Entry, more: int) -> None:
    if not entry.whole:
        draft.problems.append(
            Flaw(
                "citation.cut_off",
                gettext_noop("这一条没有贴完整，缺少结尾的括号，请核对各项或重新粘贴。"),
            )
        )
    if more:
        draft.problems.append(_more(more))


def _more(count: int) -> Flaw:
    return Flaw(
        "citation.more",
        gettext_noop("后面还有 %(count)s 条，这里只用第一条，其余请用导入。"),
        {"count": count},
    )


def _nothing() -> Flaw:
    return Flaw("citation.empty", gettext_noop("还没有粘贴内容，请粘贴引用、专利号或摘要。"))


def _number_only() -> Flaw:
    return Flaw(
        "citation.number_only",
        gettext_noop("这里只有号码，平台不联网查询，请补上名称和摘要。"),
    )
