"""SHACL shapes as they are read: targets, paths and constraints (W3C Recommendation, sections 2 and 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.store.view import Node, Object, View

SH = "http://www.w3.org/ns/shacl#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS_CLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#Class")
_TYPE, _FIRST, _REST, NIL = (ox.NamedNode(f"{_RDF}{name}") for name in ("type", "first", "rest", "nil"))
_TRUE = ox.Literal(True)
_LONGEST_LIST = 100_000
_PATHS = ("inversePath", "alternativePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath")
# The parameter by which each constraint component of SHACL Core is known.
COMPONENTS = {
    "class": "Class", "datatype": "Datatype", "nodeKind": "NodeKind", "minCount": "MinCount", "maxCount": "MaxCount",
    "minExclusive": "MinExclusive", "minInclusive": "MinInclusive", "maxExclusive": "MaxExclusive",
    "maxInclusive": "MaxInclusive", "minLength": "MinLength", "maxLength": "MaxLength", "pattern": "Pattern",
    "languageIn": "LanguageIn", "uniqueLang": "UniqueLang", "equals": "Equals", "disjoint": "Disjoint",
    "lessThan": "LessThan", "lessThanOrEquals": "LessThanOrEquals", "not": "Not", "and": "And", "or": "Or",
    "xone": "Xone", "node": "Node", "property": "Property", "qualifiedValueShape": "QualifiedValueShape",
    "closed": "Closed", "hasValue": "HasValue", "in": "In", "sparql": "SPARQL",
}  # fmt: skip


def sh(name: str) -> ox.NamedNode:
    """Return a term of SHACL."""
    return ox.NamedNode(SH + name)


_DEACTIVATED = sh("deactivated")


@dataclass(slots=True)
class Path:
    """A property path. `kind` is "predicate", "sequence" or one of SHACL's; `node` is where the shapes graph has it.

    `choices` are the properties of an alternative path that is made of nothing else.
    """

    kind: str
    node: Node
    predicate: ox.NamedNode | None = None
    parts: list[Path] = field(default_factory=list)
    choices: frozenset[ox.NamedNode] = frozenset()


@dataclass(slots=True, eq=False)
class Shape:
    """A node shape, or a property shape where it has a path. `constraints` are (parameter, value) in a fixed order."""

    node: Node
    path: Path | None
    severity: str
    messages: dict[str, str]
    constraints: list[tuple[str, Object]]


class BadShapes(ValueError):
    """The shapes graph is not what SHACL asks for."""


class Shapes:
    """A shapes graph: its shapes by node, and those that have targets."""

    def __init__(self, graph: View) -> None:
        self.graph = graph
        self._shapes: dict[Node, Shape] = {}
        self._active: dict[Node, bool] = {}
        self.targeted = sorted(self._with_targets(), key=str)

    def shape(self, node: Node) -> Shape:
        """Return the shape at a node of the shapes graph."""
        known = self._shapes.get(node)
        if known is None:
            known = self._shapes[node] = self._read(node)
        return known

    def active(self, node: Node) -> bool:
        """Say whether a shape is not deactivated."""
        known = self._active.get(node)
        if known is None:
            known = self._active[node] = _TRUE not in self.graph.objects(node, _DEACTIVATED)
        return known

    def list(self, head: Object) -> list[Object]:
        """Return the members of an RDF list. Raises BadShapes for what is no list."""
        members: list[Object] = []
        while head != NIL:
            first = self.graph.objects(head, _FIRST)
            rest = self.graph.objects(head, _REST)
            if len(first) != 1 or len(rest) != 1 or len(members) >= _LONGEST_LIST:
                raise BadShapes(f"{head} is no list")
            members.append(first[0])
            head = rest[0]
        return members

    def targets(self, node: Node, data: View) -> dict[Object, None]:
        """Return the focus nodes of a shape in the data (SHACL section 2.1.3)."""
        graph = self.graph
        found: dict[Object, None] = dict.fromkeys(graph.objects(node, sh("targetNode")))
        for class_ in self._target_classes(node):
            found |= dict.fromkeys(data.instances(class_))
        for predicate in graph.objects(node, sh("targetSubjectsOf")):
            if isinstance(predicate, ox.NamedNode):
                found |= dict.fromkeys(data.subjects_of(predicate))
        for predicate in graph.objects(node, sh("targetObjectsOf")):
            if isinstance(predicate, ox.NamedNode):
                found |= dict.fromkeys(data.objects_of(predicate))
        return found

    def targets_among(self, focuses: Iterable[Node], data: View) -> dict[Node, tuple[Object, ...]]:
        """Return, of these nodes of the data, the focus nodes of each shape that has some, without looking at others.

        Each node is looked at once, however many shapes there are.
        """
        nodes, types, subjects, objects = (defaultdict[Object, set[Node]](set) for _ in range(4))
        for shape in self.targeted:
            graph = self.graph
            for node in graph.objects(shape, sh("targetNode")):
                nodes[node].add(shape)
            for class_ in {below for above in self._target_classes(shape) for below in data.classes_below(above)}:
                types[class_].add(shape)
            for predicate in graph.objects(shape, sh("targetSubjectsOf")):
                subjects[predicate].add(shape)
            for predicate in graph.objects(shape, sh("targetObjectsOf")):
                objects[predicate].add(shape)
        found: dict[Node, dict[Object, None]] = {shape: {} for shape in self.targeted}
        for focus in focuses:
            aimed = {*nodes.get(focus, ())}
            for predicate, value in data.about(focus):
                aimed |= subjects.get(predicate, set())
                if predicate == _TYPE:
                    aimed |= types.get(value, set())
            for pointer, shapes in objects.items():
                if isinstance(pointer, ox.NamedNode) and data.subjects(pointer, focus):
                    aimed |= shapes
            for shape in aimed:
                found[shape][focus] = None
        return {shape: tuple(hit) for shape, hit in found.items() if hit}

    def _target_classes(self, shape: Node) -> Iterator[ox.NamedNode]:
        """Yield the classes whose instances a shape is for: those it names, and itself where it is a class."""
        implicit = [shape] if self.graph.is_a(shape, _RDFS_CLASS) else []
        for class_ in (*self.graph.objects(shape, sh("targetClass")), *implicit):
            if isinstance(class_, ox.NamedNode):
                yield class_

    def _with_targets(self) -> set[Node]:
        graph = self.graph
        found: set[Node] = set()
        for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf"):
            found |= set(graph.subjects_of(sh(name)))
        for kind in ("NodeShape", "PropertyShape"):
            found |= {node for node in graph.instances(sh(kind)) if graph.is_a(node, _RDFS_CLASS)}
        return {node for node in found if self.active(node)}

    def _read(self, node: Node) -> Shape:
        paths = self.graph.objects(node, sh("path"))
        if len(paths) > 1:
            raise BadShapes(f"{node} has more than one sh:path")
        constraints = [
            (name, value) for name in COMPONENTS for value in sorted(self.graph.objects(node, sh(name)), key=str)
        ]
        severity = next(
            (str(s.value) for s in self.graph.objects(node, sh("severity")) if isinstance(s, ox.NamedNode)), ""
        )
        return Shape(
            node, self._path(paths[0]) if paths else None, severity.removeprefix(SH) or "Violation",
            messages_of(self.graph, node), constraints,
        )  # fmt: skip

    def _path(self, node: Object, depth: int = 0) -> Path:
        if depth > 50 or isinstance(node, (ox.Literal, ox.Triple)):
            raise BadShapes(f"{node} is no property path")
        if isinstance(node, ox.NamedNode) and node != NIL:
            return Path("predicate", node, node)
        if self.graph.objects(node, _FIRST):
            return Path("sequence", node, parts=[self._path(part, depth + 1) for part in self.list(node)])
        for kind in _PATHS:
            for value in self.graph.objects(node, sh(kind)):
                inner = self.list(value) if kind == "alternativePath" else [value]
                parts = [self._path(part, depth + 1) for part in inner]
                plain = kind == "alternativePath" and all(part.predicate for part in parts)
                choices = frozenset(part.predicate for part in parts if part.predicate) if plain else frozenset()
                return Path(kind, node, parts=parts, choices=choices)
        raise BadShapes(f"{node} is no property path")


def messages_of(graph: View, node: Node) -> dict[str, str]:
    """Return the messages of a shape or constraint by language ("" where none is given)."""
    return {m.language or "": m.value for m in graph.objects(node, sh("message")) if isinstance(m, ox.Literal)}


def values_of(path: Path, focus: Object, data: View) -> list[Object]:
    """Return the value nodes of a focus node, each once (SHACL section 2.3.1)."""
    if path.predicate is not None:
        return data.objects(focus, path.predicate)
    if path.kind == "inversePath":
        return _inverse(path.parts[0], focus, data)
    if path.choices:
        return data.objects_among(focus, path.choices)
    if path.kind == "alternativePath":
        return list(dict.fromkeys(value for part in path.parts for value in values_of(part, focus, data)))
    if path.kind == "sequence":
        nodes: list[Object] = [focus]
        for part in path.parts:
            nodes = list(dict.fromkeys(value for node in nodes for value in values_of(part, node, data)))
        return nodes
    first = values_of(path.parts[0], focus, data)
    if path.kind == "zeroOrOnePath":
        return list(dict.fromkeys([focus, *first]))
    reached: dict[Object, None] = dict.fromkeys(first if path.kind == "oneOrMorePath" else [focus, *first])
    waiting = list(first)
    while waiting:
        for value in values_of(path.parts[0], waiting.pop(), data):
            if value not in reached:
                reached[value] = None
                waiting.append(value)
    return list(reached)


def _inverse(path: Path, focus: Object, data: View) -> list[Object]:
    if path.predicate is not None:
        return list(data.subjects(path.predicate, focus))
    if path.kind == "inversePath":
        return values_of(path.parts[0], focus, data)
    parts = [Path("inversePath", part.node, parts=[part]) for part in path.parts]
    if path.kind == "sequence":
        parts.reverse()
    return values_of(Path(path.kind, path.node, parts=parts), focus, data)
