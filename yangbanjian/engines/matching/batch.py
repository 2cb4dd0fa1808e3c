"""Batch matching: many sentences against a whole library, as a TREC run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import IO

from yangbanjian.engines.matching.index.batch import judged, match_batch, write_run
from yangbanjian.engines.matching.live import NUMBER_OF, encoder, live
from yangbanjian.engines.matching.models import Document
from yangbanjian.engines.matching.rules.scores import Scored
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop

MOST = 1000


def lacking() -> int:
    """How many documents have no vector yet."""
    return len(live().index.missing())


def match_to(
    out: IO[str],
    asked: Sequence[tuple[str, str]],
    *,
    kind: str,
    top: int,
    encodes: bool,
    processes: int = 1,
    on_progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Write `qid Q0 id rank score ybj` lines, ids as the owners gave them (the record's number
    where they gave none); returns how many."""
    if kind not in NUMBER_OF:
        sentence = gettext_noop("--kind 只能是 %(kinds)s。")
        raise Invalid("matching.kind", sentence, kinds="、".join(NUMBER_OF))
    if not 1 <= top <= MOST:
        sentence = gettext_noop("--top 应在 1 到 %(most)d 之间。")
        raise Invalid("matching.top", sentence, most=MOST)
    found = match_batch(
        [text for _, text in asked],
        live().index,
        encoder=encoder() if encodes else None,
        kinds=[NUMBER_OF[kind]],
        top=top,
        processes=processes,
    )
    names = {
        key: name or str(record_id)
        for key, name, record_id in Document.objects.filter(kind=kind).values_list(
            "id", "external_id", "record_id"
        )
    }
    weighed = judged([text for _, text in asked], live().index, _counted(found, on_progress))
    return write_run(out, (name for name, _ in asked), weighed, names)


def _counted(found: Iterator[Scored], on_progress: Callable[[int], None]) -> Iterator[Scored]:
    for done, ranked in enumerate(found, 1):
        yield ranked
        on_progress(done)
