"""The change feed: how long it takes to make, to replay, and to ask for again."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox
from tests.bench.contestants import UNCACHED, Contestant, Workplace, sundgraf
from tests.bench.measure import Figures
from tests.bench.report import Section

from sundgraf.store.feed import read_feed

_NQUADS = "application/n-quads"


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure a feed of everything that a graph of `triples` holds: one event a resource."""
    rounds = 1 if quick else 2
    state = place.state(triples)
    shutil.rmtree(state / "feed", ignore_errors=True)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sundgraf.application.follow", str(state)], check=True)
    made = time.perf_counter() - started
    with sundgraf(state, **UNCACHED) as ours:
        feed = read_feed(state)
        assert feed is not None
        nodes = [f"/feed/{feed.series}/{page}" for page in range(1, feed.pages + 1)]
        files = sorted((state / "feed" / feed.series).iterdir())
        read, fetched, loaded, replayed = [], [], [], []
        for _ in range(rounds):
            for times, into in ((read, False), (loaded, True)):
                _forget(files)
                times.append(_take((file.read_bytes() for file in files), place if into else None))
            for times, into in ((fetched, False), (replayed, True)):
                _forget(files)
                times.append(_take(_fetch(ours, nodes), place if into else None))
        again, statuses = _ask_again(ours, nodes)
    size = sum(file.stat().st_size for file in files)
    section = Section("feed", f"A feed of {feed.events:,} events, {size / 1e6:.0f} MB on {feed.pages:,} pages")
    section.header = ("what", "s", "MB/s")
    for what, times in (
        ("the files read from disk", read),
        ("the pages fetched over HTTP", fetched),
        ("the files loaded into a store on disk", loaded),
        ("the pages fetched into a store on disk: a replay", replayed),
    ):
        figures = Figures(tuple(times))
        section.rows.append((what, figures.say(digits=2), f"{size / 1e6 / figures.median:.0f}"))
    relative = Figures(tuple(replayed)).median / Figures(tuple(loaded)).median
    section.at_least("events", feed.events, 10_000 if quick else 100_000, "")
    section.at_most("a replay relative to loading the same files from disk", relative, 1.25)
    section.at_least("pages asked again that are 304", statuses.count(304), len(nodes), "")
    section.notes = [
        f"The feed was made in {made:.1f} s, in a process of its own, from a graph of {triples:,} triples.",
        f"{rounds} rounds, taking turns, one connection, N-Quads without compression. The system is made to forget the "
        "files before each, and answers are not kept ready. The store is pyoxigraph's, one load a page. All pages "
        f"asked again with their tags: {again:.2f} s.",
    ]
    return section


def _forget(files: list[Path]) -> None:
    """Let the system forget what it holds of files, so that they come from the disk."""
    for file in files:
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _fetch(ours: Contestant, nodes: list[str]) -> Iterator[bytes]:
    connection = _connect(ours)
    for node in nodes:
        connection.request("GET", node, headers={"Accept": _NQUADS})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        yield answer.read()


def _take(bodies: Iterable[bytes], place: Workplace | None) -> float:
    """Return how long it takes to read pages; into a store on disk where a place for one is given."""
    started = time.perf_counter()
    if place is None:
        for _ in bodies:
            pass
        return time.perf_counter() - started
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        store = ox.Store(folder)
        for body in bodies:
            store.load(body, ox.RdfFormat.N_QUADS)
        store.flush()
        return time.perf_counter() - started


def _ask_again(ours: Contestant, nodes: list[str]) -> tuple[float, list[int]]:
    connection, tags = _connect(ours), {}
    for node in nodes:
        connection.request("HEAD", node, headers={"Accept": _NQUADS})
        answer = connection.getresponse()
        answer.read()
        tags[node] = answer.headers["ETag"]
    statuses = []
    started = time.perf_counter()
    for node, tag in tags.items():
        connection.request("GET", node, headers={"Accept": _NQUADS, "If-None-Match": tag})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    return time.perf_counter() - started, statuses


def _connect(ours: Contestant) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(ours.query_url).netloc, timeout=120)
