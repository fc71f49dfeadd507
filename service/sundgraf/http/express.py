"""Answers that need no waiting are written as soon as the request's headers are read.

They are those that lie ready in the cache and look-ups (store/lookup.py). Every other request goes the framework's way.
What this saves is a task, an ASGI conversation and the routing: measured in tests/bench, two thirds of the time that
such an answer takes (DECISIONS.md, "Express").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol, cast
from urllib.parse import unquote_to_bytes

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sundgraf.domain.errors import SundgrafError
from sundgraf.domain.media import JSON, SOLUTIONS, choose
from sundgraf.domain.sparql import Lookup as Asked
from sundgraf.domain.sparql import as_lookup
from sundgraf.http.delivery import CORS, Wanted, entity_tag, matches, wanted
from sundgraf.http.problems import MEDIA_TYPE as PROBLEM
from sundgraf.http.problems import problem
from sundgraf.store.lookup import Lookup

Headers = list[tuple[bytes, bytes]]
_PREFIX = b"/sparql?query="
# What browsers and clients escape in a query most. None of these characters is a hexadecimal digit or %, so undoing the
# escapes one kind after another gives the same as undoing them from left to right.
_COMMON_ESCAPES = tuple((b"%%%02X" % code, bytes((code,))) for code in b' <>?{}/:#"@')

_NO_HTTP = (
    "The request cannot be read as HTTP: spaces and other signs in an address are percent-encoded, and an address has "
    "at most 65,535 characters; send a longer query by POST."
)
_URL = re.compile(rb"/[!\"$-~]*")
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n")
_PLAIN_IRI = re.compile(rb"[A-Za-z][A-Za-z0-9.-]*:[A-Za-z0-9._~:/#@-]+")
_SAMPLE = "urn:sundgraf:whatever-is-asked-about"
_MOST_SHAPES = 256
_FIRST_REQUEST_SECONDS = 0.5
_KEEP_ALIVE = (b"connection", b"keep-alive")
_NOT_PLAIN = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})


class App(Protocol):
    """An application that may know an answer at once."""

    def at_once(self, url: bytes, asked: Wanted) -> tuple[bytes, bytes] | None:
        """Return head and body of the response, without the server's own headers; None to go the usual way."""
        ...


class ExpressProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a short way for a request that comes whole and can be answered at once."""

    _within = False  # between the first and the last byte of a request that goes uvicorn's way
    _last_served = 0.0
    _own: Headers | None = None
    _own_head = b""

    def data_received(self, data: bytes) -> None:
        """Answer at once where that can be done, else do as uvicorn does."""
        idle = not self._within and not self.pipeline and (self.cycle is None or self.cycle.response_complete)
        line, _, headers = data.partition(b" HTTP/1.1\r\n")
        if idle and line.startswith(b"GET /"):
            asked = _plainly_wanted(headers)
            known = None if asked is None else cast("App", self.app).at_once(line[4:], asked)
            if known is not None:
                if self._own is not self.server_state.default_headers:  # a new list once a second, with the date
                    self._own = self.server_state.default_headers
                    self._own_head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in self._own)
                self.transport.write(b"".join((self._own_head, known[0], b"\r\n", known[1])))
                self.server_state.total_requests += 1
                self._last_served = self.loop.time()
                if self.timeout_keep_alive_task is None:
                    self._wait_for_more(self.timeout_keep_alive)
                return
        super().data_received(data)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless an answer of the short way went out since the clock was set."""
        left = self._last_served + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait_for_more(left)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection when the server stops; a new one gets a moment, since its request may be on the way."""
        if self.cycle is None and not self._last_served and not self.transport.is_closing():
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


class LookupAnswers:
    """Look-ups by GET: the query is the only parameter, and JSON is what the reader wants."""

    def __init__(self, publication: Callable[[], int]) -> None:
        self._publication = publication
        self._lookup: Lookup | None = None
        self._number = 0
        self._said = ""
        self._head = b""
        self._shapes: dict[tuple[bytes, bytes], _Shape] = {}

    def use(self, lookup: Lookup | None, number: int, more: Headers) -> None:
        """Answer from another state; `more` are headers that every answer of the endpoint has."""
        self._lookup = lookup
        self._number = number
        self._said = str(number)
        pairs = [
            (b"content-type", JSON.content_type.encode()),
            (b"vary", b"Accept, Accept-Encoding"),
            (b"cache-control", b"no-cache"),
            (b"sundgraf-publication", self._said.encode()),
            *more,
            *CORS,
        ]
        self._head = b"".join(b"%b: %b\r\n" % pair for pair in pairs)

    def answer(self, url: bytes, asked: Wanted) -> tuple[bytes, bytes] | None:
        """Return head and body, or None where this is no look-up."""
        if self._lookup is None or not url.startswith(_PREFIX) or self._number != self._publication():
            return None
        if asked.accept and not _means_json(asked.accept):
            return None
        text, body = self._read_by_shape(url)
        if body is None:
            if b"&" in url or _URL.fullmatch(url) is None:
                return None
            try:
                text = _unescape(url[len(_PREFIX) :]).decode("utf-8")
            except UnicodeDecodeError:
                return None
            body = self._lookup.answer(text)
            if body is None:
                return None
            self._learn_shape(url)
        etag = entity_tag(self._said, text, JSON.name, "").encode()
        if asked.condition and matches(asked.condition, etag):
            return None
        return b"%betag: %b\r\ncontent-length: %d\r\n" % (self._head, etag, len(body)), body

    def _read_by_shape(self, url: bytes) -> tuple[str, bytes | None]:
        """Return text and answer of a look-up that differs from an earlier one only in what it asks about."""
        before, subject, after = _cut(url)
        shape = self._shapes.get((before, after))
        if shape is None or self._lookup is None or _PLAIN_IRI.fullmatch(subject) is None:
            return "", None
        about = subject.decode("ascii")
        return f"{shape.before}{about}{shape.after}", self._lookup.values(shape.asked, about)

    def _learn_shape(self, url: bytes) -> None:
        """Remember a look-up's text around its subject: reading it took longer than answering it.

        An IRI that stands nowhere else takes the subject's place; where that is then the subject, any plain IRI is.
        """
        before, subject, after = _cut(url)
        if _PLAIN_IRI.fullmatch(subject) is None:
            return
        head, tail = (_unescape(part).decode("utf-8") for part in (before[len(_PREFIX) :], after))
        asked = as_lookup(f"{head}{_SAMPLE}{tail}")
        if asked is None or asked.subject != _SAMPLE or _SAMPLE in head + tail:
            return
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        self._shapes[before, after] = _Shape(head, tail, asked)


class _Shape(NamedTuple):
    """A look-up without its subject: the text before and after it, and what is asked."""

    before: str
    after: str
    asked: Asked


def _cut(url: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a URL in three: up to the first IRI of the query's group, that IRI, and the rest; empty for none."""
    start = url.find(b"%3C", url.find(b"%7B")) + 3
    end = url.find(b"%3E", start)
    if start < len(_PREFIX) or end < 0:
        return b"", b"", b""
    written = url[start:end]
    return url[:start], written.replace(b"%3A", b":").replace(b"%2F", b"/").replace(b"%23", b"#"), url[end:]


@lru_cache(maxsize=256)
def _means_json(accept: bytes) -> bool:
    try:
        return choose(accept.decode("latin-1"), SOLUTIONS) is JSON
    except SundgrafError:
        return False


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


def _unescape(parameter: bytes) -> bytes:
    """Return the value of a parameter of a form; the library's function takes a third of a look-up's time."""
    value = parameter.replace(b"+", b" ")
    for escaped, plain in _COMMON_ESCAPES:
        value = value.replace(escaped, plain)
    return unquote_to_bytes(parameter.replace(b"+", b" ")) if b"%" in value else value
