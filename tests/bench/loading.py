"""Loading a file into an empty store: `sundgraf load` against `oxigraph load`."""

from __future__ import annotations

import shutil

from tests.bench.contestants import Workplace, load_oxigraph, load_sundgraf
from tests.bench.measure import Figures, seconds_of
from tests.bench.report import Section


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure how long each takes from command to prompt."""
    rounds = 3 if quick else 5
    file = place.file(triples)
    state, location = place.folder / "state-load", place.folder / "oxigraph-load"
    ours, theirs = [], []
    for _ in range(rounds):
        for path in (state, location):
            shutil.rmtree(path, ignore_errors=True)
        ours.append(seconds_of(lambda: load_sundgraf(state, file)))
        theirs.append(seconds_of(lambda: load_oxigraph(location, file)))
    own, peer = Figures(tuple(ours)), Figures(tuple(theirs))
    section = Section("loading", f"Loading {triples:,} triples of N-Triples into an empty store")
    section.header = ("command", "seconds: median (lowest-highest)", "triples/s")
    section.rows = [
        ("`sundgraf load`", own.say(digits=2), f"{triples / own.median:,.0f}"),
        ("`oxigraph load`", peer.say(digits=2), f"{triples / peer.median:,.0f}"),
    ]
    section.at_least("speed of loading against oxigraph load", peer.median / own.median, 0.8)
    section.notes = [f"{rounds} rounds, taking turns, each into an empty directory; the file is in the system's cache."]
    return section
