"""The values of each property of each thing, ready to be sent: a file beside a published state that never changes.

    <state>/look-ups/<number>-<time>.sqlite     complete or absent
        value(key INTEGER PRIMARY KEY, terms TEXT), property(number INTEGER PRIMARY KEY, iri TEXT)

A key stands for a thing and a property; the terms are the two IRIs and each value as SPARQL results JSON has it, with
zero bytes between. With no property, the terms are the thing, nothing, and the numbers of the properties it has.
Reading one takes 3 microseconds, where the engine's files take 25 (tests/bench, "lookup"). What is not here, or stands
under the same key as something else, is read from the store.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

import pyoxigraph as ox

from sundgraf.store.base import Publication

MOST_VALUES = 64
_BETWEEN = "\0"
_MAP_BYTES = 1 << 33
_NO_PROPERTY = ""
Said = tuple[str, str, list[str] | None]  # a thing, a property, and its values; None where some cannot be in the table


def table_file(state: Path, publication: Publication) -> Path:
    """Return where the table of a publication lies once it is made."""
    return state / "look-ups" / f"{publication.kept_as}.sqlite"


class LookUpTable:
    """Reads one file; opened where it is complete."""

    def __init__(self, file: Path) -> None:
        """Open the file. Raises sqlite3.Error where it cannot be read."""
        self._connection = sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        self._connection.execute(f"PRAGMA mmap_size = {_MAP_BYTES}")
        self._find = self._connection.cursor().execute
        self._find("SELECT terms FROM value LIMIT 1")
        self._properties: dict[str, str] = {
            str(number): iri for number, iri in self._find("SELECT number, iri FROM property")
        }

    def values(self, subject: str, predicate: str) -> list[str] | None:
        """Return the values of a property as results JSON has them, None where the store has to be asked."""
        found = self._find("SELECT terms FROM value WHERE key = ?", (_key(subject, predicate),)).fetchone()
        if found is None:
            return None
        about, of, *terms = found[0].split(_BETWEEN)
        return terms if about == subject and of == predicate else None

    def pairs(self, subject: str) -> list[tuple[str, list[str]]] | None:
        """Return each property of a thing with its values, None where the store has to be asked."""
        numbers = self.values(subject, _NO_PROPERTY)
        if numbers is None:
            return None
        found = []
        for number in numbers:
            predicate = self._properties[number]
            terms = self.values(subject, predicate)
            if terms is None:
                return None
            found.append((predicate, terms))
        return found


def write_table(said: Iterable[Said], file: Path) -> None:
    """Write the table of what is said of things, each of their properties once."""
    rows: dict[int, str] = {}
    properties: dict[str, int] = {}
    had: dict[str, list[str]] = {}
    for subject, predicate, terms in said:
        number = properties.setdefault(predicate, len(properties))
        had.setdefault(subject, []).append(str(number))
        key = _key(subject, predicate)
        usable = terms is not None and len(terms) <= MOST_VALUES and key not in rows
        # A key comes twice only where two things share it.
        rows[key] = _BETWEEN.join((subject, predicate, *terms)) if usable and terms else ""
    for thing, numbers in had.items():
        key = _key(thing, _NO_PROPERTY)
        rows[key] = "" if key in rows else _BETWEEN.join((thing, _NO_PROPERTY, *numbers))
    connection = sqlite3.connect(file)
    try:
        with connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE value (key INTEGER PRIMARY KEY, terms TEXT NOT NULL)")
            connection.execute("CREATE TABLE property (number INTEGER PRIMARY KEY, iri TEXT NOT NULL)")
            connection.executemany("INSERT INTO property VALUES (?, ?)", ((n, iri) for iri, n in properties.items()))
            connection.executemany("INSERT INTO value VALUES (?, ?)", ((k, rows[k]) for k in sorted(rows) if rows[k]))
    finally:
        connection.close()


def said_in_store(store: ox.Store, write_term: Callable[[object], str | None]) -> Iterator[Said]:
    """Yield what the default graph of a store says. `write_term` gives None for what cannot be in the table.

    The engine keeps what is said of a thing together, so each of its properties comes once.
    """
    for (subject, predicate), quads in groupby(_quads(store), lambda quad: (quad.subject, quad.predicate)):
        if isinstance(subject, ox.NamedNode):
            terms = [write_term(quad.object) for quad in quads]
            yield subject.value, predicate.value, None if None in terms else [*filter(None, terms)]


def _quads(store: ox.Store) -> Iterable[ox.Quad]:
    return store.quads_for_pattern(None, None, None, ox.DefaultGraph())


def _key(subject: str, predicate: str) -> int:
    digest = hashlib.blake2b(f"{subject}\n{predicate}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
