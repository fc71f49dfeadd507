"""Look whether a new record is there already: by its name, or by use case, organisation and place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox

from sundgraf.application.gate import Node, published, subjects_of, text_of
from sundgraf.domain import rules
from sundgraf.domain.finder import Finder
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_ABOUT = ox.NamedNode(f"{BASE}def/about")  # what is said about another has no name of its own
_USE_CASE = ox.NamedNode(f"{BASE}def/useCase")
_PLACE = (ox.NamedNode("http://purl.org/dc/terms/spatial"),)
_AT = tuple(ox.NamedNode(f"{BASE}def/{name}") for name in ("participant", "operator", "leadOrganisation", "vendor"))
_NAMES = tuple(
    ox.NamedNode(iri)
    for iri in (
        "http://purl.org/dc/terms/title",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://xmlns.com/foaf/0.1/name",
    )
)
_NAMED = re.compile(rf"{re.escape(BASE)}id/[a-z-]+/((?![a-z]+-[0-9]+\Z)[a-z0-9-]+)\Z")  # by words, not by a number
_MUCH_ALIKE = 0.5  # of a finder's score; a name with one slip in ten letters has about this
_MOST = 200  # names looked up; a larger submission is an import, which is looked through by itself
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Named:
    """A new record's name: what it was sent as, its classes, the name and its language.

    `finding` is the one to tell where something published is called much like it.
    """

    subject: str
    classes: tuple[str, ...]
    name: str
    language: str
    finding: Finding


def likely_duplicates(submitted: ox.Store, base: ox.Store) -> Iterator[Finding]:
    """Yield a finding for each new record that has the very name, or the work, of a published one."""
    for subject in _new(submitted, base):
        yield from _same_names(submitted, base, subject)
        yield from _same_work(submitted, base, subject)


def names_of_new(submitted: ox.Store, base: ox.Store) -> list[Named]:
    """Return the names of the records that are not published yet and are not about another."""
    found = []
    for subject in _new(submitted, base):
        classes = tuple(sorted(_values(submitted, subject, _TYPE)))
        for predicate in _NAMES:
            for quad in submitted.quads_for_pattern(subject, predicate, None, None):
                if classes and isinstance(quad.object, ox.Literal):
                    finding = rules.LIKE_NAME.broken_by(text_of(subject), predicate.value)
                    said = quad.object
                    found.append(Named(text_of(subject), classes, said.value, said.language or "", finding))
    return found


def similar_names(findings: Iterable[Finding], names: Iterable[Named], finder: Finder) -> list[Finding]:
    """Return a finding for each new name that a published record of the same class is called much like.

    What `findings` tell already is left out.
    """
    held: list[Finding] = []
    told = {(finding.subject.partition(" ")[0], finding.value) for finding in findings}
    for named in list(names)[:_MOST]:
        for hit in finder.find(named.name, named.classes, named.language, 2):
            length = min(len(hit.name), len(named.name)) / max(len(hit.name), len(named.name), 1)
            if hit.score >= _MUCH_ALIKE and length > 0.7 and (named.subject, hit.iri) not in told:
                told.add((named.subject, hit.iri))
                shown = f" {hit.name!r} (<{hit.iri}>)"
                about = named.finding
                held.append(replace(about, english=about.english + shown, danish=about.danish + shown, value=hit.iri))
    return held


def _new(submitted: ox.Store, base: ox.Store) -> Iterator[Node]:
    for subject in subjects_of(submitted):
        typed = next(submitted.quads_for_pattern(subject, _TYPE, None, None), None)  # a list's cells are no records
        about = typed and next(submitted.quads_for_pattern(subject, _ABOUT, None, None), None)
        if typed is not None and about is None and not published(subject, base):
            yield subject


def _same_names(submitted: ox.Store, base: ox.Store, subject: Node) -> Iterator[Finding]:
    wanted = _values(submitted, subject, _TYPE)
    for predicate in _NAMES:
        for said in submitted.quads_for_pattern(subject, predicate, None, None):
            for held in base.quads_for_pattern(None, predicate, said.object, ox.DefaultGraph()):
                other = held.subject
                if isinstance(other, ox.NamedNode) and wanted & _values(base, other, _TYPE):
                    yield rules.SAME_NAME.broken_by(text_of(subject), predicate.value, other.value)


def _same_work(submitted: ox.Store, base: ox.Store, subject: Node) -> Iterator[Finding]:
    """Yield findings where published records have the same use case at the same organisation, or in the same place."""
    who, where = _values(submitted, subject, *_AT), _values(submitted, subject, *_PLACE)
    kinds = _values(submitted, subject, _TYPE)
    at, near = set(), set()
    for use in submitted.quads_for_pattern(subject, _USE_CASE, None, None):
        for held in base.quads_for_pattern(None, _USE_CASE, use.object, ox.DefaultGraph()):
            other = held.subject
            if not isinstance(other, ox.NamedNode):
                continue
            if who & _values(base, other, *_AT):
                at.add(other.value)
            elif where & _values(base, other, *_PLACE) and kinds & _values(base, other, _TYPE):
                near.add(other.value)
    for rule, found in ((rules.SAME_WORK, at), (rules.SAME_PLACE, near)):
        if found:
            shown = ", ".join(sorted(found)[:_SHOWN])
            yield rule.broken_by(text_of(subject), value=shown)


def _values(store: ox.Store, subject: Node, *predicates: ox.NamedNode) -> set[str]:
    quads = (quad for p in predicates for quad in store.quads_for_pattern(subject, p, None, None))
    return {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}


def with_names_meant(finding: Finding, finder: Finder) -> Finding:
    """Return a finding about a record that is not there, with the one that its address seems to name, if any."""
    named = _NAMED.match(finding.value)
    if named is None or finding.nearest or not finding.allowed:
        return finding
    hits = finder.find(named[1].replace("-", " "), limit=1)
    if not hits or hits[0].score < _MUCH_ALIKE or not hits[0].iri.startswith(named[0][: named.start(1)]):
        return finding
    hit = hits[0]
    return replace(
        finding,
        nearest=hit.iri,
        english=f"{finding.english} Did you mean <{hit.iri}> ({hit.name})?",
        danish=f"{finding.danish} Mente du <{hit.iri}> ({hit.name})?",
    )
