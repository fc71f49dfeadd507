"""Validate what a steward means to submit, beside what is published; nothing is stored."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.gate import Named, findings_of_subjects, names_of_new, subjects_of
from sundgraf.application.load import room_files
from sundgraf.application.mint import forms_of, mint
from sundgraf.application.sheets import Cells, read_sheets
from sundgraf.domain.errors import MalformedData, StoreUnusable
from sundgraf.domain.report import Finding, gravest_first
from sundgraf.store import generations
from sundgraf.store.direct import open_direct
from sundgraf.store.document import TABLES, Document, format_name, read_document, statements_of
from sundgraf.store.load import read_store
from sundgraf.store.places import Places
from sundgraf.store.shacl import around
from sundgraf.store.shacl_core import Validator, Violation
from sundgraf.store.shacl_report import report_of
from sundgraf.store.shacl_shapes import Shapes, sh
from sundgraf.store.view import Node, View
from sundgraf.store.writers import write_graph

_CONCEPT = "https://w3id.org/sundgraf/concept/"
_IN_SCHEME = ox.NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_MOST_ALLOWED = 60
_PROVISIONAL = 90_000_000  # numbers that validation calls new records by; no record ever gets one


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found: in words, gravest first, and as a SHACL report in N-Triples; and the names of new records."""

    findings: list[Finding]
    report: bytes
    names: tuple[Named, ...] = ()


def validate_files(paths: Sequence[Path], state: Path, root: Path) -> list[Finding]:
    """Return what is to be mended in files, each read in the context of the others and of what is published.

    Raises MalformedData with line and column, UnsupportedMediaType, or BadShapes.
    """
    documents = [Document(str(path), path.read_bytes(), format_name(path.name)) for path in paths]
    return examine_beside(documents, state, root).findings


def examine_beside(documents: Sequence[Document], state: Path, root: Path) -> Examination:
    """Return what is found in documents beside what is published in a state; our own files where nothing is.

    Raises MalformedData or BadShapes.
    """
    return examine(documents, published_store(state, root), shapes_of(root))


def examine(documents: Sequence[Document], base: ox.Store, shapes: Shapes) -> Examination:
    """Return what is found in documents that are laid over a published graph.

    A subject that the documents give a class is taken as described whole: what is published of it does not count.
    """
    read = read_all(documents, base, shapes)
    quads, origin, places = read.quads, read.origin, read.places
    numbers = itertools.count(_PROVISIONAL)
    minted = mint(quads, base, forms_of(shapes), lambda _: next(numbers))
    submitted = statements_of(minted.quads)
    found = list(violations(submitted, base, shapes))
    view = View(shapes.graph.stores[0])
    findings = [_finding(violation, minted.names, origin, documents, places, base, view) for violation in found]
    findings += read.findings
    for finding in findings_of_subjects(statements_of(quads), base, ""):
        document = origin.get(finding.subject.partition(" ")[0], documents[0])
        place = places[document.name].locate(*finding.subject.split(" "))
        findings.append(replace(finding, file=document.name, line=place.line, column=place.column))
    sent = {ox.NamedNode(new): _node(old) for new, old in minted.names.items()}
    report = [
        ox.Triple(t.subject, t.predicate, sent.get(t.object, t.object))  # type: ignore[arg-type]
        for t in report_of(found)
    ]
    names = tuple(names_of_new(statements_of(quads), base))
    return Examination(gravest_first(findings), write_graph(report, "ntriples"), names)


@dataclass(slots=True)
class Read:
    """Statements of documents, the first document that speaks of each subject, places, and faults of sheets."""

    quads: list[ox.Quad] = field(default_factory=list)
    origin: dict[str, Document] = field(default_factory=dict)
    places: dict[str, Places | Cells] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_all(documents: Sequence[Document], base: ox.Store, shapes: Shapes) -> Read:
    """Return what documents say. Raises MalformedData or TooLarge."""
    read = Read()
    for document in documents:
        if document.format in TABLES:
            cells = read_sheets(document, base, shapes)
            read.places[document.name] = cells
            read.findings += cells.findings
            quads = cells.quads
        else:
            read.places[document.name] = Places(document.text, document.format)
            quads = read_document(document)
        for quad in quads:
            if isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple):
                raise MalformedData(f"{document.name}: statements about statements are not read here", document.name)
            read.quads.append(quad)
            read.origin.setdefault(_text(quad.subject), document)
    return read


def violations(submitted: ox.Store, base: ox.Store, shapes: Shapes) -> Iterable[Violation]:
    """Yield the SHACL results of a submission's own subjects, over what is published of everything else."""
    focuses: list[Node] = subjects_of(submitted)
    view = View(submitted, base, without=replaced(submitted, base))
    return Validator(shapes, view, sparql=around(focuses, view)).some(focuses)


