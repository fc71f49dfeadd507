"""SHACL results in the words of stewards: the field's label, the offending value, what may stand there, and where."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from sundgraf.application.fields import in_both
from sundgraf.application.reading import Read
from sundgraf.domain.report import Finding
from sundgraf.store.document import shown_name
from sundgraf.store.shacl_checks import allowed_properties
from sundgraf.store.shacl_core import Violation
from sundgraf.store.shacl_result import severity_of
from sundgraf.store.shacl_shapes import SH, Shapes, sh
from sundgraf.store.view import View

_CONCEPT = "https://w3id.org/sundgraf/concept/"
_IN_SCHEME = ox.NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_MOST_ALLOWED = 60
_LONGEST = 200  # characters of a value that a message repeats
_CLOSED = f"{SH}ClosedConstraintComponent"
_KINDS = ("datatype", "class", "nodeKind")
_PLAIN = {
    "xsd:string": ("text without a language", "tekst uden sprog"), "xsd:integer": ("a whole number", "et helt tal"),
    "xsd:decimal": ("a number", "et tal"), "xsd:boolean": ("true or false", "true eller false"),
    "xsd:date": ("a day such as 2026-11-21", "en dag, f.eks. 2026-11-21"),
    "xsd:gYearMonth": ("a month such as 2026-11", "en måned, f.eks. 2026-11"),
    "xsd:gYear": ("a year such as 2026", "et år, f.eks. 2026"), "xsd:anyURI": ("an address", "en adresse"),
    "rdf:langString": ("text with a language", "tekst med et sprog"), "sh:IRI": ("an address", "en adresse"),
    "da": ("Danish", "dansk"), "en": ("English", "engelsk"),
}  # fmt: skip

# What may stand where a shape asks for it, of a property shape and of a closed shape: as written, and in words.
Known = dict[tuple[str, bool], tuple[tuple[str, ...], tuple[tuple[str, str], ...]]]


def in_words(
    violation: Violation,
    base: ox.Store,
    shapes: Shapes,
    read: Read | None = None,
    names: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> Finding:
    """Return a violation in words, with its place in what was read; `names` give what new records were sent as.

    `known` keeps what may stand where from one violation to the next.
    """
    names = names or {}
    focus, value = _text(violation.focus), _text(violation.value)
    path = _text(violation.path.node) if violation.path and violation.path.predicate else ""
    focus, value = names.get(focus, focus), names.get(value, value)
    known, asked = {} if known is None else known, (_text(violation.shape), violation.component == _CLOSED)
    if asked not in known:
        may_stand = _allowed(violation, shapes, base)
        known[asked] = tuple(map(_short, may_stand)), tuple(_said(term, base) for term in may_stand)
    allowed, allowed_said = known[asked]
    nearest = _nearest(path if violation.component == _CLOSED else value, allowed)
    shown = f" ({_cut(value)!r})" if value and value != focus else ""
    messages = violation.messages
    english = messages.get("en") or messages.get("") or violation.component.rsplit("#", 1)[-1]
    shape = _text(violation.shape)
    finding = Finding(
        "", 0, f"{focus} {path}".strip(), shape.rsplit("/", 1)[-1],
        english + shown + (f" Did you mean {nearest}?" if nearest else ""),
        messages.get("da", english) + shown + (f" Mente du {nearest}?" if nearest else ""),
        severity_of(violation.severity), 0, value, path, shape, _labels(violation, shapes.graph, base),
        allowed, nearest, allowed_said=allowed_said,
    )  # fmt: skip
    return read.placed(finding, focus, path, value) if read else finding


def _labels(violation: Violation, shapes: View, base: ox.Store) -> tuple[str, str]:
    """Return what the shape calls the property in English and Danish, else what the ontology does."""
    said = [name for name in shapes.objects(violation.shape, sh("name")) if isinstance(name, ox.Literal)]
    if not said and violation.path and isinstance(violation.path.node, ox.NamedNode):
        return label_of(violation.path.node, base)
    return in_both(said)


def label_of(term: ox.NamedNode, base: ox.Store) -> tuple[str, str]:
    """Return what a term is called in English and Danish, "" where it has no name."""
    quads = base.quads_for_pattern(term, _LABEL, None, ox.DefaultGraph())
    return in_both(quad.object for quad in quads)


def _allowed(violation: Violation, shapes: Shapes, base: ox.Store) -> tuple[object, ...]:
    """Return what may stand there.

    That is the members of sh:in, the concepts of the scheme that sh:pattern names, the properties of a closed shape, or
    the datatypes, classes, languages or kind of node that the shape asks for.
    """
    graph = shapes.graph
    for head in graph.objects(violation.shape, sh("in")):
        return tuple(shapes.list(head))[:_MOST_ALLOWED]
    for pattern in graph.objects(violation.shape, sh("pattern")):
        scheme = _text(pattern).removeprefix("^").removesuffix("/")
        if scheme.startswith(_CONCEPT) and scheme.removeprefix(_CONCEPT).replace("-", "").isalnum():
            members = base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(scheme), ox.DefaultGraph())
            return tuple(sorted((quad.subject for quad in members), key=_text))
    if violation.component == _CLOSED:
        known = allowed_properties(shapes, shapes.shape(violation.shape))
        return tuple(sorted((ox.NamedNode(iri) for iri in known), key=_short))
    said = list(shapes.shape(violation.shape).constraints)
    for _, head in [pair for pair in said if pair[0] == "or"]:
        choices = [choice for choice in shapes.list(head) if not isinstance(choice, (ox.Literal, ox.Triple))]
        said += [pair for choice in choices for pair in shapes.shape(choice).constraints]
    found = {name: value for name, value in said if name == "languageIn"}
    if found:
        return tuple(shapes.list(found["languageIn"]))
    return tuple(dict.fromkeys(value for name, value in said if name in _KINDS))


def _said(term: object, base: ox.Store) -> tuple[str, str]:
    """Return what may stand there in words, in English and Danish; "" where nobody said how it is called."""
    if (plain := _PLAIN.get(_short(term))) or not isinstance(term, ox.NamedNode):
        return plain or ("", "")
    return label_of(term, base)


def _nearest(value: str, allowed: Sequence[str]) -> str:
    """Return what may stand there and is most like a wrong value, "" where nothing is."""
    wanted = value.removeprefix(_CONCEPT)
    if not wanted or wanted in allowed:
        return ""
    tails = {_tail(name): name for name in allowed}
    near = difflib.get_close_matches(_tail(wanted), tails, 1)
    return tails[near[0]] if near else ""


def _tail(name: str) -> str:
    return name.replace("#", "/").replace(":", "/").rsplit("/", 1)[-1]


def _short(term: object) -> str:
    """Return a concept as scheme/notation, another IRI with a prefix where there is one, anything else as text."""
    text = _text(term)
    if text.startswith(_CONCEPT):
        return text.removeprefix(_CONCEPT)
    for prefix, iri in _PREFIXES.items():
        if text.startswith(iri):
            return f"{prefix}:{text.removeprefix(iri)}"
    return text


_PREFIXES = {
    "xsd": "http://www.w3.org/2001/XMLSchema#", "sg": "https://w3id.org/sundgraf/def/",
    "dcterms": "http://purl.org/dc/terms/", "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "org": "http://www.w3.org/ns/org#", "foaf": "http://xmlns.com/foaf/0.1/", "sh": SH,
}  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _text(term: object) -> str:
    if isinstance(term, ox.BlankNode):
        return shown_name(term)
    return "" if term is None else str(getattr(term, "value", term))
