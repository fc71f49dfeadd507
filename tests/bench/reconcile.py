"""Reconciliation: a table of 10,000 names in batches of 50, one core, with what others would send: slips and all."""

from __future__ import annotations

import http.client
import json
import random
import time
from urllib.parse import urlencode, urlsplit

from tests.bench.contestants import UNCACHED, Contestant, Workplace, sundgraf
from tests.bench.measure import percentile
from tests.bench.report import Section

_BATCH = 50
_NAMES = """
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    SELECT ?name WHERE {
      VALUES ?class { <http://www.w3.org/ns/org#Organization> <https://w3id.org/sundgraf/def/Project> }
      ?thing a ?class ; rdfs:label ?name } ORDER BY ?name"""


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Reconcile the table with our own graph, and with that beside generated data, with and without a property."""
    section = Section("reconcile", "Reconciliation, names in batches of 50, over one connection to one web process")
    section.header = (
        "graph",
        "queries",
        "names",
        "names/s",
        "batch median ms",
        "batch p95 ms",
        "first batch ms",
        "found",
    )
    for size in (0, triples):
        with sundgraf(place.state(size, rooms=True), SUNDGRAF_WEB_PROCESSES="1", **UNCACHED) as ours:
            graph = f"{size:,} generated" if size else "the whole graph"
            table = _table(ours, 1000 if quick else 10_000)
            for what, properties in (("name", []), ("name and place", [{"pid": "place", "v": "Denmark"}])):
                times, first, found = _time(ours, table, properties)
                rate, p95 = len(table) / (sum(times) / 1000), percentile(times, 0.95)
                section.rows.append(
                    (graph, what, f"{len(table):,}", f"{rate:,.0f}", f"{percentile(times, 0.5):.0f}", f"{p95:.0f}",
                     f"{first:.0f}", f"{found / len(table):.1%}")
                )  # fmt: skip
                section.at_least(f"{what}, {graph}", rate, 200, " names/s")
                section.at_most(f"p95 of a batch, {what}, {graph}", p95, 500, " ms")
    section.notes.append("Half of the names have a slip. The first batch makes the index, once for each publication.")
    section.notes.append('"Found" is the share whose first candidate has the very name that the slip was made in.')
    return section


def _table(ours: Contestant, size: int) -> list[tuple[str, str]]:
    """Return (as written, as meant), the same for the same graph."""
    connection = http.client.HTTPConnection(urlsplit(ours.query_url).netloc, timeout=60)
    connection.request("GET", f"/sparql?{urlencode({'query': _NAMES})}", headers={"Accept": "text/csv"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"The names were answered {answer.status}: {text[:300]}")
    names = sorted(set(text.split("\r\n")[1:]) - {""})
    rng = random.Random(20261126)
    table = []
    for _ in range(size):
        name = rng.choice(names).strip('"').replace('""', '"')
        letters = [at for at in range(1, len(name)) if name[at].isalpha() and name[at - 1].isalpha()]
        at = rng.choice(letters) if letters and rng.random() < 0.5 else -1
        table.append((name[:at] + name[at + 1 :] if at > 0 else name, name))
    return table


def _time(
    ours: Contestant, table: list[tuple[str, str]], properties: list[dict[str, str]]
) -> tuple[list[float], float, int]:
    """Return milliseconds of each batch, of the very first, and how many names were found."""
    connection = http.client.HTTPConnection(urlsplit(ours.query_url).netloc, timeout=300)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    times, first, found = [], 0.0, 0
    for start in (0, *range(0, len(table), _BATCH)):
        part = table[start : start + _BATCH]
        queries = {f"q{n}": {"query": text, "limit": 5, "properties": properties} for n, (text, _) in enumerate(part)}
        body = urlencode({"queries": json.dumps(queries)})
        began = time.perf_counter()
        connection.request("POST", "/reconcile?lang=da", body, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"/reconcile answered {answer.status}: {said}")
        if not first:
            first = took  # the same batch again is the first that counts
            continue
        times.append(took)
        for n, (_, name) in enumerate(part):
            best = said[f"q{n}"]["result"][:1]
            found += any(name in (one["name"], one["description"].partition("kaldet ")[2]) for one in best)
    connection.close()
    return times, first, found
