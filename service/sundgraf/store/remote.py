"""Any SPARQL 1.1 engine over HTTP, at one query address or at several that hold the same."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

import httpx

from sundgraf.domain.errors import Busy, MalformedQuery, OutOfTime, Refused, StoreError, Unreachable, told_seconds
from sundgraf.domain.media import GRAPHS, SOLUTIONS, named
from sundgraf.domain.sparql import datasets_of, read
from sundgraf.store import virtuoso
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.engines import ENGINES, Engine, engine_of
from sundgraf.store.login import Login
from sundgraf.store.remote_graphs import HELD, SERVED
from sundgraf.store.replicas import Replica, Replicas

_FIRST_PIECE = 1 << 16
_GRACE = 1.0  # seconds that the engine has to stop a query by itself, before we hang up
_WATCH_SECONDS = 0.5
_PROBE_SECONDS = 5.0
Got = TypeVar("Got")


class RemoteStore:
    """An engine at `query_urls`. `engine` is its name where its answers do not tell (store/engines.py).

    `filled` says that it is filled by us, so that one without a publication is not asked.
    """

    def __init__(
        self,
        query_urls: str | Sequence[str],
        user: str = "",
        password: str = "",
        engine: str = "",
        *,
        filled: bool = False,
    ) -> None:
        urls = [query_urls] if isinstance(query_urls, str) else list(query_urls)
        self._replicas = Replicas(urls, ENGINES.get(engine))
        self._guess = not engine
        self._filled = filled
        self._client = httpx.AsyncClient(
            auth=Login(user, password) if user else None,
            timeout=httpx.Timeout(30.0, connect=5.0),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=20, keepalive_expiry=5.0),
            follow_redirects=False,
        )
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._publication = Publication(1, now)  # of an engine that somebody else fills: it begins when we open it
        self._watcher: asyncio.Task[None] | None = None
        self._calls: list[Callable[[], None]] = []
        self.failovers = 0

    def publication(self) -> Publication:
        """Return the newest publication that the engine has; where it was not filled by us, one that began with us."""
        return self._publication

    def on_publication(self, call: Callable[[], None]) -> None:
        """Have `call` called after each change of the publication."""
        self._calls.append(call)

    async def open(self) -> None:
        """Find out what the replicas have, and go on looking."""
        await self._look()
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """Close the connections."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._client.aclose()

    async def answer(self, request: QueryRequest) -> RemoteAnswer | WholeAnswer:
        """Send the query to a replica, and to the next where that one cannot be reached.

        Raises MalformedQuery, Busy, OutOfTime, Unreachable or StoreError.
        """
        clock = _Clock(request.deadline)
        last: Exception | None = None
        for attempt, replica in enumerate(self._replicas.in_turn()):
            self.failovers += attempt > 0
            for _ in range(2):  # a connection that was kept open may have been closed by a restart
                try:
                    if not replica.known:
                        await self._learn(replica)
                    return await self._ask(replica, request, clock)
                except httpx.TimeoutException as error:
                    if not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
                        raise clock.passed() from error
                    last = error
                except (httpx.TransportError, Unreachable) as error:
                    last = error
            replica.fail()
        raise Unreachable(f"The engine at {self._replicas.all[0].url} cannot be reached: {last}") from last

    async def _ask(self, replica: Replica, request: QueryRequest, clock: _Clock) -> RemoteAnswer | WholeAnswer:
        ways = virtuoso.ways_to_ask(request.text) if replica.engine.irregular else (request.text,)
        for way in ways:
            response = await clock.wait(self._client.send(self._request(replica, request, way), stream=True))
            try:
                if response.is_error:
                    said = await clock.wait(response.aread())
                    detail = said[:2000].decode("utf-8", "replace").strip()
                    if replica.engine.cut and said.endswith(replica.engine.cut):
                        raise clock.passed()
                    if way != ways[-1] and virtuoso.is_without_plan(response.status_code, detail):
                        continue
                    raise _refusal(response.status_code, detail, replica.engine)
                if not replica.engine.irregular:
                    return RemoteAnswer(response, clock, request.byte_limit, replica.engine.cut)
                virtuoso.require_whole(response.status_code, response.headers)
                body = b"".join([piece async for piece in RemoteAnswer(response, clock, request.byte_limit)])
                asked = request.text, body, request.format, request.row_limit
                return WholeAnswer(*await asyncio.to_thread(virtuoso.standard_answer, *asked))
            except BaseException:
                await response.aclose()
                raise
        raise AssertionError("there is at least one way to ask")

    def _request(self, replica: Replica, request: QueryRequest, text: str) -> httpx.Request:
        form = read(request.text).form
        wanted = named(request.format, SOLUTIONS if form in ("SELECT", "ASK") else GRAPHS).media_type
        fields = [("query", text), *_dataset(replica, request), *replica.engine.told(request.deadline)]
        accept = virtuoso.media_type(form) if replica.engine.irregular else wanted
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        return self._client.build_request("POST", replica.url, content=urlencode(fields).encode(), headers=headers)

    async def _learn(self, replica: Replica) -> None:
        """Find out which engine it is, and what was published to it. Raises httpx.TransportError or Unreachable."""
        rows, headers = await self._rows(replica.url, SERVED)
        if self._guess:
            replica.engine = engine_of(headers)
        served = next(iter(rows), None)
        if served is None:
            replica.publication, replica.default_graph, replica.graphs = None, "", ()
        elif replica.publication is None or replica.default_graph != served["graph"]:
            held, _ = await self._rows(replica.url, HELD)
            replica.graphs = tuple(sorted(row["graph"] for row in held))
            replica.default_graph = served["graph"]
            replica.publication = Publication(int(served["number"]), served["time"], int(served["quads"]))
        if self._filled and replica.publication is None:
            replica.known = False
            raise Unreachable(f"The engine at {replica.url} has not been given the graph yet.")
        replica.known = True
        replica.away_until = 0.0

    async def _rows(self, url: str, text: str) -> tuple[list[dict[str, str]], httpx.Headers]:
        response = await self._client.post(
            url, data={"query": text}, headers={"Accept": virtuoso.SELECT_TYPE}, timeout=_PROBE_SECONDS
        )
        try:
            response.raise_for_status()
            rows = response.json()["results"]["bindings"]
        except (httpx.HTTPStatusError, ValueError, KeyError) as error:
            raise Unreachable(f"The engine at {url} answers {response.status_code}.") from error
        return [{name: str(value["value"]) for name, value in row.items()} for row in rows], response.headers

    async def _look(self) -> None:
        """Ask every replica what it has."""

        async def look(replica: Replica) -> None:
            try:
                await self._learn(replica)
            except (httpx.HTTPError, Unreachable):
                replica.fail()

        await asyncio.gather(*(look(replica) for replica in self._replicas.all))
        newest = self._replicas.newest()
        if newest is not None and newest != self._publication:
            self._publication = newest
            for call in self._calls:
                call()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(Exception):
                await self._look()


