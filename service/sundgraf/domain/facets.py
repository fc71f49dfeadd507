"""Choose records by what is said of them, and count what else there is to choose: an index made once, then only read.

A set of records is the bits of one number, so that "both" is one operation on it, however many records there are. What
few records have is kept as their positions instead, or a million records would take a gigabyte.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sundgraf.domain.packed import Groups, Keys

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


class _Facet:
    """One facet: its values, which of them each record has, and which records have each."""

    def __init__(self, said: Iterable[tuple[int, str]], records: int) -> None:
        """Take (record, value)."""
        numbers: dict[str, int] = {}
        pairs = dict.fromkeys((record, numbers.setdefault(value, len(numbers))) for record, value in said)
        self.values = Keys(numbers)
        self.of = Groups(pairs, records)
        self.having = Groups(((value, record) for record, value in pairs), len(numbers))
        self._size = records // 8 + 1
        self._bits = {  # of what many have
            value: self._as_bits(self.having[value])
            for value in range(len(numbers)) if len(self.having[value]) * self.having[value].itemsize >= self._size
        }  # fmt: skip

    def number(self, value: str) -> int | None:
        """Return the number of a value, None where no record has it."""
        return self.values.number(value)

    def bits(self, value: int | None) -> int:
        """Return the records that have a value, as bits."""
        if value is None:
            return 0
        held = self._bits.get(value)
        return self._as_bits(self.having[value]) if held is None else held

    def count(self, value: int, fitting: int, inside: bytes) -> int:
        """Return how many of some records have a value; they are given as bits and as bytes."""
        held = self._bits.get(value)
        if held is not None:
            return (held & fitting).bit_count()
        return sum(inside[number >> 3] >> (number & 7) & 1 for number in self.having[value])

    def _as_bits(self, numbers: Iterable[int]) -> int:
        held = bytearray(self._size)
        for number in numbers:
            held[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(held, "little")


class Facets:
    """The records with what they may be chosen by."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Take (thing, facet, value) in any order; things without a class are no records."""
        things: dict[str, int] = {}
        same: dict[str, str] = {}  # each value once, however many records have it
        said: dict[str, tuple[array[int], list[str]]] = defaultdict(lambda: (array("I"), []))
        for thing, facet, value in rows:
            numbers, values = said[facet]
            numbers.append(things.setdefault(thing, len(things)))
            values.append(same.setdefault(value, value))
        classed = set(said[CLASS][0])
        names = list(things)
        order = sorted(classed, key=names.__getitem__)
        place = {thing: at for at, thing in enumerate(order)}
        self.records = Keys(names[thing] for thing in order)
        self._size = len(self.records) // 8 + 1
        self._facets = {
            facet: _Facet(
                ((place[n], value) for n, value in zip(*said.pop(facet), strict=True) if n in place), len(order)
            )
            for facet in list(said)
        }
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
        held = self._facets.get(facet)
        return held is not None and value in held.values

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
        held = self._facets.get(facet)
        made = [] if held is None else self._count(held, fitting)
        made.sort(key=lambda pair: (-pair[1], pair[0]))
        self._counted[key] = made
        if len(self._counted) > _KEPT * 16:
            self._counted.popitem(last=False)
        return made

    def _count(self, facet: _Facet, fitting: int) -> list[tuple[str, int]]:
        """Return the values of a facet that some of the records have, with how many of them."""
        if len(facet.values) <= _FEW or fitting.bit_count() > len(facet.values):
            inside = fitting.to_bytes(self._size, "little")
            counted = ((value, facet.count(value, fitting, inside)) for value in range(len(facet.values)))
            return [(facet.values[value], n) for value, n in counted if n]
        counter: Counter[int] = Counter()
        for number in numbers_in(fitting):
            counter.update(facet.of[number])
        return [(facet.values[value], n) for value, n in counter.items()]

    def records_in(self, bits: int) -> list[str]:
        """Return the records of a set, by IRI."""
        return [self.records[number] for number in numbers_in(bits)]

    def values_of(self, record: str, facet: str) -> Sequence[str]:
        """Return what is said of a record under a facet."""
        number, held = self.records.number(record), self._facets.get(facet)
        return () if number is None or held is None else [held.values[value] for value in held.of[number]]

    def alike(self, record: str, facets: Sequence[str], most: int = 6) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the records that share most of what is said of a record, with (facet, value) for all that they share.

        Earlier facets weigh more; a record must share a value of the first or second.
        """
        number = self.records.number(record)
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
        found = [self.records[other] for other in best]
        return [(other, [(f, v) for f, v in own if v in self.values_of(other, f)]) for other in found]

    def _having(self, facet: str, value: str) -> int:
        """Return the records that have a value, as bits."""
        held = self._facets.get(facet)
        return 0 if held is None else held.bits(held.number(value))


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
