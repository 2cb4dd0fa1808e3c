"""The built-in encoder, with its real file: what vectors may be relied on for."""

from __future__ import annotations

import numpy as np
import pytest

from bench.fits.everyday import direction
from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder

TEXTS = ["高压水泵轴封泄漏的在线监测方法", "茶叶杀青机的温度自动控制", "耐腐蚀涂层" * 20, "a", ""]


@pytest.fixture(scope="module")
def encoder() -> BuiltinEncoder:
    return BuiltinEncoder()


def test_vectors_have_unit_length_whatever_the_text(encoder: BuiltinEncoder) -> None:
    vectors = encoder.encode(TEXTS, "passage")
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_neighbours(encoder: BuiltinEncoder) -> None:
    together = encoder.encode(TEXTS, "passage")
    alone = np.concatenate([encoder.encode([text], "passage") for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-6


def test_meaning_crosses_words_script_and_language(encoder: BuiltinEncoder) -> None:
    passages = encoder.encode(TEXTS[:2], "passage")
    for asked in ("泵漏水了怎么早点发现", "水泵軸封洩漏監測", "pump seal leakage monitoring"):
        first, second = passages @ encoder.encode([asked], "query")[0]
        assert first > second + 0.1, asked
    plain, other = (encoder.encode([text], "query") for text in ("铸件缺陷识别", "鑄件缺陷識別"))
    assert np.array_equal(plain, other)


def test_no_texts_give_no_rows(encoder: BuiltinEncoder) -> None:
    assert encoder.encode([], "passage").shape == (0, encoder.dimension)


def test_complaints_lose_their_tone_titles_and_records_keep_theirs(encoder: BuiltinEncoder) -> None:
    told = ["机器老是震,轴承三个月就坏一个", "家里的猫不吃饭好几天了"]
    titles = ["滚动轴承振动信号的故障诊断方法", "奶牛乳房炎抗性候选基因"]
    before, after = (
        rows @ encoder.talk
        for rows in (encoder.centred(told, "query"), encoder.encode(told, "query"))
    )
    assert (before > 0.5).all()
    assert (after < 0.5 * before).all()
    near = (encoder.centred(titles, "query") * encoder.encode(titles, "query")).sum(axis=1)
    assert (near > 0.97).all()
    assert np.array_equal(encoder.centred(told, "passage"), encoder.encode(told, "passage"))


def test_the_everyday_tone_is_what_the_sentences_give(encoder: BuiltinEncoder) -> None:
    assert float(direction() @ encoder.talk) == pytest.approx(1, abs=1e-5)
