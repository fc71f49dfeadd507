"""How files become a store: one file, one named graph; all of them together, with what follows, the default graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import MalformedData, UnknownFormat
from sundgraf.domain.names import BASE

GRAPHS = f"{BASE}graph/"
DERIVED = f"{GRAPHS}derived"
_POSITION = re.compile(r"(?:line|at) (\d+)(?: ?(?:column|:) ?(\d+))?")
_PARSER = re.compile(r"^Parser error at line \d+ (?:column \d+|between columns \d+ and \d+)?:? ?")  # said before it
_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}
_DATASETS = {ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file, the named graph it is (empty: none), and whether it holds shapes rather than data."""

    path: Path
    graph: str = ""
    shapes: bool = False


def format_of(path: Path) -> ox.RdfFormat:
    """Return the RDF format that a file's name says. Raises UnknownFormat."""
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownFormat(
            f"{str(path)!r}: nobody reads {path.suffix or 'a file without an extension'!r} here; "
            f"use one of {', '.join(_FORMATS)}."
        ) from None


def parse_file(path: Path) -> list[ox.Quad]:
    """Return a file's statements as written. Raises MalformedData with line and column, or UnknownFormat."""
    kind = format_of(path)
    try:
        return list(ox.parse(path=str(path), format=kind, rename_blank_nodes=True))
    except SyntaxError as error:
        raise malformed(path, error) from error
    except OSError as error:
        raise MalformedData(f"{path}: cannot be read ({error.strerror or error})", str(path)) from error


def add_rooms(store: ox.Store, files: Sequence[SourceFile], progress: Callable[[int], object]) -> None:
    """Add our own files, each parsed once, to their named graphs and the default graph. `progress` gets 1 per file.

    All of them are one write: on disk, each costs about as much as writing 10,000 statements.
    """

    def read() -> Iterable[ox.Quad]:
        for file in files:
            yield from in_both(parse_file(file.path), file.graph)
            progress(1)

    store.bulk_extend(read())


def add_statements(store: ox.Store, statements: Iterable[ox.Triple], graph: str) -> None:
    """Add statements that were made rather than read, to a named graph and the default graph."""
    store.bulk_extend(in_both(statements, graph))


def add_large(store: ox.Store, files: Iterable[SourceFile], progress: Callable[[int], object]) -> None:
    """Add files of any size by the engine's bulk loader, which does not hold them in memory."""
    for file in files:
        kind = format_of(file.path)
        try:
            if file.graph and kind not in _DATASETS:
                store.bulk_load(path=str(file.path), format=kind, to_graph=ox.NamedNode(file.graph))
            store.bulk_load(path=str(file.path), format=kind)
        except SyntaxError as error:
            raise malformed(file.path, error) from error
        progress(1)


def read_store(paths: Iterable[Path]) -> ox.Store:
    """Return Turtle files as one default graph in memory. Raises MalformedData, with the place."""
    store = ox.Store()
    for path in paths:
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in parse_file(path))
    return store


def in_both(statements: Iterable[ox.Triple | ox.Quad], graph: str) -> Iterable[ox.Quad]:
    """Give each statement twice: in its named graph and in the default graph."""
    named = ox.NamedNode(graph)
    for one in statements:
        yield ox.Quad(one.subject, one.predicate, one.object, named)
        yield ox.Quad(one.subject, one.predicate, one.object)


def malformed(path: Path, error: SyntaxError) -> MalformedData:
    """Return what a parser found wrong with a file, with the place."""
    text = " ".join(str(error.msg or error).split())
    line, column = error.lineno, error.offset
    if line is None and (position := _POSITION.search(text)):
        line, column = int(position[1]), int(position[2] or 0) or None
    where = f"{path}:{line or '?'}:{column or '?'}"
    return MalformedData(f"{where}: {said_by(error)}", str(path), line, column)


def said_by(error: SyntaxError) -> str:
    """Return what a parser found wrong in one line, without the place, which is told before it."""
    return _PARSER.sub("", " ".join(str(error.msg or error).split()))
