"""Marks a sentence for the translation catalogues without translating it: the edge does that."""


def gettext_noop(sentence: str) -> str:
    """Return the sentence as it stands; the name is what the catalogue collector looks for."""
    return sentence


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Both sentences of a counted thing, for the edge to give to ``ngettext``."""
    return one, many
