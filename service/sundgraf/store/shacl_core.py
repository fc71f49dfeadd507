"""SHACL Core and SPARQL constraints, evaluated where the data is (W3C Recommendation, sections 3 to 5).

pySHACL is the reference: tests/test_shacl_core.py compares the two over the shapes, their examples and the W3C suite.
What this adds is speed: a submission costs what its own nodes cost, whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.store import shacl_checks as checks
from sundgraf.store.shacl_shapes import COMPONENTS, SH, BadShapes, Path, Shape, Shapes, messages_of, sh, values_of
from sundgraf.store.shacl_sparql import SPARQLConstraints
from sundgraf.store.view import Node, Object, View

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DEEPEST = 40  # shapes within shapes
_TOLD_EACH = 1000  # focus nodes
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


@dataclass(slots=True)
class _Plan:
    """What is asked of the values of a shape, made ready once: of each, of all, by other shapes, and by queries."""

    by_value: list[tuple[str, Callable[[Object], bool]]] = field(default_factory=list)
    by_set: list[tuple[str, checks.Parameters]] = field(default_factory=list)
    others: list[tuple[str, Object]] = field(default_factory=list)
    nested: list[Shape] = field(default_factory=list)
    queries: list[Node] = field(default_factory=list)


class Validator:
    """Validates data against shapes. What a shape needs to know of its own values is worked out once."""

    def __init__(self, shapes: Shapes, data: View, *, sparql: ox.Store | Callable[[], ox.Store] | None = None) -> None:
        self._shapes = shapes
        self._data = data
        self._sparql = SPARQLConstraints(shapes.graph, sparql) if sparql is not None else None
        self._plans: dict[Shape, _Plan] = {}
        self._lists: dict[Object, list[Object]] = {}
        self._allowed: dict[Node, frozenset[str]] = {}

    def all(self, begun: Callable[[int], object] = lambda _: None) -> Iterator[Violation]:
        """Yield every result for every target in the data; `begun` is told of so many more focus nodes at a time."""
        for node in self._shapes.targeted:
            yield from self.each(node, list(self._shapes.targets(node, self._data)), begun)

    def each(
        self, node: Node, focuses: Sequence[Object], begun: Callable[[int], object] = lambda _: None
    ) -> Iterator[Violation]:
        """Yield the results of the shape at `node` for some of its focus nodes; `begun` as for `all`."""
        shape = self._shapes.shape(node)
        yield from self._sparql_results(shape, focuses)
        for position, focus in enumerate(focuses):
            if position % _TOLD_EACH == 0:
                begun(min(_TOLD_EACH, len(focuses) - position))
            yield from self.check(shape, focus)

    def some(self, focuses: Iterable[Node]) -> Iterator[Violation]:
        """Yield the results for these focus nodes only, against the shapes that target them."""
        for node, hit in self._shapes.targets_among(focuses, self._data).items():
            shape = self._shapes.shape(node)
            yield from self._sparql_results(shape, hit)
            for focus in hit:
                yield from self.check(shape, focus)

    def check(self, shape: Shape, focus: Object, depth: int = 0) -> Iterator[Violation]:
        """Yield the results of one shape for one focus node, without its sh:sparql constraints."""
        if depth > _DEEPEST:
            raise BadShapes(f"{shape.node} refers to itself")
        values = [focus] if shape.path is None else values_of(shape.path, focus, self._data)
        plan = self._plans.get(shape) or self._plan(shape)
        for name, value in self._failing(shape, plan, focus, values, depth):
            yield self._violation(shape, name, focus, value)
        for inner in plan.nested:
            for value in values:
                yield from self.check(inner, value, depth + 1)
            if self._sparql is not None:
                yield from self._sparql_results(inner, values)

    def conforms(self, node: Object, focus: Object, depth: int = 0) -> bool:
        """Say whether a node conforms to the shape at a node of the shapes graph."""
        if isinstance(node, (ox.Literal, ox.Triple)) or not self._shapes.active(node):
            return True
        return self._holds(self._shapes.shape(node), focus, depth + 1)

    def _holds(self, shape: Shape, focus: Object, depth: int) -> bool:
        """Say whether a focus node has no results at all, without making any."""
        if depth > _DEEPEST:
            raise BadShapes(f"{shape.node} refers to itself")
        values = [focus] if shape.path is None else values_of(shape.path, focus, self._data)
        plan = self._plans.get(shape) or self._plan(shape)
        if next(iter(self._failing(shape, plan, focus, values, depth)), None) is not None:
            return False
        if not all(self._holds(inner, value, depth + 1) for inner in plan.nested for value in values):
            return False
        return next(iter(self._sparql_results(shape, [focus])), None) is None

    def _plan(self, shape: Shape) -> _Plan:
        plan = self._plans[shape] = _Plan()
        for name, parameter in shape.constraints:
            parameters = checks.Parameters(self._shapes, shape, parameter, self._data)
            is_node = not isinstance(parameter, (ox.Literal, ox.Triple))
            if name in _VALUE_CHECKS:
                plan.by_value.append((name, _VALUE_CHECKS[name](parameters)))
            elif name in checks.BY_SET:
                plan.by_set.append((name, parameters))
            elif name == "property":
                if is_node and self._shapes.active(parameter):  # type: ignore[arg-type]  # is_node says so
                    plan.nested.append(self._shapes.shape(parameter))  # type: ignore[arg-type]
            elif name == "sparql":
                if is_node:
                    plan.queries.append(parameter)  # type: ignore[arg-type]
            else:
                plan.others.append((name, parameter))
        return plan

    def _violation(self, shape: Shape, name: str, focus: Object, value: Object | checks.Extra | None) -> Violation:
        path = shape.path
        if isinstance(value, checks.Extra):
            path, value = Path("predicate", value.predicate, value.predicate), value.value
        component = f"{SH}{COMPONENTS.get(name) or name[0].upper() + name[1:]}ConstraintComponent"
        return Violation(focus, shape.node, component, path, value, shape.severity, shape.messages)

    def _failing(
        self, shape: Shape, plan: _Plan, focus: Object, values: list[Object], depth: int
    ) -> Iterator[tuple[str, Object | checks.Extra | None]]:
        for name, fits in plan.by_value:
            for value in values:
                if not fits(value):
                    yield name, value
        for name, parameters in plan.by_set:
            for failed in checks.BY_SET[name](parameters, focus, values):
                yield name, failed
        for name, parameter in plan.others:
            if name in ("not", "and", "or", "xone", "node"):
                yield from ((name, value) for value in values if not self._logical(name, parameter, value, depth))
            elif name == "qualifiedValueShape":
                yield from self._qualified(shape, parameter, values, depth)
            elif name == "closed":
                yield from self._extra(shape, parameter, values)

    def _logical(self, name: str, parameter: Object, value: Object, depth: int) -> bool:
        if name == "node":
            return self.conforms(parameter, value, depth)
        if name == "not":
            return not self.conforms(parameter, value, depth)
        members = self._lists.get(parameter)
        if members is None:
            members = self._lists[parameter] = self._shapes.list(parameter)
        held = (self.conforms(member, value, depth) for member in members)
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

    def _sparql_results(self, shape: Shape, focuses: Sequence[Object]) -> Iterator[Violation]:
        if self._sparql is None or not focuses:
            return
        for constraint in (self._plans.get(shape) or self._plan(shape)).queries:
            for found in self._sparql.run(constraint, shape, focuses):
                messages = found.messages or messages_of(self._shapes.graph, constraint) or shape.messages
                yield Violation(
                    found.focus, shape.node, f"{SH}SPARQLConstraintComponent",
                    found.path or shape.path, found.value, shape.severity, messages, constraint,
                )  # fmt: skip
