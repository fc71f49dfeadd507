"""A graph cut into resources: what is said of each, blank nodes with the one resource that leads to them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import pyoxigraph as ox

from sundgraf.domain.names import BASE

UNNAMED = f"{BASE}feed#unnamed"  # stands for statements about blank nodes that belong to no single resource
_DEFAULT = ox.DefaultGraph()


class Resources:
    """The default graph of a store as resources; each statement belongs to exactly one of them."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._digests: dict[str, str] = {}
        self._of_blank: dict[ox.BlankNode, list[ox.Triple]] = defaultdict(list)
        self._loose: set[ox.BlankNode] = set()
        self._read()

    @property
    def digests(self) -> Mapping[str, str]:
        """A digest of what is said of each resource, which no renaming of blank nodes changes."""
        return self._digests

    def statements(self, name: str) -> list[ox.Triple]:
        """Return what is said of a resource, in a fixed order."""
        if name == UNNAMED:
            return sorted(self._unnamed(), key=str)
        found = self._own(ox.NamedNode(name))
        for triple in found:
            if isinstance(triple.object, ox.BlankNode):
                found += self._of_blank[triple.object]  # grows while it is read: what those lead to comes too
        return sorted(found, key=lambda t: (isinstance(t.subject, ox.BlankNode), str(t.predicate), self._text(t)))

    def _own(self, node: ox.NamedNode) -> list[ox.Triple]:
        quads = self._store.quads_for_pattern(node, None, None, _DEFAULT)
        return [quad.triple for quad in quads if quad.object not in self._loose]

    def _read(self) -> None:
        leading: dict[ox.BlankNode, list[ox.Triple]] = defaultdict(list)  # statements that lead to a blank node
        kept: dict[str, list[ox.Triple]] = {}
        quads = self._store.quads_for_pattern(None, None, None, _DEFAULT)
        for subject, group in groupby(quads, key=lambda quad: quad.subject):  # the index is in order of subjects
            triples = [quad.triple for quad in group]
            to_blank = [triple for triple in triples if isinstance(triple.object, ox.BlankNode)]
            for triple in to_blank:
                leading[triple.object].append(triple)  # type: ignore[index]  # a blank node, by the line above
            if isinstance(subject, ox.BlankNode):
                self._of_blank[subject] += triples
            elif isinstance(subject, ox.NamedNode):
                if to_blank:
                    kept[subject.value] = triples
                else:
                    self._digests[subject.value] = _digest(_said(triple) for triple in triples)
        blanks = self._of_blank.keys() | leading.keys()
        self._loose = {node for node in blanks if not _owned(node, leading)}
        for name, triples in kept.items():
            lines = [self._text(triple) for triple in triples if triple.object not in self._loose]
            if lines:
                self._digests[name] = _digest(lines)
        if self._loose:
            self._digests[UNNAMED] = _digest(str(triple) for triple in self._unnamed())

    def _text(self, triple: ox.Triple) -> str:
        """Return a statement with the blank nodes that it leads to written out."""
        if isinstance(triple.object, ox.BlankNode):
            return f"{triple.predicate} [{' '.join(sorted(self._text(t) for t in self._of_blank[triple.object]))}]"
        return _said(triple)

    def _unnamed(self) -> Iterator[ox.Triple]:
        for node in self._loose:
            yield from self._of_blank[node]
            for quad in self._store.quads_for_pattern(None, None, node, _DEFAULT):
                if quad.subject not in self._loose:
                    yield quad.triple


def _owned(node: ox.BlankNode, leading: Mapping[ox.BlankNode, list[ox.Triple]]) -> bool:
    """Say whether exactly one way leads to a blank node, and from a resource."""
    seen: set[ox.BlankNode] = set()
    while node not in seen:
        seen.add(node)
        ways = leading.get(node, ())
        if len(ways) != 1:
            return False
        subject = ways[0].subject
        if not isinstance(subject, ox.BlankNode):
            return isinstance(subject, ox.NamedNode)
        node = subject
    return False


def _said(triple: ox.Triple) -> str:
    return f"{triple.predicate} {triple.object}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(sorted(lines)).encode(), digest_size=12).hexdigest()
