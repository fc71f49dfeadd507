"""The embedded store as the web process sees it: queries go to workers that can be killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from sundgraf.domain.errors import (
    MalformedQuery,
    NotAcceptable,
    OutOfMemory,
    OutOfTime,
    StoreError,
)
from sundgraf.store import wire
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.lane import LESS, MUCH_LESS, Connection, Lane, may_promote

# Seconds a public query runs before pages and short queries go first. Where a worker cannot be given its priority back
# it is replaced after that, and a new one has to find its way through the shared pages again: then later.
_DEMOTIONS = ((0.03, LESS), (0.25, MUCH_LESS)) if may_promote() else ((0.5, MUCH_LESS),)
_STALLED_SECONDS = 60.0  # how long in all a reader may keep a worker waiting
_WATCH_SECONDS = 0.25


class EmbeddedStore:
    """Answers queries with the workers of a nursery; `announcement` is the file that says where the nursery is."""

    def __init__(self, announcement: Path, *, workers: int, trusted_workers: int, queue: int) -> None:
        self._announcement = announcement
        self._stamp = 0
        self._socket = ""
        self._token = 0
        self._publication = Publication(0, "")
        self._awaited: Path | None = None  # columns that workers will answer from once they are there
        self._read_announcement()
        self._public = Lane("public", workers, queue, self._where)
        self._trusted = Lane("trusted", trusted_workers, 10_000, self._where)
        self._calls: list[Callable[[], None]] = []
        self._watcher: asyncio.Task[None] | None = None

    def publication(self) -> Publication:
        """Return the publication that new queries are answered from."""
        return self._publication

    def workers(self) -> dict[str, dict[str, int]]:
        """Return how many workers of each lane are busy or idle, and how many queries wait for one."""
        return {lane.name: lane.counts for lane in (self._public, self._trusted)}

    def on_publication(self, call: Callable[[], None]) -> None:
        """Have `call` called after each change of the publication."""
        self._calls.append(call)

    async def open(self) -> None:
        """Start the workers and the watch for new publications."""
        self._public.fill()
        self._trusted.fill()
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """End every worker."""
        if self._watcher is not None:
            self._watcher.cancel()
        self._public.close()
        self._trusted.close()

    async def answer(self, request: QueryRequest) -> EmbeddedAnswer:
        """Start the query in a worker. Raises MalformedQuery, Busy, OutOfTime, OutOfMemory or StoreError."""
        lane = self._trusted if request.trusted else self._public
        connection = await lane.acquire(request.deadline)
        connection.send(to_wire(request))
        clock = _Clock(connection, request, demotable=not request.trusted)  # while the worker is at it
        try:
            first = await connection.receive()
        except BaseException:
            clock.stop()
            connection.kill()
            lane.release(connection)
            raise
        if first is not None and first[0] == b"W":
            clock.stop()
            lane.release(connection)
            ending, body = wire.open_whole(first[1])
            return EmbeddedAnswer(body, ending["truncated"])
        if first is None or first[0] == b"X":
            clock.stop()
            lane.release(connection)
            raise clock.reason() if first is None else to_error(first[1])
        return EmbeddedAnswer(first[1], "", _Rest(lane, connection, clock))

    def _where(self) -> tuple[str, int]:
        return self._socket, self._token

    def _read_announcement(self) -> bool:
        stamp = self._announcement.stat().st_mtime_ns
        if stamp == self._stamp:
            return False
        said = json.loads(self._announcement.read_text("utf-8"))
        self._stamp = stamp
        self._socket = said["socket"]
        self._token += 1
        self._publication = Publication(said["number"], said["time"], said["quads"])
        self._awaited = Path(said["columns"]) if said.get("columns") else None
        self._find_columns()
        return True

    def _find_columns(self) -> bool:
        """Say whether columns came to be since the last look: a worker forked from now on has them."""
        if self._awaited is None or not self._awaited.exists():
            return False
        self._awaited = None
        self._token += 1
        return True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                changed = self._read_announcement()
            except (OSError, ValueError):
                continue
            if self._find_columns() or changed:
                self._public.renew()
                self._trusted.renew()
            if changed:
                for call in self._calls:
                    call()


class EmbeddedAnswer:
    """An answer from a worker: its first (or only) piece, and where the rest comes from."""

    def __init__(self, first: bytes, truncated: str, rest: _Rest | None = None) -> None:
        self.truncated = truncated
        self.whole = rest is None
        self._first = first
        self._rest = rest

    @property
    def body(self) -> bytes:
        """The whole body; only of an answer that is whole."""
        return self._first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body. Raises StoreError when it was cut after the first piece."""
        yield self._first
        if self._rest is not None:
            async for piece in self._rest:
                yield piece
            if self._rest.truncated:
                raise StoreError(f"the answer passed the limit on {self._rest.truncated} and was cut")

    async def close(self) -> None:
        """Stop the query if it still runs."""
        if self._rest is not None:
            self._rest.abandon()


