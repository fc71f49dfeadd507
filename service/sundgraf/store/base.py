"""What every store can do, embedded or remote: answer a query, and say which publication it answers from."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

NO_LIMIT = 0


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query and how its answer is wanted.

    `format` is the name of the format that the answer is written in ("json", "turtle") and must fit the query's form.
    Times are seconds, sizes are bytes; 0 means no limit. `trusted` marks the queries of the project's own library: they
    run in a lane of their own, so that nobody's query delays a page.
    """

    text: str
    format: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    deadline: float = 10.0
    row_limit: int = NO_LIMIT
    byte_limit: int = NO_LIMIT
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """A state of the published graph: its number (from 1), when it was made (RFC 3339, UTC) and its size in quads."""

    number: int
    time: str
    quads: int = 0

    @property
    def kept_as(self) -> str:
        """The name of what is kept of it (store/kept.py). A state made anew may have the same number."""
        return f"{self.number:06d}-{re.sub('[^0-9]', '', self.time)}"


class Answer(Protocol):
    """An answer that arrives in pieces.

    `whole` is True when the complete body is known before the first piece is read; only then is `truncated` final
    before the body ends ("" = complete, "rows" or "bytes" = cut at that limit). An answer that is cut after the first
    piece left raises `StoreError` while it is read, so that a cut answer never looks complete.
    """

    whole: bool
    truncated: str

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        ...

    async def close(self) -> None:
        """Stop the query if it still runs. Safe to call twice."""
        ...


class Store(Protocol):
    """A place that answers SPARQL queries over the published graph."""

    async def answer(self, request: QueryRequest) -> Answer:
        """Start the query and return its answer.

        Raises MalformedQuery, Busy, OutOfTime, OutOfMemory, Refused or StoreError.
        """
        ...

    def publication(self) -> Publication:
        """Return the publication that new queries are answered from."""
        ...

    async def close(self) -> None:
        """Let go of everything the store holds."""
        ...
