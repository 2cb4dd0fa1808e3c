"""A sentence made ready for ranking: its terms with weights, and the texts to encode."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.engines.matching.rules.everyday import technical
from yangbanjian.engines.matching.rules.folding import fold, mainland
from yangbanjian.engines.matching.rules.procurement import essence
from yangbanjian.engines.matching.rules.tokens import CHARACTER, count

WEIGHT_OF_TALK = 0.2
WEIGHT_OF_GUESS = 0.5
_LONGEST = 4000  # characters of a question that are read; the rest of a pasted page is ignored


@dataclass(frozen=True, slots=True)
class Question:
    """``terms``: term -> weight (its count); ``texts``: what is encoded, vectors averaged;
    ``guessed``: terms that it does not say itself."""

    terms: dict[str, float]
    texts: tuple[str, ...]
    guessed: frozenset[str] = frozenset()


def question(text: str) -> Question:
    """Read a sentence. What it says about buying keeps a fifth of its weight.

    Both the sentence and its essence are encoded when they differ: the essence is cleaner, but a
    symptom told in everyday words is understood better with its grammar in place. The names that
    papers have for everyday words are asked for at half the weight, and told to the encoder.
    """
    written = fold(text[:_LONGEST])
    flat = fold(mainland(text[:_LONGEST]))
    core = essence(flat)
    terms: dict[str, float] = {term: float(n) for term, n in count(core).terms.items()}
    if core != flat:
        for term, n in count(flat).terms.items():
            terms[term] = terms.get(term, 0.0) + WEIGHT_OF_TALK * n
    if written != flat:
        # A word may be usage in one place and term in another («序列»): ask for both.
        for term, n in count(written).terms.items():
            terms.setdefault(term, float(n))
    said = frozenset(terms)
    names = technical(flat)
    for name in names:
        for term in count(name).terms:
            if term[0] != CHARACTER:
                terms[term] = max(terms.get(term, 0.0), WEIGHT_OF_GUESS)
    told = " ".join((flat, *names))
    texts = tuple(dict.fromkeys(part for part in (told, core) if part))
    return Question(terms, texts, frozenset(terms) - said)
