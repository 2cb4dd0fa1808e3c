"""How words sound, for words that were misheard or picked wrongly from a list of homophones.

Each Chinese character becomes one private character that stands for its toneless syllable, with the
pairs that southern speech and input methods confuse made one: zh/z, ch/c, sh/s, ing/in, eng/en.
"""

from __future__ import annotations

from functools import lru_cache

from pypinyin import lazy_pinyin

_FIRST, _LAST = 0x4E00, 0x9FA5
_PRIVATE = 0xE000


def _blurred(syllable: str) -> str:
    for sharp, blunt in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(sharp):
            syllable = blunt + syllable[2:]
    return syllable[:-1] if syllable.endswith(("ing", "eng")) else syllable


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    signs = [chr(code) for code in range(_FIRST, _LAST + 1)]
    readings = [_blurred(reading) for reading in lazy_pinyin(signs, errors="ignore")]
    if len(readings) != len(signs):  # a character without a reading would shift all that follow
        readings = [_blurred("".join(lazy_pinyin(sign, errors="ignore"))) for sign in signs]
    number = {reading: i for i, reading in enumerate(sorted(set(readings)))}
    return {
        ord(sign): chr(_PRIVATE + number[reading])
        for sign, reading in zip(signs, readings, strict=True)
        if reading
    }


def sound(text: str) -> str:
    """Characters replaced one by one by the sign of their sound; others stay. Same length."""
    return text.translate(_table())
