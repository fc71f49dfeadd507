"""Validating a submission beside what is published, and a whole graph: ours against pySHACL on the same statements.

    python -m tests.bench.validation ours|pyshacl DIRECTORY-OF-A-STATE [SUBMISSION]

measures once and prints JSON; `python -m tests.bench.run --only validation` measures all of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
from tests.bench.contestants import HERE, Workplace, load_sundgraf, sundgraf
from tests.bench.copies import copies
from tests.bench.measure import percentile
from tests.bench.report import Section

from sundgraf.application.validate_whole import derived_statements, told_of_whole
from sundgraf.store.direct import open_direct
from sundgraf.store.shacl_core import Violation

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
    """Measure submissions beside bases of growing size, and the whole of the largest.

    The data are copies of our own records (copies.py), which meet the shapes but for one in two hundred. pySHACL
    validates what is stated, that is without what rules derived, as ours does.
    """
    sizes = [size for size in (10_000, 100_000, 1_000_000) if size <= triples]
    rounds, patience = (20, 120) if quick else (60, 1800)
    section = Section("validation", f"Validating 50 triples beside 10,000 to {sizes[-1]:,}, and all of them")
    section.header = ("what", "base triples", "median", "p95", "memory MiB")
    ours: dict[int, float] = {}
    late = 0.0
    for size in sizes:
        times = _over_http(_state(place, size), rounds)
        ours[size], late = percentile(times, 0.5), percentile(times, 0.95)
        section.rows.append(("submission over HTTP", f"{size:,} + ours", f"{ours[size] * 1000:.1f} ms",
                             f"{late * 1000:.1f} ms", ""))  # fmt: skip
    largest = sizes[-1]
    held = _once("store", _state(place, largest), patience)
    section.rows.append(("the graph in memory", f"{largest:,} + ours", "", "", f"{held['memory']:.0f}"))
    whole = {size: _once("ours", _state(place, size), patience) for size in sizes[-2:]}
    peer = {size: _once("pyshacl", _state(place, size), patience) for size in sizes[-2:]}
    for name, measured in (("whole graph, sundgraf", whole), ("whole graph, pySHACL", peer)):
        for size, found in measured.items():
            took = f"{found['seconds']:.1f} s" if found["results"] is not None else f"over {found['seconds']:.0f} s"
            section.rows.append((name, f"{size:,} + ours", took, "", f"{found['memory']:.0f}"))
    section.at_least("submission against pySHACL on the union graph", peer[largest]["seconds"] / ours[largest], 50)
    section.at_most("growth from the smallest base to the largest", ours[largest] / ours[sizes[0]], 2)
    section.at_most("p95 of a submission over HTTP at the largest base", late * 1000, 150, " ms")
    for size in whole:
        ratio = peer[size]["seconds"] / whole[size]["seconds"]
        section.at_least(f"whole graph of {size:,} against pySHACL", ratio, 10)
    section.at_most("memory against the graph in memory", whole[largest]["memory"] / held["memory"], 1.5)
    for size in whole:
        same = whole[size]["report"] == peer[size]["report"]
        told = peer[size]["results"] if peer[size]["results"] is not None else "nothing in time"
        section.notes.append(
            f"{size:,}: {whole[size]['results']} results of ours, {told} of pySHACL"
            + (", the same focus nodes, paths, values, components and severities." if same else ".")
        )
    section.notes.append(
        f"pySHACL is stopped after {patience} s, without the time it takes to read the data; a ratio against a stopped "
        "one is a lower bound. Memory is the largest resident size of the process, or the sum of those that share the "
        "work (ours: as many as there are processors)."
    )
    return section


def _state(place: Workplace, size: int) -> Path:
    """Return a state with our own graph and so many statements of copies."""
    path = place.folder / f"copies-{size}"
    if not (path / "current.json").exists():
        file = place.folder / f"copies-{size}.nt"
        with file.open("w", encoding="utf-8") as sink:
            sink.writelines(copies(size))
        load_sundgraf(path)
        load_sundgraf(path, file)
        file.unlink()
    return path


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


def _stated(state: Path) -> Iterator[ox.Triple]:
    store = open_direct(state).engine
    made = set(derived_statements(store))
    for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        if quad.triple not in made:
            yield quad.triple


def _ours(state: Path) -> list[str]:
    return list(told_of_whole(state, ROOT, key_of))


def key_of(violation: Violation, *_: object) -> str:
    """Return what a result of ours is compared by."""
    path = violation.path.node if violation.path else None
    return _key(violation.focus, path, violation.value, violation.component, violation.severity)


def _pyshacl(data: object, shapes: object) -> list[str]:
    import pyshacl
    import rdflib

    sh = rdflib.SH
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    parts = (sh.focusNode, sh.resultPath, sh.value, sh.sourceConstraintComponent, sh.resultSeverity)
    return [
        _key(*(report.value(node, part) for part in parts))
        for node in report.subjects(rdflib.RDF.type, sh.ValidationResult)
    ]


def _key(*terms: object) -> str:
    """Return what a result is compared by; blank nodes have other names in each report."""
    names = []
    for term in terms:
        is_blank = type(term).__name__ in ("BlankNode", "BNode")
        names.append("_" if is_blank else "" if term is None else str(getattr(term, "value", term)).rsplit("#", 1)[-1])
    return "\x1f".join(names)


def main() -> None:
    """Validate all that a state states once, or hold it in memory; print what that took as JSON."""
    who, state, patience = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    results: list[str] | None = None
    begun = time.perf_counter()
    if who == "ours":
        results = _ours(state)
    elif who == "store":
        held = ox.Store()
        held.extend(open_direct(state).engine)
    else:
        import rdflib

        rdflib.NORMALIZE_LITERALS = False
        data, shapes = rdflib.Graph(), rdflib.Graph()
        data.parse(data=ox.serialize(_stated(state), format=ox.RdfFormat.N_TRIPLES), format="ntriples")
        for path in sorted((ROOT / "shapes").glob("*.ttl")):
            shapes.parse(path)

        def stop(*_: object) -> None:
            raise TimeoutError

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(int(patience))
        begun = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            results = _pyshacl(data, shapes)
    took = time.perf_counter() - begun
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    processes = (os.cpu_count() or 1) if others.ru_maxrss else 0  # that ours shares the work among
    memory = (own.ru_maxrss + processes * others.ru_maxrss) / 1024
    cpu = sum(one.ru_utime + one.ru_stime for one in (own, others))
    report = hashlib.sha256("\n".join(sorted(results)).encode()).hexdigest() if results is not None else ""
    print(json.dumps({"seconds": took, "cpu": cpu, "memory": memory, "report": report,
                      "results": None if results is None else len(results)}))  # fmt: skip


if __name__ == "__main__":
    main()