class _Clock:
    """Ends a worker at its query's deadline, and lets others go first when a query is long. A slow reader stops it."""

    def __init__(self, connection: Connection, request: QueryRequest, *, demotable: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._deadline = request.deadline
        self._left = request.deadline
        self._stalled = 0.0
        self._since = self._loop.time()
        self._expired = False
        self._timer = self._loop.call_later(self._left, self._expire) if self._left else None
        steps = _DEMOTIONS if demotable else ()
        self._demotions = [self._loop.call_later(after, connection.demote, nice) for after, nice in steps]

    def pause(self) -> None:
        now = self._loop.time()
        self._left -= now - self._since
        self._since = now
        self._cancel_timer()
        self._timer = self._loop.call_later(max(_STALLED_SECONDS - self._stalled, 0), self._expire)

    def resume(self) -> None:
        now = self._loop.time()
        self._stalled += now - self._since
        self._since = now
        self._cancel_timer()
        if self._deadline:
            self._timer = self._loop.call_later(max(self._left, 0), self._expire)

    def stop(self) -> None:
        self._cancel_timer()
        for demotion in self._demotions:
            demotion.cancel()

    def reason(self) -> StoreError:
        if self._expired or (self._deadline and self._loop.time() - self._since >= self._left):
            return OutOfTime(
                f"The query was stopped after {self._deadline:g} seconds. Narrow it down or add a LIMIT; "
                "heavy analysis is best run on a copy: see /dump/."
            )
        return OutOfMemory(
            "The query was stopped: it needed more memory than a query may have. "
            "Ask for less at a time: fewer variables, a LIMIT, no ORDER BY over everything."
        )

    def _expire(self) -> None:
        self._expired = True
        self._connection.kill()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class _Rest:
    """The pieces after the first; gives the worker back at the end, kills it when nobody wants the rest."""

    def __init__(self, lane: Lane, connection: Connection, clock: _Clock) -> None:
        self._lane = lane
        self._connection = connection
        self._clock = clock
        self._done = False
        self.truncated = ""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                received = await self._connection.receive()
                if received is None:
                    raise self._clock.reason()
                kind, payload = received
                if kind == b"B":
                    self._clock.pause()
                    yield payload
                    self._clock.resume()
                elif kind == b"E":
                    self.truncated = json.loads(payload)["truncated"]
                    self._finish()
                    return
                else:
                    raise to_error(payload)
        finally:
            self.abandon()

    def abandon(self) -> None:
        if not self._done:
            self._connection.kill()
            self._finish()

    def _finish(self) -> None:
        self._done = True
        self._clock.stop()
        self._lane.release(self._connection)


def to_wire(request: QueryRequest) -> dict[str, Any]:
    """Return the request as the worker reads it."""
    wanted: dict[str, Any] = {
        "text": request.text,
        "format": request.format,
        "deadline": request.deadline,
        "row_limit": request.row_limit,
        "byte_limit": request.byte_limit,
    }
    if request.default_graphs or request.named_graphs:
        wanted["default_graphs"] = request.default_graphs
        wanted["named_graphs"] = request.named_graphs
    return wanted


def to_error(payload: bytes) -> Exception:
    """Return the error that a worker described."""
    said = json.loads(payload)
    if said["kind"] == "syntax":
        return MalformedQuery(said["message"], said["line"], said["column"])
    if said["kind"] == "not-acceptable":
        return NotAcceptable(said["message"])
    if said["kind"] == "memory":
        return OutOfMemory(said["message"])
    return StoreError(said["message"])
