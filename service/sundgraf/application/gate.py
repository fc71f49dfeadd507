"""What a submission may speak of: findings that no shape can say, because they are about its subjects.

Subjects are records that are published, or new ones under a placeholder: a blank node, a relative name, urn:uuid:...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox

from sundgraf.domain.report import Finding
from sundgraf.domain.submission import standing
from sundgraf.store.load import DERIVED

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_IMPORTS = ox.NamedNode("http://www.w3.org/2002/07/owl#imports")
_ABOUT = ox.NamedNode("https://w3id.org/sundgraf/def/about")  # what is said about another has no name of its own
_USE_CASE = ox.NamedNode("https://w3id.org/sundgraf/def/useCase")
_AT = tuple(
    ox.NamedNode(f"https://w3id.org/sundgraf/def/{name}")
    for name in ("participant", "operator", "leadOrganisation", "vendor")
)
_NAMES = tuple(
    ox.NamedNode(iri)
    for iri in (
        "http://purl.org/dc/terms/title",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://xmlns.com/foaf/0.1/name",
    )
)
Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    severity: str
    english: str
    danish: str


_RESERVED = _Rule(
    "gate-reserved", "violation",
    "The ontology, the code lists, the shapes and the graphs are not changed by submissions; leave this subject out.",
    "Ontologien, kodelisterne, formerne og graferne ændres ikke ved indsendelse; udelad dette emne.",
)  # fmt: skip
_FOREIGN = _Rule(
    "gate-foreign", "violation",
    "This is somebody else's identifier; describe a record of ours and point to it with skos:exactMatch.",
    "Det er en andens identifikator; beskriv en post hos os, og peg på den med skos:exactMatch.",
)  # fmt: skip
_UNNAMED = _Rule(
    "gate-unpublished", "info",
    "No record is published under this identifier; it is given a new one when it is accepted.",
    "Ingen post er udgivet under denne identifikator; den får en ny, når den bliver antaget.",
)  # fmt: skip
_UNTYPED = _Rule(
    "gate-class", "violation",
    "Say what it is: give it an rdf:type of this ontology, such as sg:Project.",
    "Sig, hvad det er: giv det en rdf:type fra ontologien, for eksempel sg:Project.",
)  # fmt: skip
_NOT_FETCHED = _Rule(
    "gate-imports", "warning",
    "owl:imports is never followed here; send what it holds, or leave it out.",
    "owl:imports følges aldrig her; send det, den rummer, eller udelad den.",
)  # fmt: skip
_SAME_NAME = _Rule(
    "duplicate-name", "warning",
    "A record of the same class has this very name already; correct that one, or say in the reason why this is "
    "another.",
    "En post af samme klasse har allerede netop dette navn; ret den, eller skriv i begrundelsen, hvorfor dette er en "
    "anden.",
)  # fmt: skip
_SAME_WORK = _Rule(
    "duplicate-work", "warning",
    "Records with the same use case at the same organisation are there already; correct one of them, or say in the "
    "reason why this is another.",
    "Der er allerede poster med samme brugsscenarie hos samme organisation; ret en af dem, eller skriv i begrundelsen, "
    "hvorfor dette er en anden.",
)  # fmt: skip
_LIKE_NAME = _Rule(
    "duplicate-similar", "warning",
    "A record of the same class has a name much like this; correct that one, or say in the reason why this is another.",
    "En post af samme klasse har et navn, der ligner; ret den, eller skriv i begrundelsen, hvorfor dette er en anden.",
)  # fmt: skip


def findings_of_subjects(submitted: ox.Store, base: ox.Store, file: str) -> Iterator[Finding]:
    """Yield what is wrong with the subjects of a submission, beside what is published."""
    for subject in subjects_of(submitted):
        name = subject.value if isinstance(subject, ox.NamedNode) else ""
        kind = standing(name) if name else "placeholder"
        types = [quad.object for quad in submitted.quads_for_pattern(subject, _TYPE, None, None)]
        known = published(subject, base)
        if next(submitted.quads_for_pattern(subject, _IMPORTS, None, None), None) is not None:
            yield _said(_NOT_FETCHED, name, file)
        if kind == "reserved":
            yield _said(_RESERVED, name, file)
        elif kind == "foreign":
            yield _said(_FOREIGN, name, file)
        elif not known:
            if kind == "record":
                yield _said(_UNNAMED, name, file)
            if not types and not _pointed_at(submitted, subject):
                yield _said(_UNTYPED, name or str(subject), file)
            if next(submitted.quads_for_pattern(subject, _ABOUT, None, None), None) is None:
                yield from _same_names(submitted, base, subject, types, file)
                yield from _same_work(submitted, base, subject, file)


@dataclass(frozen=True, slots=True)
class Named:
    """A new record's name: what it was sent as, the classes it is given, the name and its language."""

    subject: str
    classes: tuple[str, ...]
    name: str
    language: str


