"""Places for long queries, beside the workers that short ones use, and which queries are long."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque

from sundgraf.domain.errors import Busy
from sundgraf.domain.sparql import shape_of

_MOST_SHAPES = 256


class LongShapes:
    """The shapes of queries that turned out to be long not long ago; nothing is read while there are none."""

    def __init__(self) -> None:
        self._shapes: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return bool(self._shapes) and shape_of(text) in self._shapes

    def add(self, text: str) -> None:
        """Keep a query's shape; the one that proved long the longest time ago goes."""
        shape = shape_of(text)
        self._shapes[shape] = None
        self._shapes.move_to_end(shape)
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.popitem(last=False)

    def forget(self, text: str) -> None:
        """Take such a query for a short one again."""
        self._shapes.pop(shape_of(text), None)


class LongPlaces:
    """At most `size` long queries run at once in a web process, and at most `queue` wait, the first to come first."""

    def __init__(self, size: int, queue: int) -> None:
        self._free = size
        self._size = size
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def counts(self) -> dict[str, int]:
        """How many places are taken or free, and how many queries wait for one."""
        return {"busy": self._size - self._free, "idle": self._free, "waiting": len(self._waiting)}

    def take(self) -> bool:
        """Take a place; False where there is none."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self, timeout: float) -> None:
        """Take a place when there is one. Raises Busy when the queue is full or `timeout` seconds have passed."""
        if self.take():
            return
        if len(self._waiting) >= self._queue:
            raise Busy("Too many long queries are waiting; try again in a few seconds, or ask for less at a time.")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise Busy(
                "The query is a long one, and other long ones did not end in time; "
                "try again in a few seconds, or ask for less at a time."
            ) from None
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back()
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(future)

    def give_back(self) -> None:
        """Give up a place; who waits longest gets it."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self._free += 1
