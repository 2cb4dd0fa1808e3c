"""Pasted citations, numbers and abstracts. People, titles and journals are invented."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel.identifiers import make_patent_number
from yangbanjian.libraries.records.rules.bibtex import entries, plain
from yangbanjian.libraries.records.rules.citations import (
    IpNumber,
    Prefill,
    prefill,
    prefill_all,
)

NUMBER = "201810861934.2"


def read(text: str) -> tuple[Prefill, dict[str, Any]]:
    found = prefill(text)
    for guess in found.fields.values():
        assert text[slice(*guess.span)] == guess.source_snippet
    return found, {name: guess.value for name, guess in found.fields.items()}


BIBTEX = r"""% exported
@article{li2021cold,
  title = {Phase-change {Cold} Storage for {D}emand Response},
  author = {Li, Ming and M{\"u}ller, J{\"o}rg and Wang Fang and others},
  journal = "Journal of Imagined " # "Refrigeration",
  year = 2021, volume = {12}, number = {3},
  keywords = {cold store; phase change; load shifting},
  doi = {10.1234/JIR.2021.0003},
  abstract = {We cut energy by 31\% without stopping the store.}
}
"""


def test_bibtex() -> None:
    found, fields = read(BIBTEX)
    assert found.kind == "bibtex"
    assert found.problems == ()
    assert fields == {
        "title": "Phase-change Cold Storage for Demand Response",
        "abstract": "We cut energy by 31% without stopping the store.",
        "keywords": ("cold store", "phase change", "load shifting"),
        "completers": ("Ming Li", "Jörg Müller", "Wang Fang"),
        "year": 2021,
        "source": "Journal of Imagined Refrigeration",
        "doi": "10.1234/jir.2021.0003",
    }


def test_bibtex_patent_with_chinese_names() -> None:
    found, fields = read(
        "@patent{p, title={一种冷库蓄冷装置}, author={李, 明 and 王芳}, "
        f"number={{CN{NUMBER}}}, assignee={{虚构大学}}, date={{2018-08-01}}}}"
    )
    assert fields["completers"] == ("李明", "王芳")
    assert fields["ip"] == (IpNumber("invention", NUMBER),)
    assert fields["holder_name"] == "虚构大学"
    assert fields["year"] == 2018
    assert found.problems == ()


def test_bibtex_cut_off_and_several() -> None:
    cut = BIBTEX[: BIBTEX.index("without")]
    found, fields = read(cut)
    assert [p.code for p in found.problems] == ["citation.cut_off"]
    assert fields["title"].startswith("Phase-change")
    both = prefill(BIBTEX + BIBTEX)
    assert [p.code for p in both.problems] == ["citation.more"]
    assert "1 条" in both.problems[0].sentence
    assert len(prefill_all(BIBTEX + BIBTEX)) == 2


def test_bibtex_reads_around_an_unclosed_entry_in_bounded_time() -> None:
    assert len(entries("@article{a, title = {" * 2000)) <= 200
    assert plain(r"{\'e}t{\'e} \& \o{} \v{s}ab --- x~y") == "été & ø šab — x y"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[1] 李明, 王芳, 赵强, 等. 冷库相变蓄冷的运行优化[J]. "
            "虚构制冷学报, 2021, 42(3): 55-62.",
            {
                "title": "冷库相变蓄冷的运行优化",
                "completers": ("李明", "王芳", "赵强"),
                "year": 2021,
                "source": "虚构制冷学报",
            },
        ),
        (
            "李明，王芳．冷库相变蓄冷的运行优化［Ｊ］．虚构制冷学报，2021，42（3）：55-62．",
            {
                "title": "冷库相变蓄冷的运行优化",
                "completers": ("李明", "王芳"),
                "year": 2021,
                "source": "虚构制冷学报",
            },
        ),
        (
            "LI M, SMITH J A. Cold storage for the grid[J]. Imagined Energy, 2020, 5(2): 1-9.",
            {
                "title": "Cold storage for the grid",
                "completers": ("LI M", "SMITH J A"),
                "year": 2020,
                "source": "Imagined Energy",
            },
        ),
        (
            "Smith J., Doe A. Sensors v2.0 in air ducts[J/OL]. Imagined Air, 2019. "
            "https://doi.org/10.1234/abc.5",
            {
                "title": "Sensors v2.0 in air ducts",
                "completers": ("Smith J.", "Doe A"),
                "year": 2019,
                "source": "Imagined Air",
                "doi": "10.1234/abc.5",
            },
        ),
        (
            f"李明, 王芳. 一种冷库蓄冷装置: CN{NUMBER}[P]. 2018-12-04.",
            {
                "title": "一种冷库蓄冷装置",
                "completers": ("李明", "王芳"),
                "year": 2018,
                "ip": (IpNumber("invention", NUMBER),),
            },
        ),
        (
            "李明. 一种打印机: 中国, CN212345678U[P]. 2021-02-03.",
            {
                "title": "一种打印机",
                "completers": ("李明",),
                "year": 2021,
                "ip": (IpNumber("utility", "CN212345678U"),),
            },
        ),
        (
            "王芳. 儿科重症呼吸支持研究[D]. 上海: 虚构医科大学, 2019.",
            {
                "title": "儿科重症呼吸支持研究",
                "completers": ("王芳",),
                "year": 2019,
                "holder_name": "虚构医科大学",
                "source": "虚构医科大学",
            },
        ),
        (
            "虚构大学. 一种降噪装置: 201810861934.2[P]. 2019-01-01.",
            {
                "title": "一种降噪装置",
                "holder_name": "虚构大学",
                "year": 2019,
                "ip": (IpNumber("invention", NUMBER),),
            },
        ),
        (
            "LI M, WANG F, et al. Cold air[C]//Proceedings of Imagined Refrigeration. 2017: 5-9.",
            {
                "title": "Cold air",
                "completers": ("LI M", "WANG F"),
                "year": 2017,
                "source": "Proceedings of Imagined Refrigeration",
            },
        ),
        (
            "赵强. 绿色印刷导论[M]. 2版. 北京: 虚构出版社, 2015: 20-31.",
            {
                "title": "绿色印刷导论",
                "completers": ("赵强",),
                "year": 2015,
                "source": "虚构出版社",
            },
        ),
    ],
)
def test_gbt7714(text: str, expected: dict[str, Any]) -> None:
    found, fields = read(text)
    assert found.kind == "gbt7714"
    assert fields == expected


def test_a_wrong_patent_number_is_kept_and_told() -> None:
    found, fields = read("李明. 一种冷库蓄冷装置: 201810861934.3[P]. 2018-12-04.")
    assert fields["title"] == "一种冷库蓄冷装置"
    assert fields["ip"] == (IpNumber("", "201810861934.3"),)
    assert [p.code for p in found.problems] == ["patent.check_digit"]


def test_apa_and_ieee() -> None:
    found, fields = read(
        "Li, M., Müller, J.-P., & Wang, F. (2021). Cold storage for the grid: a 2.0 view. "
        "Imagined Energy, 12(3), 45–67. https://doi.org/10.1234/ie.77"
    )
    assert found.kind == "apa"
    assert fields == {
        "title": "Cold storage for the grid: a 2.0 view",
        "completers": ("M. Li", "J.-P. Müller", "F. Wang"),
        "year": 2021,
        "source": "Imagined Energy",
        "doi": "10.1234/ie.77",
    }
    found, fields = read(
        'M. Li, J. Smith, and F. Wang, "Cold storage for the grid," Imagined Trans. Power, '
        "vol. 12, no. 3, pp. 45-67, Mar. 2021."
    )
    assert found.kind == "ieee"
    assert fields["completers"] == ("M. Li", "J. Smith", "F. Wang")
    assert (fields["title"], fields["year"]) == ("Cold storage for the grid", 2021)


@pytest.mark.parametrize("typed", [f" ZL{NUMBER}\n", f"专利号：{NUMBER}", "ZL 2018 1 0861934.2"])
def test_a_bare_patent_number(typed: str) -> None:
    found, fields = read(typed)
    assert found.kind == "patent_number"
    assert fields == {"year": 2018, "ip": (IpNumber("invention", NUMBER),)}
    assert [p.code for p in found.problems] == ["citation.number_only", "citation.no_title"]


def test_bare_doi_and_software_number() -> None:
    found, fields = read("https://doi.org/10.1234/ABC")
    assert (found.kind, fields) == ("doi", {"doi": "10.1234/abc"})
    found, fields = read("2021SR0123456")
    assert found.kind == "software_number"
    assert fields == {"year": 2021, "ip": (IpNumber("software", "2021SR0123456"),)}


def test_labelled_page() -> None:
    number = make_patent_number(7, year=2022)
    found, fields = read(
        f"发明名称：一种冷库蓄冷装置\n申请号：{number}\n申请日：2022-05-06\n"
        "申请（专利权）人：虚构大学\n发明人：李明；王芳\n"
        "摘要：本发明公开了一种装置。\n它由三部分组成。\n关键词：冷库；蓄冷"
    )
    assert found.kind == "labelled"
    assert fields == {
        "title": "一种冷库蓄冷装置",
        "abstract": "本发明公开了一种装置。\n它由三部分组成。",
        "keywords": ("冷库", "蓄冷"),
        "completers": ("李明", "王芳"),
        "year": 2022,
        "ip": (IpNumber("invention", number),),
        "holder_name": "虚构大学",
    }


def test_title_line_and_bracketed_abstract() -> None:
    _, fields = read(
        "冷库相变蓄冷的运行优化\n【摘要】针对能耗高的问题，提出方法。\n【关键词】冷库,蓄冷"
    )
    assert fields["title"] == "冷库相变蓄冷的运行优化"
    assert fields["abstract"] == "针对能耗高的问题，提出方法。"
    assert fields["keywords"] == ("冷库", "蓄冷")


def test_a_list_of_references_with_spans_in_the_whole_text() -> None:
    text = (
        "参考文献\n[1] 李明. 甲方法研究[J]. 虚构学报, 2020, 1(1): 1.\n"
        "[2] 王芳. 乙装置[D]. 上海: 虚构大学, 2019."
    )
    found, fields = read(text)
    assert fields["title"] == "甲方法研究"
    assert [p.code for p in found.problems] == ["citation.more"]
    second = prefill_all(text)[1]
    assert {name: guess.value for name, guess in second.fields.items()} == {
        "title": "乙装置",
        "completers": ("王芳",),
        "year": 2019,
        "holder_name": "虚构大学",
        "source": "虚构大学",
    }
    for guess in second.fields.values():
        assert text[slice(*guess.span)] == guess.source_snippet


def test_a_reference_with_its_abstract_below() -> None:
    found, fields = read(
        "李明, 王芳. 冷库相变蓄冷的运行优化[J]. 虚构制冷学报, 2021, 42(3): 55-62.\n"
        "摘要：针对能耗高的问题，提出方法。\n关键词：冷库；蓄冷\n作者单位：虚构大学"
    )
    assert found.kind == "gbt7714"
    assert fields["abstract"] == "针对能耗高的问题，提出方法。"
    assert fields["holder_name"] == "虚构大学"
    assert fields["completers"] == ("李明", "王芳")
    assert found.problems == ()


@pytest.mark.parametrize(
    "prose",
    [
        "本项目针对冷库能耗高的问题(2021年)提出方法。试验表明能耗下降。效果稳定可靠。",
        "某团队的方法(2021)解决了冷库能耗问题。试验表明能耗下降。效果稳定可靠，已用三年。",
        "The method (2021) cuts energy. Tests show it. It has been used for three years now.",
        "所谓“样板间”, “卖场”和“地摊”，是三种不同的组织方式，本文比较其成本与收益，并给出建议。",
        "The molecular ion [M]+ was found in 3 samples, and its mass agrees with the calculation.",
    ],
)
def test_prose_with_brackets_and_quotes_is_an_abstract(prose: str) -> None:
    found, fields = read(prose)
    assert found.kind == "abstract"
    assert list(fields) == ["abstract"]


def test_names_below_a_title() -> None:
    _, fields = read(
        "Deep cold storage\nM. Li, J. Wang\nAbstract: We study stores.\nKeywords: cold"
    )
    assert fields["completers"] == ("M. Li", "J. Wang")
    _, fields = read("冷库研究\n李明，王芳\n摘要：提出方法。")
    assert fields["completers"] == ("李明", "王芳")
    _, fields = read("冷库研究\n面向第三方物流的冷库群\n摘要：提出方法。")
    assert "completers" not in fields


def test_plain_abstract_with_and_without_title_line() -> None:
    body = "针对冷库能耗高的问题，提出一种相变蓄冷方法。试验表明能耗下降。"
    found, fields = read(f"冷库相变蓄冷\n\n{body}")
    assert found.kind == "abstract"
    assert fields["title"] == "冷库相变蓄冷"
    assert fields["abstract"].startswith("针对冷库")
    found, fields = read(body)
    assert list(fields) == ["abstract"]
    assert [p.code for p in found.problems] == ["citation.no_title"]


@pytest.mark.parametrize("text", ["", "   \n", "\u3000"])
def test_nothing_pasted(text: str) -> None:
    found, fields = read(text)
    assert (found.kind, fields) == ("", {})
    assert [p.code for p in found.problems] == ["citation.empty"]


PIECES = st.lists(
    st.sampled_from(
        ["@article{", "a,", "title", "=", "{", "}", '"', "李明", ". ", "[J]", "[P]", "2020", ",",
         "(", ")", "\n", "摘要：", "题名:", NUMBER, "10.1234/a", "J. ", "&", "\\", "#", "：",
         "😀", "\u202e"]
    ),
    max_size=25,
)  # fmt: skip


@given(st.one_of(PIECES.map("".join), st.text(max_size=120)))
def test_nothing_raises_and_every_guess_shows_its_place(text: str) -> None:
    found, fields = read(text)
    assert all(fields.values())
    assert all("请" in problem.sentence for problem in found.problems if "citation" in problem.code)
    for each in prefill_all(text):
        assert len(each.fields) <= 9


def test_a_megabyte_is_read_in_time() -> None:
    for text in (
        "字" * 10**6,
        "@a{b,c={" * 10**5,
        "a. " * 3 * 10**5,
        "摘要：" * 3 * 10**5,
        "王芳 (2020) " + "a.b" * 450,
        "A, " * 400,
        'A, "' * 300,
        "[J]\n" * 10**5,
    ):
        assert prefill(text).kind
