"""The constraints of SHACL Core that look at one value, and those that look at all values of a path together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from sundgraf.store.shacl_shapes import SH, BadShapes, Shape, Shapes, sh
from sundgraf.store.shacl_values import order_of, well_formed
from sundgraf.store.view import Object, View

_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}
_KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (ox.NamedNode,), "BlankNode": (ox.BlankNode,), "Literal": (ox.Literal,),
    "BlankNodeOrIRI": (ox.BlankNode, ox.NamedNode), "BlankNodeOrLiteral": (ox.BlankNode, ox.Literal),
    "IRIOrLiteral": (ox.NamedNode, ox.Literal),
}  # fmt: skip
Check = Callable[[Object], bool]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a constraint is made from: the shapes graph, the shape, the parameter's value, and the data."""

    shapes: Shapes
    shape: Shape
    value: Object
    data: View

    def other(self, name: str) -> Object | None:
        """Return another parameter of the same shape."""
        return next(iter(self.shapes.graph.objects(self.shape.node, sh(name))), None)


@dataclass(frozen=True, slots=True)
class Extra:
    """A statement that a closed shape does not allow."""

    predicate: ox.NamedNode
    value: Object


def _class(p: Parameters) -> Check:
    class_ = p.value
    if not isinstance(class_, ox.NamedNode):
        raise BadShapes(f"sh:class of {p.shape.node} is no IRI")
    return lambda value: p.data.is_a(value, class_)


def _datatype(p: Parameters) -> Check:
    wanted = p.value
    return lambda value: isinstance(value, ox.Literal) and value.datatype == wanted and well_formed(value)


def _node_kind(p: Parameters) -> Check:
    kinds = _KINDS[str(getattr(p.value, "value", "")).removeprefix(SH)]
    return lambda value: isinstance(value, kinds)


def _compare(holds: Callable[[int], bool]) -> Callable[[Parameters], Check]:
    def make(p: Parameters) -> Check:
        return lambda value: (found := compare(value, p.value)) is not None and holds(found)

    return make


def compare(one: object, other: object) -> int | None:
    """Return -1, 0 or 1; None where the two cannot be compared."""
    left, right = order_of(one), order_of(other)
    if left is None or right is None or left[0] != right[0]:
        return None
    if left[1] == right[1]:
        return 0
    return 1 if left[1] > right[1] else -1  # type: ignore[operator]


def _length(holds: Callable[[int, int], bool]) -> Callable[[Parameters], Check]:
    def make(p: Parameters) -> Check:
        limit = int(getattr(p.value, "value", "0"))
        return lambda value: isinstance(value, (ox.NamedNode, ox.Literal)) and holds(len(value.value), limit)

    return make


def _pattern(p: Parameters) -> Check:
    flags = 0
    for letter in str(getattr(p.other("flags"), "value", "")):
        flags |= _FLAGS.get(letter, 0)
    try:
        pattern = re.compile(str(getattr(p.value, "value", "")), flags)
    except re.error as error:
        raise BadShapes(f"sh:pattern of {p.shape.node} is no regular expression ({error})") from error
    return lambda value: isinstance(value, (ox.NamedNode, ox.Literal)) and pattern.search(value.value) is not None


def _language_in(p: Parameters) -> Check:
    ranges = [str(getattr(member, "value", "")).lower() for member in p.shapes.list(p.value)]

    def fits(value: Object) -> bool:
        tag = (value.language or "").lower() if isinstance(value, ox.Literal) else ""
        return bool(tag) and any(tag == wanted or tag.startswith(f"{wanted}-") for wanted in ranges)

    return fits


def _in(p: Parameters) -> Check:
    members = frozenset(p.shapes.list(p.value))
    return lambda value: value in members


BY_VALUE: dict[str, Callable[[Parameters], Check]] = {
    "class": _class,
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "minExclusive": _compare(lambda order: order > 0),
    "minInclusive": _compare(lambda order: order >= 0),
    "maxExclusive": _compare(lambda order: order < 0),
    "maxInclusive": _compare(lambda order: order <= 0),
    "minLength": _length(lambda length, limit: length >= limit),
    "maxLength": _length(lambda length, limit: length <= limit),
    "pattern": _pattern,
    "languageIn": _language_in,
    "in": _in,
}


def _min_count(p: Parameters, _: Object, values: list[Object]) -> Iterable[Object | None]:
    return [None] if len(values) < int(getattr(p.value, "value", "0")) else []


def _max_count(p: Parameters, _: Object, values: list[Object]) -> Iterable[Object | None]:
    return [None] if len(values) > int(getattr(p.value, "value", "0")) else []


def _unique_lang(p: Parameters, _: Object, values: list[Object]) -> Iterable[Object | None]:
    if p.value != ox.Literal(True):
        return []
    tags = [value.language.lower() for value in values if isinstance(value, ox.Literal) and value.language]
    return [None for tag in dict.fromkeys(tags) if tags.count(tag) > 1]


def _has_value(p: Parameters, _: Object, values: list[Object]) -> Iterable[Object | None]:
    return [] if p.value in values else [None]


def _others(p: Parameters, focus: Object) -> list[Object]:
    if not isinstance(p.value, ox.NamedNode):
        raise BadShapes(f"a property that {p.shape.node} compares with is no IRI")
    return p.data.objects(focus, p.value)


def _equals(p: Parameters, focus: Object, values: list[Object]) -> Iterable[Object | None]:
    others = _others(p, focus)
    return [*(v for v in values if v not in others), *(o for o in others if o not in values)]


def _disjoint(p: Parameters, focus: Object, values: list[Object]) -> Iterable[Object | None]:
    others = _others(p, focus)
    return [value for value in values if value in others]


def _less(holds: Callable[[int], bool]) -> Callable[[Parameters, Object, list[Object]], Iterable[Object | None]]:
    def failing(p: Parameters, focus: Object, values: list[Object]) -> Iterable[Object | None]:
        return [
            value
            for value in values
            for other in _others(p, focus)
            if (order := compare(value, other)) is None or not holds(order)
        ]

    return failing


BY_SET: dict[str, Callable[[Parameters, Object, list[Object]], Iterable[Object | None]]] = {
    "minCount": _min_count,
    "maxCount": _max_count,
    "uniqueLang": _unique_lang,
    "hasValue": _has_value,
    "equals": _equals,
    "disjoint": _disjoint,
    "lessThan": _less(lambda order: order < 0),
    "lessThanOrEquals": _less(lambda order: order <= 0),
}


def allowed_properties(shapes: Shapes, shape: Shape) -> frozenset[str]:
    """Return the properties that a closed shape allows: those of its property shapes and the ignored ones."""
    graph = shapes.graph
    allowed = {
        path.value
        for property_shape in graph.objects(shape.node, sh("property"))
        for path in graph.objects(property_shape, sh("path"))
        if isinstance(path, ox.NamedNode)
    }
    for ignored in graph.objects(shape.node, sh("ignoredProperties")):
        allowed |= {member.value for member in shapes.list(ignored) if isinstance(member, ox.NamedNode)}
    return frozenset(allowed)
