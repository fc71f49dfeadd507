"""Twenty-one queries over HTTP, one after another on one keep-alive connection, ours and four peers taking turns.

The first twelve are those of the older bar; all twenty-one are looked at for the newer one.
"""

from __future__ import annotations

import contextlib
import http.client
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import virtuoso as column_peer
from tests.bench.answers import rows_of
from tests.bench.contestants import (
    HERE,
    UNCACHED,
    Contestant,
    Workplace,
    oxigraph,
    oxigraph_in_memory,
    rdflib_endpoint,
    sundgraf,
)
from tests.bench.measure import JSON, NTRIPLES, Connection, Figures, memory
from tests.bench.report import Section

from sundgraf.settings import Settings

OURS, ENGINE, DISK, MEMORY, COLUMNS, RDFLIB = (
    "sundgraf",
    "sundgraf without columns",
    "oxigraph serve",
    "oxigraph serve in memory",
    "Virtuoso",
    "rdflib-endpoint",
)
QUERIES = sorted((HERE / "queries").glob("*.rq"))
_MOST_ROUNDS = 200
_ENOUGH = 7  # rounds; with fewer, a quick server is asked several times in its turn, for so many seconds
_TURN_SECONDS = 0.3
_SECONDS = 3.0  # a short query is asked more often, up to this time for all servers together
_MOST_IN_MEMORY = 2_000_000  # triples; `oxigraph serve` in memory and rdflib-endpoint are left out beyond
_PATIENCE = 30.0  # seconds for a query of rdflib-endpoint
_LONG_FOR_RDFLIB = ("05", "09", "16")  # asked last, since it has to load the file anew after each
_FAR = 5.0  # a query whose distance to the best peer is looked into

Times = dict[str, dict[str, list[float]]]  # query -> server -> seconds


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure each query's median time with each server, and how they compare."""
    times: Times = {path.stem: {} for path in QUERIES}
    sizes: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        contestants = _start(stack, place, triples)
        connections = [(one, Connection(one.query_url, 600.0, one.parameters)) for one in contestants]
        fewest = 2 if triples > 2e6 else 3 if place.by_processor else 7
        with place.quiet.alone():
            for path in QUERIES:
                sizes[path.stem] = _compare(path, connections)
                _time(place, path, connections, times[path.stem], 1.0 if quick else _SECONDS, fewest)
                place.quiet.breathe()
        held = {one.name: memory(one.pid) / 2**20 for one in contestants}
    notes = [_say_memory(held, triples)]
    if RDFLIB in place.peers and triples <= _MOST_IN_MEMORY:
        notes += _ask_rdflib(place, triples, times, sizes)
    if place.by_processor:
        notes.append(
            "Times are processor time of all processes of a server, since others kept the machine busy; what a client "
            "waits also has the way there and back, and waking up (quiet runs on the wall: 2026-11-26-evening.md)."
        )
    return _report(triples, sizes, times, notes)


def _start(stack: contextlib.ExitStack, place: Workplace, triples: int) -> list[Contestant]:
    file = place.file(triples)
    found = [stack.enter_context(sundgraf(place.kept_state(triples), **UNCACHED))]
    if ENGINE in place.peers and triples >= Settings().column_quads:
        before = stack.enter_context(
            sundgraf(place.kept_state(triples), SUNDGRAF_COLUMN_QUADS="1000000000", **UNCACHED)
        )
        found.append(replace(before, name=ENGINE))
    if DISK in place.peers:
        found.append(stack.enter_context(oxigraph(place.kept_location(triples))))
    if MEMORY in place.peers and triples <= _MOST_IN_MEMORY:
        found.append(stack.enter_context(oxigraph_in_memory(file)))
    if COLUMNS in place.peers and column_peer.installed():
        folder = place.kept("virtuoso", triples, lambda path: column_peer.load_virtuoso(path, file, triples))
        found.append(stack.enter_context(column_peer.virtuoso(folder, file, triples)))
    return found


