"""The catalogues are whole, and what checks them sees each kind of fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from yangbanjian.faces.cli.sentences import collect, placeholders
from yangbanjian.faces.cli.translations import missing, po_path, terms, update


def test_every_sentence_is_translated() -> None:
    assert missing() == []


def test_what_runs_reads_the_compiled_files() -> None:
    with translation.override("en"):
        assert translation.gettext("需求") == "Demands"
        assert translation.ngettext("%(n)d 天前", "%(n)d 天前", 1) == "%(n)d day ago"
        assert translation.ngettext("%(n)d 天前", "%(n)d 天前", 2) == "%(n)d days ago"
    with translation.override("zh-hant"):
        assert translation.gettext("登录") == "登入"
    with translation.override("zh-hans"):
        assert translation.gettext("登录") == "登录"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A product of two files: five sentences."""
    (tmp_path / "p" / "templates").mkdir(parents=True)
    (tmp_path / "p" / "a.py").write_text(
        'A = gettext_noop("软件有" "%(n)d 件")\nB = ngettext_noop("%(n)d 项", "%(n)d 项")\n'
        'print("没有标记")\nC = pgettext("menu", "打开")\n',
        encoding="utf-8",
    )
    (tmp_path / "p" / "templates" / "b.html").write_text(
        '{% translate "打开" %}{% blocktranslate with n=x.y trimmed %}\n  第 {{ n }} 页\n'
        "{% endblocktranslate %}{% comment %}{% translate '不算' %}{% endcomment %}"
        "{{ _('尾巴')|upper }}",
        encoding="utf-8",
    )
    return tmp_path / "p"


def test_collects_marked_sentences_of_python_and_templates(package: Path) -> None:
    found = {(s.context, s.text, bool(s.many)) for s in collect(package)}
    assert found == {
        ("", "软件有%(n)d 件", False),
        ("", "%(n)d 项", True),
        ("menu", "打开", False),
        ("", "打开", False),
        ("", "第 %(n)s 页", False),
        ("", "尾巴", False),
    }


def test_places_are_named_ones_only() -> None:
    assert placeholders("100%% 的 %(n)d 与 {who}，{ 不算 }") == {"%(n)d", "{who}"}


def _translate(path: Path, **strings: str) -> None:
    """Fill in translations of single sentences by their ids."""
    text = path.read_text(encoding="utf-8")
    for source, target in strings.items():
        text = text.replace(f'msgid "{source}"\nmsgstr ""', f'msgid "{source}"\nmsgstr "{target}"')
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "target", "fault"),
    [
        ("en", "", "en: empty: 软件有%(n)d 件"),
        ("en", "%(m)d programs", "en: places differ: 软件有%(n)d 件"),
        ("en", "%(n)d programs", "en: compiled file is stale"),
        ("zh_Hant", "软體有%(n)d 件", "zh_Hant: simplified 「软」"),
        ("zh_Hant", "軟件有%(n)d 件", "zh_Hant: 「軟件」 for 「軟體」"),
    ],
)
def test_names_each_fault(
    package: Path, tmp_path: Path, language: str, target: str, fault: str
) -> None:
    locale = tmp_path / "locale"
    assert update(package, locale) == {"zh_Hant": 6, "en": 6}
    _translate(po_path(locale, language), **{"软件有%(n)d 件": target})
    lines = [line for line in missing(package, locale) if line.startswith(fault)]
    assert lines, missing(package, locale)


def test_names_fuzzy_new_and_gone_sentences(package: Path, tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    update(package, locale)
    path = po_path(locale, "en")
    _translate(path, 尾巴="Tail")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('msgid "尾巴"', '#, fuzzy\nmsgid "尾巴"'), encoding="utf-8")
    (package / "a.py").write_text('D = _("新的")\n', encoding="utf-8")
    lines = missing(package, locale)
    assert any(line.startswith("en: fuzzy: 尾巴") for line in lines)
    assert any(line.startswith("en: missing: 新的") for line in lines)
    assert "en: no longer said: 软件有%(n)d 件" in lines


def test_update_keeps_translations_and_changes_nothing_twice(package: Path, tmp_path: Path) -> None:
    locale = tmp_path / "locale"
    update(package, locale)
    _translate(po_path(locale, "en"), 尾巴="Tail")
    assert update(package, locale) == {"zh_Hant": 6, "en": 5}
    before = po_path(locale, "en").read_bytes()
    assert update(package, locale)["en"] == 5
    assert po_path(locale, "en").read_bytes() == before


def test_glossary_terms_are_traditional_and_differ_from_what_is_never_said() -> None:
    assert len(terms()) > 80
    assert all(term.hant != term.never for term in terms())
    assert len({term.source for term in terms()}) == len(terms())
