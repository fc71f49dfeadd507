"""Make the history part of a graph that is built anew from files: accepted submissions, and the log itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.names import BASE
from sundgraf.store import generations, journal
from sundgraf.store.inbox import Inbox
from sundgraf.store.journal import Change

_SUBMISSION = ox.NamedNode(f"{BASE}def/submission")


def replay(store: ox.Store, state: Path) -> int:
    """Make the changes of accepted submissions that the files do not hold yet; return how many those were.

    A file holds a submission when it says so (sg:submission), as `sundgraf export --accepted` writes it.
    """
    made = 0
    for entry in generations.lineage(state):
        id = str(entry.get("submission") or "")
        if not id or next(store.quads_for_pattern(None, _SUBMISSION, ox.Literal(id), None), None) is not None:
            continue
        change = journal.read_change(state, int(str(entry["number"])))
        if change is None:
            continue
        made += 1
        for quad in change.removed:
            store.remove(quad)
            if next(_elsewhere(store, quad), None) is None:
                store.remove(ox.Quad(quad.subject, quad.predicate, quad.object))
        store.extend(change.added)
        store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in change.added)
    return made


def log_of(state: Path) -> Iterator[ox.Quad]:
    """Yield what the graph says of every publication so far."""
    for entry in generations.lineage(state):
        number = int(str(entry["number"]))
        change = journal.read_change(state, number) or Change(reason=str(entry.get("reason", "")))
        yield from journal.log_statements(number, str(entry["time"]), str(entry.get("agent", "")), change)


def settle(state: Path, inbox: Inbox) -> list[str]:
    """Bring the inbox in line with the log, after a crash between the two; return what was behind."""
    published = {str(e["submission"]): int(str(e["number"])) for e in generations.lineage(state) if e.get("submission")}
    return inbox.settle(published) if published else []


@contextlib.contextmanager
def deciding(state: Path, seconds: float = 20.0) -> Iterator[Inbox]:
    """Hold the inbox, in line with the log, while nobody publishes: what is being published cannot be decided on.

    Raises Busy where a publication takes longer than that many seconds.
    """
    inbox = Inbox(state)
    with generations.publishing(state, seconds):
        settle(state, inbox)
        yield inbox


def add_log(store: ox.Store, statements: Iterable[ox.Quad]) -> None:
    """Add statements of the log to its graph and to the default graph."""
    held = list(statements)
    store.bulk_extend(held)
    store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in held)


def _elsewhere(store: ox.Store, quad: ox.Quad) -> Iterator[ox.Quad]:
    found = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return (held for held in found if isinstance(held.graph_name, ox.NamedNode))
