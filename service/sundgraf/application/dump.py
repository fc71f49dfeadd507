"""Make the files with the whole graph, compressed, the same bytes for the same publication."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from sundgraf.application.describe_service import Download
from sundgraf.application.query import construct, select
from sundgraf.domain.media import NQUADS, NTRIPLES, TURTLE, Format
from sundgraf.domain.question import parse_question
from sundgraf.domain.terms import IRI
from sundgraf.store.base import Store
from sundgraf.store.writers import merge_documents, merge_graphs


@dataclass(frozen=True, slots=True)
class Dump:
    """A file and what the catalogue says of it."""

    download: Download
    body: bytes


async def make_dumps(store: Store, queries: Path) -> list[Dump]:
    """Return the dumps: every named graph as N-Quads, the merged graph as Turtle. Sorted, and without a time."""
    text = {name: parse_question(name, (queries / f"{name}.rq").read_text("utf-8")).text
            for name in ("graphs", "graph", "dataset")}  # fmt: skip
    names = dict.fromkeys(str(row["graph"]) for row in await select(store, text["graphs"]))
    graphs = [(name, await construct(store, text["graph"], {"thing": IRI(name)}, NTRIPLES)) for name in names]
    merged = await construct(store, text["dataset"], format=NTRIPLES)
    return await asyncio.to_thread(_make, graphs, merged)  # other answers go out meanwhile


def _make(graphs: list[tuple[str, bytes]], merged: bytes) -> list[Dump]:
    return [
        _dump("sundgraf.nq.gz", NQUADS, merge_graphs(graphs)),
        _dump("sundgraf.ttl.gz", TURTLE, merge_documents((merged,), TURTLE.name)),
    ]


def _dump(name: str, format: Format, content: bytes) -> Dump:
    body = gzip.compress(content, 6, mtime=0)
    return Dump(Download(name, format, len(body), hashlib.sha256(body).hexdigest()), body)
