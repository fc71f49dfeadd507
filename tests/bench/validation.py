"""Validating a submission beside what is published, and a whole graph: ours against pySHACL on the same statements.

    python -m tests.bench.validation ours|pyshacl DIRECTORY-OF-A-STATE [SUBMISSION]

measures once and prints JSON; `python -m tests.bench.run --only validation` measures all of it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.bench.contestants import HERE, Workplace, sundgraf
from tests.bench.measure import percentile
from tests.bench.report import Section

ROOT = HERE.parent.parent
_FIGURE = """
<f{n}> a sg:Figure ;
    dcterms:title "Skanninger om året, {n}"@da , "Scans a year, {n}"@en ;
    dcterms:source <https://w3id.org/sundgraf/id/source/src-0000> ;
    sg:about <https://w3id.org/sundgraf/id/solution/s-0002> ;
    sg:basis <https://w3id.org/sundgraf/concept/basis/stated> ;
    sg:confidence <https://w3id.org/sundgraf/concept/confidence/{confidence}> ;
    sg:qualifier <https://w3id.org/sundgraf/concept/figure-qualifier/about> ;
    sg:unit "scans" ;
    sg:value {n} .
"""
SUBMISSION = (  # 50 triples, one of them wrong
    "@prefix dcterms: <http://purl.org/dc/terms/> .\n@prefix sg: <https://w3id.org/sundgraf/def/> .\n"
    + "".join(_FIGURE.format(n=n, confidence="hihg" if n == 3 else "high") for n in range(1, 6))
)


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure submissions beside bases of growing size, and the whole of the largest."""
    sizes = [size for size in (10_000, 100_000, 1_000_000) if size <= triples]
    rounds, patience = (20, 120) if quick else (60, 600)
    section = Section("validation", f"Validating 50 triples beside 10,000 to {sizes[-1]:,}, and all of them")
    section.header = ("what", "base triples", "median", "p95", "memory MiB")
    ours: dict[int, float] = {}
    late = 0.0
    for size in sizes:
        times = _over_http(place.state(size, rooms=True), rounds)
        ours[size], late = percentile(times, 0.5), percentile(times, 0.95)
        section.rows.append(("submission over HTTP", f"{size:,} + ours", f"{ours[size] * 1000:.1f} ms",
                             f"{late * 1000:.1f} ms", ""))  # fmt: skip
    largest = place.state(sizes[-1], rooms=True)
    whole = _once("ours", largest, patience)
    peer = _once("pyshacl", largest, patience)
    for name, found in (("whole graph, sundgraf", whole), ("whole graph, pySHACL", peer)):
        took = f"{found['seconds']:.1f} s" if found["results"] is not None else f"over {found['seconds']:.0f} s"
        section.rows.append((name, f"{sizes[-1]:,} + ours", took, "", f"{found['memory']:.0f}"))
    section.at_least("submission against pySHACL on the union graph", peer["seconds"] / ours[sizes[-1]], 50)
    section.at_most("growth from the smallest base to the largest", ours[sizes[-1]] / ours[sizes[0]], 2)
    section.at_most("p95 of a submission over HTTP at the largest base", late * 1000, 150, " ms")
    section.at_least("whole graph against pySHACL", peer["seconds"] / whole["seconds"], 10)
    same = "both report" if whole["results"] == peer["results"] else "they report"
    told = peer["results"] if peer["results"] is not None else "nothing in time"
    section.notes = [
        f"Whole graph: {same} {whole['results']} and {told} results. pySHACL is stopped after {patience} s, without "
        "the time it takes to read the data; a ratio against it is then a lower bound.",
        "Memory is the largest resident size of the process, which holds the data in memory too for pySHACL.",
    ]
    return section


def _over_http(state: Path, rounds: int) -> list[float]:
    times = []
    with sundgraf(state) as server, httpx.Client(base_url=server.base, timeout=60) as client:
        headers = {"Content-Type": "text/turtle", "Accept": "application/json"}
        for number in range(rounds + 5):
            begun = time.perf_counter()
            answer = client.post("/validate", content=SUBMISSION.encode(), headers=headers)
            took = time.perf_counter() - begun
            if answer.status_code != 200 or answer.json()["conforms"]:
                raise RuntimeError(answer.text)
            if number >= 5:  # the first ones start the process that validates
                times.append(took)
    return times


def _once(who: str, state: Path, patience: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.validation", who, str(state), str(patience)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience + 600, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ours(state: Path) -> int:
    from sundgraf.application.validate import published_store, shapes_of
    from sundgraf.store.shacl_core import Validator
    from sundgraf.store.view import View

    store = published_store(state, ROOT)
    return sum(1 for _ in Validator(shapes_of(ROOT), View(store), sparql=store).all())


def main() -> None:
    """Validate the whole default graph of a state once."""
    import signal

    who, state, patience = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    results: int | None = None
    if who == "ours":
        begun = time.perf_counter()
        results = _ours(state)
    else:
        import pyoxigraph as ox
        import pyshacl
        import rdflib

        from sundgraf.store.direct import open_direct

        held = open_direct(state).engine.quads_for_pattern(None, None, None, ox.DefaultGraph())
        data = rdflib.Graph().parse(data=ox.serialize((q.triple for q in held), format=ox.RdfFormat.N_TRIPLES))
        shapes = rdflib.Graph()
        for path in sorted((ROOT / "shapes").glob("*.ttl")):
            shapes.parse(path)

        def stop(*_: object) -> None:
            raise TimeoutError

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(int(patience))
        begun = time.perf_counter()
        try:
            _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
            result = rdflib.URIRef("http://www.w3.org/ns/shacl#ValidationResult")
            results = len(list(report.subjects(rdflib.RDF.type, result)))
        except TimeoutError:
            pass
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - begun, "results": results, "memory": memory}))


if __name__ == "__main__":
    main()
