"""Give new records their identifiers: what the shape of a class says its IRIs look like decides the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from sundgraf.application.gate import published
from sundgraf.domain.submission import standing
from sundgraf.store.shacl_shapes import Shapes, sh

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_IDENTIFIER = ox.NamedNode("http://purl.org/dc/terms/identifier")
_PATTERN = re.compile(r"^\^(https://w3id\.org/sundgraf/id/[a-z-]+/[a-z]+-)\[0-9\]\{4,\}\$$")
FIRST = 100_000  # numbers below are given by hand, in the repository's files
Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class Minted:
    """Statements under their identifiers, and for each identifier given the node it was sent as."""

    quads: list[ox.Quad]
    names: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Form:
    """What the IRIs of a class begin with (".../id/project/p-"), and whether its records say their identifier."""

    start: str
    identified: bool


def forms_of(shapes: Shapes) -> dict[str, Form]:
    """Return the form of the IRIs of each class that has one."""
    graph = shapes.graph
    identified = {
        class_
        for node in graph.subjects(sh("path"), _IDENTIFIER)
        for parent in graph.subjects(sh("property"), node)
        for class_ in graph.objects(parent, sh("targetClass"))
    }
    forms: dict[str, Form] = {}
    for node in shapes.targeted:
        for pattern in graph.objects(node, sh("pattern")):
            matched = _PATTERN.match(str(getattr(pattern, "value", "")))
            for class_ in graph.objects(node, sh("targetClass")) if matched else ():
                if matched and isinstance(class_, ox.NamedNode):
                    forms[class_.value] = Form(matched[1], class_ in identified)
    return forms


def mint(quads: Iterable[ox.Quad], base: ox.Store, forms: Mapping[str, Form], take: Callable[[str], int]) -> Minted:
    """Return statements with an identifier for every new record; `take` gives the next number of a form.

    New are the records with a class that has a form, under a placeholder or an identifier that nothing is published
    under. Whatever they said of their own dcterms:identifier is replaced.
    """
    held = list(quads)
    given: dict[Node, ox.NamedNode] = {}
    identified: list[ox.NamedNode] = []
    for quad in held:
        subject = quad.subject
        if quad.predicate != _TYPE or isinstance(subject, ox.Triple) or subject in given:
            continue
        form = forms.get(str(getattr(quad.object, "value", "")))
        name = subject.value if isinstance(subject, ox.NamedNode) else ""
        if form and standing(name) in ("placeholder", "record") and not published(subject, base):
            given[subject] = ox.NamedNode(f"{form.start}{take(form.start):04d}")
            if form.identified:
                identified.append(given[subject])
    renamed = [
        ox.Quad(
            given.get(q.subject, q.subject),  # type: ignore[arg-type]  # a triple is no key there
            q.predicate,
            given.get(q.object, q.object),  # type: ignore[arg-type]
        )
        for q in held
        if not (q.predicate == _IDENTIFIER and q.subject in given)
    ]
    for new in identified:
        renamed.append(ox.Quad(new, _IDENTIFIER, ox.Literal(new.value.rsplit("/", 1)[-1])))
    return Minted(renamed, {new.value: old for old, new in given.items()})
