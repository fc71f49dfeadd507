"""Measure sundgraf beside its peers in one run, and say which bars are met.

    python -m tests.bench.run                       everything; about a quarter of an hour
    python -m tests.bench.run --quick               smaller and shorter, to try things out
    python -m tests.bench.run --only lookup,mix     some of it

Needs wrk (Debian's package), `pip install .[bench]`, Linux, and about 4 GB of memory. Only loopback traffic.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import date
from pathlib import Path

from tests.bench.contestants import HERE, PEERS, Workplace
from tests.bench.pictures import write_picture
from tests.bench.quiet import Quiet
from tests.bench.report import Section
from tests.bench.virtuoso import version_of_virtuoso

BENCHES = (
    "lookup", "cached", "mix", "columns", "attack", "coldstart", "loading", "isolation", "streaming", "validation",
    "pages", "feed", "reconcile", "questions", "sending", "imports", "footprint",
)  # fmt: skip
_PACKAGES = (
    "sundgraf",
    "pyoxigraph",
    "numpy",
    "oxigraph",
    "rdflib-endpoint",
    "rdflib",
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
)


def main() -> int:
    """Run the benches that were asked for; 1 where a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(BENCHES), help=f"comma-separated: {', '.join(BENCHES)}")
    parser.add_argument(
        "--triples",
        type=lambda text: int(text.replace("_", "")),
        help="from 10_000; default 1_000_000, 100_000 if quick",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds; results are printed, not kept")
    parser.add_argument("--keep", action="store_true", help="keep results of a part or a quick run too")
    parser.add_argument("--peers", default=",".join(sorted(PEERS)), help="servers of the mix; all by default")
    parser.add_argument("--lock", type=Path, help="a file that is locked while time is taken, where others work too")
    parser.add_argument(
        "--clock", choices=("wall", "processor"), default="wall",
        help="of the mix: seconds on the wall, or processor time of a server's processes, where others keep it busy",
    )  # fmt: skip
    arguments = parser.parse_args()
    wanted = [name.strip() for name in arguments.only.split(",")]
    if unknown := set(wanted) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    triples = arguments.triples or (100_000 if arguments.quick else 1_000_000)
    if triples < 10_000:
        parser.error("give at least 10_000 triples")
    quiet = Quiet(arguments.lock)
    peers = frozenset(name.strip() for name in arguments.peers.split(","))
    if unknown := peers - PEERS:
        parser.error(f"there is no peer {', '.join(sorted(unknown))}; there are {', '.join(sorted(PEERS))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped too
    machine, started = _machine(), time.monotonic()
    sections = []
    work = HERE / "work"
    work.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=work) as stores:
        for name in wanted:
            print(f"... {name}", file=sys.stderr, flush=True)
            bench = importlib.import_module(f"tests.bench.{name}")
            place = Workplace(work, Path(stores), peers, quiet, arguments.clock == "processor")
            try:
                section: Section = bench.run(place, triples, quick=arguments.quick)
            except Exception as error:  # what the others found must not be lost, nor this be passed over
                traceback.print_exc()
                section = Section(name, f"{name} ended with an error")
                section.at_most("errors", 1, 0, "")
                section.notes.append(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
            sections.append(section)
            print(section.markdown(), flush=True)
    bars = [bar for section in sections for bar in section.bars]
    missed = [bar for bar in bars if not bar.met]
    print(f"{len(bars) - len(missed)} of {len(bars)} bars met, in {time.monotonic() - started:.0f} s")
    if arguments.keep or (not arguments.quick and wanted == list(BENCHES)):
        part = "" if wanted == list(BENCHES) else f"-{'-'.join(wanted)}-{triples}"
        _write(HERE / "results", f"{date.today().isoformat()}{part}", machine, triples, sections)
    return 1 if missed else 0


def _write(folder: Path, name: str, machine: dict[str, str], triples: int, sections: list[Section]) -> None:
    folder.mkdir(exist_ok=True)
    text = f"# Benchmarks, {name}\n\n" + "\n".join(f"- {key}: {value}" for key, value in machine.items()) + "\n\n"
    (folder / f"{name}.md").write_text(text + "\n".join(section.markdown() for section in sections), "utf-8")
    found = {
        "date": date.today().isoformat(),
        "machine": machine,
        "triples": triples,
        "benches": [section.as_mapping() for section in sections],
    }
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for found_section in sections:
        if found_section.values:
            write_picture(folder / f"{name}.svg", found_section.title, found_section.values)
    print(f"written to {folder / name}.md, .json and .svg", file=sys.stderr)


def _machine() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=HERE
    )
    return {
        "machine": f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "load before": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "Python": platform.python_version(),
        "commit": commit.stdout.strip() or "unknown",
        "versions": ", ".join([*(f"{name} {_version(name)}" for name in _PACKAGES), *version_of_virtuoso()]),
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
