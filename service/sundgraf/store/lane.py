"""A pool of query workers for one kind of work, seen from the web process's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from sundgraf.domain.errors import Busy, StoreError
from sundgraf.store import wire
from sundgraf.store.turns import processor_seconds, share, take_short_turns

_MOST_HELD_PIECES = 4  # then the worker waits for the reader
_QUERIES_PER_WORKER = 20_000  # reading makes shared pages private one by one; a fresh worker shares them again
WEARING_SECONDS = 0.25  # of the processor: such a query read much of the graph, and made as much of it private
_RETRY_SECONDS = 0.1
_START_SECONDS = 30.0
LESS, MUCH_LESS = 5, 10  # as nice(1) has it: a third and a tenth of a usual share


@lru_cache(maxsize=1)
def may_promote() -> bool:
    """Say whether this process may give back the priority it took: Linux wants root or LimitNICE=0 for that."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_NICE)[0] in (resource.RLIM_INFINITY, *range(20, 41))


class Connection(asyncio.Protocol):
    """One worker at the other end of a socket. It works on one query at a time."""

    def __init__(self) -> None:
        self._reader = wire.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[bytes, bytes] | None] | None = None
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._paused = False
        self.pid = 0
        self.generation = 0
        self.queries = 0
        self._begun = 0.0  # how long the worker had had the processor when the last query was sent
        self.gone = False
        self.demoted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, piece: bytes) -> None:
        """Hand complete frames to whoever waits."""
        for received in self._reader.feed(piece):
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(received)
                self._waiting = None
            else:
                self._frames.append(received)
        if len(self._frames) > _MOST_HELD_PIECES and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True

    def connection_lost(self, _: Exception | None) -> None:
        """Tell whoever waits that the worker is gone."""
        self.gone = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
            self._waiting = None

    def send(self, request: dict[str, Any]) -> None:
        """Start a query."""
        self.queries += 1
        with contextlib.suppress(OSError):
            self._begun = processor_seconds(self.pid)
        if self._transport is not None:
            self._transport.write(wire.frame_json(b"Q", request))

    def used(self) -> float:
        """Return how many seconds of the processor the last query has taken; 0 without one or without its worker."""
        try:
            return processor_seconds(self.pid) - self._begun if self.queries else 0.0
        except OSError:
            return 0.0

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for a frame that has not come."""
        return self._waiting is not None and not self._waiting.done()

    def receive(self) -> asyncio.Future[tuple[bytes, bytes] | None]:
        """Return what comes next: a frame, or None when the worker is gone."""
        future: asyncio.Future[tuple[bytes, bytes] | None] = asyncio.get_running_loop().create_future()
        if self._frames:
            future.set_result(self._frames.popleft())
            if self._paused and not self._frames and self._transport is not None:
                self._transport.resume_reading()
                self._paused = False
        elif self.gone:
            future.set_result(None)
        else:
            self._waiting = future
        return future

    def kill(self) -> None:
        """End the worker, whatever it is doing. To give its memory back it needs the processor once more."""
        if self.pid and not self.gone:
            if self.demoted:
                self._set_back()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)
        self.close()

    def demote(self, nice: int) -> None:
        """Let others go before this worker: `nice` is LESS or MUCH_LESS."""
        self.demoted = True
        share(self.pid, nice)
        if sys.platform == "linux":
            take_short_turns(self.pid, when_idle=True)
        else:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, 19)

    def promote(self) -> None:
        """Undo `demote` where that is allowed, so that the worker can be used again."""
        if may_promote() and not self.gone:
            self._set_back()
            self.demoted = False

    def _set_back(self) -> None:
        share(self.pid, 0)
        take_short_turns(self.pid)

    def close(self) -> None:
        """Let the worker go."""
        self.gone = True
        if self._transport is not None:
            self._transport.abort()


class Lane:
    """At most `size` workers, and a queue of at most `queue` that wait for one.

    A worker whose query turns out to be long may be set beside: then another one takes its place.
    """

    def __init__(self, name: str, size: int, queue: int, where: Callable[[], tuple[str, int]]) -> None:
        self.name = name
        self._size = size
        self._queue = queue
        self._where = where
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._beside: set[Connection] = set()
        self._starting = 0
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """How many workers have a query."""
        return len(self._busy) + len(self._beside)

    @property
    def counts(self) -> dict[str, int]:
        """How many workers have a query or none, and how many queries wait for one."""
        return {"busy": self.busy, "idle": len(self._idle), "waiting": len(self._waiting)}

    async def acquire(self, timeout: float) -> Connection:
        """Return a worker that is free. Raises Busy when the queue is full or `timeout` seconds have passed."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.gone and connection.generation == self._where()[1]:
                self._busy.add(connection)
                return connection
            connection.close()
        if len(self._waiting) >= self._queue + self._size:
            raise Busy("Too many queries are waiting; try again in a few seconds, or ask a stored question.")
        future: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self.fill()
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise Busy("No worker was free in time; try again in a few seconds, or ask a stored question.") from None
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.release(future.result())
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(future)

    def release(self, connection: Connection) -> None:
        """Give a worker back; one that is gone, tired or of an old generation is replaced."""
        worn = connection in self._beside or connection.queries >= _QUERIES_PER_WORKER
        worn = worn or connection.used() >= WEARING_SECONDS
        self._busy.discard(connection)
        self._beside.discard(connection)
        if connection.demoted:
            connection.promote()
        stale = connection.generation != self._where()[1]
        if connection.gone or connection.demoted or stale or worn:
            connection.close()
        elif not self._hand_over(connection):
            self._idle.append(connection)
        self.fill()

    def set_beside(self, connection: Connection) -> None:
        """Let a busy worker go on outside of the `size` there are, so that others find a free one."""
        self._busy.discard(connection)
        self._beside.add(connection)
        self.fill()

    def fill(self) -> None:
        """Start workers until there are enough."""
        while not self._closed and len(self._idle) + len(self._busy) + self._starting < self._size:
            self._starting += 1
            task = asyncio.get_running_loop().create_task(self._start())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def renew(self) -> None:
        """Replace idle workers of an old generation; busy ones are replaced when they are done."""
        for connection in [c for c in self._idle if c.generation != self._where()[1]]:
            self._idle.remove(connection)
            connection.close()
        self.fill()

    def close(self) -> None:
        """End every worker."""
        self._closed = True
        for connection in (*self._idle, *self._busy, *self._beside):
            connection.kill()

    def _hand_over(self, connection: Connection) -> bool:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                self._busy.add(connection)
                future.set_result(connection)
                return True
        return False

    async def _start(self) -> None:
        try:
            connection = await asyncio.wait_for(self._connect(), _START_SECONDS)
        except (TimeoutError, StoreError, OSError):
            self._starting -= 1
            if not self._closed:
                await asyncio.sleep(_RETRY_SECONDS)
                self.fill()
            return
        self._starting -= 1
        if self._closed:
            connection.kill()
        elif connection.generation != self._where()[1]:  # published while it was being started
            connection.close()
            self.fill()
        elif not self._hand_over(connection):
            self._idle.append(connection)

    async def _connect(self) -> Connection:
        path, generation = self._where()
        _, connection = await asyncio.get_running_loop().create_unix_connection(Connection, path)
        hello = await connection.receive()
        if hello is None:
            raise StoreError("the worker ended at once")
        connection.pid = json.loads(hello[1])["pid"]
        connection.generation = generation
        return connection
