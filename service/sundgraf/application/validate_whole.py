"""Validate everything that is published; what rules derived is left out, since the shapes ask of what is stated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.validate import published_store, shapes_of
from sundgraf.application.wording import in_words
from sundgraf.domain.report import Finding
from sundgraf.store.load import DERIVED
from sundgraf.store.shacl_core import Validator, Violation
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.view import View


def findings_of_whole(state: Path, root: Path, progress: Callable[[int], object]) -> Iterator[Finding]:
    """Yield what is to be mended in what is published, as it is found; `progress` is told of focus nodes begun."""
    store, shapes = published_store(state, root), shapes_of(root)
    for violation in violations_of_whole(store, shapes, progress):
        yield in_words(violation, store, shapes)


def violations_of_whole(
    store: ox.Store, shapes: Shapes, progress: Callable[[int], object] = lambda _: None
) -> Iterator[Violation]:
    """Yield the SHACL results of all that a store states."""
    yield from Validator(shapes, View(store, without=derived_statements(store)), sparql=store).all(progress)


def derived_statements(store: ox.Store) -> Iterator[ox.Triple]:
    """Yield what rules made."""
    for graph in store.named_graphs():
        if isinstance(graph, ox.NamedNode) and graph.value.startswith(f"{DERIVED}/"):
            yield from (quad.triple for quad in store.quads_for_pattern(None, None, None, graph))


def focus_nodes(state: Path, root: Path) -> int:
    """Return how many focus nodes there are, counted once for each shape that targets them."""
    store, shapes = published_store(state, root), shapes_of(root)
    view = View(store)
    return sum(len(shapes.targets(node, view)) for node in shapes.targeted)
