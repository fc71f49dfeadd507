"""Answers that need no waiting are written as soon as the request's headers are read.

They are those that lie ready in the cache and look-ups (store/lookup.py). Every other request goes the framework's way.
What this saves is a task, an ASGI conversation and the routing: measured in tests/bench, two thirds of the time that
such an answer takes (DECISIONS.md, "Express").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sundgraf.domain.errors import SundgrafError
from sundgraf.domain.media import JSON, SOLUTIONS, choose
from sundgraf.domain.sparql import Lookup as Asked
from sundgraf.domain.sparql import as_lookup
from sundgraf.http.delivery import CORS, Headers, Wanted, entity_tag, matches
from sundgraf.store.lookup import Lookup

BYTE_ORDER_MARK = "\ufeff"  # some editors begin a file with it; it is no part of a query
_PREFIX = b"/sparql?query="
# What browsers and clients escape in a query most. None of these characters is a hexadecimal digit or %, so undoing the
# escapes one kind after another gives the same as undoing them from left to right.
_COMMON_ESCAPES = tuple((b"%%%02X" % code, bytes((code,))) for code in b" <>?{}/:#\"@\n()=,;&|'!*^\r\t\\[]+$")

_URL = re.compile(rb"/[!\"$-~]*")
_PLAIN_IRI = re.compile(rb"[A-Za-z][A-Za-z0-9.-]*:[A-Za-z0-9._~:/#@-]+")
_SAMPLE = "urn:sundgraf:whatever-is-asked-about"
_MOST_SHAPES = 256


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
            known = query_of(url)
            if known is None:
                return None
            text = known
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


@lru_cache(maxsize=8)  # a request's is read first for a look-up, then for a query
def query_of(url: bytes) -> str | None:
    """Return the query that a URL asks `/sparql` and that is its only parameter; None where it is another URL."""
    if not url.startswith(_PREFIX) or b"&" in url or _URL.fullmatch(url) is None:
        return None
    try:
        return _unescape(url[len(_PREFIX) :]).decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        return None


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


def _unescape(parameter: bytes) -> bytes:
    """Return the value of a parameter of a form; the library's function takes a third of a look-up's time."""
    value = parameter.replace(b"+", b" ")
    for escaped, plain in _COMMON_ESCAPES:
        value = value.replace(escaped, plain)
    return unquote_to_bytes(parameter.replace(b"+", b" ")) if b"%" in value else value
