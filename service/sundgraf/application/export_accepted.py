"""Write accepted submissions back to data/ttl, so that git stays their long-term home.

Each named graph that one of them changed becomes its file again, and says which submissions it holds (sg:submission)
and what they were (skos:changeNote); a graph that is built from such files does not make those changes twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import BadInput
from sundgraf.domain.names import BASE
from sundgraf.store import generations, journal
from sundgraf.store.direct import open_direct
from sundgraf.store.load import GRAPHS
from sundgraf.store.turtle import write_turtle

_SUBMISSION = ox.NamedNode(f"{BASE}def/submission")
_NOTE = ox.NamedNode("http://www.w3.org/2004/02/skos/core#changeNote")


def export_accepted(state: Path, into: Path) -> list[Path]:
    """Write the files of the graphs that accepted submissions changed under `into`/data/ttl; return them.

    Raises StoreUnusable, or BadInput where a file cannot be written.
    """
    store = open_direct(state).engine
    notes: dict[ox.NamedNode, dict[str, dict[str, object]]] = {}
    for entry in generations.lineage(state):
        if not entry.get("submission"):
            continue
        change = journal.read_change(state, int(str(entry["number"])))
        for quad in (*change.added, *change.removed) if change else ():
            if isinstance(quad.graph_name, ox.NamedNode):
                notes.setdefault(quad.graph_name, {})[str(entry["submission"])] = entry
    written = []
    for graph, entries in sorted(notes.items(), key=lambda item: item[0].value):
        triples = [quad.triple for quad in store.quads_for_pattern(None, None, None, graph)]
        for id, entry in entries.items():
            triples.append(ox.Triple(graph, _SUBMISSION, ox.Literal(id)))
            triples.append(ox.Triple(graph, _NOTE, ox.Literal(_note(id, entry), language="en")))
        path = into / "data" / "ttl" / f"{graph.value.removeprefix(GRAPHS)}.ttl"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_turtle(triples), "utf-8")
        except OSError as error:
            raise BadInput(f"{str(path)!r} cannot be written ({error.strerror}).") from error
        written.append(path)
    return written


def _note(id: str, entry: Mapping[str, object]) -> str:
    by = f"sent in by {entry.get('submitter')}, accepted by {entry.get('reviewer')}"
    source = f" Source: {entry['source']}" if entry.get("source") else ""
    return f"{str(entry['time'])[:10]}, {id}: {entry.get('reason') or 'no reason given'} ({by}).{source}"
