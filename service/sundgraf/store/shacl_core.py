"""SHACL Core and SPARQL constraints, evaluated where the data is (W3C Recommendation, sections 3 to 5).

pySHACL is the reference: tests/test_shacl_core.py compares the two over the shapes, their examples and the W3C suite.
What this adds is speed: a submission costs what its own nodes cost, whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.store import shacl_checks as checks
from sundgraf.store.shacl_shapes import COMPONENTS, SH, BadShapes, Path, Shape, Shapes, messages_of, sh, values_of
from sundgraf.store.shacl_sparql import SPARQLConstraints
from sundgraf.store.view import Node, Object, View

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DEEPEST = 40  # shapes within shapes
_VALUE_CHECKS: dict[str, Callable[[checks.Parameters], Callable[[Object], bool]]] = checks.BY_VALUE


@dataclass(frozen=True, slots=True)
class Violation:
    """One validation result, in terms of the data and the shapes graph. `messages` are by language."""

    focus: Object
    shape: Node
    component: str
    path: Path | None = None
    value: Object | None = None
    severity: str = "Violation"
    messages: dict[str, str] = field(default_factory=dict)
    source: Node | None = None  # the sh:sparql constraint


class Validator:
    """Validates data against shapes. What a shape needs to know of its own values is worked out once."""

    def __init__(self, shapes: Shapes, data: View, *, sparql: ox.Store | None = None) -> None:
        self._shapes = shapes
        self._data = data
        self._sparql = SPARQLConstraints(shapes.graph, sparql) if sparql is not None else None
        self._ready: dict[tuple[Node, str, Object], Callable[[Object], bool]] = {}
        self._allowed: dict[Node, frozenset[str]] = {}

    def all(self) -> Iterator[Violation]:
        """Yield every result for every target in the data."""
        for node in self._shapes.targeted:
            shape = self._shapes.shape(node)
            yield from self._sparql_results(shape, list(focuses := self._shapes.targets(node, self._data)))
            for focus in focuses:
                yield from self.check(shape, focus)

    def some(self, focuses: Iterable[Node]) -> Iterator[Violation]:
        """Yield the results for these focus nodes only, against the shapes that target them."""
        nodes = list(focuses)
        for node in self._shapes.targeted:
            shape = self._shapes.shape(node)
            hit: list[Object] = [focus for focus in nodes if self._shapes.is_target(node, focus, self._data)]
            yield from self._sparql_results(shape, hit)
            for focus in hit:
                yield from self.check(shape, focus)

    def check(self, shape: Shape, focus: Object, depth: int = 0) -> Iterator[Violation]:
        """Yield the results of one shape for one focus node, without its sh:sparql constraints."""
        if depth > _DEEPEST:
            raise BadShapes(f"{shape.node} refers to itself")
        values = [focus] if shape.path is None else values_of(shape.path, focus, self._data)
        for name, parameter in shape.constraints:
            if name == "property":
                yield from self._nested(parameter, values, depth)
                continue
            for failed, value in self._failing(shape, name, parameter, focus, values, depth):
                yield self._violation(shape, failed, focus, value)

    def conforms(self, node: Object, focus: Object, depth: int = 0) -> bool:
        """Say whether a node conforms to the shape at a node of the shapes graph."""
        if isinstance(node, (ox.Literal, ox.Triple)) or not self._shapes.active(node):
            return True
        shape = self._shapes.shape(node)
        if next(self.check(shape, focus, depth + 1), None) is not None:
            return False
        return next(iter(self._sparql_results(shape, [focus])), None) is None

    def _nested(self, parameter: Object, values: list[Object], depth: int) -> Iterator[Violation]:
        if isinstance(parameter, (ox.Literal, ox.Triple)) or not self._shapes.active(parameter):
            return
        shape = self._shapes.shape(parameter)
        for value in values:
            yield from self.check(shape, value, depth + 1)
        yield from self._sparql_results(shape, values)

    def _violation(self, shape: Shape, name: str, focus: Object, value: Object | checks.Extra | None) -> Violation:
        path = shape.path
        if isinstance(value, checks.Extra):
            path, value = Path("predicate", value.predicate, value.predicate), value.value
        component = f"{SH}{COMPONENTS.get(name) or name[0].upper() + name[1:]}ConstraintComponent"
        return Violation(focus, shape.node, component, path, value, shape.severity, shape.messages)

    def _failing(
        self, shape: Shape, name: str, parameter: Object, focus: Object, values: list[Object], depth: int
    ) -> Iterable[tuple[str, Object | checks.Extra | None]]:
        if name in _VALUE_CHECKS:
            fits = self._ready.get((shape.node, name, parameter))
            if fits is None:
                fits = _VALUE_CHECKS[name](checks.Parameters(self._shapes, shape, parameter, self._data))
                self._ready[shape.node, name, parameter] = fits
            return [(name, value) for value in values if not fits(value)]
        if name in ("not", "and", "or", "xone", "node"):
            return [(name, value) for value in values if not self._logical(name, parameter, value, depth)]
        if name in checks.BY_SET:
            parameters = checks.Parameters(self._shapes, shape, parameter, self._data)
            return [(name, value) for value in checks.BY_SET[name](parameters, focus, values)]
        if name == "qualifiedValueShape":
            return self._qualified(shape, parameter, values, depth)
        if name == "closed":
            return self._extra(shape, parameter, values)
        return []

    def _logical(self, name: str, parameter: Object, value: Object, depth: int) -> bool:
        if name == "node":
            return self.conforms(parameter, value, depth)
        if name == "not":
            return not self.conforms(parameter, value, depth)
        held = (self.conforms(member, value, depth) for member in self._shapes.list(parameter))
        return all(held) if name == "and" else any(held) if name == "or" else sum(held) == 1

    def _qualified(
        self, shape: Shape, parameter: Object, values: list[Object], depth: int
    ) -> Iterator[tuple[str, None]]:
        graph = self._shapes.graph
        siblings: list[Object] = []
        if ox.Literal(True) in graph.objects(shape.node, sh("qualifiedValueShapesDisjoint")):
            siblings = [
                other
                for parent in graph.subjects(sh("property"), shape.node)
                for brother in graph.objects(parent, sh("property"))
                for other in graph.objects(brother, sh("qualifiedValueShape"))
                if other != parameter
            ]
        count = sum(
            self.conforms(parameter, value, depth) and not any(self.conforms(other, value, depth) for other in siblings)
            for value in values
        )
        for low in graph.objects(shape.node, sh("qualifiedMinCount")):
            if isinstance(low, ox.Literal) and count < int(low.value):
                yield "qualifiedMinCount", None
        for high in graph.objects(shape.node, sh("qualifiedMaxCount")):
            if isinstance(high, ox.Literal) and count > int(high.value):
                yield "qualifiedMaxCount", None

    def _extra(self, shape: Shape, parameter: Object, values: list[Object]) -> Iterator[tuple[str, checks.Extra]]:
        if parameter != ox.Literal(True):
            return
        allowed = self._allowed.get(shape.node)
        if allowed is None:
            allowed = self._allowed[shape.node] = checks.allowed_properties(self._shapes, shape)
        for value in values:
            for predicate, object_ in self._data.about(value):
                if predicate.value not in allowed:
                    yield "closed", checks.Extra(predicate, object_)

    def _sparql_results(self, shape: Shape, focuses: list[Object]) -> Iterator[Violation]:
        if self._sparql is None or not focuses:
            return
        for name, constraint in shape.constraints:
            if name != "sparql" or isinstance(constraint, (ox.Literal, ox.Triple)):
                continue
            for found in self._sparql.run(constraint, shape, focuses):
                messages = found.messages or messages_of(self._shapes.graph, constraint) or shape.messages
                yield Violation(
                    found.focus, shape.node, f"{SH}SPARQLConstraintComponent",
                    found.path or shape.path, found.value, shape.severity, messages, constraint,
                )  # fmt: skip
