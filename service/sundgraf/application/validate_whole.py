"""Validate everything that is published; what rules derived is left out, since the shapes ask of what is stated.

A large graph is shared out among processes, some thousand focus nodes at a time: what is found comes in the same order.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pyoxigraph as ox

from sundgraf.application.validate import published_store, shapes_of
from sundgraf.application.wording import in_words
from sundgraf.domain.errors import BadInput
from sundgraf.domain.report import Finding
from sundgraf.store import generations
from sundgraf.store.derived import is_rules, named_by_iri
from sundgraf.store.shacl_core import Validator, Violation
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.view import Node, Object, View

Told = TypeVar("Told")
Tell = Callable[[Violation, ox.Store, Shapes], Told]  # a module's function, so that another process knows it
_MANY = 300_000  # statements; of fewer, starting processes takes what they save
_AT_ONCE = 4_000  # focus nodes
_MOST_PROCESSES = 8  # each holds the shapes and what it read last: about 250 MB


def findings_of_whole(state: Path, root: Path, progress: Callable[[int], object]) -> Iterator[Finding]:
    """Yield what is to be mended in what is published, as it is found; `progress` is told of focus nodes begun."""
    return told_of_whole(state, root, in_words, progress)


def told_of_whole(
    state: Path, root: Path, tell: Tell[Told], progress: Callable[[int], object] = lambda _: None
) -> Iterator[Told]:
    """Yield what `tell` makes of each SHACL result of all that is published; `progress` as for findings_of_whole."""
    base = _base_of(state, root)
    processes = min(_processors(), _MOST_PROCESSES)
    if base.quads < _MANY or processes == 1:
        for violation in base.validator.all(progress):
            yield tell(violation, base.store, base.shapes)
        return
    context = multiprocessing.get_context("spawn")  # the store has threads, which do not outlive a fork
    waiting: deque[tuple[int, Future[list[Told]]]] = deque()
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            for node, focuses in base.shares():
                waiting.append((len(focuses), pool.submit(_tell_share, state, root, base.number, node, focuses, tell)))
                if len(waiting) > 2 * processes:
                    yield from _told(waiting, progress)
            while waiting:
                yield from _told(waiting, progress)
        finally:
            pool.shutdown(cancel_futures=True)


def derived_statements(store: ox.Store) -> Iterator[ox.Triple]:
    """Yield what rules made."""
    for graph in named_by_iri(store):
        if is_rules(graph):
            yield from (quad.triple for quad in store.quads_for_pattern(None, None, None, graph))


def focus_nodes(state: Path, root: Path) -> int:
    """Return how many focus nodes there are, counted once for each shape that targets them."""
    return sum(len(focuses) for _, focuses in _base_of(state, root).shares())


class _Base:
    """What is published, and what it is validated by."""

    def __init__(self, store: ox.Store, shapes: Shapes, number: int, quads: int) -> None:
        self.store = store
        self.shapes = shapes
        self.number = number
        self.quads = quads
        self.view = View(store, without=derived_statements(store))
        self.validator = Validator(shapes, self.view, sparql=store)

    def shares(self) -> Iterator[tuple[Node, list[Object]]]:
        """Yield each shape with some of its focus nodes."""
        for node in self.shapes.targeted:
            focuses = list(self.shapes.targets(node, self.view))
            for start in range(0, len(focuses), _AT_ONCE):
                yield node, focuses[start : start + _AT_ONCE]


def _told(waiting: deque[tuple[int, Future[list[Told]]]], progress: Callable[[int], object]) -> list[Told]:
    begun, share = waiting.popleft()
    found = share.result()
    progress(begun)
    return found


def _tell_share(
    state: Path, root: Path, number: int, node: Node, focuses: list[Object], tell: Tell[Told]
) -> list[Told]:
    base = _base_of_process(state, root, number)
    return [tell(violation, base.store, base.shapes) for violation in base.validator.each(node, focuses)]


@lru_cache(maxsize=1)
def _base_of_process(state: Path, root: Path, number: int) -> _Base:
    """Return what this process validates from its first share to its last, whatever is published meanwhile."""
    base = _base_of(state, root)
    if base.number != number:
        raise BadInput("Something was published while this ran; validate once more.")
    return base


def _base_of(state: Path, root: Path) -> _Base:
    """Return what is published now; our own files where nothing is."""
    generation = generations.current(state)
    number, quads = (generation.number, generation.quads) if generation else (0, 0)
    return _made_ready(published_store(state, root), shapes_of(root), number, quads)


@lru_cache(maxsize=1)
def _made_ready(store: ox.Store, shapes: Shapes, number: int, quads: int) -> _Base:
    return _Base(store, shapes, number, quads)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