def names_of_new(submitted: ox.Store, base: ox.Store) -> list[Named]:
    """Return the names of the records that are not published yet and are not about another."""
    found = []
    for subject in subjects_of(submitted):
        if published(subject, base) or _said_once(submitted, subject, _ABOUT):
            continue
        types = [quad.object for quad in submitted.quads_for_pattern(subject, _TYPE, None, None)]
        classes = tuple(type_.value for type_ in types if isinstance(type_, ox.NamedNode))
        for predicate in _NAMES:
            for quad in submitted.quads_for_pattern(subject, predicate, None, None):
                if classes and isinstance(quad.object, ox.Literal):
                    found.append(Named(_text(subject), classes, quad.object.value, quad.object.language or ""))
    return found


def similar_name(named: Named, iri: str, name: str, file: str) -> Finding:
    """Return the finding that a published record has a name much like a new one's."""
    finding = _said(_LIKE_NAME, named.subject, file, value=iri)
    return replace(finding, english=f"{finding.english} {name!r}", danish=f"{finding.danish} {name!r}")


def _same_work(submitted: ox.Store, base: ox.Store, subject: Node, file: str) -> Iterator[Finding]:
    """Yield a finding where published records have the same use case at the same organisation."""
    uses = [quad.object for quad in submitted.quads_for_pattern(subject, _USE_CASE, None, None)]
    who = {q.object for p in _AT for q in submitted.quads_for_pattern(subject, p, None, None)}
    found = []
    for use in uses:
        for held in base.quads_for_pattern(None, _USE_CASE, use, ox.DefaultGraph()):
            there = {q.object for p in _AT for q in base.quads_for_pattern(held.subject, p, None, ox.DefaultGraph())}
            if who & there and isinstance(held.subject, ox.NamedNode):
                found.append(held.subject.value)
    if found:
        yield _said(_SAME_WORK, _text(subject), file, value=", ".join(sorted(set(found))[:5]))


def _said_once(store: ox.Store, subject: Node, predicate: ox.NamedNode) -> bool:
    return next(store.quads_for_pattern(subject, predicate, None, None), None) is not None


def subjects_of(submitted: ox.Store) -> list[Node]:
    """Return the subjects of a submission, each once."""
    quads = submitted.quads_for_pattern(None, None, None, ox.DefaultGraph())
    return list(dict.fromkeys(quad.subject for quad in quads if not isinstance(quad.subject, ox.Triple)))


def stated(subject: Node, base: ox.Store) -> list[ox.Triple]:
    """Return what is stated of a subject: not what a rule derived."""
    quads = list(base.quads_for_pattern(subject, None, None, None))
    derived = {q.triple for q in quads if str(getattr(q.graph_name, "value", "")).startswith(DERIVED)}
    return [q.triple for q in quads if isinstance(q.graph_name, ox.DefaultGraph) and q.triple not in derived]


def published(subject: Node, base: ox.Store) -> bool:
    """Say whether something is published of a subject."""
    if isinstance(subject, ox.BlankNode):
        return False
    return next(base.quads_for_pattern(subject, _TYPE, None, ox.DefaultGraph()), None) is not None


def _same_names(
    submitted: ox.Store, base: ox.Store, subject: Node, types: Iterable[object], file: str
) -> Iterator[Finding]:
    wanted = set(types)
    for predicate in _NAMES:
        for said in submitted.quads_for_pattern(subject, predicate, None, None):
            for held in base.quads_for_pattern(None, predicate, said.object, ox.DefaultGraph()):
                other = held.subject
                if isinstance(other, ox.NamedNode) and any(
                    quad.object in wanted for quad in base.quads_for_pattern(other, _TYPE, None, ox.DefaultGraph())
                ):
                    yield _said(_SAME_NAME, _text(subject), file, predicate.value, other.value)


def _pointed_at(submitted: ox.Store, subject: Node) -> bool:
    return next(submitted.quads_for_pattern(None, None, subject, None), None) is not None


def _said(rule: _Rule, subject: str, file: str, path: str = "", value: str = "") -> Finding:
    shown = f" (<{value}>)" if value else ""
    return Finding(
        file, 0, f"{subject} {path}".strip(), rule.name, rule.english + shown, rule.danish + shown, rule.severity,
        value=value, property=path, nearest=value,
    )  # fmt: skip


def _text(subject: Node) -> str:
    return subject.value if isinstance(subject, ox.NamedNode) else str(subject)
