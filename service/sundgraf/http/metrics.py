"""What every web process counts, in files that any of them can read, and how Prometheus wants it said.

Each web process has a file of 64-bit floats in the keeper's folder, mapped into memory, so that counting is one
addition; whoever is asked for `/metrics` adds the files up. The names of the places are in a file beside it. A web
process that replaces another one goes on with its counts, so that counters never fall.
"""

from __future__ import annotations

import json
import mmap
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
OTHER = "other"
HELP = {
    "sundgraf_requests_total": ("counter", "Requests answered, by route and class of status."),
    "sundgraf_request_seconds": ("histogram", "Time from the request's headers to the end of the answer, by route."),
    "sundgraf_response_bytes_total": ("counter", "Bytes of answers, by route."),
    "sundgraf_requests_in_flight": ("gauge", "Requests being answered now."),
    "sundgraf_answered_at_once_total": ("counter", "Requests answered from the cache or as look-ups, without waiting."),
    "sundgraf_queries_total": ("counter", "Queries given to the store, by lane and how they ended."),
    "sundgraf_queries_killed_total": ("counter", "Queries that were stopped, by reason."),
    "sundgraf_workers": ("gauge", "Query workers, by lane and state; waiting counts queries that wait for one."),
    "sundgraf_replica_failovers_total": ("counter", "Times that a query went on to another replica of the engine."),
    "sundgraf_publication_served": ("gauge", "Lowest number of a publication that a web process answers from."),
    "sundgraf_publication_newest": ("gauge", "Number of the newest publication."),
    "sundgraf_publication_lag_seconds": ("gauge", "For how long a newer publication has been waiting to be served."),
    "sundgraf_publication_age_seconds": ("gauge", "Time since the newest publication."),
    "sundgraf_quads": ("gauge", "Size of what is served."),
    "sundgraf_inbox_submissions": ("gauge", "Submissions, by state."),
    "sundgraf_inbox_oldest_waiting_seconds": ("gauge", "For how long the oldest waiting submission has been waiting."),
    "sundgraf_web_processes": ("gauge", "Web processes that run."),
    "sundgraf_web_resident_bytes": ("gauge", "Memory of the web processes."),
}


