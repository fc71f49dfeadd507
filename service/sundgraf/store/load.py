"""How files become a store: one file, one named graph; all of them together, with what follows, the default graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import MalformedData, UnknownFormat

_BASE = "https://w3id.org/sundgraf/"
GRAPHS = f"{_BASE}graph/"
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
_MOST_COPIED = 4_000_000  # quads; half a gigabyte of memory for each million statements, while rules run
_MANY = 20_000  # quads from which the bulk loader is quicker
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
            yield from _in_both(parse_file(file.path), file.graph)
            progress(1)

    store.bulk_extend(read())


def add_statements(store: ox.Store, statements: Iterable[ox.Triple], graph: str) -> None:
    """Add statements that were made rather than read, to a named graph and the default graph."""
    store.bulk_extend(_in_both(statements, graph))


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


def derive(store: ox.Store, rules: Sequence[tuple[str, str]]) -> None:
    """Bring what rules make up to date: CONSTRUCT queries, given as (name, text); each sees what earlier ones made.

    What a rule makes goes into a named graph of its own, which says by sg:derivedBy which rule it was; what somebody
    states too is left to them. The rules read a copy in memory, and only what differs from before is written: of an
    accepted submission that is little, and on disk reading takes twice and writing ten times as long.
    """
    if len(store) > _MOST_COPIED:
        _forget_derived(store)
        derive_first(store, rules)
        return
    before = _derived(store)
    alone = {t for made in before.values() for t in made if not _is_stated(t, store)}  # nobody but a rule says these
    held = ox.Store()
    held.extend(q for q in store.quads_for_pattern(None, None, None, ox.DefaultGraph()) if q.triple not in alone)
    after = dict(_made_by(rules, held))
    every = {triple for made in after.values() for triple in made}
    for graph, made in before.items():
        for triple in made.keys() - after.get(graph, {}).keys():
            store.remove(_quad(triple, graph))
        if graph not in after:
            store.remove_graph(ox.NamedNode(graph))
    for triple in alone - every:
        store.remove(_quad(triple))
    added = [_quad(t, g) for g, made in after.items() for t in made if t not in before.get(g, {})]
    added += [_quad(triple) for triple in every if triple not in alone]
    (store.bulk_extend if len(added) > _MANY else store.extend)(added)


def derive_first(store: ox.Store, rules: Iterable[tuple[str, str]]) -> None:
    """Do as `derive` does, where rules have made nothing yet; without a copy."""
    for graph, made in _made_by(rules, store):
        store.extend(_in_both(made, graph))


def _made_by(rules: Iterable[tuple[str, str]], held: ox.Store) -> Iterator[tuple[str, dict[ox.Triple, None]]]:
    """Yield the graph of each rule and what it makes of the default graph, and add it there."""
    for name, text in rules:
        answer = held.query(text)
        if not isinstance(answer, ox.QueryTriples):
            raise TypeError("a derive rule is a CONSTRUCT query")
        graph = f"{DERIVED}/{name}"
        made = {triple: None for triple in answer if _quad(triple) not in held}
        rule = ox.NamedNode(f"{_BASE}query/derive/{name}")
        made[ox.Triple(ox.NamedNode(graph), ox.NamedNode(f"{_BASE}def/derivedBy"), rule)] = None
        held.extend(_quad(triple) for triple in made)
        yield graph, made


def _derived(store: ox.Store) -> dict[str, dict[ox.Triple, None]]:
    """Return what the graphs of rules hold."""
    graphs = [g for g in store.named_graphs() if isinstance(g, ox.NamedNode) and g.value.startswith(f"{DERIVED}/")]
    return {g.value: {q.triple: None for q in store.quads_for_pattern(None, None, None, g)} for g in graphs}


def _is_stated(triple: ox.Triple, store: ox.Store) -> bool:
    """Say whether a named graph holds a triple that is not a rule's."""
    graphs = (
        quad.graph_name for quad in store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    )
    return any(isinstance(g, ox.NamedNode) and not g.value.startswith(f"{DERIVED}/") for g in graphs)


def _forget_derived(store: ox.Store) -> None:
    """Take out what rules made, but not what somebody states too."""
    for graph, made in _derived(store).items():
        store.remove_graph(ox.NamedNode(graph))
        for triple in made:
            if not _is_stated(triple, store):
                store.remove(_quad(triple))


def _quad(triple: ox.Triple, graph: str = "") -> ox.Quad:
    """Return a triple in a named graph, in the default graph where none is named."""
    if not graph:
        return ox.Quad(triple.subject, triple.predicate, triple.object)
    return ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode(graph))


def _in_both(statements: Iterable[ox.Triple | ox.Quad], graph: str) -> Iterable[ox.Quad]:
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