class _Clock:
    """How long we still wait for the engine; the time that a reader takes does not count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds + _GRACE if seconds else None

    async def wait(self, coming: Awaitable[Got]) -> Got:
        """Wait for something of the engine's. Raises OutOfTime."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await asyncio.wait_for(coming, self._left)
        except TimeoutError as error:
            raise self.passed() from error
        finally:
            if self._left is not None:
                self._left = max(0.0, self._left - (loop.time() - began))

    def passed(self) -> OutOfTime:
        """Return the error that tells of the deadline."""
        within = told_seconds(self._seconds)
        return OutOfTime(f"The engine did not answer within {within}. Narrow it down or add a LIMIT.")


class RemoteAnswer:
    """An answer as the engine sends it."""

    whole = False
    truncated = ""

    def __init__(self, response: httpx.Response, clock: _Clock, byte_limit: int, cut: bytes = b"") -> None:
        self._response = response
        self._clock = clock
        self._left = byte_limit
        self._cut = cut  # how a body ends that the engine did not finish

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body. Raises StoreError when the engine breaks off or the answer is too long."""
        limited = self._left > 0
        end = b""
        pieces = self._response.aiter_bytes(_FIRST_PIECE).__aiter__()
        try:
            while True:
                try:
                    piece = await self._clock.wait(pieces.__anext__())
                except StopAsyncIteration:
                    if self._cut and end == self._cut:
                        raise self._clock.passed() from None
                    return
                end = (end + piece)[-len(self._cut) :] if self._cut else b""
                self._left -= len(piece)
                if limited and self._left < 0:
                    raise StoreError("the answer passed the limit on bytes and was cut")
                yield piece
        except httpx.HTTPError as error:
            raise Unreachable(f"The engine broke off: {error}") from error
        finally:
            await self.close()

    async def close(self) -> None:
        """Hang up, which stops the query in engines that watch for it."""
        await self._response.aclose()


class WholeAnswer:
    """An answer that was made standard."""

    whole = True

    def __init__(self, body: bytes, truncated: str) -> None:
        self.body = body
        self.truncated = truncated

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        yield self.body

    async def close(self) -> None:
        """Nothing runs any more."""


def _dataset(replica: Replica, request: QueryRequest) -> list[tuple[str, str]]:
    """Return the graphs of the protocol: those asked for, else those of the publication that the replica has."""
    if request.default_graphs or request.named_graphs:
        default, names = request.default_graphs, request.named_graphs
    else:
        own, looks_into_graphs = datasets_of(request.text)
        if own or not replica.default_graph:
            return []
        default, names = (replica.default_graph,), replica.graphs if looks_into_graphs else ()
    return [("default-graph-uri", iri) for iri in default] + [("named-graph-uri", iri) for iri in names]


def _refusal(status: int, detail: str, engine: Engine) -> Exception:
    detail = " ".join(detail.split())[:400]
    if status == httpx.codes.BAD_REQUEST:
        detail = detail.partition(" SPARQL query: define input:")[0]  # Virtuoso repeats what it was sent
        position = re.search(r"(?:line|at) (\d+)(?:[:,]? ?(?:column )?(\d+))?", detail)
        line, column = (int(position[1]), int(position[2] or 0) or None) if position else (None, None)
        return MalformedQuery(detail, line, column)
    if engine.over and status == httpx.codes.SERVICE_UNAVAILABLE and engine.over in detail:
        return OutOfTime(f"The engine stopped the query: {detail}")
    if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return Busy(f"The engine is busy: {detail}")
    if status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.GATEWAY_TIMEOUT):
        return OutOfTime(f"The engine stopped the query: {detail}")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Refused("The engine refuses our name and password; see SUNDGRAF_STORE_USER and SUNDGRAF_STORE_PASSWORD.")
    return StoreError(f"The engine answered {status}: {detail}")
