"""Loading the whole graph into an empty state, and every stored question on it over HTTP, nothing cached."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.contestants import HERE, UNCACHED, Workplace, sundgraf
from tests.bench.measure import Connection, Figures
from tests.bench.report import Section

from sundgraf.application.ask import load_questions

_ROOT = HERE.parent.parent
_MOST_LOAD_SECONDS, _MOST_MS = 3.0, 50.0
_SLOWEST_SHOWN = 12


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure both; `triples` does not matter, since this is about our own graph."""
    del triples
    rounds = 3 if quick else 9
    section = Section("questions", "The whole graph: loading it, and every stored question, nothing cached")
    loads = Figures(tuple(_load_seconds() for _ in range(rounds)))
    section.at_most("loading the whole graph into an empty state", loads.median, _MOST_LOAD_SECONDS, " s")
    section.header = ("question", "median ms (lowest-highest)")
    found = []
    with sundgraf(place.state(0, rooms=True), SUNDGRAF_WEB_PROCESSES="1", **UNCACHED) as ours:
        connection = Connection(ours.query_url)
        for name, question in sorted(load_questions(_ROOT / "queries" / "ask").items()):
            path = f"/ask/{name}?{urlencode(question.examples())}"
            times = []
            for _ in range(rounds + 1):
                began = time.perf_counter()
                status, body = connection.get(path, "application/sparql-results+json")
                times.append((time.perf_counter() - began) * 1000)
                if status != 200:
                    raise RuntimeError(f"{path} answered {status}: {body[:200]!r}")
            found.append((Figures(tuple(times[1:])), name))
        connection.close()
    found.sort(key=lambda one: -one[0].median)
    section.at_most(f"slowest of {len(found)} stored questions", found[0][0].median, _MOST_MS, " ms")
    section.rows += [(name, figures.say()) for figures, name in found[:_SLOWEST_SHOWN]]
    section.notes.append(
        f"Loading took {loads.say()} s; the questions below the {_SLOWEST_SHOWN} slowest are left out."
    )
    return section


def _load_seconds() -> float:
    """Return how long `sundgraf load` takes from start to end of the process."""
    with tempfile.TemporaryDirectory(prefix="state-", dir=HERE / "work") as state:
        began = time.perf_counter()
        subprocess.run(
            [str(Path(sys.executable).with_name("sundgraf")), "load"],
            env={**os.environ, "SUNDGRAF_STATE": f"{state}/new"}, check=True, capture_output=True,
        )  # fmt: skip
        return time.perf_counter() - began
