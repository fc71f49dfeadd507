"""Make the files with the whole graph, compressed, the same bytes for the same publication."""

from __future__ import annotations

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
from sundgraf.store.writers import merge_documents


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
    quads = []
    for name in names:
        held = await construct(store, text["graph"], {"thing": IRI(name)}, NTRIPLES)
        quads.append(merge_documents((held,), NQUADS.name, name))
    merged = merge_documents((await construct(store, text["dataset"], format=NTRIPLES),), TURTLE.name)
    return [_dump("sundgraf.nq.gz", NQUADS, b"".join(quads)), _dump("sundgraf.ttl.gz", TURTLE, merged)]


def _dump(name: str, format: Format, content: bytes) -> Dump:
    body = gzip.compress(content, 6, mtime=0)
    return Dump(Download(name, format, len(body), hashlib.sha256(body).hexdigest()), body)
