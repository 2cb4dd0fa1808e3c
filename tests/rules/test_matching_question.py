"""Reading a sentence: folding, the talk of buying, sounds, evidence."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yangbanjian.engines.matching import rules
from yangbanjian.engines.matching.index import Change, MatchIndex
from yangbanjian.engines.matching.rules.everyday import technical
from yangbanjian.engines.matching.rules.evidence import (
    NOTHING_BELOW,
    Measures,
    evidence,
    stands_out,
)
from yangbanjian.engines.matching.rules.folding import fold, simplify
from yangbanjian.engines.matching.rules.procurement import essence, is_asking
from yangbanjian.engines.matching.rules.question import WEIGHT_OF_GUESS, question
from yangbanjian.engines.matching.rules.scores import Spread, spread_of
from yangbanjian.engines.matching.rules.sounds import sound
from yangbanjian.engines.matching.rules.tokens import count, count_record, term_key

LONG = (
    "某机械有限公司技术需求征集表。我公司成立于2009年，拥有员工三百余人，是高新技术企业。"
    "目前大型水轮机叶片空蚀严重，急需耐空蚀涂层的制备工艺。合作方式：技术转让、联合开发均可，费用面议。"
)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_simplifying_keeps_every_place(text: str) -> None:
    assert len(simplify(text)) == len(text)
    assert len(sound(text)) == len(text)


def test_the_buyer_and_the_deal_are_cut_away() -> None:
    core = essence(LONG)
    for kept in ("水轮机", "空蚀", "涂层"):
        assert kept in core
    for gone in ("公司", "员工", "合作", "面议", "征集"):
        assert gone not in core


@pytest.mark.parametrize(
    "title", ["财政预算管理研究", "专利合作网络的演化", "企业技术需求识别方法"]
)
def test_a_title_about_buying_keeps_its_words(title: str) -> None:
    assert not is_asking(title)
    assert essence(title) == title


@pytest.mark.parametrize("text", ["我公司急需技术", "求助", "有没有办法"])
def test_a_sentence_that_says_nothing_else_stays_as_it_is(text: str) -> None:
    assert essence(text) == text


def test_talk_keeps_a_fifth_of_its_weight() -> None:
    terms = question("我公司急需耐空蚀涂层").terms
    assert terms["b空蚀"] == pytest.approx(1.2)
    assert terms["b急需"] == pytest.approx(0.2)
    assert question("耐空蚀涂层").terms["b空蚀"] == 1.0


def test_words_of_taiwan_are_asked_in_both_usages() -> None:
    asked = question("影像軟體的數位校正")
    assert {"b软件", "b数字", "b软体", "b数位"} <= set(asked.terms)
    assert asked.texts == ("影像软件的数字校正",)
    assert question("序列分析").texts == ("序列分析",)


def test_terms_of_both_views() -> None:
    counted = count("CNN 识别铸件，铸件")
    assert counted.terms["lcnn"] == 1
    assert counted.terms["b铸件"] == 2
    assert counted.terms["c铸"] == 2
    assert counted.terms["w铸件"] == 2
    assert (counted.characters, counted.words) == (6 + 4 + 1, 3 + 4 + 1)
    assert "b件铸" not in counted.terms


def test_sounds_add_no_length() -> None:
    plain, heard = count("回热器"), count_record("回热器")
    assert (plain.characters, plain.words) == (heard.characters, heard.words)
    assert len(heard.terms) == len(plain.terms) + 2


def test_term_names_are_fixed_for_ever() -> None:
    assert term_key("b铸件") == 10538212735883717925


def test_a_misheard_word_is_found_by_its_sound(tmp_path: Path) -> None:
    index = MatchIndex.open(tmp_path)
    index.refresh(
        [Change(1, 1, "微型燃气轮机回热器的流动与传热"), Change(2, 1, "会议室声学设计与音响")]
    )
    assert index.search("会热器")[0].key == 1


@pytest.mark.parametrize("likeness", [None, 0.2, 0.6])
def test_more_coverage_is_more_evidence(likeness: float | None) -> None:
    above = None if likeness is None else 3.0
    values = [evidence(Measures(share / 10, likeness, above)) for share in range(11)]
    assert values == sorted(values)
    assert 0 < values[0] < values[-1] < 1


def test_more_likeness_and_standing_out_are_more_evidence() -> None:
    near = [evidence(Measures(0.3, likeness / 10, 3.0)) for likeness in range(11)]
    high = [evidence(Measures(0.3, 0.4, float(above))) for above in range(9)]
    assert near == sorted(near)
    assert near[0] < near[-1]
    assert high == sorted(high)
    assert high[0] < high[-1]


def test_a_small_library_is_judged_by_the_usual_spread() -> None:
    alone = stands_out(0.45, spread_of(np.array([0.45])))
    assert alone == pytest.approx(5.0, abs=0.1)
    assert stands_out(0.45, Spread()) == 5.0
    wide = np.random.default_rng(3).normal(0.1, 0.2, 100_000)
    assert stands_out(0.5, spread_of(wide)) == pytest.approx(2.0, abs=0.05)


def test_everyday_requests_find_nothing_here(tmp_path: Path) -> None:
    index = MatchIndex.open(tmp_path)
    index.refresh([Change(1, 1, "高压水泵轴封泄漏的在线监测"), Change(2, 1, "茶叶杀青机")])
    assert index.find("周末去哪里吃火锅").nothing_here
    assert index.find("周末去哪里吃火锅").evidence < NOTHING_BELOW
    assert not index.find("水泵轴封泄漏监测").nothing_here


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("炉墙越烧越薄", "侵蚀"),
        ("小猪老拉稀", "腹泻"),
        ("機器老是震", "振动"),
        ("轴承用不了几个月", "寿命"),
    ],
)
def test_everyday_words_are_asked_in_the_words_of_papers(said: str, meant: str) -> None:
    asked = question(said)
    assert asked.terms[f"b{meant[:2]}"] == WEIGHT_OF_GUESS
    assert meant in asked.texts[0]


def test_what_is_guessed_is_no_part_of_what_must_be_covered(tmp_path: Path) -> None:
    index = MatchIndex.open(tmp_path)
    index.refresh([Change(1, 1, "老拉稀的小猪"), Change(2, 1, "仔猪腹泻")])
    found = index.find("老拉稀的小猪")
    assert found.measures == Measures(1.0)
    assert {hit.key for hit in found.hits} == {1, 2}


def test_what_is_guessed_never_outweighs_what_is_said() -> None:
    assert question("小猪腹泻拉稀").terms["b腹泻"] == 1.0
    assert "腹泻" not in technical("小猪腹泻拉稀")


@pytest.mark.parametrize("text", ["重排产物的活性", "茎秆力学性能", "汶川地震的震源机制", ""])
def test_an_everyday_word_inside_another_is_none(text: str) -> None:
    assert technical(text) == ()


def test_a_page_pasted_whole_asks_for_a_few_names_only() -> None:
    assert len(technical("，".join(["漏油", "生锈", "费电", "拉稀", "发霉", "堵住"] * 9))) <= 12


def test_the_table_of_everyday_words_is_sound() -> None:
    rows = files(rules).joinpath("everyday.tsv").read_text("utf-8").splitlines()[1:]
    for row in rows:
        said, names = (side.split() for side in row.split("\t"))
        assert said, row
        assert names, row
        assert all(fold(one) == one for one in said), row


def test_the_essence_is_encoded_beside_a_sentence_that_speaks_mostly_of_buying() -> None:
    bought = question(
        "我单位因生产需要现面向社会公开征集技术方案,欢迎有实力的高校和科研院所与我们联系洽谈合作:油田污水除油"
    )
    said = question("油田污水含油太高,想找一种除油的办法")

    assert len(bought.texts) == 2
    assert "油田污水" in bought.texts[1]
    assert len(said.texts) == 1
