"""SPARQL queries by GET whose answer comes in one piece: asked and written without an ASGI conversation.

Everything else is handed on, with the answer or error that has come by then: long answers, errors, compression. What
this saves is a fifth of the time that a short query takes (DECISIONS.md, "Short answers").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import NamedTuple

from sundgraf.application.query import answer_query, pick_format
from sundgraf.domain.errors import SundgrafError
from sundgraf.domain.media import Format
from sundgraf.domain.sparql import read
from sundgraf.http.coding import choose_coding
from sundgraf.http.context import Context
from sundgraf.http.delivery import CORS, NO_PAGE, SMALLEST_COMPRESSED, Headers, Wanted, entity_tag
from sundgraf.http.express import query_of
from sundgraf.store.base import Answer

STARTED = "sundgraf.started"  # the key of a `Started` in the state of a request's scope
Keep = Callable[[tuple[bytes, ...], int, int, Headers, bytes], None]


class Started(NamedTuple):
    """What became of a query that was asked ahead of its request: the publication it was put to, and its answer."""

    publication: int
    answer: asyncio.Future[Answer]

    async def close(self) -> None:
        """Let go of the answer."""
        if self.answer.exception() is None:
            await self.answer.result().close()


class Whole(NamedTuple):
    """An answer ready to be written: its head, without the server's own headers, and its body."""

    head: bytes
    body: bytes


class ShortAnswers:
    """Starts queries; `keep` is where ready answers are kept for those who ask again, None for nowhere."""

    def __init__(self, context: Context, keep: Keep | None) -> None:
        self._context = context
        self._keep = keep
        self._heads: dict[tuple[str, int, bool], Headers] = {}

    def start(self, url: bytes, asked: Wanted) -> Coroutine[None, None, Whole | Started] | None:
        """Return what asks the query and waits for its answer; None where the request is for something else."""
        text = None if asked.condition else query_of(url)
        if text is None or len(text) > self._context.settings.query_bytes:
            return None
        try:
            format = pick_format(text, asked.accept.decode("latin-1"), "")
        except SundgrafError:
            return None
        return self._ask(text, format, (url, *asked[:4]), asked.encoding)

    async def _ask(self, text: str, format: Format, key: tuple[bytes, ...], encoding: bytes) -> Whole | Started:
        context = self._context
        publication = context.store.publication().number
        made: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            answer = await answer_query(context.store, text, format, context.limits)
        except SundgrafError as error:
            made.set_exception(error)
            return Started(publication, made)
        body = b"".join([piece async for piece in answer]) if answer.whole and not answer.truncated else b""
        if (
            not answer.whole
            or answer.truncated
            or (len(body) >= SMALLEST_COMPRESSED and choose_coding(encoding.decode("latin-1")))
        ):
            made.set_result(answer)
            return Started(publication, made)
        volatile = read(text).volatile
        headers = self._headers(format, publication, volatile)
        if not volatile:
            etag = entity_tag(str(publication), text, format.name, "").encode()
            headers = [*headers, (b"etag", etag)]
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        if self._keep is not None and not volatile:
            self._keep(key, publication, 200, headers, body)
        return Whole(b"".join([b"%b: %b\r\n" % pair for pair in headers]), body)

    def _headers(self, format: Format, publication: int, volatile: bool) -> Headers:
        known = self._heads.get((format.name, publication, volatile))
        if known is None:
            limits = self._context.limits
            known = [
                (b"content-type", format.content_type.encode()),
                (b"vary", b"Accept, Accept-Encoding"),
                (b"sundgraf-publication", b"%d" % publication),
                *([] if volatile else [(b"cache-control", b"no-cache")]),
                (b"sundgraf-row-limit", b"%d" % limits.rows),
                (b"sundgraf-byte-limit", b"%d" % limits.size),
                *CORS,
                NO_PAGE,
            ]
            if len(self._heads) > 100:
                self._heads.clear()
            self._heads[format.name, publication, volatile] = known
        return known
