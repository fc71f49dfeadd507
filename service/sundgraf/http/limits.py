"""How often an address may ask for what costs much."""

from __future__ import annotations

import time
from collections import deque

from starlette.requests import Request

from sundgraf.domain.errors import TooOften

_MOST_ADDRESSES = 10_000


class PerAddress:
    """Counts requests of addresses within a minute, in this web process; addresses are kept nowhere else."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._recent: dict[str, deque[float]] = {}

    def count(self, request: Request) -> None:
        """Count a request. Raises TooOften."""
        if len(self._recent) > _MOST_ADDRESSES:
            self._recent.clear()
        recent = self._recent.setdefault(self._of(request), deque(maxlen=self._most))
        now = time.monotonic()
        if len(recent) == self._most and now - recent[0] < 60:
            raise TooOften(f"More than {self._most} requests of this kind within a minute; wait a little.")
        recent.append(now)

    def forget(self, request: Request) -> None:
        """Begin anew for an address."""
        self._recent.pop(self._of(request), None)

    @staticmethod
    def _of(request: Request) -> str:
        return request.client.host if request.client else ""
