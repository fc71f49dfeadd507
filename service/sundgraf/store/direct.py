"""A store in this very process, without workers: for the command line, where nobody else waits."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import StoreUnusable
from sundgraf.store import generations, worker
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.embedded import EmbeddedAnswer, to_error, to_wire


class DirectStore:
    """Answers in this process; a query cannot be stopped, so deadlines do not hold here."""

    def __init__(self, store: ox.Store, publication: Publication) -> None:
        self.engine = store
        self._publication = publication

    def publication(self) -> Publication:
        """Return the publication that queries are answered from."""
        return self._publication

    async def answer(self, request: QueryRequest) -> EmbeddedAnswer:
        """Answer the query whole. Raises MalformedQuery or StoreError."""
        wanted = to_wire(request)
        sink = io.BytesIO()
        try:
            truncated = worker.write_answer(
                worker.run_query(self.engine, wanted), wanted["format"], sink, request.row_limit
            )
        except Exception as error:
            raise to_error(json.dumps(worker.describe_error(error, wanted["text"])).encode()) from error
        return EmbeddedAnswer(sink.getvalue(), truncated)

    async def close(self) -> None:
        """Nothing to let go of."""


def open_direct(state: Path) -> DirectStore:
    """Open what is published in `state`. Raises StoreUnusable where there is nothing."""
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r} yet; run `sundgraf load` first.")
    try:
        engine = ox.Store.read_only(str(generation.store))
    except (OSError, RuntimeError) as error:
        raise StoreUnusable(
            f"The store in {str(generation.store)!r} is damaged ({error}); {generations.MEND}"
        ) from error
    return DirectStore(engine, generation.publication)


def syntax_fault(text: str) -> str:
    """Return what the parser finds wrong with a query, in one line; "" for nothing."""
    try:
        ox.Store().query(text)
    except (SyntaxError, ValueError) as error:
        return str(worker.describe_error(error, text)["message"])
    return ""
