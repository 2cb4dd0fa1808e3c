"""The addresses of tiles, as C2SP tlog-tiles has them: `x001/x234/067`, `000.p/12`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yangbanjian.ground.log.rules.merkle import HEIGHT, WIDTH

_ADDRESS = re.compile(r"((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)
HIGHEST_LEVEL = 7
LONGEST_ADDRESS = 40


@dataclass(frozen=True, slots=True)
class Tile:
    """`width` hashes of a level from `index * 256` on."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def address(self) -> str:
        """Below `tile/`, level included."""
        parts: list[str] = []
        rest = self.index
        while True:
            rest, last = divmod(rest, 1000)
            parts.append(f"{last:03d}" if not parts else f"x{last:03d}")
            if not rest:
                break
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{self.level}/{'/'.join(reversed(parts))}{partial}"


def read_address(level: int, address: str) -> Tile | None:
    """The tile at an address; None where no tile can be. A plain number without zeros in front
    is understood too."""
    if level > HIGHEST_LEVEL or len(address) > LONGEST_ADDRESS:
        return None
    if address.isascii() and address.isdecimal() and str(int(address)) == address:
        return Tile(level, int(address))
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    tile = Tile(level, int(found[1].replace("x", "").replace("/", "")), int(found[2] or WIDTH))
    return tile if tile.width <= WIDTH and tile.address == f"{level}/{address}" else None


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a tree of this size, 0 to 256."""
    return max(0, min(WIDTH, (size >> (level * HEIGHT)) - index * WIDTH))
