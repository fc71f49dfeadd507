"""Point look-ups: the label of one thing, a different one each time, over 8 keep-alive connections."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tests.bench.contestants import HERE, UNCACHED, Contestant, Workplace, oxigraph, rdflib_endpoint, sundgraf
from tests.bench.measure import Connection, Figures, Load, wrk
from tests.bench.report import Section

from sundgraf.application.look_ups import make_table

_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_MOST = 60_000
# The same question as somebody's library might write it. Ours answers both in the web process, without a worker
# (store/lookup.py).
_SHAPES = {
    "plain": f"SELECT ?label WHERE {{{{ <{{iri}}> <{_LABEL}> ?label }}}}",
    "prefixed, one language": "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> SELECT ?label "
    "WHERE {{ <{iri}> rdfs:label ?label FILTER(LANG(?label) = 'en') }}",
}


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure requests per second of ours, `oxigraph serve` and rdflib-endpoint."""
    section = Section("lookup", f"Point look-up through /sparql, {triples:,} triples, 8 connections, nothing cached")
    rounds, seconds = (2, 2.0) if quick else (5, 5.0)
    iris = labelled(place.file(triples))
    began = time.perf_counter()
    make_table(place.state(triples))  # what the service does by itself, some seconds after a publication
    made = time.perf_counter() - began
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(sundgraf(place.state(triples), **UNCACHED))
        peer = stack.enter_context(oxigraph(place.location(triples)))
        small = triples if not quick else min(triples, 100_000)
        slow = stack.enter_context(rdflib_endpoint(place.file(small), 600))
        slow_iris = iris if small == triples else labelled(place.file(small))
        rates: dict[str, dict[str, list[Load]]] = {}
        for shape, text in _SHAPES.items():
            _check([ours, peer, slow], [text.format(iri=iri) for iri in slow_iris[:40]])
            rates[shape] = {one.name: [] for one in (ours, peer, slow)}
            files = [(one, _paths(place, one, text, slow_iris if one is slow else iris)) for one in (ours, peer, slow)]
            for turn in range(rounds):
                for one, file in files:
                    spell = 1.0 if one is slow else seconds
                    load = wrk(one.base, spell, HERE / "lookup.lua", [str(file), str(turn * 9973 % len(iris))])
                    rates[shape][one.name].append(load)
    section.header = ("query", "server", "requests/s: median (lowest-highest)", "relative", "p99 ms")
    for shape, found in rates.items():
        base = _median(found["oxigraph serve"])
        for name, loads in found.items():
            figures = Figures(tuple(load.per_second for load in loads))
            late = Figures(tuple(load.p99 for load in loads)).median
            section.rows.append((shape, name, figures.say(digits=0), f"{figures.median / base:.2f}", f"{late:.1f}"))
    plain, other = rates["plain"], rates["prefixed, one language"]
    section.at_least(
        "look-up against oxigraph serve", _median(plain["sundgraf"]) / _median(plain["oxigraph serve"]), 1.0
    )
    section.at_least(
        "look-up against rdflib-endpoint", _median(plain["sundgraf"]) / _median(plain["rdflib-endpoint"]), 8.0
    )
    section.notes = [
        f"{len(iris):,} different IRIs; {rounds} rounds of {seconds:g} s each, taking turns; one wrk thread on "
        "the machine of the servers.",
        f"Ours reads a table that the service makes beside itself after each publication, here in {made:.1f} s.",
        "The plain text is what the bar names. Ours recognises look-ups and answers them in the web process; the "
        f"same question with a prefix and a language filter: {_ratio(other):.2f}x oxigraph serve.",
    ]
    if small != triples:
        section.notes.append(f"rdflib-endpoint held {small:,} triples here (quick run).")
    return section


def labelled(file: Path) -> list[str]:
    """Return IRIs that have a label, in a fixed order without pattern."""
    found: dict[str, None] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if f"> <{_LABEL}> " in line and line.startswith("<https://w3id.org/sundgraf/id/"):
                found[line[1 : line.index(">")]] = None
    iris = list(found)
    random.Random(1).shuffle(iris)
    return iris[:_MOST]


def _paths(place: Workplace, one: Contestant, text: str, iris: Sequence[str]) -> Path:
    path = place.folder / "paths.txt"
    path = path.with_stem(f"paths-{one.name.replace(' ', '-')}")
    service = one.query_url.removeprefix(one.base)
    path.write_text("".join(f"{service}?query={quote(text.format(iri=iri), safe='')}\n" for iri in iris))
    return path


def _check(contestants: Sequence[Contestant], texts: Sequence[str]) -> None:
    """Raise AssertionError unless all give the same labels."""
    connections = [Connection(one.query_url) for one in contestants]
    for text in texts:
        answers = [_labels(connection.query(text)) for connection in connections]
        assert answers[0], text
        assert all(answer == answers[0] for answer in answers), (text, answers)
    for connection in connections:
        connection.close()


def _labels(body: bytes) -> list[tuple[str, str]]:
    rows = json.loads(body)["results"]["bindings"]
    return sorted((row["label"]["value"], row["label"]["xml:lang"]) for row in rows)


def _median(loads: Sequence[Load]) -> float:
    return Figures(tuple(load.per_second for load in loads)).median


def _ratio(found: dict[str, list[Load]]) -> float:
    return _median(found["sundgraf"]) / _median(found["oxigraph serve"])
