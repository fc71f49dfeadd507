"""How long a query may go on, and what becomes of one that turns out to be long."""

from __future__ import annotations

import asyncio

from sundgraf.domain.errors import OutOfMemory, OutOfTime, StoreError, told_seconds
from sundgraf.store.base import QueryRequest
from sundgraf.store.lane import LESS, MUCH_LESS, WEARING_SECONDS, Connection, Lane, may_promote
from sundgraf.store.long_places import LongPlaces, LongShapes

# Seconds of the processor that a public query takes before pages and short queries go first. Where a worker cannot be
# given its priority back it is replaced after that, and a new one has to find its way through the shared pages again:
# then later.
_DEMOTIONS = ((0.03, LESS), (WEARING_SECONDS, MUCH_LESS)) if may_promote() else ((0.5, MUCH_LESS),)
# Seconds of the processor, or of sending, after which a query is long. A tenth of it is what reading all of our graph
# takes; a new worker, to which every page that it reads has to be copied, needs several times as much.
_LONG_SECONDS = 0.5
_LONG_SHARE = 0.25  # of the deadline, where that is less
_LOOK_SECONDS = 0.03  # between two looks at what a query has taken
_STALLED_SECONDS = 60.0  # how long in all a reader may keep a worker waiting


class Beside:
    """Where the long queries of a lane go: out of it, while there is a place for them."""

    def __init__(self, lane: Lane, places: LongPlaces) -> None:
        self.lane = lane
        self.places = places
        self.shapes = LongShapes()


class QueryClock:
    """Ends a worker at its query's deadline; a slow reader stops the clock.

    With `beside`, a query that is long makes room for others: it gets less of the processor, and a place beside the
    lane. Where there is none it is put off, which ends the worker, unless some of its answer was sent already: then it
    stays where it is. `has_place` says that it was put off before and has a place from the start.
    """

    def __init__(
        self, connection: Connection, request: QueryRequest, beside: Beside | None = None, *, has_place: bool = False
    ) -> None:
        deadline = request.deadline
        self.put_off = False
        self._text = request.text
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._deadline = deadline
        self._left = deadline
        self._stalled = 0.0
        self._since = self._loop.time()
        self._sending = 0.0
        self._expired = False
        self._timer = self._loop.call_later(self._left, self._expire) if self._left else None
        self._beside = beside
        self._long = min(_LONG_SECONDS, deadline * _LONG_SHARE)
        self._has_place = has_place
        self._proved = False  # to be long
        self._demotions = list(_DEMOTIONS) if beside is not None else []
        if beside is not None and has_place:
            beside.lane.set_beside(connection)
            if may_promote():
                connection.demote(MUCH_LESS)
                self._demotions = []
        self._looking = self._loop.call_later(_LOOK_SECONDS, self._look) if beside is not None else None

    def sends(self) -> None:
        """Note that the answer is being sent: from now on the query cannot be put off."""
        self._sending = self._loop.time()

    def pause(self) -> None:
        """Stop the clock while the reader takes a piece, for a minute in all at most."""
        now = self._loop.time()
        self._left -= now - self._since
        self._since = now
        self._cancel_timer()
        self._timer = self._loop.call_later(max(_STALLED_SECONDS - self._stalled, 0), self._expire)

    def resume(self) -> None:
        """Let the clock go on."""
        now = self._loop.time()
        self._stalled += now - self._since
        self._since = now
        self._cancel_timer()
        if self._deadline:
            self._timer = self._loop.call_later(max(self._left, 0), self._expire)

    def stop(self) -> None:
        """End: the worker is done, or gone."""
        if self._has_place and not self._proved and self._beside is not None and not self._expired:
            self._beside.shapes.forget(self._text)
        self._cancel_timer()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._has_place and self._beside is not None:
            self._beside.places.give_back()
        self._has_place = False

    def reason(self) -> StoreError:
        """Return why the worker ended before its query did."""
        if self._expired or (self._deadline and self._loop.time() - self._since >= self._left):
            return OutOfTime(
                f"The query was stopped after {told_seconds(self._deadline)}. Narrow it down or add a LIMIT; "
                "heavy analysis is best run on a copy: see /dump/."
            )
        return OutOfMemory(
            "The query was stopped before its end, most likely as it needed more memory than a query may have. "
            "Ask for less at a time: fewer variables, a LIMIT, no ORDER BY over everything."
        )

    def _look(self) -> None:
        """See what the query has taken of the processor, and act on it."""
        used = self._connection.used()
        while self._demotions and used >= self._demotions[0][0]:
            self._connection.demote(self._demotions.pop(0)[1])
        if used >= self._long and not self._proved and self._beside is not None:
            self._proved = True
            self._beside.shapes.add(self._text)
        if not self._has_place and self._is_long(used):
            self._make_room()
        if not self.put_off and (self._demotions or not self._proved or not self._has_place):
            self._looking = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _is_long(self, used: float) -> bool:
        sent_for = self._loop.time() - self._sending if self._sending else 0.0
        return used >= self._long or sent_for >= self._long

    def _make_room(self) -> None:
        assert self._beside is not None
        if self._beside.places.take():
            self._has_place = True
            self._beside.lane.set_beside(self._connection)
        elif not self._sending and self._connection.awaited:  # else its answer has just come
            self.put_off = True
            self._connection.kill()

    def _expire(self) -> None:
        self._expired = True
        self._connection.kill()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
