"""From the start of the process to the first answer, with the graph loaded already."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.contestants import BINARIES, Workplace, answers, free_port
from tests.bench.measure import Figures
from tests.bench.report import Section
from tests.server import command, environment


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure cold starts of ours, with our own graph alone and with generated data, and of `oxigraph serve`."""
    rounds = 3 if quick else 7
    small, large = place.state(0, rooms=True), place.state(triples)
    location = place.location(triples)
    taken: dict[str, list[float]] = {"our own graph": [], f"{triples:,} triples": [], "oxigraph serve": []}
    for _ in range(rounds):
        taken["our own graph"].append(start_ours(small))
        taken[f"{triples:,} triples"].append(start_ours(large))
        taken["oxigraph serve"].append(start_oxigraph(location))
    own, many, peer = (Figures(tuple(values)) for values in taken.values())
    section = Section("coldstart", "Cold start: from process start to the first answer")
    section.header = ("server and graph", "seconds: median (lowest-highest)")
    section.rows = [
        ("sundgraf, our own graph", own.say(digits=2)),
        (f"sundgraf, {triples:,} triples", many.say(digits=2)),
        (f"oxigraph serve, {triples:,} triples", peer.say(digits=2)),
    ]
    section.at_most("cold start, our own graph (slowest)", max(own.values), 2.0, " s")
    section.at_most(f"cold start, {triples:,} triples (slowest)", max(many.values), 2.0, " s")
    section.notes = [
        f"{rounds} starts each, taking turns; the first answer is that of `ASK {{}}`, tried every 5 ms. "
        "The files are in the system's cache, as after a restart of the service, not of the machine."
    ]
    return section


def start_ours(state: Path) -> float:
    """Return the seconds until our service answers."""
    port = free_port()
    arguments = command("serve", "--host", "127.0.0.1", "--port", str(port))
    return _start(arguments, f"http://127.0.0.1:{port}/sparql", environment(state))


def start_oxigraph(location: Path) -> float:
    """Return the seconds until `oxigraph serve` answers from a store on disk."""
    port = free_port()
    arguments = [str(BINARIES / "oxigraph"), "serve", "--location", str(location), "--bind", f"127.0.0.1:{port}"]
    return _start(arguments, f"http://127.0.0.1:{port}/query")


def _start(arguments: Sequence[str], url: str, env: dict[str, str] | None = None) -> float:
    started = time.perf_counter()
    process = subprocess.Popen(arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answers(url, 30.0):
            if process.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError(f"{' '.join(arguments)} did not start")
            time.sleep(0.005)
        return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(20)
