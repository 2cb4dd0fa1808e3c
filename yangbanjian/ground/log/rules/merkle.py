"""The Merkle tree of RFC 6962 section 2.1 over hashes that somebody else keeps.

Kept are the hash of every leaf (level 0) and of every full subtree of 256 ** level leaves: a
reader `(level, first, count)` gives such hashes, and everything else is computed from them.
Positions count from 0; a range is half-open. Hashes are 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HEIGHT = 8
WIDTH = 1 << HEIGHT
EMPTY_ROOT = hashlib.sha256(b"").digest()
Read = Callable[[int, int, int], Sequence[bytes]]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes. The prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over these hashes as leaves; any number of them."""
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # The odd one at the end rises unhashed: the same as splitting at the largest power of two.
        pairs = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    return row[0]


def split(size: int) -> int:
    """The largest power of two below a size of at least two: how many leaves stand left."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(read: Read, start: int, end: int) -> bytes:
    """The hash over the leaves start ≤ i < end: a full subtree, or the ragged right end of one."""
    size = end - start
    height = size.bit_length() - 1
    if size == 1 << height:
        level, rest = divmod(height, HEIGHT)
        return folded(read(level, start >> (level * HEIGHT), 1 << rest))
    middle = start + split(size)
    return node_hash(range_hash(read, start, middle), range_hash(read, middle, end))


def root(read: Read, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return range_hash(read, 0, size) if size else EMPTY_ROOT


def inclusion_proof(read: Read, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), lowest first. Needs 0 ≤ index < size."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(range_hash(read, middle, end))
            end = middle
        else:
            path.append(range_hash(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: Read, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]), lowest first; empty for equal sizes. Needs 0 < old ≤ new."""
    if not 0 < old <= new:
        raise ValueError("the older tree is not empty and not the larger one")
    path: list[bytes] = []
    start, end = 0, new
    is_whole = True  # is what is left of the older tree a subtree of which the verifier knows?
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(range_hash(read, middle, end))
            end = middle
        else:
            path.append(range_hash(read, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append(range_hash(read, start, end))
    return path[::-1]


def completed(old: int, new: int) -> list[tuple[int, int]]:
    """(level, index) of the full subtrees that growing from `old` to `new` leaves completes,
    lower levels first."""
    found = []
    level, before, after = 1, old >> HEIGHT, new >> HEIGHT
    while after:
        found += [(level, index) for index in range(before, after)]
        level, before, after = level + 1, before >> HEIGHT, after >> HEIGHT
    return found


class Growing:
    """A tree that is read once from the left: its root at every size, in the memory of one path."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf, by its hash."""
        found, rest = leaf, self.size
        while rest & 1:
            found, rest = node_hash(self._peaks.pop(), found), rest >> 1
        self._peaks.append(found)
        self.size += 1

    def root(self, rest: Growing | None = None) -> bytes:
        """The root over what has been added; then, as leaves of full subtrees that were added, over
        `rest` too, which is smaller than each of them."""
        peaks = self._peaks + (rest._peaks if rest is not None else [])
        if not peaks:
            return EMPTY_ROOT
        found = peaks[-1]
        for peak in reversed(peaks[:-1]):
            found = node_hash(peak, found)
        return found
