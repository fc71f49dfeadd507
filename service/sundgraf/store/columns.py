"""What is published, as columns (columns_files): the number of each term, the statements of each property as arrays."""

from __future__ import annotations

import json
import mmap
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.ma  # np.unique imports it when it is called, but a worker that answers can open no file
import numpy.typing as npt

from sundgraf.domain.terms import IRI, XSD, BlankNode, Literal, Term
from sundgraf.store.columns_files import DATES, DECIMALS, INTEGERS, IRIS, REST, TEXTS

Ids = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Whole = TypeVar("Whole", np.int32, np.int64)
NOTHING = -1  # the number of no term: an open variable, or a term that nothing is said with
_KINDS = {f"{XSD}integer": INTEGERS, f"{XSD}decimal": DECIMALS, f"{XSD}date": DATES, "": TEXTS}
_IRI_CELL, _NODE_CELL = '{"type":"uri","value":"', '{"type":"bnode"'
_LEADING_NUMBER = re.compile(rb'"value":"(-?\d+)')
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\Z")


class Kind(NamedTuple):
    """A run of numbers whose terms are of one kind (and language)."""

    name: str
    language: str
    start: int
    end: int


class Table(NamedTuple):
    """Pairs sorted both ways: by subject (then object), and by object (then subject)."""

    subjects: Ids
    objects: Ids
    by_object: Ids
    by_object_subjects: Ids
    subject_count: int
    object_count: int


