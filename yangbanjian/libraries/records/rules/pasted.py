"""Pasted pages and abstracts: pieces with labels (题名：… 摘要：…), or a title line and a text."""

import re

from yangbanjian.kernel.flaws import Flaw, gettext_noop
from yangbanjian.kernel.identifiers import check_software
from yangbanjian.libraries.records.rules.guesses import (
    NAME,
    NAME_SPLIT,
    Draft,
    IpNumber,
    Prefill,
    names,
    split_words,
)

LONGEST_TITLE = 120
_LABELS = {
    "title": "题名|题目|标题|名称|成果名称|项目名称|专利名称|发明名称|软件名称|题 ?名"
    "|題名|標題|名稱|title",
    "completers": "作者|完成人|发明人|发明（设计）人|设计人|研发人员|發明人|authors?|inventors?",
    "abstract": "摘要|摘 ?要|内容提要|成果简介|简介|项目简介|技术简介|abstract|summary",
    "keywords": "关键词|关键字|主题词|關鍵詞|key ?words",
    "holder_name": "单位|作者单位|机构|完成单位|申请人|专利权人|申请（专利权）人|著作权人"
    "|所属单位|权利人|單位|申請人|assignee|applicant|affiliation",
    "year": "年份|年|发表时间|发表年份|出版年|申请日|公开日|授权日|完成时间|year|date",
    "ip": "申请号|专利号|申请（专利）号|公开号|公告号|公开（公告）号|登记号|申請號|專利號"
    "|patent (?:no|number)\\.?",
    "source": "来源|刊名|期刊|文献来源|journal|source",
    "doi": "doi",
}
_LABEL = re.compile(
    r"(?:^|(?<=\n)|(?<=[。.;；]))[ \t\u3000]*(?:"
    + "|".join(
        rf"[【\[〔]?(?P<{name}>{words.replace('（', '[（(]').replace('）', '[）)]')})[】\]〕]?"
        rf"(?:\s{{0,3}}[:：]|(?<=[】\]〕]))"
        for name, words in _LABELS.items()
    )
    + r")[ \t\u3000]*",
    re.IGNORECASE,
)


def first_label(text: str) -> int:
    """Where the first label stands; the length of the text when there is none."""
    label = _LABEL.search(text)
    return label.start() if label else len(text)


def read_labelled(text: str) -> Prefill | None:
    """Pieces with labels; None unless the text has one. A line before the first label is the
    title."""
    labels = list(_LABEL.finditer(text))[:40]
    if not labels:
        return None
    draft = Draft(text, "labelled")
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=True):
        _piece(draft, label.lastgroup or "", label.end(), end)
    head = text[: labels[0].start()]
    lines = [line.span() for line in re.finditer(r"[^\n]*\S[^\n]*", head)]
    if lines and len(text[slice(*lines[0])].strip()) <= LONGEST_TITLE:
        draft.take("title", *lines[0])
        if len(lines) > 1:
            _name_line(draft, *lines[1])
    return draft.done() if draft.fields else None


def _name_line(draft: Draft, start: int, end: int) -> None:
    """The line below a title, if it holds nothing but names."""
    found = NAME_SPLIT.split(draft.text[start:end].strip())
    if all(NAME.fullmatch(name) for name in found):
        draft.take("completers", start, end, value=names(found))


def _piece(draft: Draft, name: str, start: int, end: int) -> None:
    piece = draft.text[start:end]
    line_end = start + len(piece.split("\n", 1)[0])
    if name == "abstract":
        draft.take(name, start, end)
    elif name == "keywords":
        draft.take(name, start, line_end, value=split_words(draft.text[start:line_end]))
    elif name == "completers":
        found = NAME_SPLIT.split(draft.text[start:line_end])
        draft.take(name, start, line_end, value=names(found))
    elif name == "year":
        draft.take_year(start, line_end)
    elif name == "ip":
        _number(draft, start, line_end)
    elif name == "doi":
        draft.take_doi(start, line_end)
    else:
        draft.take(name, start, line_end)


def _number(draft: Draft, start: int, end: int) -> None:
    software = check_software(draft.text[start:end])
    if software.ok:
        draft.take("ip", start, end, value=(IpNumber("software", software.normalised),))
    else:
        draft.take_patent(start, end)


def read_abstract(text: str) -> Prefill:
    """A short first line is the title and the rest the abstract; a single paragraph is an
    abstract without a title."""
    draft = Draft(text, "abstract")
    lead = len(text) - len(text.lstrip())
    line_end = text.find("\n", lead)
    head = text[lead:line_end].strip() if line_end > 0 else ""
    if head and len(head) <= LONGEST_TITLE and head[-1] not in "。！？；，,;":
        draft.take("title", lead, line_end)
        draft.take("abstract", line_end, len(text))
    elif "\n" not in text.strip() and len(text.strip()) <= 40 and text.strip()[-1:] not in "。.":
        draft.take("title", lead, len(text))
    else:
        draft.take("abstract", lead, len(text))
    if not draft.fields:
        draft.problems.append(
            Flaw("citation.unreadable", gettext_noop("没有认出内容，请直接填写下面各项。"))
        )
    return draft.done()