def _compare(path: Path, connections: Sequence[tuple[Contestant, Connection]]) -> int:
    """Return the number of rows. Raises AssertionError unless all answers are the same."""
    text, accept = path.read_text("utf-8"), accepted(path)
    found = [rows_of(connection.query(text, accept), accept) for _, connection in connections]
    for (one, _), rows in zip(connections, found, strict=True):
        assert rows == found[0], (
            f"{path.name}: {one.name} gives {len(rows)} rows, sundgraf {len(found[0])}, or others: "
            f"{[row for row in rows if row not in found[0]][:2]} for {[row for row in found[0] if row not in rows][:2]}"
        )
    return len(found[0])


def _time(
    place: Workplace,
    path: Path,
    connections: Sequence[tuple[Contestant, Connection]],
    into: dict[str, list[float]],
    seconds: float,
    fewest: int,
) -> None:
    text, accept = path.read_text("utf-8"), accepted(path)

    def ask(one: Contestant, connection: Connection) -> float:
        try:
            return place.seconds_of(one, lambda: connection.query(text, accept))
        except http.client.RemoteDisconnected:  # it may hang up between two requests; a server that died is told below
            print(f"    {one.name} hung up before {path.stem}; asked again", file=sys.stderr, flush=True)
            connection.close()
            return place.seconds_of(one, lambda: connection.query(text, accept))

    once = [ask(*pair) for pair in connections]
    rounds = max(fewest, min(_MOST_ROUNDS, int(seconds / sum(once))))
    for _ in range(rounds):
        for (one, connection), own in zip(connections, once, strict=True):
            times = 1 if rounds >= _ENOUGH else max(1, min(_ENOUGH, int(_TURN_SECONDS / own)))  # beside slow peers
            for _ in range(times):
                into.setdefault(one.name, []).append(ask(one, connection))


def _ask_rdflib(place: Workplace, triples: int, times: Times, sizes: dict[str, int]) -> list[str]:
    """Ask rdflib-endpoint each query, slow ones once; it loads the file anew after each that it does not finish."""
    unfinished = []
    for name, text, accept, server in _rdflib_turns(place.file(triples)):
        connection = Connection(server.query_url, 3600.0)
        taken, rows = _ask_patiently(place, server, connection, text, accept)
        times[name][RDFLIB] = taken
        if rows is None:
            unfinished.append(name)
        else:
            assert rows == sizes[name], f"{name}: rdflib-endpoint gives {rows} rows"
    return [
        f"rdflib-endpoint was asked by itself afterwards, in the same run, each query at most {_PATIENCE:g} s, once "
        f"where it took over a second; not done by then: {', '.join(unfinished) or 'none'} (counted as "
        f"{_PATIENCE:g} s, a lower bound)."
    ]


def _ask_patiently(
    place: Workplace, server: Contestant, connection: Connection, text: str, accept: str
) -> tuple[list[float], int | None]:
    """Return how long a query took each time, and its rows; None where it was not done in time."""
    taken: list[float] = []
    bodies: list[bytes] = []

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):  # the server was stopped, since it took too long
            taken.append(place.seconds_of(server, lambda: bodies.append(connection.query(text, accept))))

    asking, waited = threading.Thread(target=ask, daemon=True), 0.0
    asking.start()
    while asking.is_alive():
        waited += place.seconds_of(server, lambda: asking.join(0.2))
        if waited > _PATIENCE:
            return [_PATIENCE], None
    if not taken:
        return [_PATIENCE], None
    for _ in range(5 if taken[0] < 1 else 0):
        ask()
    connection.close()
    return taken[1:] or taken, len(rows_of(bodies[0], accept))


def _rdflib_turns(file: Path) -> Iterator[tuple[str, str, str, Contestant]]:
    """Yield each query with a server that is not at work on another."""
    waiting = sorted(QUERIES, key=lambda path: path.stem[:2] in _LONG_FOR_RDFLIB)
    while waiting:
        with rdflib_endpoint(file, 3600) as server:
            while waiting:
                path = waiting.pop(0)
                print(f"    rdflib-endpoint {path.stem}", file=sys.stderr, flush=True)
                probe = Connection(server.query_url, 60.0)
                yield path.stem, path.read_text("utf-8"), accepted(path), server
                if path.stem[:2] in _LONG_FOR_RDFLIB:
                    break
                try:
                    probe.query("ASK {}")
                except OSError:
                    break