class Board:
    """The counts of one web process. `folder` is shared by all of them, `place` is which of them this is."""

    def __init__(self, folder: Path, place: int) -> None:
        self._folder = folder
        self._place = place
        self._places: dict[str, int] = {}
        self._routes: dict[bytes, int] = {}
        self._values = memoryview(bytearray(8)).cast("d")

    def open(self, routes: Sequence[str]) -> None:
        """Begin to count, by the first parts of paths in `routes`; the last of them stands for all others."""
        names = list(_series(routes))
        stem = self._folder / f"web-{self._place}"
        before = dict(_read(stem))
        file = stem.with_suffix(".values")
        file.unlink(missing_ok=True)  # a process that is being replaced goes on with its own
        file.write_bytes(bytes(8 * len(names)))
        with file.open("r+b") as opened:
            self._values = memoryview(mmap.mmap(opened.fileno(), 0)).cast("d")
        for position, name in enumerate(names):
            self._places[name] = position
            if not _is_gauge(name):
                self._values[position] = before.get(name, 0.0)
        stem.with_suffix(".names").write_text(json.dumps([os.getpid(), names]), "utf-8")
        for route in routes:
            self._routes[route.lstrip("/").encode()] = self._places[f'sundgraf_request_seconds_sum{{route="{route}"}}']
        self._other = self._routes[routes[-1].encode()]
        self._at_once = self._places["sundgraf_answered_at_once_total"]

    def observe(self, url: bytes, status: int, seconds: float, size: int, *, at_once: bool = False) -> None:
        """Count an answered request; `url` is its path, with or without a query."""
        start = self._routes.get(url[1:].partition(b"?")[0].partition(b"/")[0], self._other)
        values = self._values
        values[start] += seconds
        values[start + 1] += size
        values[start + 1 + min(max(status // 100, 1), 5)] += 1
        values[start + 7 + bisect_left(BUCKETS, seconds)] += 1
        if at_once:
            values[self._at_once] += 1

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to a series by its full name; one that nobody declared is left out."""
        position = self._places.get(name)
        if position is not None:
            self._values[position] += amount

    def put(self, name: str, value: float) -> None:
        """Set a gauge of this process by its full name."""
        position = self._places.get(name)
        if position is not None:
            self._values[position] = value

    def render(self, more: Iterable[tuple[str, float]] = ()) -> str:
        """Return the sums over all web processes, and `more`, in Prometheus's text format (version 0.0.4)."""
        totals: dict[str, float] = {}
        served = []
        for names in sorted(self._folder.glob("web-*.names")):
            for name, value in _read(names.with_suffix("")):
                if name == "sundgraf_publication_served":
                    served.append(value)
                else:
                    totals[name] = totals.get(name, 0.0) + value
        totals["sundgraf_publication_served"] = min(served, default=0.0)
        totals.update(more)
        return _text(totals)


def _series(routes: Sequence[str]) -> Iterator[str]:
    """Yield the names of a process's series. Those of a route stand together, in the order that `observe` counts on."""
    for route in routes:
        yield f'sundgraf_request_seconds_sum{{route="{route}"}}'
        yield f'sundgraf_response_bytes_total{{route="{route}"}}'
        for class_ in _CLASSES:
            yield f'sundgraf_requests_total{{route="{route}",status="{class_}"}}'
        for bound in (*BUCKETS, "+Inf"):
            yield f'sundgraf_request_seconds_bucket{{route="{route}",le="{bound}"}}'
    yield "sundgraf_answered_at_once_total"
    yield "sundgraf_requests_in_flight"
    for lane in ("public", "trusted"):
        for outcome in ("answered", "malformed", "refused", "busy", "stopped", "failed"):
            yield f'sundgraf_queries_total{{lane="{lane}",outcome="{outcome}"}}'
    for lane in ("public", "trusted", "long"):
        for state in ("busy", "idle", "waiting"):
            yield f'sundgraf_workers{{lane="{lane}",state="{state}"}}'
    for reason in ("deadline", "memory", "reader left"):
        yield f'sundgraf_queries_killed_total{{reason="{reason}"}}'
    yield "sundgraf_replica_failovers_total"
    yield "sundgraf_publication_served"
    yield "sundgraf_web_resident_bytes"
    yield "sundgraf_web_processes"


def _is_gauge(name: str) -> bool:
    return HELP.get(name.partition("{")[0], ("counter", ""))[0] == "gauge"


def _read(stem: Path) -> list[tuple[str, float]]:
    """Return the series of a process; gauges of one that is gone are left out."""
    try:
        pid, names = json.loads(stem.with_suffix(".names").read_text("utf-8"))
        values = memoryview(stem.with_suffix(".values").read_bytes()).cast("d")
    except (OSError, ValueError, TypeError):
        return []
    alive = Path(f"/proc/{pid}").exists() or not Path("/proc/self").exists()
    return [(name, value) for name, value in zip(names, values, strict=False) if alive or not _is_gauge(name)]


def _text(totals: Mapping[str, float]) -> str:
    families: dict[str, list[str]] = defaultdict(list)
    running: dict[str, float] = defaultdict(float)
    for series, value in totals.items():
        family = series.partition("{")[0]
        if family.startswith("sundgraf_request_seconds_"):
            if family.endswith("_bucket"):
                route = series.rpartition(",le=")[0]
                running[route] += value
                value = running[route]  # noqa: PLW2901  buckets are told as sums
                if series.endswith('le="+Inf"}'):
                    count = f"sundgraf_request_seconds_count{route.partition('_bucket')[2]}}} {_number(value)}"
                    families["sundgraf_request_seconds"].append(count)
            family = "sundgraf_request_seconds"
        families[family].append(f"{series} {_number(value)}")
    lines = []
    for family, (kind, text) in HELP.items():
        if family in families:
            lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}", *families[family]]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
