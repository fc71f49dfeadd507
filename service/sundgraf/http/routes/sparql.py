"""`/sparql`: the SPARQL 1.1 Protocol's query operation (W3C Recommendation, section 2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sundgraf.application.describe_service import describe_service
from sundgraf.application.query import Limits, answer_query, pick_format
from sundgraf.domain.errors import (
    InvalidParameter,
    Refused,
    StoreError,
    SundgrafError,
    TooLarge,
    UnknownFormat,
    UnsupportedMediaType,
)
from sundgraf.domain.media import GRAPHS, HTML, Format, choose
from sundgraf.domain.sparql import read
from sundgraf.domain.terms import legal_iri
from sundgraf.http import facts, problems
from sundgraf.http.body import read_at_most
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag, matches
from sundgraf.http.editor import editor_page, editor_version
from sundgraf.http.express import BYTE_ORDER_MARK
from sundgraf.http.short import STARTED, Started
from sundgraf.store.base import Answer

NO_WRITES = (
    "Writing is not public here: the graph changes by publications only. Send what should change to the project, "
    "or run your own copy from /dump/."
)
_NO_GRAPH_STORE = (
    "This is no Graph Store: a graph of ours is read at its own address (/graph/...), any graph by a query with "
    "default-graph-uri."
)
_PATIENCE = 0.02  # seconds before anybody looks whether the reader has gone away
_QUERY_TYPES = ("application/x-www-form-urlencoded", "application/sparql-query")
Parameters = list[tuple[str, str]]


class SPARQLEndpoint:
    """An ASGI application for one path; it stands beside the framework's routes to save their cost on every query."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._editor = editor_version()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            await self._answer(request, scope, receive, send)
        except _Answered as answered:
            await answered.response(scope, receive, send)
        except SundgrafError as error:
            response = problems.respond_to_error(request, self._context.pages, error)
            await response(scope, receive, send)

    async def _answer(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        parameters = await self._parameters(request)
        queries = [value.removeprefix(BYTE_ORDER_MARK) for name, value in parameters if name == "query"]
        if any(name == "update" for name, _ in parameters):
            raise Refused(NO_WRITES)
        if not queries:
            if any(name in ("graph", "default") for name, _ in parameters):
                raise InvalidParameter(_NO_GRAPH_STORE, "graph")
            if request.method == "GET" and not any(name.endswith("graph-uri") for name, _ in parameters):
                await (await self._describe(request))(scope, receive, send)
                return
            raise InvalidParameter("The request has no query; send it as the parameter `query`.", "query")
        if len(queries) > 1:
            raise InvalidParameter("The request has more than one query; send one.", "query")
        if _first(parameters, "format") == HTML.name:
            page = await editor_page(self._context, request, self._editor, queries[0], run=True)
            await page(scope, receive, send)
            return
        await self._run(request, queries[0], parameters, scope, receive, send)

    async def _run(
        self, request: Request, text: str, parameters: Parameters, scope: Scope, receive: Receive, send: Send
    ) -> None:
        context = self._context
        accept = request.headers.get("accept", "")
        if len(text) > context.settings.query_bytes:
            raise TooLarge(f"The query has more than {context.settings.query_bytes} characters.")
        format = _pick(text, accept, _first(parameters, "format"))
        publication = context.store.publication().number
        default_graphs = tuple(value for name, value in parameters if name == "default-graph-uri")
        named_graphs = tuple(value for name, value in parameters if name == "named-graph-uri")
        headers = {
            "Content-Type": format.content_type,
            "Vary": "Accept, Accept-Encoding",
            "Sundgraf-Publication": str(publication),
        }
        if not read(text).volatile:
            etag = entity_tag(str(publication), text, format.name, *default_graphs, "", *named_graphs)
            headers |= {"ETag": etag, "Cache-Control": "no-cache"}
            condition = request.headers.get("if-none-match", "")
            named = condition and condition.strip() != "*"  # which says nothing of a query that may not even be one
            if named and request.method == "GET" and matches(condition.encode(), etag.encode()):
                await Response(status_code=304, headers=headers)(scope, receive, send)
                return
            headers[CACHEABLE.decode()] = "1"
        _require_iris(default_graphs + named_graphs)
        limits = _lowered(context.limits, _first(parameters, "timeout"))
        started: Started | None = scope.get("state", {}).get(STARTED)
        if started is not None and started.publication != publication:
            await started.close()
            started = None
        if started is not None:
            answer: Answer | None = started.answer.result()
        else:
            answer = await _unless_gone(
                answer_query(context.store, text, format, limits, default_graphs, named_graphs), receive
            )
        if answer is not None:
            await deliver(answer, headers, limits, scope, receive, send)

    async def _parameters(self, request: Request) -> Parameters:
        given = _parse(request.scope["query_string"])
        if request.method == "GET":
            return given
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        writes = request.method in ("PUT", "DELETE", "PATCH", "POST") and kind not in _QUERY_TYPES
        if writes and any(name in ("graph", "default") for name, _ in given):  # the Graph Store Protocol
            raise Refused(NO_WRITES)
        if request.method != "POST":
            refusal = Response(
                problems.problem(405, "Method not allowed", f"{request.method} is not allowed here; use GET or POST."),
                405,
                {"Allow": "GET, HEAD, POST, OPTIONS"},
                problems.MEDIA_TYPE,
            )
            raise _Answered(refusal)
        coding = request.headers.get("content-encoding", "identity")
        if coding.strip().lower() != "identity":
            raise UnsupportedMediaType(f"A body in the coding {coding[:40]!r} is not read here; send it as it is.")
        if kind == "application/x-www-form-urlencoded":
            return given + _parse(await self._body(request))
        if kind == "application/sparql-query":
            return [*given, ("query", _utf8(await self._body(request)))]
        if kind == "application/sparql-update":
            raise Refused(NO_WRITES)
        raise UnsupportedMediaType(
            f"A body of type {kind or 'none'!r} is not read here; send application/sparql-query, "
            "or application/x-www-form-urlencoded with the parameter `query`."
        )

    async def _body(self, request: Request) -> bytes:
        most = self._context.settings.query_bytes * 3  # a form needs up to three bytes for one
        excess = TooLarge(f"The request's body has more than {most} bytes; a query is at most {most // 3}.")
        return await read_at_most(request, most, excess)

    async def _describe(self, request: Request) -> Response:
        """Return the service description (SPARQL 1.1 Service Description, section 2), or the form for browsers."""
        accept = request.headers.get("accept", "")
        format = choose(accept, (*GRAPHS, HTML))
        if format is HTML:
            return await editor_page(self._context, request, self._editor)
        context, publication = self._context, self._context.store.publication()
        graphs, triples = await facts.graphs(context), await facts.triple_count(context)
        address = str(request.url.replace(query="", fragment=""))
        body = describe_service(publication, graphs, triples, address).write(format.name)
        etag = entity_tag(str(publication.number), "service description", format.name, address)
        return Response(body, headers={"Content-Type": format.content_type, "Vary": "Accept", "ETag": etag})


class _Answered(Exception):
    def __init__(self, response: Response) -> None:
        self.response = response


async def deliver(
    answer: Answer, headers: dict[str, str], limits: Limits, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send an answer as it arrives.

    A cut answer that fits one piece says so in `Sundgraf-Truncated`; a longer one says why in a last line that is of no
    format, and ends the connection without the end of the body, so that no reader takes it for complete.
    """
    headers = {**headers, "Sundgraf-Row-Limit": str(limits.rows), "Sundgraf-Byte-Limit": str(limits.size)}
    if answer.truncated:
        headers["Sundgraf-Truncated"] = answer.truncated
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if answer.whole:
        body = b"".join([piece async for piece in answer])
        raw.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": body})
        return
    gone = asyncio.create_task(_gone(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        async for piece in answer:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except StoreError as error:
        await send({"type": "http.response.body", "body": f"\n!!!! {error}\n".encode(), "more_body": True})
        raise ConnectionAbortedError(str(error)) from error
    finally:
        gone.cancel()
        await answer.close()


async def _unless_gone(starting: Coroutine[Any, Any, Answer], receive: Receive) -> Answer | None:
    """Wait for an answer to start; when the reader goes away first, stop the query and return None."""
    loop = asyncio.get_running_loop()
    waiting = asyncio.current_task()
    watch: asyncio.Task[None] | None = None
    left = False

    async def stop_when_gone() -> None:
        nonlocal left
        await _gone(receive)
        left = True
        if waiting is not None:
            waiting.cancel()

    def begin_watch() -> None:
        nonlocal watch
        watch = loop.create_task(stop_when_gone())

    timer = loop.call_later(_PATIENCE, begin_watch)  # most answers are there before anybody need look
    try:
        return await starting
    except asyncio.CancelledError:
        if left:
            return None
        raise
    finally:
        timer.cancel()
        if watch is not None:
            watch.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _require_iris(graphs: tuple[str, ...]) -> None:
    for graph in graphs:
        if not legal_iri(graph):
            raise InvalidParameter(f"The graph {graph!r} is not an absolute IRI.", "graph-uri")


def _lowered(limits: Limits, timeout: str) -> Limits:
    if not timeout:
        return limits
    try:
        seconds = float(timeout)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise InvalidParameter(f"timeout={timeout!r} is not a number of seconds above 0.", "timeout")
    return Limits(min(limits.deadline, seconds), limits.rows, limits.size, limits.services)


def _pick(text: str, accept: str, name: str) -> Format:
    """A format that nobody knows is passed over where Accept says something: SPARQLWrapper sends words of its own."""
    try:
        return pick_format(text, accept, name)
    except UnknownFormat:
        if accept.strip() in ("", "*/*"):
            raise
        return pick_format(text, accept, "")


def _parse(text: bytes) -> Parameters:
    try:
        return parse_qsl(_utf8(text), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as error:
        raise InvalidParameter("The parameters are not percent-encoded UTF-8 text, or there are too many.") from error


def _utf8(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidParameter(f"The query is not UTF-8 text (byte {error.start}).", "query") from error


def _first(parameters: Parameters, name: str) -> str:
    return next((value for key, value in parameters if key == name), "")