class Columns:
    """Reads the columns in one folder, which never change. Raises OSError or ValueError where they cannot be read."""

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / "kinds.json").read_text("utf-8"))
        self.kinds = [Kind(*kind) for kind in said["kinds"]]
        self._starts = [kind.start for kind in self.kinds]
        self.count = self.kinds[-1].end if self.kinds else 0
        self._cells, self._cell_ends = _map(folder / "terms"), _numbers(folder / "terms.ends", np.int64)
        self._texts, self._text_ends = _map(folder / "texts"), _numbers(folder / "texts.ends", np.int64)
        texts = [kind for kind in self.kinds if kind.name == TEXTS]
        self._first_text = texts[0].start if texts else 0
        pairs = [_numbers(folder / name, np.int32).reshape(2, -1) for name in ("by-subject", "by-object")]
        self._tables = {
            number: Table(
                pairs[0][0, start:end], pairs[0][1, start:end], pairs[1][0, start:end], pairs[1][1, start:end],
                subjects, objects,
            )
            for number, start, end, subjects, objects in said["properties"]
        }  # fmt: skip
        nothing = np.empty(0, np.int32)
        self._nothing = Table(nothing, nothing, nothing, nothing, 0, 0)
        self._values: dict[Kind, npt.NDArray[np.int64]] = {}
        self.find = lru_cache(maxsize=512)(self._find)

    def table(self, predicate: str) -> Table:
        """Return the statements of a property."""
        return self._tables.get(self.find(IRI(predicate)), self._nothing)

    def cell(self, number: int) -> str:
        """Return a term as results JSON has it."""
        start = self._cell_ends[number - 1] if number else 0
        return self._cells[start : self._cell_ends[number]].decode()

    def value(self, number: int) -> str:
        """Return the value of a term: an IRI, or the text of a literal."""
        return str(json.loads(self.cell(number))["value"])

    def said(self) -> Iterator[tuple[str, str, list[str] | None]]:
        """Yield each IRI and property with the values as results JSON has them, None where one is a blank node."""
        iris = next((kind for kind in self.kinds if kind.name == IRIS), None)
        for number, table in self._tables.items():
            predicate = self.value(number)
            starts = np.flatnonzero(np.diff(table.subjects, prepend=-1))
            things = table.subjects[starts].tolist()
            for thing, start, end in zip(
                things, starts.tolist(), [*starts[1:].tolist(), len(table.subjects)], strict=True
            ):
                if iris and iris.start <= thing < iris.end:
                    cells = [self.cell(value) for value in table.objects[start:end].tolist()]
                    subject = self.cell(thing)[len(_IRI_CELL) : -2]
                    if "\\" in subject:
                        subject = self.value(thing)
                    yield subject, predicate, None if any(cell.startswith(_NODE_CELL) for cell in cells) else cells

    def kinds_in(self, numbers: Ids) -> list[Kind]:
        """Return the kinds that are among some numbers, none of which is NOTHING."""
        if not len(numbers):
            return []
        first = bisect_right(self._starts, int(numbers.min())) - 1
        last = bisect_right(self._starts, int(numbers.max())) - 1
        between = self.kinds[first : last + 1]
        if len(between) <= 2:
            return between
        return [kind for kind in between if bool(np.any((numbers >= kind.start) & (numbers < kind.end)))]

    def place_of(self, kind: Kind, value: Decimal | str, *, after: bool) -> int:
        """Return the number that a value has among its kind, or would have; `after` what is equal to it, or before."""
        bisect = bisect_right if after else bisect_left
        read = Decimal if kind.name in (INTEGERS, DECIMALS) else str
        numbers = range(kind.start, kind.end)
        return kind.start + bisect(numbers, value, key=lambda number: read(self.value(number)))

    def whole_numbers(self, kind: Kind) -> npt.NDArray[np.int64]:
        """Return the values of all terms of a kind of whole numbers, or the years of dates; read once."""
        if kind not in self._values:
            start = self._cell_ends[kind.start - 1] if kind.start else 0
            cells = self._cells[start : self._cell_ends[kind.end - 1]]
            found = [int(value) for value in _LEADING_NUMBER.findall(cells)]
            if len(found) != kind.end - kind.start:
                raise LookupError(kind)
            self._values[kind] = np.array(found, np.int64)
        return self._values[kind]

    def having_text(self, needle: str, *, at_start: bool) -> Ids:
        """Return the numbers of the texts that, in lower case, hold (or begin with) a text."""
        sought = (b"\0" if at_start else b"") + needle.encode()
        found = np.fromiter((match.start() for match in re.finditer(re.escape(sought), self._texts)), np.int64)
        places = np.unique(np.searchsorted(self._text_ends, found, "right"))
        return (places + self._first_text).astype(np.int32)

    def _find(self, term: Term) -> int:
        """Return the number of a term, NOTHING where nothing is said with it. Raises LookupError where unsure."""
        if isinstance(term, BlankNode):
            raise LookupError(term)
        name = IRIS if isinstance(term, IRI) else _KINDS.get(term.datatype, REST)
        language = term.language if isinstance(term, Literal) else ""
        if name == REST:
            raise LookupError(term)
        value = read_value(term)
        for kind in self.kinds:
            if kind.name == name and kind.language == language:
                place = self.place_of(kind, value, after=False)
                there = place < kind.end and self.place_of(kind, value, after=True) > place
                return place if there else NOTHING
        return NOTHING


def read_value(term: Term) -> Decimal | str:
    """Return what a term is compared by. Raises LookupError for a literal in a form that only the engine can judge."""
    if isinstance(term, Literal) and term.datatype in (f"{XSD}integer", f"{XSD}decimal"):
        if not re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", term.value):
            raise LookupError(term)
        return Decimal(term.value)
    if isinstance(term, Literal) and term.datatype == f"{XSD}date" and not _DATE.match(term.value):
        raise LookupError(term)
    return str(term)


def kind_name(term: Term) -> str:
    """Return the name of the kind that a term is of."""
    return IRIS if isinstance(term, IRI) else _KINDS.get(getattr(term, "datatype", ""), REST)


def _map(file: Path) -> mmap.mmap | bytes:
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) if file.stat().st_size else b""


def _numbers(file: Path, kind: type[Whole]) -> npt.NDArray[Whole]:
    return np.frombuffer(_map(file), kind)
