"""HTTP/1.1 as uvicorn speaks it, with two shorter ways for requests that come whole and want nothing but an answer.

An answer that needs no waiting (http/express.py) is written as soon as the headers are read; one that comes in one
piece (http/short.py) as soon as it is there. Every other request goes the framework's way.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from functools import lru_cache
from typing import Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sundgraf.http.delivery import CORS, Headers, Wanted, wanted
from sundgraf.http.problems import MEDIA_TYPE as PROBLEM
from sundgraf.http.problems import problem
from sundgraf.http.short import STARTED, Started, Whole

_NO_HTTP = (
    "The request cannot be read as HTTP: spaces and other signs in an address are percent-encoded, an address has at "
    "most 65,535 characters (send a longer query by POST), and the methods are those of HTTP."
)
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n")
_FIRST_REQUEST_SECONDS = 0.5
_MOST_HELD_BYTES = 1 << 16
_KEEP_ALIVE = (b"connection", b"keep-alive")
_NOT_PLAIN = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})


class App(Protocol):
    """An application that may know an answer at once."""

    def at_once(self, url: bytes, asked: Wanted) -> tuple[bytes, bytes] | None:
        """Return head and body of the response, without the server's own headers; None to go the usual way."""
        ...

    def soon(self, url: bytes, asked: Wanted) -> Coroutine[None, None, Whole | Started] | None:
        """Return what makes such an answer, or what the usual way is to go on with; None to go it at once."""
        ...


class ExpressProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a short way for a request that comes whole and can be answered at once."""

    _within = False  # between the first and the last byte of a request that goes uvicorn's way
    _last_served = 0.0
    _own: Headers | None = None
    _own_head = b""
    _waiting: asyncio.Task[None] | None = None  # for the answer to a request that came whole
    _held = b""  # what came meanwhile
    _stopping = False

    def data_received(self, data: bytes) -> None:
        """Answer at once or soon where that can be done, else do as uvicorn does."""
        if self._waiting is not None:
            self._held += data
            if len(self._held) > _MOST_HELD_BYTES:
                self.flow.pause_reading()
            return
        idle = not self._within and not self.pipeline and (self.cycle is None or self.cycle.response_complete)
        line, _, headers = data.partition(b" HTTP/1.1\r\n")
        if idle and line.startswith(b"GET /"):
            asked = _plainly_wanted(headers)
            app = cast("App", self.app)
            known = None if asked is None else app.at_once(line[4:], asked)
            if known is not None:
                if self.timeout_keep_alive_task is None:
                    self._wait_for_more(self.timeout_keep_alive)
                self._write(*known)
                return
            making = None if asked is None else app.soon(line[4:], asked)
            if making is not None:
                self._unset_keepalive_if_required()
                self._waiting = self.loop.create_task(self._write_soon(making, data))
                self.tasks.add(self._waiting)  # the server waits for these before it stops
                self._waiting.add_done_callback(self.tasks.discard)
                return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the query whose reader has gone away."""
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    async def _write_soon(self, making: Coroutine[None, None, Whole | Started], request: bytes) -> None:
        made: Whole | Started | None = None
        try:
            made = await making
        except Exception:
            self.logger.exception("an answer could not be made the short way")
        self._waiting = None
        if isinstance(made, Whole):
            self._wait_for_more(self.timeout_keep_alive)
            self._write(made.head, made.body)
        else:
            state, self.app_state = self.app_state, {**self.app_state, STARTED: made}
            try:
                super().data_received(request)
            finally:
                self.app_state = state
        if self._stopping:
            super().shutdown()
            return
        if self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)

    def _write(self, head: bytes, body: bytes) -> None:
        if self._own is not self.server_state.default_headers:  # a new list once a second, with the date
            self._own = self.server_state.default_headers
            self._own_head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in self._own)
        self.server_state.total_requests += 1
        self._last_served = self.loop.time()
        self.transport.write(b"".join((self._own_head, head, b"\r\n", body)))  # last: now the reader wakes up

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless an answer of the short way went out since the clock was set."""
        left = self._last_served + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait_for_more(left)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection when the server stops; a new one gets a moment, since its request may be on the way."""
        if self._waiting is not None:
            self._stopping = True
        elif self.cycle is None and not self._last_served and not self.transport.is_closing():
            self.loop.call_later(_FIRST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Say that the request is no HTTP, as every other error is said, and close the connection."""
        self.logger.debug(msg)
        body = problem(400, "The request cannot be used", _NO_HTTP)
        headers = [
            *self.server_state.default_headers,
            *CORS,
            (b"content-type", PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Note that a request is being read."""
        self._within = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it has been read."""
        self._within = False
        super().on_message_complete()

    def _wait_for_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


@lru_cache(maxsize=256)
def _plainly_wanted(block: bytes) -> Wanted | None:
    """Return what the headers of a whole request ask for; None where they ask for more than an answer."""
    if _HEADERS.fullmatch(block) is None:
        return None
    headers = []
    for line in block.split(b"\r\n")[:-2]:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip(b" \t")))
    asks_more = any(name in _NOT_PLAIN and (name, value.lower()) != _KEEP_ALIVE for name, value in headers)
    return None if asks_more else wanted(headers)
