"""Twelve queries over HTTP, one after another on one keep-alive connection, against `oxigraph serve`."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

from tests.bench.contestants import HERE, UNCACHED, Contestant, Workplace, oxigraph, oxigraph_in_memory, sundgraf
from tests.bench.measure import JSON, NTRIPLES, Connection, Figures, seconds_of
from tests.bench.report import Section

_FEWEST_ROUNDS, _MOST_ROUNDS = 15, 300
_SECONDS = 3.0  # a short query is asked more often, up to this time


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure each query's median time and how many times faster ours answers."""
    queries = sorted((HERE / "queries").glob("*.rq"))
    times: dict[str, dict[str, list[float]]] = {}
    with contextlib.ExitStack() as stack:
        contestants = [
            stack.enter_context(sundgraf(place.state(triples), **UNCACHED)),
            stack.enter_context(oxigraph(place.location(triples))),
            stack.enter_context(oxigraph_in_memory(place.file(triples))),
        ]
        connections = [(one, Connection(one.query_url)) for one in contestants]
        sizes = {path.stem: _check(path, connections) for path in queries}
        for path in queries:
            text, accept = path.read_text("utf-8"), _accept(path)
            taken = times.setdefault(path.stem, {one.name: [] for one in contestants})
            for _ in range(_rounds(text, accept, connections, 1.0 if quick else _SECONDS)):
                for one, connection in connections:
                    taken[one.name].append(seconds_of(lambda c=connection, t=text, a=accept: c.query(t, a)))
    return _report(triples, sizes, times)


def _rounds(text: str, accept: str, connections: Sequence[tuple[Contestant, Connection]], seconds: float) -> int:
    """Ask once to warm up; return how often to ask so that it takes about `seconds`."""
    once = sum(seconds_of(lambda c=connection: c.query(text, accept)) for _, connection in connections)
    return max(_FEWEST_ROUNDS, min(_MOST_ROUNDS, int(seconds / once)))


def _report(triples: int, sizes: dict[str, int], times: dict[str, dict[str, list[float]]]) -> Section:
    section = Section("mix", f"The 12-query mix over HTTP, {triples:,} triples, nothing cached")
    section.header = (
        "query",
        "rows",
        "sundgraf ms",
        "oxigraph serve ms",
        "times faster",
        "oxigraph in memory ms",
        "times faster",
    )
    ratios: dict[str, list[float]] = {"disk": [], "memory": []}
    for name, taken in times.items():
        ours, disk, held = (Figures(tuple(values)) for values in taken.values())
        ratios["disk"].append(disk.median / ours.median)
        ratios["memory"].append(held.median / ours.median)
        cells = [figures.say(scale=1000, digits=2) for figures in (ours, disk, held)]
        section.rows.append(
            (
                name,
                str(sizes[name]),
                cells[0],
                cells[1],
                f"{ratios['disk'][-1]:.2f}",
                cells[2],
                f"{ratios['memory'][-1]:.2f}",
            )
        )
    section.at_least("geometric mean of the 12 against oxigraph serve", _mean(ratios["disk"]), 1.5)
    section.at_most("slowest query relative to oxigraph serve", 1 / min(ratios["disk"]), 1.2)
    section.notes = [
        f"One keep-alive connection, GET, the three taking turns query by query; medians of {_FEWEST_ROUNDS} to "
        f"{_MOST_ROUNDS} (lowest-highest), more for short queries. "
        "The answers were compared first: the same rows, in the same order where the query orders them.",
        "`oxigraph serve` keeps its data on disk, loaded with `oxigraph load`, then `oxigraph optimize`: what the bar "
        "names. Against `oxigraph serve` without a directory (in memory, gone when it stops) the geometric mean is "
        f"{_mean(ratios['memory']):.2f}x: most of the lead is that of memory over disk.",
    ]
    return section


def _check(path: Path, connections: Sequence[tuple[Contestant, Connection]]) -> int:
    """Return the number of rows. Raises AssertionError unless all answers are the same."""
    text, accept = path.read_text("utf-8"), _accept(path)
    found = [_rows(connection.query(text, accept), accept, "ORDER BY" in text) for _, connection in connections]
    assert found[0], f"{path.name} gives no rows"
    for (one, _), rows in zip(connections, found, strict=True):
        assert rows == found[0], f"{path.name}: {one.name} gives {len(rows)} rows, sundgraf {len(found[0])}, or others"
    return len(found[0])


def _rows(body: bytes, accept: str, ordered: bool) -> list[str]:
    if accept == NTRIPLES:
        return sorted(set(body.decode().splitlines()))
    rows = [json.dumps(row, sort_keys=True) for row in json.loads(body)["results"]["bindings"]]
    return rows if ordered else sorted(rows)


def _accept(path: Path) -> str:
    return NTRIPLES if "\nCONSTRUCT" in path.read_text("utf-8") else JSON


def _mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
