"""Make the files with the whole graph, compressed, the same bytes for the same publication.

    <state>/dumps/<number>/     sundgraf.nq.gz, sundgraf.ttl.gz and SHA256SUMS; complete or absent

They are made beside the service, by `python -m sundgraf.application.dump <state>`, once for each publication.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from sundgraf.application.describe_service import Download
from sundgraf.application.query import construct, select
from sundgraf.domain.media import NQUADS, NTRIPLES, TURTLE, Format
from sundgraf.domain.question import parse_question
from sundgraf.domain.terms import IRI
from sundgraf.store.base import Store
from sundgraf.store.direct import open_direct
from sundgraf.store.kept import make_once
from sundgraf.store.parent import run_beside
from sundgraf.store.writers import PREFIXES, in_order, write_graph

MOST_SORTED = 600_000  # quads; a larger graph is written in the store's own order, and never held in memory
FILES = {"sundgraf.nq.gz": NQUADS, "sundgraf.ttl.gz": TURTLE}
SUMS = "SHA256SUMS"
_NICENESS = 5


def write_whole(engine: ox.Store, format: Format, sink: IO[bytes]) -> None:
    """Write every named graph as N-Quads, or the merged graph as Turtle.

    What is in the default graph alone, such as files loaded without a graph, is in the N-Quads too.
    """
    if len(engine) <= MOST_SORTED:
        sink.write(_in_order(engine, format))
    elif format is NQUADS:
        ox.serialize(_quads(engine), sink, ox.RdfFormat.N_QUADS)
    else:
        ox.serialize((q.triple for q in _default(engine)), sink, ox.RdfFormat.TURTLE, prefixes=dict(PREFIXES))


def write_dumps(engine: ox.Store, folder: Path) -> None:
    """Write the files and their checksums into a folder. Sorted where that fits into memory, and without a time."""
    sums = []
    for name, format in FILES.items():
        with (folder / name).open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as sink:
            write_whole(engine, format, cast("IO[bytes]", sink))
        with (folder / name).open("rb") as made:
            sums.append(f"{hashlib.file_digest(made, 'sha256').hexdigest()}  {name}\n")
    (folder / SUMS).write_text("".join(sums), "utf-8")


def read_dumps(folder: Path) -> list[Download] | None:
    """Return what the catalogue says of the files in a folder, None where they are not there (yet)."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return [Download(name, FILES[name], (folder / name).stat().st_size, digest) for digest, name in pairs]
    except FileNotFoundError:
        return None


def folder_of(state: Path, number: int) -> Path:
    """Return where the dumps of a publication lie once they are made."""
    return state / "dumps" / f"{number:06d}"


def make_dumps(state: Path) -> None:
    """Make the dumps of what is published, unless they are there. Whoever comes second waits.

    Those of publications that are no longer kept are cleared away. Raises StoreUnusable or OSError.
    """
    store = open_direct(state)

    def make(folder: Path) -> None:
        folder.mkdir()
        write_dumps(store.engine, folder)

    make_once(state, folder_of(state, store.publication().number), make)


async def copy_of(store: Store, queries: Path) -> ox.Store:
    """Return a copy in memory of what another engine holds: its named graphs and its default graph."""
    text = {name: parse_question(name, (queries / f"{name}.rq").read_text("utf-8")).text
            for name in ("graphs", "graph", "dataset")}  # fmt: skip
    held = ox.Store()
    names = dict.fromkeys(str(row["graph"]) for row in await select(store, text["graphs"]))
    for name in names:
        document = await construct(store, text["graph"], {"thing": IRI(name)}, NTRIPLES)
        held.load(document, ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(name))
    held.load(await construct(store, text["dataset"], format=NTRIPLES), ox.RdfFormat.N_TRIPLES)
    return held


def _in_order(engine: ox.Store, format: Format) -> bytes:
    merged = list(_default(engine))
    if format is TURTLE:
        return write_graph([quad.triple for quad in in_order(merged)], TURTLE.name)
    named = [quad for graph in engine.named_graphs() for quad in engine.quads_for_pattern(None, None, None, graph)]
    known = {quad.triple for quad in named}
    alone = [quad for quad in merged if quad.triple not in known]
    return ox.serialize(in_order([*named, *alone]), format=ox.RdfFormat.N_QUADS) or b""


def _quads(engine: ox.Store) -> Iterator[ox.Quad]:
    """Yield the quads of named graphs and those of the default graph alone, none of them held."""
    for graph in engine.named_graphs():
        yield from engine.quads_for_pattern(None, None, None, graph)
    for quad in _default(engine):
        held = engine.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        if all(isinstance(found.graph_name, ox.DefaultGraph) for found in held):
            yield quad


def _default(engine: ox.Store) -> Iterator[ox.Quad]:
    return engine.quads_for_pattern(None, None, None, ox.DefaultGraph())


if __name__ == "__main__":
    run_beside(make_dumps, _NICENESS)
