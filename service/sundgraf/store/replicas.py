"""Which of an engine's query addresses to ask: those that answer, and of these those that are up to date."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sundgraf.store.base import Publication
from sundgraf.store.engines import ENGINES, Engine

_REST_SECONDS = 2.0  # how long one that failed is left alone, unless there is no other


@dataclass(slots=True)
class Replica:
    """A query address, and what is known of it: which publication it has under which default graph.

    `graphs` are the named graphs of that publication; both are empty where the engine was not filled by us.
    """

    url: str
    engine: Engine = ENGINES["standard"]
    publication: Publication | None = None
    default_graph: str = ""
    graphs: tuple[str, ...] = ()
    away_until: float = 0.0
    known: bool = field(default=False)

    @property
    def away(self) -> bool:
        """Whether it failed a moment ago."""
        return time.monotonic() < self.away_until

    def fail(self) -> None:
        """Note that it did not answer."""
        self.away_until = time.monotonic() + _REST_SECONDS


class Replicas:
    """The query addresses of one engine, taken in turn."""

    def __init__(self, urls: list[str], engine: Engine | None = None) -> None:
        self.all = [Replica(url, engine or ENGINES["standard"]) for url in urls]
        self._turn = itertools.count()

    def newest(self) -> Publication | None:
        """Return the newest publication that a replica which answers has."""
        held = [r.publication for r in self.all if r.publication is not None and not r.away]
        held = held or [r.publication for r in self.all if r.publication is not None]
        return max(held, key=lambda publication: publication.number, default=None)

    def in_turn(self) -> Iterator[Replica]:
        """Yield the replicas to try, one after another: up to date before behind, answering before away."""
        newest = self.newest()
        start = next(self._turn) % len(self.all)
        turned = self.all[start:] + self.all[:start]
        yield from sorted(turned, key=lambda r: (r.away, newest is not None and r.publication != newest))