def _say_memory(held: dict[str, float], triples: int) -> str:
    each = ", ".join(f"{name} {mebibytes:,.0f} MiB" for name, mebibytes in held.items())
    more = ""
    if MEMORY in held:
        more = f" ({held[OURS] / held[MEMORY]:.2f}x {MEMORY}, {held[OURS] / triples * 1e6:,.0f} MiB a million triples)"
    return f"Memory after the queries (PSS of all processes): {each}{more}."


def _report(triples: int, sizes: dict[str, int], times: Times, notes: list[str]) -> Section:
    section = Section("mix", f"The 21-query mix over HTTP, {triples:,} triples, nothing cached")
    medians = {name: {who: Figures(tuple(v)) for who, v in taken.items()} for name, taken in times.items()}
    section.values = {
        name: {who: [f.median, min(f.values), max(f.values)] for who, f in taken.items()}
        for name, taken in medians.items()
    }
    servers = list(dict.fromkeys(who for taken in times.values() for who in taken))
    peers = [who for who in servers if who not in (OURS, ENGINE)]
    section.header = ("query", "rows", *(f"{who} ms" for who in servers), "best peer", "times its speed")
    far = []
    for name, taken in medians.items():
        best = min(peers, key=lambda who, t=taken: t[who].median)
        ratio = taken[best].median / taken[OURS].median
        if 1 / ratio > _FAR:
            far.append(f"{name} ({1 / ratio:.1f}x)")
        cells = [taken[who].say(scale=1000, digits=2) for who in servers]
        section.rows.append((name, str(sizes[name]), *cells, best, f"{ratio:.2f}"))
    first_twelve = [name for name in times if int(name[:2]) <= 12]
    for who in servers[1:]:
        ratios = {name: taken[who].median / taken[OURS].median for name, taken in medians.items()}
        mean, twelve = _mean(list(ratios.values())), _mean([ratios[name] for name in first_twelve])
        section.notes.append(
            f"Against {who}: geometric mean of 21 {mean:.2f}x, of the first twelve {twelve:.2f}x; "
            f"slowest {min(ratios.values()):.2f}x ({min(ratios, key=lambda name: ratios[name])}), "
            f"fastest {max(ratios.values()):.1f}x ({max(ratios, key=lambda name: ratios[name])})."
        )
        if who == DISK:
            section.at_least(f"geometric mean of 21 against {who}", mean, 1.6)
            section.at_least(f"geometric mean of the first 12 against {who}", twelve, 1.5)
            slowest = 1 / min(ratios[name] for name in first_twelve)
            section.at_most(f"slowest query of the first 12 relative to {who}", slowest, 1.2)
        elif who == RDFLIB:
            section.at_least(f"geometric mean of 21 against {who}", mean, 20)
        elif who == COLUMNS:
            section.at_least(f"geometric mean of 21 against {who}", mean, 1)
    section.at_most("queries over five times slower than the best peer", len(far), 0, "")
    section.notes += [
        *notes,
        "One keep-alive connection, GET, the servers taking turns query by query; medians (lowest-highest), more "
        "rounds for short queries. The answers were compared first: the same rows.",
        f"Over {_FAR:g}x from the best peer: {', '.join(far) or 'none'}.",
        "`oxigraph serve` keeps its data on disk, loaded with `oxigraph load`, then `oxigraph optimize`: what the bar "
        "names. In memory it is gone when it stops, and cannot stop a query.",
    ]
    return section


def accepted(path: Path) -> str:
    """Return the media type that a query is asked with."""
    return NTRIPLES if "\nCONSTRUCT" in path.read_text("utf-8") else JSON


def _mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
