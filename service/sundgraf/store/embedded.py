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
    StoreError,
)
from sundgraf.store import wire
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.lane import Connection, Lane
from sundgraf.store.long_places import LongPlaces
from sundgraf.store.query_clock import Beside, QueryClock

_WATCH_SECONDS = 0.25


class EmbeddedStore:
    """Answers queries with the workers of a nursery; `announcement` is the file that says where the nursery is."""

    def __init__(self, announcement: Path, *, workers: int, trusted_workers: int, queue: int, long: int) -> None:
        self._announcement = announcement
        self._stamp = 0
        self._socket = ""
        self._token = 0
        self._publication = Publication(0, "")
        self._awaited: Path | None = None  # columns that workers will answer from once they are there
        self._read_announcement()
        self._public = Lane("public", workers, queue, self._where)
        self._trusted = Lane("trusted", trusted_workers, 10_000, self._where)
        self._beside = Beside(self._public, LongPlaces(long, queue))
        self._calls: list[Callable[[], None]] = []
        self._watcher: asyncio.Task[None] | None = None

    def publication(self) -> Publication:
        """Return the publication that new queries are answered from."""
        return self._publication

    def workers(self) -> dict[str, dict[str, int]]:
        """Return how many workers of each lane are busy or idle, and how many queries wait for one.

        Of "long" it is places, which the workers of "public" take whose queries are long.
        """
        lanes = {lane.name: lane.counts for lane in (self._public, self._trusted)}
        return {**lanes, "long": self._beside.places.counts}

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
        if request.trusted:
            try:
                return await self._run(request, self._trusted)
            except OutOfMemory:  # our own queries need little: it was the worker that was ended, by whomever
                return await self._run(request, self._trusted)
        begun = asyncio.get_running_loop().time()
        try:
            if request.text in self._beside.shapes:
                raise _PutOff
            return await self._run(request, self._public, self._beside)
        except _PutOff:
            waited = asyncio.get_running_loop().time() - begun
            await self._beside.places.wait(max(request.deadline - waited, 0))
        return await self._run(request, self._public, self._beside, has_place=True)

    async def _run(
        self, request: QueryRequest, lane: Lane, beside: Beside | None = None, *, has_place: bool = False
    ) -> EmbeddedAnswer:
        try:
            connection = await lane.acquire(request.deadline)
        except BaseException:
            if has_place and beside is not None:
                beside.places.give_back()
            raise
        if beside is not None and not has_place and request.text in beside.shapes:  # it came to be known meanwhile
            lane.release(connection)
            raise _PutOff
        connection.send(to_wire(request))
        clock = QueryClock(connection, request, beside, has_place=has_place)  # while the worker is at it
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
            if first is None and clock.put_off:
                raise _PutOff
            raise clock.reason() if first is None else to_error(first[1])
        clock.sends()
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


class _PutOff(Exception):
    """The query turned out to be long while too many long ones ran."""


class _Rest:
    """The pieces after the first; gives the worker back at the end, kills it when nobody wants the rest."""

    def __init__(self, lane: Lane, connection: Connection, clock: QueryClock) -> None:
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
