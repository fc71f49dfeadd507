"""What a worker process costs a small query: the same query in a worker and in process, on the same graph in memory."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.contestants import HERE, Workplace
from tests.bench.measure import Figures, percentile
from tests.bench.report import Section

_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_BLOCK = 100


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure it in a process of its own, which can fork a nursery."""
    blocks = 10 if quick else 50
    command = [sys.executable, "-m", "tests.bench.isolation", str(place.state(triples)), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=HERE.parent.parent)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    worker, direct = Figures(tuple(found["worker"])), Figures(tuple(found["direct"]))
    section = Section("isolation", f"What isolation costs a point look-up, {triples:,} triples in memory")
    section.header = ("where the query runs", "median ms", "p95 ms")
    for name, figures in (("in a worker process", worker), ("in this process", direct)):
        late = percentile(figures.values, 0.95)
        section.rows.append((name, f"{figures.median * 1000:.3f}", f"{late * 1000:.3f}"))
    section.at_most("cost of isolation per query", (worker.median - direct.median) * 1000, 1.0, " ms")
    section.notes = [
        f"{len(worker.values):,} look-ups each, one after another, taking turns, without HTTP: "
        "EmbeddedStore and a worker against the same code called in process."
    ]
    return section


def main() -> None:
    """Measure, and print the times in seconds as JSON."""
    from sundgraf.store import generations, nursery
    from sundgraf.store.in_memory import load_in_memory

    generation = generations.current(Path(sys.argv[1]))
    assert generation is not None
    with tempfile.TemporaryDirectory(prefix="sundgraf-bench-") as name:
        folder = Path(name)
        started = nursery.start(
            generation.store, generation.publication, folder / "workers.sock", in_memory=True, memory=1 << 30
        )
        started.wait()
        said = {"socket": str(started.socket_path), "number": 1, "time": generation.time, "quads": generation.quads}
        (folder / "published.json").write_text(json.dumps(said))
        held = load_in_memory(generation.store)
        print(json.dumps(asyncio.run(_compare(folder / "published.json", held, int(sys.argv[2])))))
        started.retire()


async def _compare(announcement: Path, held, blocks: int) -> dict[str, list[float]]:
    from sundgraf.store import worker
    from sundgraf.store.base import QueryRequest
    from sundgraf.store.embedded import EmbeddedStore, to_wire

    store = EmbeddedStore(announcement, workers=1, trusted_workers=1, queue=10, long=1)
    await store.open()
    taken: dict[str, list[float]] = {"worker": [], "direct": []}
    for block in range(blocks + 1):
        requests = [QueryRequest(_text(block * _BLOCK + number), "json") for number in range(_BLOCK)]
        for request in requests:
            started = time.perf_counter()
            body = (await store.answer(request)).body
            taken["worker"].append(time.perf_counter() - started)
            sink = io.BytesIO()
            del body
            started = time.perf_counter()
            worker.write_answer(worker.run_query(held, to_wire(request)), "json", sink, 0)
            taken["direct"].append(time.perf_counter() - started)
    await store.close()
    return {name: values[_BLOCK:] for name, values in taken.items()}  # the first block warms up


def _text(number: int) -> str:
    iri = f"https://w3id.org/sundgraf/id/project/p-{number % 3000:07d}"
    return f"SELECT ?label WHERE {{ <{iri}> <{_LABEL}> ?label }}"


if __name__ == "__main__":
    main()
