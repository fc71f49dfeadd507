"""A graph to read: what is published, with a submission laid over it and without what the submission replaces.

Nothing is copied, so that looking at a small submission costs the same beside ten thousand triples and ten million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

Node = ox.NamedNode | ox.BlankNode
Object = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
_MOST_HELD = 20_000  # nodes
_DEFAULT = ox.DefaultGraph()


class View:
    """The default graphs of stores, read as one. `without` holds triples that are read as absent."""

    def __init__(self, *stores: ox.Store, without: Iterable[ox.Triple] = ()) -> None:
        self.stores = stores
        self._find = [store.quads_for_pattern for store in stores]
        self._without = frozenset(without)
        self._held: dict[Object, Mapping[ox.NamedNode, list[Object]]] = {}
        self._classes: dict[ox.NamedNode, frozenset[Object]] = {}

    def objects(self, subject: Object, predicate: ox.NamedNode) -> list[Object]:
        """Return the values of a property, each once."""
        return self._described(subject).get(predicate, [])

    def objects_among(self, subject: Object, predicates: frozenset[ox.NamedNode]) -> list[Object]:
        """Return the values of any of some properties, each once; what is said is less than what may be said."""
        held = self._described(subject)
        return list(dict.fromkeys(value for name, values in held.items() if name in predicates for value in values))

    def subjects(self, predicate: ox.NamedNode | None, object_: Object | None) -> list[Node]:
        """Return what has a value, each once."""
        found = [quad for find in self._find for quad in find(None, predicate, object_, _DEFAULT)]
        return list(dict.fromkeys(q.subject for q in self._present(found) if not isinstance(q.subject, ox.Triple)))

    def about(self, subject: Object) -> list[tuple[ox.NamedNode, Object]]:
        """Return the properties and values of a node, each pair once."""
        return [(predicate, value) for predicate, values in self._described(subject).items() for value in values]

    def has(self, subject: Object, predicate: ox.NamedNode, object_: Object) -> bool:
        """Say whether a triple is there."""
        return object_ in self.objects(subject, predicate)

    def subjects_of(self, predicate: ox.NamedNode) -> list[Node]:
        """Return everything that has a property."""
        return self.subjects(predicate, None)

    def objects_of(self, predicate: ox.NamedNode) -> list[Object]:
        """Return every value of a property."""
        found = [quad for find in self._find for quad in find(None, predicate, None, _DEFAULT)]
        return list(dict.fromkeys(quad.object for quad in self._present(found)))

    def classes_below(self, class_: ox.NamedNode) -> frozenset[Object]:
        """Return a class and its subclasses."""
        known = self._classes.get(class_)
        if known is None:
            found: dict[Object, None] = {class_: None}
            waiting: list[Object] = [class_]
            while waiting:
                for below in self.subjects(_SUBCLASS, waiting.pop()):
                    if below not in found:
                        found[below] = None
                        waiting.append(below)
            known = self._classes[class_] = frozenset(found)
        return known

    def is_a(self, node: Object, class_: ox.NamedNode) -> bool:
        """Say whether a node is an instance of a class or of one of its subclasses."""
        if isinstance(node, (ox.Literal, ox.Triple)):
            return False
        return not self.classes_below(class_).isdisjoint(self.objects(node, _TYPE))

    def instances(self, class_: ox.NamedNode) -> list[Node]:
        """Return the instances of a class and of its subclasses, each once."""
        return list(dict.fromkeys(node for below in self.classes_below(class_) for node in self.subjects(_TYPE, below)))

    def _described(self, subject: Object) -> Mapping[ox.NamedNode, list[Object]]:
        """Return what is said of a node, by property; many shapes ask of the same node one after another."""
        held = self._held.get(subject)
        if held is None:
            if isinstance(subject, (ox.Literal, ox.Triple)):
                return {}
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            quads = [quad for find in self._find for quad in find(subject, None, None, _DEFAULT)]
            said: dict[ox.NamedNode, dict[Object, None]] = {}
            for quad in self._present(quads):
                said.setdefault(quad.predicate, {})[quad.object] = None
            held = self._held[subject] = {predicate: list(values) for predicate, values in said.items()}
        return held

    def _present(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        if not self._without:
            yield from quads
            return
        for quad in quads:
            if quad.triple not in self._without:
                yield quad
