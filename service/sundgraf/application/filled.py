"""What a form holds when it is opened to correct a published record."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.cells import Vocabulary
from sundgraf.application.fields import Field, record_class, record_classes
from sundgraf.application.gate import stated
from sundgraf.application.validate import published_store, shapes_of
from sundgraf.domain.names import BASE

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_IDENTIFIER = ox.NamedNode("http://purl.org/dc/terms/identifier")
_PREF_LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")


def class_of(record: str, state: Path, root: Path) -> str:
    """Return the short name of the class of a published record, "" where it has no form."""
    if not record.startswith(f"{BASE}id/"):
        return ""
    try:
        held = published_store(state, root).quads_for_pattern(ox.NamedNode(record), _TYPE, None, ox.DefaultGraph())
    except ValueError:
        return ""
    types = {str(getattr(quad.object, "value", "")) for quad in held}
    return next((one.name for one in record_classes(shapes_of(root)) if one.iri in types), "")


def filled_in(record: str, name: str, language: str, state: Path, root: Path) -> dict[str, list[str]]:
    """Return the values of a form of the class `name` by the names of its inputs, as stated of a record."""
    base = published_store(state, root)
    one = record_class(name, shapes_of(root))
    fields = {field.path: field for field in one.fields}
    said: dict[str, list[str]] = {"record": [record]}
    for triple in stated(ox.NamedNode(record), base):
        field = fields.get(triple.predicate.value)
        if field is None:
            continue
        value = triple.object
        tag = value.language if isinstance(value, ox.Literal) and field.kind == "text" else ""
        said.setdefault(f"{one.name}.{field.name}" + (f".{tag}" if tag else ""), []).append(
            _shown(value, field, language, base)
        )
    return {name: sorted(values) for name, values in said.items()}


def _shown(value: object, field: Field, language: str, base: ox.Store) -> str:
    if isinstance(value, ox.NamedNode) and field.listed:
        return Vocabulary(base, {}).name_in_lists(value, language)
    if isinstance(value, ox.NamedNode) and field.kind == "concept":
        for quad in base.quads_for_pattern(value, _PREF_LABEL, None, ox.DefaultGraph()):
            if isinstance(quad.object, ox.Literal) and quad.object.language == language:
                return quad.object.value
    if isinstance(value, ox.NamedNode) and field.kind == "reference":
        for quad in base.quads_for_pattern(value, _IDENTIFIER, None, ox.DefaultGraph()):
            return str(getattr(quad.object, "value", value.value))
    return str(getattr(value, "value", value))
