"""A very long answer: when it starts, how fast it comes, and what memory it takes."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.bench.contestants import UNCACHED, Contestant, Workplace, oxigraph, sundgraf
from tests.bench.measure import Connection, Figures, memory, settle
from tests.bench.report import Section
from tests.bench.watch import watching

_FORMATS = {"JSON": "application/sparql-results+json", "CSV": "text/csv"}
_SMALL_ROWS = 100
_READ_ALL = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o FILTER(STRLEN(STR(?s)) + STRLEN(STR(?o)) > 0) }"
_PIECE = 1 << 16


@dataclass(frozen=True)
class _Streamed:
    first: float  # seconds to the first byte of the body
    whole: float  # seconds to its end
    size: int  # bytes


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure answers of as many rows as there are triples, and of a few."""
    rounds = 2 if quick else 5
    section = Section("streaming", f"An answer of {triples:,} rows")
    section.header = ("server", "format", "first byte ms", "whole s", "MB")
    peaks: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(sundgraf(place.state(triples), **UNCACHED))
        peer = stack.enter_context(oxigraph(place.location(triples)))
        with watching(ours.pid) as small:
            for _ in range(20):
                _stream(ours, _SMALL_ROWS, "JSON")
                time.sleep(0.1)
        settle(ours.pid)
        quiet = memory(ours.pid)
        firsts = []
        for format in _FORMATS:
            streamed: dict[str, list[_Streamed]] = {ours.name: [], peer.name: []}
            with watching(ours.pid) as seen:
                for _ in range(rounds):
                    for one in (ours, peer):
                        streamed[one.name].append(_stream(one, triples, format))
            peaks[format] = seen.peak
            for name, answers in streamed.items():
                section.rows.append((name, format, *_say(answers)))
            firsts.append(Figures(tuple(answer.first for answer in streamed[ours.name])).median)
        with watching(ours.pid) as counted:
            _ask(ours, _READ_ALL)
        with watching(ours.pid) as slow:
            _stream(ours, triples, "JSON", pause=0.01, seconds=5 if quick else 20)
    peaks["JSON, slow reader"] = slow.peak
    section.at_most("first byte of the long answer", max(firsts) * 1000, 100, " ms")
    section.at_most("peak memory, long answer relative to one row from the same statements",
                    max(peaks.values()) / counted.peak, 1.1)  # fmt: skip
    section.notes = [
        f"{rounds} rounds, taking turns. Peak memory of all processes (PSS, every 0.2 s): {small.peak / 2**20:.0f} MiB "
        f"while {_SMALL_ROWS} rows were asked for again and again, {quiet / 2**20:.0f} at rest after that; "
        + ", ".join(f"{peak / 2**20:.0f} with the long answer in {name}" for name, peak in peaks.items())
        + f", and {counted.peak / 2**20:.0f} with one row that counts the same statements. The bar takes 1.1x as no "
        "more memory, and compares with one row made of the same statements: a worker that reads the whole graph "
        "gets its own copies of pages it shared, however short its answer, and gives them back when it is replaced "
        f"({max(peaks.values()) / small.peak:.2f}x of the memory while only a hundred statements are read).",
        "The slow reader takes 64 KiB every 10 ms and hangs up in the middle.",
    ]
    return section


def _stream(one: Contestant, rows: int, format: str, pause: float = 0.0, seconds: float = 0.0) -> _Streamed:
    parts = urlsplit(one.query_url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=300)
    query = f"SELECT ?subject ?property ?value WHERE {{ ?subject ?property ?value }} LIMIT {rows}"
    started = time.perf_counter()
    headers = {"Accept": _FORMATS[format], "Accept-Encoding": "identity"}
    connection.request("GET", f"{parts.path}?{urlencode({'query': query})}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    size = len(answer.read(1))
    first = time.perf_counter() - started
    lines = 0
    while piece := answer.read(_PIECE):
        size += len(piece)
        lines += piece.count(b"\n") if format == "CSV" else piece.count(b'"subject":{')
        if pause:
            time.sleep(pause)
            if time.perf_counter() - started > seconds:
                break
    else:
        expected = rows + 1 if format == "CSV" else rows
        assert expected - 20 - rows // 100 <= lines <= expected, (
            lines,
            rows,
        )  # a mark may be cut by the end of a piece
    connection.close()
    return _Streamed(first, time.perf_counter() - started, size)


def _ask(one: Contestant, query: str) -> None:
    connection = Connection(one.query_url)
    connection.query(query)
    connection.close()


def _say(answers: Sequence[_Streamed]) -> tuple[str, str, str]:
    return (
        Figures(tuple(answer.first for answer in answers)).say(scale=1000, digits=1),
        Figures(tuple(answer.whole for answer in answers)).say(digits=2),
        f"{answers[0].size / 1e6:.0f}",
    )
