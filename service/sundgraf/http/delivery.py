"""What every response gets on its way out: HEAD, CORS, compression, validators and the cache of ready answers.

It stands outside the framework, so that an unhandled error has CORS headers too and a ready answer costs no routing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sundgraf.http.coding import CODINGS, Compressor, choose_coding

Headers = list[tuple[bytes, bytes]]

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
CORS: Headers = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"*"), _NO_SNIFFING]
NO_PAGE = (b"content-security-policy", b"default-src 'none'; sandbox")  # XML with scripts in it, opened in a browser
_PREFLIGHT: Headers = [
    *CORS,
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"*, Authorization, Content-Type, Accept, If-None-Match"),
    (b"access-control-max-age", b"86400"),
]
_COMPRESSIBLE = tuple(
    start.encode()
    for start in (
        "text/", "application/json", "application/sparql", "application/rdf", "application/ld+json", "application/n-",
        "application/trig", "application/xml", "application/problem", "image/svg",
    )
)  # fmt: skip
_OF_A_BODY = (b"content-length", b"content-encoding", b"content-type")
SMALLEST_COMPRESSED = 860  # bytes; below, compression costs more than it saves
_BIGGEST_CACHED = 1 << 20
CACHEABLE = b"sundgraf-cacheable"  # set by a route, never sent


class Delivery:
    """Wraps the application; `publication` says which publication answers come from, `lookups` answers at once.

    `direct` are applications for single paths that need nothing of the framework; `methods` says which methods a path
    of the others has.
    """

    def __init__(
        self,
        app: ASGIApp,
        publication: Callable[[], int],
        cache_bytes: int,
        lookups: Callable[[bytes, Wanted], tuple[bytes, bytes] | None] = lambda _url, _headers: None,
        direct: Mapping[str, ASGIApp] | None = None,
        methods: Callable[[Scope], str] = lambda _scope: "GET",
    ) -> None:
        self._app = app
        self._lookups = lookups
        self._direct = dict(direct or {})
        self._methods = methods
        self._publication = publication
        self._cache: OrderedDict[tuple[bytes, ...], tuple[int, int, Headers, bytes, bytes]] = OrderedDict()
        self._room = cache_bytes
        self._cache_bytes = cache_bytes
        self.soon: Callable[[bytes, Wanted], Coroutine[None, None, Any] | None] = lambda _url, _asked: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method in ("GET", "HEAD"):
            headers = wanted(scope["headers"])
            query = scope["query_string"]
            url = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
            key = (url, headers[0], headers[1], headers[2], headers[3])
            ready = self._cache.get(key)
            if ready is not None and ready[0] == self._publication() and not headers[4]:
                self._cache.move_to_end(key)
                await send({"type": "http.response.start", "status": ready[1], "headers": ready[2]})
                await send({"type": "http.response.body", "body": b"" if method == "HEAD" else ready[3]})
                return
            outgoing = _Outgoing(self, key, method == "HEAD", headers[1], headers[4], send)
            if method == "HEAD":
                scope = {**scope, "method": "GET"}
        elif method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": self._preflight(scope)})
            await send({"type": "http.response.body"})
            return
        else:
            headers = wanted(scope["headers"])
            outgoing = _Outgoing(self, None, False, headers[1], b"", send)
        direct = self._direct.get(scope["path"])
        await (direct or self._app)(scope, receive, outgoing.send)

    def _preflight(self, scope: Scope) -> Headers:
        methods = "GET, POST" if scope["path"] in self._direct else self._methods(scope)
        return [*_PREFLIGHT, (b"allow", _allow(methods.encode()))]

    def at_once(self, url: bytes, asked: Wanted) -> tuple[bytes, bytes] | None:
        """Return head and body of an answer that lies ready or is a look-up; None where it has to be made."""
        key = (url, *asked[:4])
        ready = self._cache.get(key)
        if ready is not None and ready[0] == self._publication() and not asked.condition:
            self._cache.move_to_end(key)
            return ready[4], ready[3]
        return self._lookups(url, asked)

    def keep(self, key: tuple[bytes, ...], number: int, status: int, headers: Headers, body: bytes) -> None:
        """Keep an answer of publication `number`; the least used ones make room."""
        before = self._cache.pop(key, None)
        if before is not None:
            self._room += len(before[3]) + 1000
        size = len(body) + 1000
        if size > min(_BIGGEST_CACHED, self._cache_bytes) or number != self._publication():
            return
        head = b"".join(b"%b: %b\r\n" % pair for pair in headers)
        self._cache[key] = (number, status, headers, body, head)
        self._room -= size
        while self._room < 0:
            _, (_, _, _, old, _) = self._cache.popitem(last=False)
            self._room += len(old) + 1000

    @property
    def number(self) -> int:
        """The publication that answers come from now."""
        return self._publication()

    @property
    def caching(self) -> bool:
        """Say whether answers are kept at all."""
        return self._cache_bytes > 0


class _Outgoing:
    """One response on its way out."""

    def __init__(
        self,
        delivery: Delivery,
        key: tuple[bytes, ...] | None,
        head: bool,
        accept_encoding: bytes,
        condition: bytes,
        send: Send,
    ) -> None:
        self._delivery = delivery
        self._number = delivery.number
        self._key = key
        self._head = head
        self._accept_encoding = accept_encoding
        self._condition = condition
        self._send = send
        self._start: Message | None = None
        self._compressor: Compressor | None = None
        self._silent = False
        self._cacheable = False

    async def send(self, message: Message) -> None:
        """Pass a message on, changed as it must be."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body = message.get("body", b"")
        more = message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            body = await self._begin(start, body, more)
        elif self._compressor is not None:
            body = self._compressor.compress(body) + (b"" if more else self._compressor.flush())
        if self._silent:
            if not more:
                await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _begin(self, start: Message, body: bytes, more: bool) -> bytes:
        headers: Headers = [(n.lower(), v) for n, v in start["headers"]]
        self._cacheable = any(name == CACHEABLE for name, _ in headers)
        headers = [pair for pair in headers if pair[0] != CACHEABLE]
        headers += [pair for pair in (*CORS, NO_PAGE) if pair[0] not in {name for name, _ in headers}]
        status = start["status"]
        etag = next((value for name, value in headers if name == b"etag"), b"")
        if status in (200, 304) and etag and self._condition and (held := _held(self._condition, etag)):
            headers = [(n, held if n == b"etag" else v) for n, v in headers if n not in _OF_A_BODY]
            status, self._silent, body = (
                304,
                True,
                b"",
            )  # the tag of what the reader has, in its coding (RFC 9110 15.4.5)
        coding = self._coding(headers, body, more)
        if coding:
            compressor = CODINGS[coding]()
            headers = [pair for pair in headers if pair[0] not in (b"content-length", b"content-encoding")]
            headers.append((b"content-encoding", coding.encode()))
            headers = [(n, _tagged(v, coding) if n == b"etag" else v) for n, v in headers]
            body = compressor.compress(body)
            if more:
                self._compressor = compressor
            else:
                body += compressor.flush()
                headers.append((b"content-length", str(len(body)).encode()))
        _vary(headers, b"Accept-Encoding")
        headers = [(n, _allow(v)) if n == b"allow" else (n, v) for n, v in headers]
        if self._head:
            self._silent = True
        elif self._cacheable and self._key is not None and not more and status == 200 and self._delivery.caching:
            self._delivery.keep(self._key, self._number, status, headers, body)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        return body

    def _coding(self, headers: Headers, body: bytes, more: bool) -> str:
        if not more and len(body) < SMALLEST_COMPRESSED:
            return ""
        kind = b""
        for name, value in headers:
            if name == b"content-encoding":
                return ""
            if name == b"content-type":
                kind = value
        if not kind.startswith(_COMPRESSIBLE):
            return ""
        return choose_coding(self._accept_encoding.decode("latin-1"))


