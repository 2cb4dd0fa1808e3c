"""Finding, without a database: the same records give the same answer, whatever happened before."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yangbanjian.engines.matching.index import (
    Change,
    Hit,
    MatchIndex,
    VectorStore,
    content_key,
    library,
)
from yangbanjian.engines.matching.index.batch import judged, match_batch, write_run
from yangbanjian.engines.matching.index.segment import Entry, Segment, build, merge
from yangbanjian.engines.matching.rules.scores import Candidates, combine, fuse, worth_reading

TEXTS = [
    "高压水泵轴封泄漏的在线监测方法，采用声发射信号与小波变换",
    "一种低温固化的水性环氧防腐涂料，适用于海上平台钢结构",
    "卷积神经网络（CNN）用于铸件表面缺陷识别",
    "冷链物流车厢温度场的数值模拟与节能控制",
    "Cu-Zr 基块体非晶合金的退火与力学性能",
    "污水处理厂曝气系统的节能优化控制",
    "茶叶杀青机的温度自动控制装置",
    "锂离子电池负极材料硅碳复合物的制备",
]
QUESTIONS = [
    "水泵漏水怎么监测",
    "防腐涂料",
    "铸件缺陷识别 CNN",
    "节能控制",
    "我公司急需电池负极材料",
]


class LetterEncoder:
    """A stand-in whose meaning one can check: counts of characters in 64 buckets."""

    model = "letters/1"
    dimension = 64

    def encode(self, texts: list[str], kind: str) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for sign in text.lower():
                row[ord(sign) % self.dimension] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def store(folder: Path, texts: list[str]) -> VectorStore:
    encoder = LetterEncoder()
    vectors = VectorStore(folder, encoder.model, encoder.dimension)
    keys = [content_key(encoder.model, "passage", text) for text in texts]
    vectors.put(keys, encoder.encode(texts, "passage"))
    return vectors


def filled(folder: Path, texts: dict[int, str], vectors: VectorStore | None = None) -> MatchIndex:
    index = MatchIndex.open(folder, vectors)
    index.refresh([Change(key, 1, text, key) for key, text in texts.items()])
    return index


def answers(index: MatchIndex, **how: object) -> list[list[Hit]]:
    return [index.search(text, **how) for text in QUESTIONS]  # type: ignore[arg-type]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7) | st.none()), max_size=24))
def test_any_history_ends_in_the_same_scores_as_a_fresh_index(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[int, int | None]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    index = MatchIndex.open(folder / "lived")
    final: dict[int, str] = {}
    for seq, (key, text) in enumerate(history):
        index.refresh([Change(key, 1, None if text is None else TEXTS[text], seq)])
        final.pop(key, None)
        if text is not None:
            final[key] = TEXTS[text]
        if seq == len(history) // 2:
            index.compact()
    fresh = filled(folder / "fresh", dict(sorted(final.items(), reverse=True)))
    assert len(index) == len(final)
    assert answers(index) == answers(fresh)
    index.compact()
    assert answers(index) == answers(fresh)


def test_parts_are_six_decimals_and_sum_to_the_score(tmp_path: Path) -> None:
    vectors = store(tmp_path / "v", TEXTS)
    index = filled(tmp_path / "i", dict(enumerate(TEXTS)), vectors)
    found = [hit for hits in answers(index, encoder=LetterEncoder()) for hit in hits]
    assert found
    for hit in found:
        assert round(sum(hit.parts.values()), 6) == hit.score
        assert all(round(part, 6) == part for part in hit.parts.values())
    assert any(hit.parts["meaning"] for hit in found)


def test_terms_explain_the_words_of_the_best_record(tmp_path: Path) -> None:
    index = filled(tmp_path, dict(enumerate(TEXTS)))
    best = index.search("锂离子电池负极")[0]
    assert best.key == 7
    assert {"负极", "电池"} <= {term for term, _ in best.terms}
    assert all(value > 0 for _, value in best.terms)


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("铸件表面缺陷识别", "鑄件表面缺陷識別"),
        ("卷积神经网络 cnn", "卷積神經網絡 ＣＮＮ"),
        ("cu-zr 非晶合金", "Ｃｕ－Ｚｒ\u200b 非晶合金"),
        ("污水处理节能", "污水處理節能"),
    ],
)
def test_script_width_and_case_make_no_difference(tmp_path: Path, plain: str, other: str) -> None:
    index = filled(tmp_path, dict(enumerate(TEXTS)))
    assert index.search(plain) == index.search(other)
    assert index.search(plain)


def test_removed_records_vanish_and_leave_no_trace(tmp_path: Path) -> None:
    index = filled(tmp_path / "a", dict(enumerate(TEXTS)))
    index.refresh([Change(1, 1, None)])
    assert 1 not in [hit.key for hit in index.search("水性环氧防腐涂料")]
    never = filled(tmp_path / "b", {key: text for key, text in enumerate(TEXTS) if key != 1})
    assert answers(index) == answers(never)


def test_equal_records_come_in_order_of_their_keys(tmp_path: Path) -> None:
    index = filled(tmp_path, dict.fromkeys((9, 3, 6), TEXTS[0]) | {1: TEXTS[1]})
    assert [hit.key for hit in index.search("水泵轴封泄漏")][:3] == [3, 6, 9]


def test_a_batch_gives_what_single_questions_give(tmp_path: Path) -> None:
    some = random.Random(4)
    texts = ["，".join(some.sample(TEXTS, 3)) for _ in range(60)]
    encoder = LetterEncoder()
    index = filled(tmp_path / "i", dict(enumerate(texts)), store(tmp_path / "v", texts[:40]))
    for how in ({}, {"encoder": encoder}):
        single = answers(index, limit=20, **how)
        batch = list(match_batch(QUESTIONS, index, top=20, **how))
        for hits, ranked in zip(single, batch, strict=True):
            assert [hit.key for hit in hits] == ranked.keys.tolist()
            assert [hit.score for hit in hits] == ranked.scores.tolist()


def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    index = filled(tmp_path / "i", dict(enumerate(TEXTS)), store(tmp_path / "v", TEXTS))
    many = [f"{text}{n}" for n in range(20) for text in QUESTIONS]
    one = match_batch(many, index, encoder=LetterEncoder())
    two = match_batch(many, index, encoder=LetterEncoder(), processes=2)
    for first, second in zip(one, two, strict=True):
        assert first.keys.tolist() == second.keys.tolist()
        assert first.scores.tolist() == second.scores.tolist()


def test_a_run_is_in_the_format_of_trec(tmp_path: Path) -> None:
    index = filled(tmp_path, dict(enumerate(TEXTS)))
    asked = ["防腐涂料"]
    with (tmp_path / "run").open("w") as out:
        ranked = judged(asked, index, match_batch(asked, index, top=2))
        lines = write_run(out, ["q 1"], ranked, dict.fromkeys(range(8), "d x"))
    rows = [line.split(" ") for line in (tmp_path / "run").read_text().splitlines()]
    assert lines == len(rows) > 0
    assert rows[0][:4] == ["q_1", "Q0", "d_x", "1"]
    assert rows[0][5] == "ybj"
    # The best one's score is what speaks for it, so that questions compare.
    assert float(rows[0][4]) == pytest.approx(index.find(asked[0], limit=2).evidence, abs=1e-6)


def test_only_allowed_kinds_and_records_are_shown(tmp_path: Path) -> None:
    index = MatchIndex.open(tmp_path)
    index.refresh([Change(key, key % 2, text) for key, text in enumerate(TEXTS)])
    assert {hit.key % 2 for hit in index.search("节能控制温度", kinds=[1])} == {1}
    shown = index.search("节能控制温度", allowed=lambda keys: keys == 5)
    assert [hit.key for hit in shown] == [5]


def test_a_hidden_record_does_not_scale_the_others(tmp_path: Path) -> None:
    index = filled(tmp_path, dict(enumerate(TEXTS)))
    shown = index.search("污水处理厂曝气系统的节能优化控制", allowed=lambda keys: keys != 5)
    assert shown[0].parts["characters"] == pytest.approx(1 / 1.6, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["", " ", "。", "😀", "\u202e\x00", "泵", "<script>", "=1+1", "泵" * 9999]
)
def test_any_text_is_answered(tmp_path: Path, text: str) -> None:
    vectors = store(tmp_path / "v", TEXTS)
    index = filled(tmp_path / "i", dict(enumerate(TEXTS)), vectors)
    for hit in index.search(text, encoder=LetterEncoder()):
        assert np.isfinite(hit.score)
    assert MatchIndex.open(tmp_path / "empty").search(text) == []


def test_another_process_follows_a_new_base_and_keeps_its_news(tmp_path: Path) -> None:
    writer = filled(tmp_path, dict(enumerate(TEXTS[:4])))
    writer.compact()
    reader = MatchIndex.open(tmp_path)
    assert reader.seq == writer.seq == 3
    reader.refresh([Change(7, 1, TEXTS[7], 9)])
    writer.refresh([Change(5, 1, TEXTS[5], 5)])
    writer.compact()
    assert reader.follow()
    assert reader.search("锂离子电池")[0].key == 7
    assert reader.search("曝气系统")[0].key == 5
    assert not reader.follow()


def test_without_vectors_the_ranking_is_the_lexical_one(tmp_path: Path) -> None:
    index = filled(tmp_path / "i", dict(enumerate(TEXTS)), store(tmp_path / "v", ["别的"]))
    assert answers(index, encoder=LetterEncoder()) == answers(index)
    assert index.missing().tolist() == list(range(8))


def test_two_names_of_one_thing_are_learnt_from_the_records(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: "采用支持向量机的故障诊断", 2: "某些轴承的润滑", 3: "svm 入门"})
    before = [hit.key for hit in index.search("SVM")]
    assert before == [3]
    learnt = index.teach(
        ["本文采用支持向量机（SVM）分类", "基于支持向量机(SVM)的方法", "一次也没有(ABC)"]
    )
    assert learnt == 1
    assert [hit.key for hit in index.search("SVM")] == [3, 1]
    assert {hit.key for hit in index.search("支持向量机")} == {1, 3}
    other = MatchIndex.open(tmp_path)
    assert other.ask("SVM") == index.ask("SVM")


def test_merging_segments_is_building_at_once() -> None:
    entries = [Entry(key, 1, text) for key, text in enumerate(TEXTS)]
    whole = build(entries)
    halves = [build(entries[::2]), build(entries[1::2])]
    merged = merge(halves, [np.ones(half.size, bool) for half in halves])
    for name in ("keys", "terms", "offsets", "records", "counts", "lengths"):
        assert np.array_equal(getattr(whole, name), getattr(merged, name)), name


def candidates(keys: list[int], seed: int) -> Candidates:
    some = np.random.default_rng(seed)
    scores = some.integers(1, 9, (3, len(keys))).astype(float)
    peaks = (float(scores[0].max()), float(scores[1].max()), float(scores[2].max()))
    return Candidates(np.array(keys), scores[0], scores[1], scores[2], peaks)


@settings(deadline=None)
@given(st.integers(0, 1000), st.permutations(range(30)))
def test_merging_shards_is_associative(seed: int, keys: list[int]) -> None:
    parts = [candidates(keys[at : at + 10], seed + at) for at in (0, 10, 20)]
    together = fuse(combine(parts, 5))
    stepwise = fuse(combine([parts[2], combine(parts[:2], 5)], 5))
    assert together.keys.tolist() == stepwise.keys.tolist()
    assert together.scores.tolist() == stepwise.scores.tolist()


def test_a_long_question_leaves_out_its_commonest_terms() -> None:
    holding = np.array([10, 900, 400, 0, 1500, 300])
    assert worth_reading(1000, holding).tolist() == [True, False, True, False, False, True]
    assert worth_reading(100, holding).tolist() == [True, True, True, False, True, True]


def test_vectors_are_kept_once_by_content(tmp_path: Path) -> None:
    vectors = store(tmp_path, TEXTS[:2])
    other = VectorStore(tmp_path, "letters/1", 64)
    key = content_key("letters/1", "passage", TEXTS[0])
    assert key == content_key("letters/1", "passage", TEXTS[0].replace("高压", "高壓"))
    assert other.put([key, 5, 5], np.ones((3, 64), np.float32)) == 1
    assert vectors.refresh()
    assert vectors.has([key, 5, 6]).tolist() == [True, True, False]
    assert vectors.get([5]).tolist() == [[1.0] * 64]
    with pytest.raises(KeyError):
        vectors.get([6])
    with pytest.raises(ValueError, match="holds"):
        VectorStore(tmp_path, "other", 64)


def test_a_long_import_merges_each_record_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunk after chunk into an index that nobody gives a new base meanwhile: what is merged grows
    with the number of records, not with its square; and few segments are left to search."""
    merged: list[int] = []

    def counting(segments: list[Segment], alive: list[np.ndarray]) -> Segment:
        one = merge(segments, alive)
        merged.append(one.size)
        return one

    monkeypatch.setattr(library.pieces, "merge", counting)
    index = MatchIndex.open(tmp_path, None)
    texts = dict(enumerate(f"{TEXTS[n % len(TEXTS)]} {n}" for n in range(1500)))
    for start in range(0, len(texts), 5):
        index.refresh(Change(key, 1, texts[key], key + 1) for key in range(start, start + 5))
        assert len(index.view.segments) <= library._SMALL_SEGMENTS
    assert sum(merged) < 6 * len(texts)
    assert len(index) == len(texts)
    assert answers(index) == answers(filled(tmp_path / "at once", texts))
