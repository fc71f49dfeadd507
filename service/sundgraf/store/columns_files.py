"""Write what is published as columns: terms as numbers in their order, statements property by property, sorted twice.

    <state>/columns/<number>-<time>/    complete or absent
        kinds.json                      which numbers are IRIs, texts of which language, integers, dates ...; properties
        terms.json-cells, terms.ends    each term as SPARQL results JSON has it, in the order of the numbers
        texts.lower, texts.ends         each text in lower case, with a zero byte before it
        by-subject, by-object           (subject, object) and (object, subject) pairs, property by property

Within a kind the order of the numbers is that of SPARQL's ORDER BY, so that sorting, comparing and testing for a
language need no term. Only the default graph is here: other graphs are the engine's.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from array import array
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyoxigraph as ox

from sundgraf.domain.terms import XSD

IRIS, TEXTS, INTEGERS, DECIMALS, DATES, REST = "iri", "text", "integer", "decimal", "date", "rest"
_RANKS = {IRIS: 0, TEXTS: 1, INTEGERS: 2, DECIMALS: 3, DATES: 4, REST: 5}
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?\Z', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_SHAPES = {
    f"{XSD}integer": (INTEGERS, re.compile(r"-?\d{1,18}\Z")),
    f"{XSD}decimal": (DECIMALS, re.compile(r"-?\d{1,15}(?:\.\d{1,15})?\Z")),
    f"{XSD}date": (DATES, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")),
}
_quote = json.encoder.encode_basestring


class _Read(NamedTuple):
    kind: str
    language: str
    order: str | int | Decimal
    cell: str
    text: str | None


def write_columns(store: Path, folder: Path) -> None:
    """Write the columns of the store in a directory into a new folder. Raises RuntimeError where it cannot be read."""
    folder.mkdir()
    dump = folder / "all.nt"
    # The dump in a process of its own: what it takes is given back before the sorting begins.
    command = [sys.executable, "-m", "sundgraf.store.columns_files", str(store), str(dump)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    numbers: dict[str, int] = {}
    subjects, predicates, objects = array("i"), array("i"), array("i")
    with dump.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            subject, predicate, value = line.split(" ", 2)
            subjects.append(numbers.setdefault(subject, len(numbers)))
            predicates.append(numbers.setdefault(predicate, len(numbers)))
            objects.append(numbers.setdefault(value[:-3], len(numbers)))
    dump.unlink()
    kinds, places = _write_terms(folder, numbers)
    del numbers
    said = [places[np.frombuffer(column, np.int32)] if column else places[:0] for column in (
        subjects, predicates, objects)]  # fmt: skip
    properties = _write_statements(folder, *said)
    (folder / "kinds.json").write_text(json.dumps({"kinds": kinds, "properties": properties}), "utf-8")


def _write_terms(folder: Path, numbers: dict[str, int]) -> tuple[list[list[object]], np.ndarray]:
    """Write the terms in order; return the kinds with their ranges, and the new number of each old one."""
    groups: dict[tuple[int, str], list[tuple[str | int | Decimal, int, str, str | None]]] = {}
    names: dict[tuple[int, str], str] = {}
    for token, number in numbers.items():
        read = read_token(token)
        key = (_RANKS[read.kind], read.language)
        names[key] = read.kind
        groups.setdefault(key, []).append((read.order, number, read.cell, read.text))
    places = np.empty(len(numbers), np.int32)
    kinds: list[list[object]] = []
    start = 0
    with _Blob(folder, "terms") as cells, _Blob(folder, "texts") as texts:
        for key in sorted(groups):
            members = groups.pop(key)
            members.sort(key=lambda member: (member[0], member[1]))
            for position, (_, number, cell, text) in enumerate(members):
                places[number] = start + position
                cells.add(cell.encode())
                if text is not None:
                    texts.add(b"\0" + text.lower().encode())
            kinds.append([names[key], key[1], start, start + len(members)])
            start += len(members)
    return kinds, places


def read_token(token: str) -> _Read:
    """Return what an N-Triples term is, what it is sorted by, and how results JSON has it."""
    if token.startswith("<<"):
        raise RuntimeError("quoted triples are not for columns")
    if token.startswith("<"):
        iri = _unescape(token[1:-1])
        return _Read(IRIS, "", iri, f'{{"type":"uri","value":{_quote(iri)}}}', None)
    match = _LITERAL.match(token)
    if match is None:  # a blank node
        return _Read(REST, "", token, f'{{"type":"bnode","value":{_quote(token[2:])}}}', None)
    value, language, datatype = _unescape(match[1]), match[2], match[3]
    quoted = _quote(value)
    if language:
        cell = f'{{"type":"literal","value":{quoted},"xml:lang":"{language}"}}'
        return _Read(TEXTS, language, value, cell, value)
    if not datatype:
        return _Read(TEXTS, "", value, f'{{"type":"literal","value":{quoted}}}', value)
    cell = f'{{"type":"literal","value":{quoted},"datatype":"{datatype}"}}'
    kind, shape = _SHAPES.get(datatype, (REST, None))
    if shape is None or not shape.match(value):
        return _Read(REST, "", token, cell, None)
    order = int(value) if kind == INTEGERS else Decimal(value) if kind == DECIMALS else value
    return _Read(kind, "", order, cell, None)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else _PLAIN_ESCAPES.get(m[3], m[3]), text)


def _write_statements(
    folder: Path, subjects: np.ndarray, predicates: np.ndarray, objects: np.ndarray
) -> list[list[int]]:
    """Write both orders; return for each property its number, where it starts and ends, its subjects and objects."""
    properties = []
    for name, first, second in (("by-subject", subjects, objects), ("by-object", objects, subjects)):
        order = np.lexsort((second, first, predicates))
        pairs = np.stack((first[order], second[order]))
        pairs.tofile(folder / name)
        sorted_by = predicates[order]
        bounds = [*np.flatnonzero(np.diff(sorted_by, prepend=-1)).tolist(), len(sorted_by)]
        properties.append(
            [
                [int(sorted_by[start]), start, end, int(np.count_nonzero(np.diff(pairs[0, start:end], prepend=-1)))]
                for start, end in itertools.pairwise(bounds)
            ]
        )
    return [[*one, other[3]] for one, other in zip(*properties, strict=True)]


class _Blob:
    """Pieces of bytes after one another in a file, and where each ends in another."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = (folder / name).open("wb")
        self._ends_file = folder / f"{name}.ends"
        self._ends = array("q")
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Add a piece."""
        self._file.write(piece)
        self._size += len(piece)
        self._ends.append(self._size)

    def __enter__(self) -> _Blob:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._ends_file.write_bytes(self._ends.tobytes())


def main(arguments: Iterable[str]) -> None:
    """Dump the default graph of the store in a directory as N-Triples."""
    store, target = arguments
    ox.Store.read_only(store).dump(target, format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())


if __name__ == "__main__":
    main(sys.argv[1:])
