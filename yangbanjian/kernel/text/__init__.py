"""Text as people type it: cleaned, folded, compared, and read for what an editor would say.

Lengths and spans are code points throughout.
"""

from yangbanjian.kernel.text.cleaning import clean_line, clean_text, first_sentence, fold
from yangbanjian.kernel.text.hints import Hint, hints
from yangbanjian.kernel.text.nearness import bands, bands_of, shingles, signature, similarity

__all__ = [
    "Hint",
    "bands",
    "bands_of",
    "clean_line",
    "clean_text",
    "first_sentence",
    "fold",
    "hints",
    "shingles",
    "signature",
    "similarity",
]