def replaced(submitted: ox.Store, base: ox.Store) -> list[ox.Triple]:
    """Return what is published of the subjects that a submission describes whole, and does not say again."""
    gone: list[ox.Triple] = []
    for subject in subjects_of(submitted):
        if next(submitted.quads_for_pattern(subject, _TYPE, None, None), None) is None:
            continue
        for quad in base.quads_for_pattern(subject, None, None, ox.DefaultGraph()):
            if ox.Quad(subject, quad.predicate, quad.object) not in submitted:
                gone.append(quad.triple)
    return gone


def finding_of(violation: Violation, base: ox.Store, shapes: Shapes) -> Finding:
    """Return a violation in words, without a place in a document."""
    view = View(shapes.graph.stores[0])
    return _finding(violation, {}, {}, [Document("", b"", "jsonld")], {"": Places("", "jsonld")}, base, view)


def published_store(state: Path, root: Path) -> ox.Store:
    """Return what is published in a state to read from; our own files where nothing is published yet."""
    try:
        generation = generations.current(state)
    except StoreUnusable:
        generation = None
    if generation is None:
        return _rooms_store(root)
    return _opened(state, generation.path)


@lru_cache(maxsize=2)
def shapes_of(root: Path) -> Shapes:
    """Return the shapes of the rooms; they are read once in a process."""
    return Shapes(View(read_store(file.path for file in room_files(root) if file.shapes)))


@lru_cache(maxsize=1)
def _opened(state: Path, _generation: Path) -> ox.Store:
    return open_direct(state).engine


@lru_cache(maxsize=1)
def _rooms_store(root: Path) -> ox.Store:
    return read_store(file.path for file in room_files(root) if not file.shapes)


def _finding(
    violation: Violation,
    names: Mapping[str, str],
    origin: dict[str, Document],
    documents: Sequence[Document],
    places: Mapping[str, Places | Cells],
    base: ox.Store,
    shapes: View,
) -> Finding:
    focus, value = _text(violation.focus), _text(violation.value)
    path = _text(violation.path.node) if violation.path and violation.path.predicate else ""
    shape = _text(violation.shape)
    focus, value = names.get(focus, focus), names.get(value, value)
    document = origin.get(focus, documents[0])
    place = places[document.name].locate(focus, path, value)
    allowed = _allowed(violation, shapes, base)
    nearest = _nearest(value, allowed)
    shown = f" ({value!r})" if value and value != focus else ""
    messages = violation.messages
    english = messages.get("en") or messages.get("") or violation.component.rsplit("#", 1)[-1]
    return Finding(
        document.name, place.line, f"{focus} {path}".strip(), shape.rsplit("/", 1)[-1],
        english + shown + (f" Did you mean {nearest}?" if nearest else ""),
        messages.get("da", english) + shown + (f" Mente du {nearest}?" if nearest else ""),
        violation.severity.rsplit("#", 1)[-1].lower(), place.column,
        value, path, shape, _labels(violation, shapes), allowed, nearest,
    )  # fmt: skip


def _labels(violation: Violation, shapes: View) -> tuple[str, str]:
    names = {n.language: n.value for n in shapes.objects(violation.shape, sh("name")) if isinstance(n, ox.Literal)}
    return names.get("en", ""), names.get("da", "")


def _allowed(violation: Violation, shapes: View, base: ox.Store) -> tuple[str, ...]:
    """Return what may stand there: the members of sh:in, or the concepts of the scheme that sh:pattern names."""
    for head in shapes.objects(violation.shape, sh("in")):
        return tuple(_text(member) for member in Shapes(shapes).list(head))[:_MOST_ALLOWED]
    for pattern in shapes.objects(violation.shape, sh("pattern")):
        scheme = _text(pattern).removeprefix("^").removesuffix("/")
        if scheme.startswith(_CONCEPT):
            members = base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(scheme), ox.DefaultGraph())
            return tuple(sorted(_text(quad.subject).removeprefix(_CONCEPT) for quad in members))
    return ()


def _nearest(value: str, allowed: Sequence[str]) -> str:
    """Return what may stand there and is most like a wrong value, "" where nothing is."""
    wanted = value.removeprefix(_CONCEPT)
    if not wanted or wanted in allowed:
        return ""
    tails = {name.rsplit("/", 1)[-1]: name for name in allowed}
    near = difflib.get_close_matches(wanted.rsplit("/", 1)[-1], tails, 1)
    return tails[near[0]] if near else ""


def _node(name: str) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(name.removeprefix("_:")) if name.startswith("_:") else ox.NamedNode(name)


def _text(term: object) -> str:
    return "" if term is None else str(getattr(term, "value", term))
