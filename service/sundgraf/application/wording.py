"""SHACL results in the words of stewards: the field's label, the offending value, what may stand there, and where."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

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
_CLOSED = f"{SH}ClosedConstraintComponent"
_KINDS = ("datatype", "class", "languageIn", "nodeKind")


def in_words(
    violation: Violation,
    base: ox.Store,
    shapes: Shapes,
    read: Read | None = None,
    names: Mapping[str, str] | None = None,
) -> Finding:
    """Return a violation in words, with its place in what was read; `names` give what new records were sent as."""
    names = names or {}
    focus, value = _text(violation.focus), _text(violation.value)
    path = _text(violation.path.node) if violation.path and violation.path.predicate else ""
    focus, value = names.get(focus, focus), names.get(value, value)
    allowed = _allowed(violation, shapes, base)
    nearest = _nearest(path if violation.component == _CLOSED else value, allowed)
    shown = f" ({value!r})" if value and value != focus else ""
    messages = violation.messages
    english = messages.get("en") or messages.get("") or violation.component.rsplit("#", 1)[-1]
    shape = _text(violation.shape)
    finding = Finding(
        "", 0, f"{focus} {path}".strip(), shape.rsplit("/", 1)[-1],
        english + shown + (f" Did you mean {nearest}?" if nearest else ""),
        messages.get("da", english) + shown + (f" Mente du {nearest}?" if nearest else ""),
        severity_of(violation.severity), 0, value, path, shape, _labels(violation, shapes.graph, base),
        allowed, nearest,
    )  # fmt: skip
    return read.placed(finding, focus, path, value) if read else finding


def _labels(violation: Violation, shapes: View, base: ox.Store) -> tuple[str, str]:
    """Return what the shape calls the property in English and Danish, else what the ontology does."""
    said = shapes.objects(violation.shape, sh("name"))
    if not said and violation.path and isinstance(violation.path.node, ox.NamedNode):
        said = [q.object for q in base.quads_for_pattern(violation.path.node, _LABEL, None, ox.DefaultGraph())]
    names = {name.language: name.value for name in said if isinstance(name, ox.Literal)}
    return names.get("en", ""), names.get("da", "")


def _allowed(violation: Violation, shapes: Shapes, base: ox.Store) -> tuple[str, ...]:
    """Return what may stand there.

    That is the members of sh:in, the concepts of the scheme that sh:pattern names, the properties of a closed shape, or
    the datatype, classes, languages or kind of node that the shape asks for.
    """
    graph = shapes.graph
    for head in graph.objects(violation.shape, sh("in")):
        return tuple(_short(member) for member in shapes.list(head))[:_MOST_ALLOWED]
    for pattern in graph.objects(violation.shape, sh("pattern")):
        scheme = _text(pattern).removeprefix("^").removesuffix("/")
        if scheme.startswith(_CONCEPT) and scheme.removeprefix(_CONCEPT).replace("-", "").isalnum():
            members = base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(scheme), ox.DefaultGraph())
            return tuple(sorted(_text(quad.subject).removeprefix(_CONCEPT) for quad in members))
    if violation.component == _CLOSED:
        known = allowed_properties(shapes, shapes.shape(violation.shape))
        return tuple(sorted(_short(ox.NamedNode(iri)) for iri in known))
    said = {name: value for name, value in shapes.shape(violation.shape).constraints if name in _KINDS}
    if "languageIn" in said:
        return tuple(_text(tag) for tag in shapes.list(said["languageIn"]))
    return tuple(_short(value) for value in said.values())


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
    """Return an IRI with a prefix where there is one, anything else as text."""
    text = _text(term)
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


def _text(term: object) -> str:
    if isinstance(term, ox.BlankNode):
        return shown_name(term)
    return "" if term is None else str(getattr(term, "value", term))
