"""A sentence made ready for ranking: its terms with weights, and the texts to encode."""

from __future__ import annotations

from dataclasses import dataclass

from yangbanjian.engines.matching.rules.everyday import technical
from yangbanjian.engines.matching.rules.folding import fold, mainland
from yangbanjian.engines.matching.rules.procurement import essence
from yangbanjian.engines.matching.rules.tokens import CHARACTER, count

WEIGHT_OF_TALK = 0.2
WEIGHT_OF_GUESS = 0.5
# An essence longer than this share of its sentence says what the sentence says: the second vector
# would cost as much as the first and move the ranking by nothing that could be measured.
SHORTENED = 0.6
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

    The sentence is encoded, for a symptom told in everyday words is understood best with its
    grammar in place; where much of it speaks of buying, its essence too. The names that
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
    both = (told, core) if len(core) < SHORTENED * len(told) else (told,)
    texts = tuple(part for part in both if part)
    return Question(terms, texts, frozenset(terms) - said)
