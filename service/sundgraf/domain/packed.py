"""Very many short texts and numbers in a few long buffers: an eighth of what as many objects of Python take.

The buffers are memory views, which may be of memory that processes share (store/index_file.py).
"""

from __future__ import annotations

import itertools
import zlib
from array import array
from collections.abc import Iterable, Sequence

_ROOM = 2  # places in the table for each text


class Strings:
    """Texts in the order given, one after another in UTF-8."""

    def __init__(self, texts: Iterable[str]) -> None:
        starts = array("Q", (0,))
        joined = bytearray()
        for text in texts:
            joined += encode(text)
            starts.append(len(joined))
        self._starts = memoryview(starts)
        self._joined = memoryview(bytes(joined))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> str:
        """Return the text with a number from 0 on. Raises IndexError beyond the last, which ends an iteration."""
        return str(self._joined[self._starts[number] : self._starts[number + 1]], "utf-8", "surrogatepass")

    def has_within(self, number: int, part: bytes) -> bool:
        """Say whether a text has a part, encoded as here; without making the text."""
        return part in bytes(self._joined[self._starts[number] : self._starts[number + 1]])


class Keys(Strings):
    """Different texts, and the number of each."""

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__(texts)
        size = 1 << (len(self) * _ROOM).bit_length()
        self._last = size - 1
        places = array("I", bytes(4 * size))  # 0: free, else the number of a text, from 1
        for number in range(len(self)):
            place = zlib.crc32(self._joined[self._starts[number] : self._starts[number + 1]]) & self._last
            while places[place]:
                place = (place + 1) & self._last
            places[place] = number + 1
        self._places = memoryview(places)

    def number(self, text: str) -> int | None:
        """Return the number of a text, None where it is none of these."""
        wanted = encode(text)
        place = zlib.crc32(wanted) & self._last
        while found := self._places[place]:
            if self._joined[self._starts[found - 1] : self._starts[found]] == wanted:
                return found - 1
            place = (place + 1) & self._last
        return None

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.number(text) is not None


class Groups:
    """Numbers that belong to numbers from 0 to below `size`, those of each in the order given."""

    def __init__(self, pairs: Iterable[tuple[int, int]], size: int) -> None:
        """Take (owner, member) in any order."""
        owners, members = array("I"), array("I")
        for owner, member in pairs:
            owners.append(owner)
            members.append(member)
        counts = array("I", bytes(4 * (size + 1)))
        for owner in owners:
            counts[owner + 1] += 1
        starts = array("I", itertools.accumulate(counts))
        free = array("I", starts)
        placed = array("I", bytes(4 * len(members)))
        for owner, member in zip(owners, members, strict=True):
            placed[free[owner]] = member
            free[owner] += 1
        self._starts = memoryview(starts)
        self._members = memoryview(placed)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, owner: int) -> memoryview:
        """Return the members of an owner, as unsigned integers."""
        return self._members[self._starts[owner] : self._starts[owner + 1]]


class KeyedGroups:
    """Numbers that belong to texts."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Take (text, member) in any order."""
        numbers: dict[str, int] = {}
        owners, members = array("I"), array("I")
        for text, member in pairs:
            owners.append(numbers.setdefault(text, len(numbers)))
            members.append(member)
        self._keys = Keys(numbers)
        self._groups = Groups(zip(owners, members, strict=True), len(numbers))

    def __getitem__(self, text: str) -> Sequence[int]:
        """Return the members of a text, none where it has none."""
        number = self._keys.number(text)
        return () if number is None else self._groups[number]


def encode(text: str) -> bytes:
    """Return a text as it is kept here."""
    return text.encode("utf-8", "surrogatepass")
