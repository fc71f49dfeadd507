"""Choose records by what is said of them, and count what else there is to choose: an index made once, then only read.

A set of records is the bits of one number, so that "both" is one operation on it, however many records there are. What
few records have is kept as their positions instead, or a million records would take a gigabyte.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

CLASS = "class"
_KEPT = 64  # choices whose counts are remembered
_FEW = 400  # values of a facet up to which each is counted by its bits


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: values of facets, any one of those of a facet, and the classes of records that are looked at."""

    values: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()

    def without(self, facet: str) -> Choice:
        """Return the choice without a facet."""
        return Choice(tuple((f, v) for f, v in self.values if f != facet), self.classes)


class Facets:
    """The records with what they may be chosen by."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Take (thing, facet, value) in any order; things without a class are no records."""
        same: dict[str, str] = {}  # each text once, however many records have it
        said: dict[str, dict[str, list[str]]] = {}
        for thing, facet, value in rows:
            own = said.setdefault(same.setdefault(thing, thing), {})
            own.setdefault(same.setdefault(facet, facet), []).append(same.setdefault(value, value))
        self.records = sorted(thing for thing, facets in said.items() if CLASS in facets)
        self._of: list[dict[str, tuple[str, ...]]] = []
        self._size = len(self.records) // 8 + 1
        self._few: dict[tuple[str, str], array[int]] = {}
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        for number, record in enumerate(self.records):
            held = {facet: tuple(dict.fromkeys(values)) for facet, values in said.pop(record).items()}
            self._of.append({facet: alike.setdefault(values, values) for facet, values in held.items()})
            for facet, values in held.items():
                for value in values:
                    self._few.setdefault((facet, value), array("I")).append(number)
        many = [key for key, numbers in self._few.items() if len(numbers) * numbers.itemsize >= self._size]
        self._bits = {key: self._as_bits(self._few.pop(key)) for key in many}
        self._values: dict[str, list[str]] = defaultdict(list)
        for facet, value in (*self._bits, *self._few):
            self._values[facet].append(value)
        self._number = {record: number for number, record in enumerate(self.records)}
        self._counted: OrderedDict[tuple[Choice, str], list[tuple[str, int]]] = OrderedDict()

    def select(self, choice: Choice) -> int:
        """Return the records that fit, as bits."""
        found = 0
        for class_ in choice.classes:
            found |= self._having(CLASS, class_)
        if not choice.classes:
            found = (1 << len(self.records)) - 1
        wanted: dict[str, int] = {}
        for facet, value in choice.values:
            wanted[facet] = wanted.get(facet, 0) | self._having(facet, value)
        for bits in wanted.values():
            found &= bits
        return found

    def knows(self, facet: str, value: str) -> bool:
        """Say whether any record has a value of a facet."""
        return (facet, value) in self._bits or (facet, value) in self._few

    def more_with(self, choice: Choice, facet: str, value: str) -> int:
        """Return how many records fit besides when a value of a facet is chosen too."""
        besides = self.select(choice.without(facet)) & ~self.select(choice)
        return (self._having(facet, value) & besides).bit_count()

    def count(self, choice: Choice, facet: str) -> list[tuple[str, int]]:
        """Return the values of a facet with how many records fit when it is chosen instead; most first."""
        key = (choice.without(facet), facet)
        kept = self._counted.get(key)
        if kept is not None:
            self._counted.move_to_end(key)
            return kept
        fitting = self.select(key[0])
        values = self._values.get(facet, [])
        counts: Mapping[str, int]
        if len(values) <= _FEW or fitting.bit_count() > len(values):
            inside = fitting.to_bytes(self._size, "little")
            counts = {value: self._count_one(facet, value, fitting, inside) for value in values}
        else:
            counter: Counter[str] = Counter()
            for number in numbers_in(fitting):
                counter.update(set(self._of[number].get(facet, ())))
            counts = counter
        made = sorted(((value, n) for value, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0]))
        self._counted[key] = made
        if len(self._counted) > _KEPT * 16:
            self._counted.popitem(last=False)
        return made

    def records_in(self, bits: int) -> list[str]:
        """Return the records of a set, by IRI."""
        return [self.records[number] for number in numbers_in(bits)]

    def values_of(self, record: str, facet: str) -> Sequence[str]:
        """Return what is said of a record under a facet."""
        number = self._number.get(record)
        return () if number is None else self._of[number].get(facet, ())

    def alike(self, record: str, facets: Sequence[str], most: int = 6) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the records that share most of what is said of a record, with (facet, value) for all that they share.

        Earlier facets weigh more; a record must share a value of the first or second.
        """
        number = self._number.get(record)
        if number is None:
            return []
        own = [(facet, value) for facet in facets for value in self.values_of(record, facet)]
        weights = {facet: 2 ** (len(facets) - at) for at, facet in enumerate(facets)}
        near = 0
        for wanted in facets[:2]:
            for facet, value in own:
                near |= self._having(facet, value) if facet == wanted else 0
            near &= ~(1 << number)
            if near.bit_count() >= most:
                break
        if near.bit_count() > _FEW:  # of very many, those that share the next thing too
            for facet, value in own:
                closer = near & self._having(facet, value)
                near = closer if closer.bit_count() >= most else near
        scores: Counter[int] = Counter()
        for facet, value in own:
            for other in numbers_in(near & self._having(facet, value), _FEW):
                scores[other] += weights[facet]
        best = sorted(scores, key=lambda other: (-scores[other], self.records[other]))[:most]
        return [
            (self.records[other], [(f, v) for f, v in own if v in self._of[other].get(f, ())]) for other in best
        ]  # fmt: skip

    def _having(self, facet: str, value: str) -> int:
        """Return the records that have a value, as bits."""
        held = self._bits.get((facet, value))
        if held is None:
            few = self._few.get((facet, value))
            held = 0 if few is None else self._as_bits(few)
        return held

    def _count_one(self, facet: str, value: str, fitting: int, inside: bytes) -> int:
        """Return how many of some records have a value; they are given as bits and as bytes."""
        few = self._few.get((facet, value))
        if few is None:
            return (self._bits[facet, value] & fitting).bit_count()
        return sum(inside[number >> 3] >> (number & 7) & 1 for number in few)

    def _as_bits(self, numbers: Iterable[int]) -> int:
        held = bytearray(self._size)
        for number in numbers:
            held[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(held, "little")


def numbers_in(bits: int, most: int = -1) -> Iterator[int]:
    """Return the positions of the bits that are set, lowest first, at most so many."""
    for position, byte in enumerate(bits.to_bytes(bits.bit_length() // 8 + 1, "little")):
        rest = byte
        while rest:
            if most == 0:
                return
            most -= 1
            low = rest & -rest
            yield position * 8 + low.bit_length() - 1
            rest ^= low
