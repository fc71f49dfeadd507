"""Validate what a steward means to submit, beside what is published; nothing is stored."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.duplicates import Named, likely_duplicates, names_of_new, similar_names, with_names_meant
from sundgraf.application.fields import record_classes
from sundgraf.application.gate import findings_of_subjects
from sundgraf.application.load import room_files
from sundgraf.application.mint import forms_of, mint
from sundgraf.application.reading import Read, read_all
from sundgraf.application.violations import violations
from sundgraf.application.wording import Known, in_words, label_of
from sundgraf.domain.errors import StoreUnusable
from sundgraf.domain.finder import Finder, Name
from sundgraf.domain.question import parse_question
from sundgraf.domain.report import Finding, gravest_first
from sundgraf.domain.rules import UNKNOWN, page_of
from sundgraf.store import generations
from sundgraf.store.direct import open_direct
from sundgraf.store.document import MARKED, Document, format_name, shown_name, statements_of
from sundgraf.store.load import read_store
from sundgraf.store.shacl_report import results_of, write_report
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.view import View
from sundgraf.store.writers import write_graph

_PROVISIONAL = 90_000_000  # numbers that validation calls new records by; no record ever gets one


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in words, gravest first; the SHACL results among it in N-Triples; and the names of new records."""

    findings: list[Finding]
    results: bytes
    names: tuple[Named, ...] = ()

    def with_similar(self, finder: Finder) -> Examination:
        """Return it with what published names are much like the new ones, and like those that were written as IRIs."""
        findings = [with_names_meant(finding, finder) for finding in self.findings]
        return replace(self, findings=gravest_first([*findings, *similar_names(findings, self.names, finder)]))

    def report(self, format: str) -> bytes:
        """Return it as a SHACL validation report in the format called `format`."""
        return write_report(self.results, [f for f in self.findings if f.shape.startswith(page_of(""))], format)


def validate_files(paths: Sequence[Path], state: Path, root: Path) -> Examination:
    """Return what is found in files, each read in the context of the others and of what is published.

    Raises MalformedData with line and column, UnsupportedMediaType, or BadShapes.
    """
    documents = [Document(str(path), path.read_bytes(), format_name(path.name)) for path in paths]
    found = examine_beside(documents, state, root)
    return found.with_similar(names_in(published_store(state, root), root)) if found.names or found.findings else found


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
    numbers = itertools.count(_PROVISIONAL)
    minted = mint(read.quads, base, forms_of(shapes), lambda _: next(numbers))
    found = list(violations(statements_of(minted.quads), base, shapes))
    names = {new: shown_name(old) for new, old in minted.names.items()}
    unreadable = {finding.subject for finding in read.findings if finding.property}
    known: Known = {}
    findings = [in_words(violation, base, shapes, read, names, known) for violation in found]
    # A cell that could not be read is told once: that its field has no value follows from it.
    findings = [finding for finding in findings if finding.value or finding.subject not in unreadable]
    submitted = statements_of(read.quads)
    remarks = [*findings_of_subjects(submitted, base, known_properties(shapes)), *likely_duplicates(submitted, base)]
    told = {(finding.subject, finding.value) for finding in findings}
    remarks = [
        remark for remark in remarks if remark.rule != UNKNOWN.name or (remark.subject, remark.value) not in told
    ]
    findings += [*read.findings, *(_placed(remark, read, base) for remark in remarks)]
    new = tuple(replace(name, finding=_placed(name.finding, read, base)) for name in names_of_new(submitted, base))
    sent = {ox.NamedNode(new): old for new, old in minted.names.items()}
    results = [
        ox.Triple(t.subject, t.predicate, sent.get(t.object, t.object))  # type: ignore[arg-type]
        for t in results_of(found)
    ]
    return Examination(gravest_first(findings), write_graph(results, "ntriples"), new)


def _placed(remark: Finding, read: Read, base: ox.Store) -> Finding:
    """Return a remark with its place and the label of its property, subjects called as their documents do."""
    subject, _, path = remark.subject.partition(" ")
    shown = MARKED.sub("", subject)
    labels = label_of(ox.NamedNode(path), base) if path else ("", "")
    remark = replace(remark, subject=f"{shown} {path}".strip(), labels=labels)
    return read.placed(remark, shown, path, remark.value)


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


@lru_cache(maxsize=2)
def known_properties(shapes: Shapes) -> dict[str, frozenset[str]]:
    """Return the classes whose records can be sent in, each with the properties that its shape knows."""
    return {one.iri: frozenset(field.path for field in one.fields) for one in record_classes(shapes)}


def names_in(base: ox.Store, root: Path) -> Finder:
    """Return an index of what the things of a published graph are called."""
    query = parse_question("names", (root / "queries" / "page" / "names.rq").read_text("utf-8")).text
    rows = base.query(query)
    assert isinstance(rows, ox.QuerySolutions)
    return Finder(
        Name(
            row["thing"].value, row["class"].value, row["name"].value, row["name"].language or "",
            row["alias"] is not None,
        )
        for row in rows
    )  # fmt: skip


@lru_cache(maxsize=1)
def _opened(state: Path, _generation: Path) -> ox.Store:
    return open_direct(state).engine


@lru_cache(maxsize=1)
def _rooms_store(root: Path) -> ox.Store:
    return read_store(file.path for file in room_files(root) if not file.shapes)
