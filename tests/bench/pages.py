"""The pages: how long the server takes for each kind, on the whole graph and beside generated data, nothing cached."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlencode

from tests.bench.contestants import UNCACHED, Workplace, sundgraf
from tests.bench.measure import JSON, Connection, Figures, percentile
from tests.bench.report import Section

_HTML, _PLAIN = "text/html", "application/json"
_TYPED = "ambient scribe", "mamografi", "region nordjyl", "rigshopitalet", "sepsis", "gdpr", "karolinska", "kræft"
_ASKED = (
    "screening for breast cancer",
    "opsporing af blodforgiftning",
    "detecton of sepsis",
    "language models",
    "hospital",
)
_SEARCH = """PREFIX sg: <https://w3id.org/sundgraf/def/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    SELECT ?thing ?name ?score {
      (?thing ?score) sg:searchText "%s" . ?thing a sg:Project ; rdfs:label ?name
    } ORDER BY DESC(?score) ?thing LIMIT 20"""
_CHOICES = (
    "", "type=practice", "type=practice&stage=pilot", "technology=ai-image-processing", "country=pl-0000",
    "technology=generative-ai&stage=pilot", "effect=free-up-labour", "sort=stage", "sort=start&type=project",
    "country=pl-0000&technology=ai-data-analysis&stage=in-operation", "page=3", "type=solution&maturity=pilot",
)  # fmt: skip
_BARS = {"first page": 1, "catalogue": 1, "record": 1}  # kinds that the bars are about


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure the time to the whole page over one connection, on our own graph and on that with generated data."""
    section = Section("pages", f"Pages, whole graph and {triples:,} generated triples beside it, nothing cached")
    section.header = ("page", "graph", "median ms (lowest-highest)", "p95 ms", "first ms", "bytes")
    for size, bar in ((0, 30.0), (triples, 100.0)):
        with sundgraf(place.state(size, rooms=True), SUNDGRAF_WEB_PROCESSES="1", **UNCACHED) as ours:
            connection = Connection(ours.query_url)
            graph = f"{size:,} generated" if size else "the whole graph"
            for kind, paths, accept in _kinds(size):
                times, first, largest = _time(connection, paths, accept, 3 if quick else 8)
                figures = Figures(tuple(times))
                section.rows.append(
                    (kind, graph, figures.say(), f"{percentile(times, 0.95):.1f}", f"{first:.0f}", f"{largest:,}")
                )
                if kind in _BARS:
                    section.at_most(f"{kind}, {graph}", figures.median, bar, " ms")
                elif kind.startswith("search"):
                    section.at_most(f"{kind}, {graph}", figures.median, 20.0, " ms")
            connection.close()
    section.notes.append("The first request of a kind makes what is kept for each publication (indexes, drawings).")
    return section


def _kinds(size: int) -> list[tuple[str, list[str], str]]:
    records = [f"/doc/solution/s-{n:04d}" for n in range(1, 39)]
    if size:
        records = [f"/doc/project/p-{n:07d}" for n in range(0, 400, 10)]
    return [
        ("first page", ["/?lang=en", "/?lang=da"], _HTML),
        (
            "catalogue",
            [f"/catalogue?{choice}&lang={language}" for choice in _CHOICES for language in ("en", "da")],
            _HTML,
        ),
        ("record", [f"{path}?lang=en" for path in records], _HTML),
        ("concept", [f"/concept/technology/{name}" for name in ("generative-ai", "ai-image-processing")], _HTML),
        ("picture", ["/pictures/use-case-by-country", "/pictures/records-by-country", "/pictures/lineage"], _HTML),
        ("search as one types", [f"/suggest?{urlencode({'q': text})}" for text in _TYPED], _PLAIN),
        ("search", [f"/search?{urlencode({'q': text})}" for text in (*_TYPED, *_ASKED)], _HTML),
        ("search in SPARQL", [f"/sparql?{urlencode({'query': _SEARCH % text})}" for text in (*_TYPED, *_ASKED)], JSON),
    ]


def _time(connection: Connection, paths: Sequence[str], accept: str, rounds: int) -> tuple[list[float], float, int]:
    """Return milliseconds of each request, of the very first, and the largest body."""
    times, largest, first = [], 0, 0.0
    for turn in range(rounds + 1):
        for path in paths:
            began = time.perf_counter()
            status, body = connection.get(path.encode("ascii", "ignore").decode(), accept)
            took = (time.perf_counter() - began) * 1000
            if status != 200:
                raise RuntimeError(f"{path} answered {status}: {body[:200]!r}")
            largest = max(largest, len(body))
            if turn:
                times.append(took)
            first = first or took
    return times, first, largest
