"""Cleaning, folding, nearness and editorial hints."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel import text as words

LONG = (
    "针对冷库夜间能耗高的问题，采用相变蓄冷与变频联动控制，"
    "在不停库的条件下将单位能耗由 96 降到 66。"
)


def test_controls_and_direction_overrides_go_and_lines_stay() -> None:
    assert words.clean_text("a\u202eb\x00c\r\n\r\n\r\n\r\nd\u2066 \t e") == "abc\n\nd e"
    assert words.clean_line("一种\n  新型\u200b材料\ufeff ") == "一种 新型材料"


def test_cap_counts_code_points_and_emoji_stay_whole() -> None:
    assert words.clean_text("😀" * 10, cap=3) == "😀😀😀"
    assert len(words.clean_line("字" * 1_000_000)) == 300
    assert words.clean_line("👩\u200d🔬") == "👩\u200d🔬"


@given(st.text(max_size=200), st.integers(1, 50))
def test_cleaning_twice_changes_nothing_and_no_control_is_left(text: str, cap: int) -> None:
    once = words.clean_text(text, cap=cap)
    assert words.clean_text(once, cap=cap) == once
    assert len(once) <= cap
    assert not [c for c in once if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert "\n" not in words.clean_line(text)


def test_fold_joins_full_width_and_case() -> None:
    assert words.fold("ＡＢＣ　１２３\tÉ") == "abc 123 é"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("冷库能耗高。我们采用相变材料。", "冷库能耗高"),
        ("精度为 3.5 微米。好", "精度为 3.5 微米"),
        ("We cut 3.5 microns. Then more.", "We cut 3.5 microns"),
        ("第一行\n第二行", "第一行"),
        ("", ""),
    ],
)
def test_first_sentence(text: str, sentence: str) -> None:
    assert words.first_sentence(text) == sentence


def test_similarity_ignores_case_width_and_punctuation() -> None:
    assert words.similarity("相变蓄冷，ABC", "相变蓄冷 ａｂｃ。") == 1.0
    assert words.similarity("", "") == 0.0
    # 甲乙丙丁 -> 3 pairs, 乙丙丁戊 -> 3 pairs, 2 in common of 4.
    assert words.similarity("甲乙丙丁", "乙丙丁戊") == 0.5


def test_near_duplicates_share_a_band_and_strangers_do_not() -> None:
    near = LONG.replace("夜间", "晚间")
    assert words.similarity(LONG, near) > 0.85
    assert set(words.bands(words.signature(LONG))) & set(words.bands(words.signature(near)))
    far = "一种用于儿科重症监护的无创呼吸支持装置及其压力自适应算法，已在三家医院完成临床验证。"
    assert words.similarity(LONG, far) < 0.1
    assert not set(words.bands(words.signature(LONG))) & set(words.bands(words.signature(far)))


def test_signature_is_fixed_because_it_is_stored() -> None:
    assert words.signature("样板间")[:3] == (131010221, 752759537, 2966321654)
    assert words.signature("，。") == ()
    assert words.bands(()) == ()
    assert all(-(2**63) <= key < 2**63 for key in words.bands(words.signature(LONG)))


@given(
    st.lists(st.sampled_from("甲乙丙丁戊己庚辛壬癸子丑寅卯"), min_size=20, max_size=60), st.data()
)
def test_signatures_estimate_similarity(letters: list[str], draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(letters) - 2))
    a, b = "".join(letters), "".join(letters[cut:])
    one, other = words.signature(a), words.signature(b)
    estimate = sum(x == y for x, y in zip(one, other, strict=True)) / len(one)
    # 32 places: the standard error is at most 0.09; the examples are the same in every run.
    assert abs(estimate - words.similarity(a, b)) < 0.35


@given(st.lists(st.text(max_size=80), max_size=70))
def test_many_fingerprints_are_those_of_each(texts: list[str]) -> None:
    texts = [*texts, "", "，。", "样", LONG]
    assert words.bands_of(texts) == [list(words.bands(words.signature(t))) for t in texts]
    assert words.bands_of([]) == []


@given(
    st.text(
        st.one_of(st.sampled_from(" \n\t\u3000\u200b\xada\u0301"), st.characters()), max_size=20
    )
)
def test_what_looks_clean_is_what_cleaning_makes(text: str) -> None:
    # An unseen character at the end goes, and keeps the quick way from being taken.
    assert words.clean_text(text, cap=12) == words.clean_text(text + "\x00", cap=12)
    assert words.clean_line(text, cap=12) == words.clean_line(text + "\x00", cap=12)


def codes(text: str, field: str = "abstract") -> list[str]:
    return [hint.code for hint in words.hints(text, field)]


def test_boasts_and_vague_words_want_a_number() -> None:
    assert "boast_without_number" in codes("本成果达到国际领先水平。" + LONG)
    assert "boast_without_number" in codes("本成果填補了國內空白。" + LONG)
    assert "vague_without_number" in codes("显著提高良品率。" + LONG)
    assert codes("显著提高良品率，由 91% 升到 97%，国际领先（查新报告 2024-118）。" + LONG) == []
    assert codes("大幅降低能耗，降幅达两成。" + LONG) == []


def test_span_points_at_the_words() -> None:
    text = "数值 3。" + "效果国内首创，好。" + LONG
    hint = words.hints(text, "abstract")[0]
    assert hint.span is not None
    assert text[slice(*hint.span)] == "国内首创"
    assert "国内首创" in hint.advice


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("请联系 zhang.san@example.cn", "contact.email"),
        ("电话１３８００００１２３４", "contact.phone"),
        ("电话 +86 138-0000-1234", "contact.phone"),
        ("致电 021-65640000", "contact.phone"),
        ("微信：demo_2024", "contact.chat"),
        ("加V说 QQ 1234567", "contact.chat"),
    ],
)
def test_contacts_do_not_belong_in_public_text(text: str, code: str) -> None:
    assert code in codes(text, "remark")


@pytest.mark.parametrize(
    "text",
    [
        "专利 201810861934.2",
        "基于VxWorks 与 WeChat Pay 的系统",
        "误差 0.13812345678 毫米",
        "微信小程序开发",
    ],
)
def test_what_is_not_a_contact(text: str) -> None:
    assert codes(text, "remark") == []


def test_short_and_shouting() -> None:
    assert codes("冷库", "title") == ["too_short"]
    assert "2 个字" in words.hints("冷库", "title")[0].advice
    assert codes("ENERGY SAVING COLD STORE", "title") == ["all_caps"]
    assert codes("", "title") == []


@given(st.text(max_size=300))
def test_hints_never_raise_and_spans_are_inside(text: str) -> None:
    for hint in words.hints(text, "abstract"):
        assert hint.span is None or 0 <= hint.span[0] < hint.span[1] <= len(text)
        assert hint.advice
