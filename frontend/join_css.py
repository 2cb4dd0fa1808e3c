"""Joins the style sheets of the pages into one file, so that a page asks for one.

    python frontend/join_css.py

`tests/house/test_site_css.py` fails while `site.css` is older than its parts.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "yangbanjian" / "faces" / "web" / "static" / "css"
PARTS = ("tokens", "base", "components", "pages", "parts", "market", "print")
HEAD = "/* Made by frontend/join_css.py out of the files beside it. */\n"


def joined(folder: Path = FOLDER) -> str:
    """All parts in their order, without comments and needless blanks. Strings keep theirs."""
    text = "\n".join((folder / f"{name}.css").read_text("utf-8") for name in PARTS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    pieces = re.split(r'("[^"\n]*")', text)
    pieces[::2] = [_tight(piece) for piece in pieces[::2]]
    return HEAD + "".join(pieces).replace("}", "}\n").strip() + "\n"


def _tight(css: str) -> str:
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    css = re.sub(r"([:\w)%]) ?(>) ?(?=[\w.#*\[])", r"\1\2", css)
    return re.sub(r"(?<=[;{])([\w-]+): ", r"\1:", css).replace(";}", "}")


if __name__ == "__main__":
    (FOLDER / "site.css").write_text(joined(), "utf-8")
