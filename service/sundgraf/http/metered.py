"""Counting and logging around the application and the store, so that neither knows of it."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Scope, Send

from sundgraf.domain.errors import BadInput, Busy, OutOfMemory, OutOfTime, Refused, StoreError
from sundgraf.http.delivery import Delivery, Wanted
from sundgraf.http.logs import RequestLog
from sundgraf.http.metrics import Board
from sundgraf.http.short import Started, Whole
from sundgraf.store.base import Answer, Publication, QueryRequest, Store

if TYPE_CHECKING:
    from collections.abc import Callable

_now = time.perf_counter
_EVERY_SECONDS = 1.0


class Metered:
    """The application as the server sees it: every request is counted, and logged where that is asked for."""

    def __init__(self, app: Delivery, board: Board, log: RequestLog | None) -> None:
        self._app = app
        self._board = board
        self._log = log
        self._observe: Callable[..., None] = board.observe

    def at_once(self, url: bytes, asked: Wanted) -> tuple[bytes, bytes] | None:
        """Return head and body of an answer that lies ready or is a look-up; None where it has to be made."""
        began = _now()
        known = self._app.at_once(url, asked)
        if known is not None:
            self._observe(url, 200, _now() - began, len(known[1]), at_once=True)
            if self._log is not None:
                self._log.write("GET", url, 200, _now() - began, len(known[1]), "")
        return known

    def soon(self, url: bytes, asked: Wanted) -> Coroutine[None, None, Whole | Started] | None:
        """Return what makes an answer without an ASGI conversation; None where one is needed."""
        making = self._app.soon(url, asked)
        return None if making is None else self._count(making, url)

    async def _count(self, making: Coroutine[None, None, Whole | Started], url: bytes) -> Whole | Started:
        began = _now()
        self._board.add("sundgraf_requests_in_flight")
        try:
            made = await making
        finally:
            self._board.add("sundgraf_requests_in_flight", -1)
        if isinstance(made, Whole):  # the rest are counted on their usual way
            self._observe(url, 200, _now() - began, len(made.body))
            if self._log is not None:
                self._log.write("GET", url, 200, _now() - began, len(made.body), "")
        return made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = _now()
        status, size = 500, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        self._board.add("sundgraf_requests_in_flight")
        try:
            await self._app(scope, receive, counted)
        finally:
            self._board.add("sundgraf_requests_in_flight", -1)
            url = scope["raw_path"]
            seconds = _now() - began
            self._board.observe(url, status, seconds, size)
            if self._log is not None:
                client = scope.get("client")
                asked = url + b"?" + scope["query_string"] if scope["query_string"] else url
                self._log.write(scope["method"], asked, status, seconds, size, client[0] if client else "")


class MeteredStore:
    """A store whose queries are counted by lane and by how they ended."""

    def __init__(self, store: Store, board: Board) -> None:
        self._store = store
        self._board = board

    def publication(self) -> Publication:
        """Return the publication that new queries are answered from."""
        return self._store.publication()

    async def answer(self, request: QueryRequest) -> Answer:
        """Start the query and return its answer. Raises what the store raises."""
        lane = "trusted" if request.trusted else "public"
        try:
            answer = await self._store.answer(request)
        except BaseException as error:
            self.count(lane, error)
            raise
        if answer.whole:
            self.count(lane, None)
            return answer
        return _MeteredAnswer(answer, self, lane)

    async def close(self) -> None:
        """Let go of everything the store holds."""
        await self._store.close()

    def count(self, lane: str, error: BaseException | None) -> None:
        """Count a query that ended."""
        outcome, reason = _ending(error)
        self._board.add(f'sundgraf_queries_total{{lane="{lane}",outcome="{outcome}"}}')
        if reason:
            self._board.add(f'sundgraf_queries_killed_total{{reason="{reason}"}}')


class _MeteredAnswer:
    """An answer in pieces, counted when it ends."""

    def __init__(self, answer: Answer, store: MeteredStore, lane: str) -> None:
        self.whole = False
        self.truncated = answer.truncated
        self._answer = answer
        self._store = store
        self._lane = lane
        self._counted = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        try:
            async for piece in self._answer:
                yield piece
        except Exception as error:
            self._count(error)
            raise
        self._count(None)

    async def close(self) -> None:
        """Stop the query if it still runs."""
        await self._answer.close()
        self._count(asyncio.CancelledError())

    def _count(self, error: BaseException | None) -> None:
        if not self._counted:
            self._counted = True
            self._store.count(self._lane, error)


async def keep_gauges(board: Board, store: Store) -> None:
    """Write down every second what can only be seen from within this process."""
    while True:
        board.put("sundgraf_web_processes", 1)
        board.put("sundgraf_publication_served", store.publication().number)
        board.put("sundgraf_web_resident_bytes", _resident())
        for lane, states in getattr(store, "workers", dict)().items():
            for state, count in states.items():
                board.put(f'sundgraf_workers{{lane="{lane}",state="{state}"}}', count)
        board.put("sundgraf_replica_failovers_total", getattr(store, "failovers", 0))
        await asyncio.sleep(_EVERY_SECONDS)


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:  # no /proc on macOS
        return 0


def _ending(error: BaseException | None) -> tuple[str, str]:
    if error is None:
        return "answered", ""
    if isinstance(error, BadInput):
        return "malformed", ""
    if isinstance(error, Refused):
        return "refused", ""
    if isinstance(error, Busy):
        return "busy", ""
    if isinstance(error, OutOfTime):
        return "stopped", "deadline"
    if isinstance(error, OutOfMemory):
        return "stopped", "memory"
    if isinstance(error, asyncio.CancelledError):
        return "stopped", "reader left"
    return ("stopped", "") if isinstance(error, StoreError) and "passed the limit" in str(error) else ("failed", "")