def entity_tag(*parts: str) -> str:
    """Return a strong entity tag for what `parts` determine."""
    return '"' + hashlib.blake2b("\x00".join(parts).encode(), digest_size=12).hexdigest() + '"'


def matches(condition: bytes, etag: bytes) -> bool:
    """Say whether an If-None-Match header names the tag (weak comparison, whatever the coding)."""
    return bool(_held(condition, etag))


def _held(condition: bytes, etag: bytes) -> bytes:
    """Return the tag, as the reader has it, that an If-None-Match header shares with ours; b"" for none."""
    if condition.strip() == b"*":
        return etag
    plain = _untagged(etag)
    tags = (candidate.strip().removeprefix(b"W/") for candidate in condition.split(b","))
    return next((tag for tag in tags if _untagged(tag) == plain), b"")


def _tagged(etag: bytes, coding: str) -> bytes:
    return etag[:-1] + b"-" + coding.encode() + b'"' if etag.endswith(b'"') else etag


def _untagged(etag: bytes) -> bytes:
    for coding in CODINGS:
        etag = etag.replace(b"-" + coding.encode() + b'"', b'"')
    return etag


def _allow(value: bytes) -> bytes:
    methods = [part.strip() for part in value.split(b",")]
    for method in (b"HEAD", b"OPTIONS") if b"GET" in methods else (b"OPTIONS",):
        if method not in methods:
            methods.append(method)
    return b", ".join(methods)


def _vary(headers: Headers, field: bytes) -> None:
    for position, (name, value) in enumerate(headers):
        if name == b"vary":
            if field.lower() not in value.lower():
                headers[position] = (name, value + b", " + field)
            return
    headers.append((b"vary", field))


class Wanted(NamedTuple):
    """The headers of a request that decide which answer it gets."""

    accept: bytes
    encoding: bytes
    language: bytes
    host: bytes
    condition: bytes


def wanted(headers: Any) -> Wanted:
    """Read Accept, Accept-Encoding, Accept-Language, Host and If-None-Match off a request's headers."""
    accept = encoding = language = host = condition = b""
    for name, value in headers:
        if name == b"accept":
            accept = accept + b", " + value if accept else value
        elif name == b"accept-encoding":
            encoding = value
        elif name == b"accept-language":
            language = value
        elif name == b"host":
            host = value
        elif name == b"if-none-match":
            condition = value
    return Wanted(accept, encoding, language, host, condition)
