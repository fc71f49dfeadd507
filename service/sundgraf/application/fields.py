"""The fields that records of a class have, as their shapes say: what forms, templates and sheets are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyoxigraph as ox

from sundgraf.application.mint import forms_of
from sundgraf.domain.errors import NotFound
from sundgraf.domain.terms import last_part
from sundgraf.store.shacl_shapes import Shape, Shapes, sh
from sundgraf.store.view import Object

_SG = "https://w3id.org/sundgraf/def/"
_CONCEPT = "https://w3id.org/sundgraf/concept/"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_LANGUAGE_TEXT = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_CONCEPTS = ("http://www.w3.org/2004/02/skos/core#Concept", f"{_SG}UseCase")
_IDENTIFIER = "http://purl.org/dc/terms/identifier"
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_SCHEME = "http://www.w3.org/2004/02/skos/core#ConceptScheme"
_HINTS = {
    "reference": ("Its name, or an identifier such as o-0001, is enough.",
                  "Navnet eller en identifikator som o-0001 er nok."),
    "listed": ("Its name is enough.", "Navnet er nok."), "concept": ("Its name is enough.", "Navnet er nok."),
    "date": ("Write 2026-11-21, 2026-11 or 2026.", "Skriv 2026-11-21, 2026-11 eller 2026."),
    "boolean": ("Write yes or no.", "Skriv ja eller nej."),
}  # fmt: skip
_KINDS = {
    "integer": "integer", "decimal": "decimal", "boolean": "boolean", "date": "date", "gYear": "date",
    "gYearMonth": "date", "anyURI": "uri",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a class of records.

    `kind` is text (in Danish and English), string, integer, decimal, boolean, date, uri, iri, concept or reference;
    `scheme` is the notation of the concept scheme its values come from, `classes` the IRIs of what it may point to,
    `label` and `help` are in English and Danish.
    """

    path: str
    kind: str
    label: tuple[str, str]
    help: tuple[str, str]
    required: bool
    repeatable: bool
    scheme: str = ""
    classes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the property's IRI."""
        return last_part(self.path)

    @property
    def listed(self) -> bool:
        """Whether its values are concepts or schemes of no scheme in particular: those in use are offered."""
        return (self.kind == "concept" and not self.scheme) or self.classes == (_SCHEME,)

    def hint(self, language: str) -> str:
        """Return how a value is written in a form or a sheet, "" where the help says enough."""
        return _HINTS.get("listed" if self.listed else self.kind, ("", ""))[language == "da"]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The language of each column and its heading ending: two columns for a text, one for anything else."""
        return (("da", " (da)"), ("en", " (en)")) if self.kind == "text" else (("", ""),)


@dataclass(frozen=True, slots=True)
class RecordClass:
    """A class of records: IRI, short name, label (English, Danish), fields, and the classes it needs records of."""

    iri: str
    name: str
    label: tuple[str, str]
    fields: tuple[Field, ...]
    needs: tuple[str, ...]


def record_class(name: str, shapes: Shapes) -> RecordClass:
    """Return a class by its short name or IRI. Raises NotFound."""
    known = record_classes(shapes)
    for one in known:
        if name in (one.name, one.iri):
            return one
    names = ", ".join(one.name for one in known)
    raise NotFound(f"There is no class {name[:60]!r} of records; take one of {names}.")


def record_classes(shapes: Shapes) -> list[RecordClass]:
    """Return the classes whose records can be sent in: those whose shape gives their IRIs a form."""
    found = [_read(shapes, class_) for class_ in sorted(forms_of(shapes))]
    return sorted((one for one in found if one.fields), key=lambda one: one.name)


def _read(shapes: Shapes, class_: str) -> RecordClass:
    graph = shapes.graph
    fields: dict[str, tuple[int, Field]] = {}
    needs: list[str] = []
    either = set[str]()
    for node in shapes.targeted:
        if ox.NamedNode(class_) not in graph.objects(node, sh("targetClass")):
            continue
        for property_shape in graph.objects(node, sh("property")):
            if isinstance(property_shape, (ox.Literal, ox.Triple)):
                continue
            shape = shapes.shape(property_shape)
            if shape.path is None:
                continue
            if shape.path.kind == "inversePath":
                needs += _needed(shapes, shape)
            either |= _required_either(shapes, shape)
            if shape.path.predicate is None or shape.path.predicate.value == _IDENTIFIER:
                continue
            order = next((int(_value(o)) for o in graph.objects(property_shape, sh("order"))), 99)
            fields.setdefault(shape.path.predicate.value, (order, _field(shapes, shape)))
    ordered = tuple(
        replace(field, required=field.required or field.path in either)
        for _, field in sorted(fields.values(), key=lambda pair: (pair[0], pair[1].path))
    )
    shape_name = last_part(class_)
    return RecordClass(class_, shape_name, _class_label(shapes, class_), ordered, tuple(dict.fromkeys(needs)))


def _field(shapes: Shapes, shape: Shape) -> Field:
    graph = shapes.graph
    said: dict[str, list[Object]] = {}
    for name, value in shape.constraints:
        said.setdefault(name, []).append(value)
    kind, scheme, classes = _kind(shapes, said)
    assert shape.path is not None
    assert shape.path.predicate is not None
    return Field(
        shape.path.predicate.value, kind, in_both(graph.objects(shape.node, sh("name"))),
        (shape.messages.get("en", ""), shape.messages.get("da", "")), _number(said, "minCount") > 0,
        kind != "text" and _number(said, "maxCount") != 1, scheme, classes,
    )  # fmt: skip


def _kind(shapes: Shapes, said: dict[str, list[Object]]) -> tuple[str, str, tuple[str, ...]]:
    datatypes = [_value(value) for value in said.get("datatype", ())]
    classes = [_value(value) for value in said.get("class", ())]
    for head in said.get("or", ()):
        for member in shapes.list(head):
            if not isinstance(member, (ox.Literal, ox.Triple)):
                inner = shapes.shape(member).constraints
                datatypes += [_value(value) for name, value in inner if name == "datatype"]
                classes += [_value(value) for name, value in inner if name == "class"]
    if "languageIn" in said or _LANGUAGE_TEXT in datatypes:
        return "text", "", ()
    if any(class_ in _CONCEPTS for class_ in classes):
        patterns = [_value(value).removeprefix("^").removesuffix("/") for value in said.get("pattern", ())]
        schemes = [pattern.removeprefix(_CONCEPT) for pattern in patterns if pattern.startswith(_CONCEPT)]
        if schemes or len(classes) == 1:
            return "concept", schemes[0] if schemes else "", ()
    if classes:
        return "reference", "", tuple(classes)
    kinds = [_KINDS.get(datatype.removeprefix(_XSD), "string") for datatype in datatypes]
    if kinds:  # a number that may be whole or not is one that may be not
        return "decimal" if "decimal" in kinds else kinds[0], "", ()
    if any(_value(value).endswith("#IRI") for value in said.get("nodeKind", ())):
        return "iri", "", ()
    return "string", "", ()


def _needed(shapes: Shapes, shape: Shape) -> list[str]:
    """Return the class of the records that must point to one of this class."""
    graph = shapes.graph
    least = [*graph.objects(shape.node, sh("qualifiedMinCount")), *graph.objects(shape.node, sh("minCount"))]
    if not any(int(_value(count)) > 0 for count in least):
        return []
    inner = [value for name, value in shape.constraints if name == "qualifiedValueShape"]
    found = []
    for node in inner:
        if not isinstance(node, (ox.Literal, ox.Triple)):
            found += [_value(value) for name, value in shapes.shape(node).constraints if name == "class"]
    if not found and shape.path is not None and shape.path.parts[0].predicate is not None:
        for other in graph.subjects(sh("path"), shape.path.parts[0].predicate):
            for parent in graph.subjects(sh("property"), other):
                found += [_value(class_) for class_ in graph.objects(parent, sh("targetClass"))]
    return found


def _required_either(shapes: Shapes, shape: Shape) -> set[str]:
    """Return the properties that a record has, unless other records say the same of it: a form asks for them."""
    if shape.path is None or shape.path.kind != "alternativePath" or shape.path.choices:
        return set()
    least = shapes.graph.objects(shape.node, sh("qualifiedMinCount"))
    if not any(int(_value(count)) > 0 for count in least):
        return set()
    return {part.predicate.value for part in shape.path.parts if part.predicate is not None}


def _class_label(shapes: Shapes, class_: str) -> tuple[str, str]:
    graph = shapes.graph
    for node in shapes.targeted:
        if ox.NamedNode(class_) in graph.objects(node, sh("targetClass")) and graph.objects(node, sh("property")):
            return in_both(graph.objects(node, _LABEL))
    return "", ""


def in_both(literals: Iterable[object]) -> tuple[str, str]:
    """Return what literals say in English and in Danish, "" where none does."""
    said = {literal.language: literal.value for literal in literals if isinstance(literal, ox.Literal)}
    return said.get("en", ""), said.get("da", "")


def _number(said: dict[str, list[Object]], name: str) -> int:
    return int(_value(said[name][0])) if name in said else 0


def _value(term: object) -> str:
    return str(getattr(term, "value", term))
