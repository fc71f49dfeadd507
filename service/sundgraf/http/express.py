"""Answers that need no waiting are written as soon as the request's headers are read.

They are those that lie ready in the cache and look-ups (store/lookup.py). Every other request goes the framework's way.
What this saves is a task, an ASGI conversation and the routing: measured in tests/bench, two thirds of the time that
such an answer takes (DECISIONS.md, "Express").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast
from urllib.parse import unquote_to_bytes

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sundgraf.domain.errors import SundgrafError
from sundgraf.domain.media import JSON, SOLUTIONS, choose
from sundgraf.http.delivery import CORS, entity_tag, matches
from sundgraf.store.lookup import Lookup

Headers = list[tuple[bytes, bytes]]
_PREFIX = b"/sparql?query="


class App(Protocol):
    """An application that may know an answer at once."""

    def at_once(self, url: bytes, headers: Headers) -> tuple[bytes, bytes] | None:
        """Return head and body of the response, without the server's own headers; None to go the usual way."""
        ...


class ExpressProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a short way for what can be answered at once."""

    _answered = False

    def on_headers_complete(self) -> None:
        """Answer at once where that can be done, else do as uvicorn does."""
        self._answered = False
        idle = self.cycle is None or self.cycle.response_complete
        if idle and not self.pipeline and self.parser.get_method() == b"GET" and self.parser.should_keep_alive():
            known = cast("App", self.app).at_once(self.url, self.headers)
            if known is not None and self.parser.get_http_version() == "1.1":
                head, body = known
                own = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
                self.transport.write(b"".join((b"HTTP/1.1 200 OK\r\n", own, head, b"\r\n", body)))
                self._answered = True
                return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass over the body of a request that is answered already."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        if self._answered:
            self.on_response_complete()
        else:
            super().on_message_complete()


class LookupAnswers:
    """Look-ups by GET: the query is the only parameter, and JSON is what the reader wants."""

    def __init__(self, publication: Callable[[], int]) -> None:
        self._publication = publication
        self._lookup: Lookup | None = None
        self._number = 0
        self._head = b""

    def use(self, lookup: Lookup | None, number: int, more: Headers) -> None:
        """Answer from another state; `more` are headers that every answer of the endpoint has."""
        self._lookup = lookup
        self._number = number
        pairs = [
            (b"content-type", JSON.content_type.encode()),
            (b"vary", b"Accept, Accept-Encoding"),
            (b"cache-control", b"no-cache"),
            (b"sundgraf-publication", str(number).encode()),
            *more,
            *CORS,
        ]
        self._head = b"".join(b"%b: %b\r\n" % pair for pair in pairs)

    def answer(self, url: bytes, headers: Headers) -> tuple[bytes, bytes] | None:
        """Return head and body, or None where this is no look-up."""
        if self._lookup is None or not url.startswith(_PREFIX) or b"&" in url or self._number != self._publication():
            return None
        accept = condition = b""
        for name, value in headers:
            if name == b"accept":
                accept = accept + b", " + value if accept else value
            elif name == b"if-none-match":
                condition = value
        try:
            if accept and choose(accept.decode("latin-1"), SOLUTIONS) is not JSON:
                return None
            text = unquote_to_bytes(url[len(_PREFIX) :].replace(b"+", b" ")).decode("utf-8")
        except (SundgrafError, UnicodeDecodeError):
            return None
        body = self._lookup.answer(text)
        if body is None:
            return None
        etag = entity_tag(str(self._number), text, JSON.name, "").encode()
        if condition and matches(condition, etag):
            return None
        return b"%betag: %b\r\ncontent-length: %d\r\n" % (self._head, etag, len(body)), body
