"""The SHACL results of a change laid over what is published: of what it speaks of, and of the records beside that.

The shapes ask only of what is stated; what rules derived of a changed record is read as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import pyoxigraph as ox

from sundgraf.application.gate import Node, derived, subjects_of
from sundgraf.domain.names import BASE
from sundgraf.store.shacl import around
from sundgraf.store.shacl_core import Validator, Violation
from sundgraf.store.shacl_shapes import Shapes, sh
from sundgraf.store.view import View

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_RECORDS = (f"{BASE}id/", f"{BASE}id/publication/")
_MOST_BESIDE = 2000  # records beside a change that are looked at; more point only at what half the graph points at


def violations(submitted: ox.Store, base: ox.Store, shapes: Shapes) -> Iterator[Violation]:
    """Yield the results of records that are described whole, and of those beside them that no longer pass."""
    return violations_of_change(submitted, replaced(submitted, base), base, shapes)


def violations_of_change(
    added: ox.Store, removed: Iterable[ox.Triple], base: ox.Store, shapes: Shapes
) -> Iterator[Violation]:
    """Yield the results of every record that statements are added to or removed from, and those that it brings on."""
    gone = list(removed)
    own = dict.fromkeys([*subjects_of(added), *(t.subject for t in gone if not isinstance(t.subject, ox.Triple))])
    made = [triple for node in own for triple in derived(node, base)]
    after = View(added, base, without=[*gone, *made])
    yield from Validator(shapes, after, sparql=lambda: around(own, after)).some(own)
    beside = [node for node in _beside(added, gone, base, shapes) if node not in own][:_MOST_BESIDE]
    found = list(Validator(shapes, after, sparql=lambda: around(beside, after)).some(beside))
    if found:
        known = {_key(v) for v in Validator(shapes, View(base), sparql=base).some(beside)}
        yield from (violation for violation in found if _key(violation) not in known)


def replaced(submitted: ox.Store, base: ox.Store) -> list[ox.Triple]:
    """Return what is published of the subjects that a submission describes whole, and does not say again."""
    gone: list[ox.Triple] = []
    for subject in subjects_of(submitted):
        if next(submitted.quads_for_pattern(subject, _TYPE, None, None), None) is None:
            continue
        for quad in base.quads_for_pattern(subject, None, None, ox.DefaultGraph()):
            if ox.Quad(subject, quad.predicate, quad.object) not in submitted:
                gone.append(quad.triple)
    return gone


def _beside(added: ox.Store, gone: list[ox.Triple], base: ox.Store, shapes: Shapes) -> Iterator[Node]:
    """Yield the published records that a change can make fail.

    Those that it points to or pointed to by a property which shapes follow backwards; and those that point to what it
    takes a class from.
    """
    backwards = _followed_backwards(shapes)
    changed = [quad.triple for quad in added.quads_for_pattern(None, None, None, ox.DefaultGraph())]
    found = [triple.object for triple in (*changed, *gone) if triple.predicate in backwards]
    for triple in gone:
        if triple.predicate == _TYPE:
            incoming = base.quads_for_pattern(None, None, triple.subject, ox.DefaultGraph())
            found += [quad.subject for quad in incoming]
    yield from (node for node in dict.fromkeys(found) if isinstance(node, ox.NamedNode) and _is_record(node))


@lru_cache(maxsize=2)
def _followed_backwards(shapes: Shapes) -> frozenset[object]:
    return frozenset(shapes.graph.objects_of(sh("inversePath")))


def _is_record(node: ox.NamedNode) -> bool:
    return node.value.startswith(_RECORDS[0]) and not node.value.startswith(_RECORDS[1])


def _key(violation: Violation) -> tuple[object, ...]:
    path = violation.path.node if violation.path else None
    return violation.focus, violation.shape, violation.component, path, violation.value
