"""What a million statements cost beside the engine alone: memory while they are served, and the first answer."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.coldstart import start_ours, start_oxigraph
from tests.bench.contestants import Contestant, Workplace, oxigraph_in_memory, sundgraf
from tests.bench.measure import Figures, memory, settle
from tests.bench.report import Section

from sundgraf.store import generations

_PAGES = ("/", "/catalogue", "/search?q=hjerte", "/suggest?q=hje", "/reconcile", "/sparql?query=ASK%20%7B%7D")
_SCAN = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o FILTER(STRLEN(STR(?s)) + STRLEN(STR(?o)) > 0) }"
_READ = "import sys, pyoxigraph as ox; held = ox.Store(); held.extend(ox.Store.read_only(sys.argv[1]))"


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure the service with our own graph and with generated statements besides, and Oxigraph with these alone."""
    few, many = place.state(0, rooms=True), place.state(triples, rooms=True)
    held = {name: _served(state) for name, state in (("few", few), ("many", many))}
    nothing = place.files / "nothing.nt"
    nothing.write_text("", "utf-8")
    raw = {}
    for name, file in (("few", nothing), ("many", place.file(triples))):
        with oxigraph_in_memory(file) as server:
            raw[name] = memory(server.pid) / 2**20
    more, raw_more = held["many"] - held["few"], raw["many"] - raw["few"]
    rounds = 3 if quick else 7
    published = generations.current(many)
    assert published is not None
    starts: dict[str, list[float]] = {"ours": [], "read": [], "disk": []}
    for _ in range(rounds):
        starts["ours"].append(start_ours(many))
        starts["read"].append(_read_into_memory(published.store))
        starts["disk"].append(start_oxigraph(place.location(triples)))
    ours, read, disk = (Figures(tuple(values)) for values in starts.values())
    section = Section("footprint", f"What {triples:,} statements cost beside the engine alone")
    section.header = ("who", "MiB with few", "MiB with so many more", "MiB for these", "seconds to the first answer")
    section.rows = [
        ("sundgraf, all processes", f"{held['few']:,.0f}", f"{held['many']:,.0f}", f"{more:,.0f}", ours.say(digits=2)),
        ("oxigraph serve in memory", f"{raw['few']:,.0f}", f"{raw['many']:,.0f}", f"{raw_more:,.0f}", ""),
        ("the engine alone, reading the same into memory", "", "", "", read.say(digits=2)),
        ("oxigraph serve, on disk", "", "", "", disk.say(digits=2)),
    ]
    section.at_most("memory for the statements, against the engine in memory", more / raw_more, 1.3)
    section.at_most("start-up, against the engine that reads the same into memory", ours.median / read.median, 1.3)
    whole, slower = held["many"] / raw["many"], ours.median / disk.median
    section.notes = [
        "Memory is the sum of PSS of all processes after pages, searches and a scan, when nothing runs. Few is "
        "our own graph for ours, nothing for Oxigraph; many is the generated statements besides.",
        f"All of the service takes {whole:.2f}x the memory of Oxigraph's one process, and starts in {slower:.0f}x the "
        "time that it takes on disk: it is several processes of Python.",
    ]
    return section


def _served(state: Path) -> float:
    """Return the MiB of a service that has shown its pages."""
    with sundgraf(state) as server:
        for _ in range(4):  # each web process some
            for path in _PAGES:
                _get(server, path)
        _get(server, "/sparql?query=" + _SCAN.replace(" ", "%20").replace("+", "%2B"))
        time.sleep(30)
        settle(server.pid)
        return memory(server.pid) / 2**20


def _get(server: Contestant, path: str) -> None:
    address = server.query_url.split("/")[2]
    connection = http.client.HTTPConnection(address, timeout=120)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}")
    finally:
        connection.close()


def _read_into_memory(store: Path) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", _READ, str(store)], check=True)
    return time.perf_counter() - begun
