"""Indexes that are made once for each publication and state, by whichever web process needs one first.

    <state>/indexes/<kind>/<number>-<time>-<what makes it>.index     complete or absent

The other web processes, and those of the next start, map the file. With a remote engine there is no such state: there
each process makes its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import sundgraf
from sundgraf.application.query import table
from sundgraf.domain.tsv import rows_in
from sundgraf.http import logs
from sundgraf.http.context import Context
from sundgraf.http.facts import page_query
from sundgraf.store.index_file import read_index, write_index
from sundgraf.store.kept import make_once

Made = TypeVar("Made")
_one_at_a_time = ThreadPoolExecutor(1, "index")  # a thread that waits for another process is in nobody's way
_MADE_BY = ("domain", "application")  # rooms whose change makes an index another


async def shared_index(context: Context, queries: tuple[str, ...], make: Callable[..., Made]) -> Made:
    """Return what `make` makes of the rows, as cells (domain/tsv.py), of page queries; the first names the index."""
    texts = [page_query(context.bundle.queries / "page" / f"{name}.rq") for name in queries]
    loop = asyncio.get_running_loop()

    def read_rows() -> list[Iterator[list[str]]]:
        return [
            rows_in(asyncio.run_coroutine_threadsafe(table(context.store, text), loop).result()) for text in texts
        ]  # fmt: skip

    def make_or_read() -> Made:
        if context.settings.store:
            return make(*read_rows())
        folder = context.settings.state / "indexes" / queries[0]
        made_by = _fingerprint(sundgraf.__file__, *texts)
        file = folder / f"{context.store.publication().kept_as}-{made_by}.index"
        try:
            if not file.exists():
                make_once(context.settings.state, file, lambda draft: write_index(make(*read_rows()), draft))
            return cast("Made", read_index(file))
        except (OSError, ValueError) as error:  # a full disk is no reason to find nothing
            logs.say("index-not-shared", "warning", index=queries[0], detail=str(error))
            return make(*read_rows())

    return await loop.run_in_executor(_one_at_a_time, make_or_read)


@lru_cache(maxsize=16)
def _fingerprint(package: str, *texts: str) -> str:
    """Return what names the code and the queries that make an index: others would make another."""
    digest = hashlib.blake2b(f"{sys.byteorder} {sys.version_info[:2]}".encode(), digest_size=6)
    for room in _MADE_BY:
        for path in sorted((Path(package).parent / room).glob("*.py")):
            digest.update(path.read_bytes())
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()
