"""Importing 4,000 rows: the report, the reviewer's page, the acceptance, the same again, the next edition.

The rows are made here, in the shape of Public Sector Tech Watch; all of them are about health, so that all have to be
mapped, checked by the shapes, compared with what is published and published.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.contestants import UNCACHED, Contestant, Workplace, sundgraf
from tests.bench.report import Section
from tests.server import run as command

_HEADINGS = (
    "PSTW ID;Name;Description;Geographical coverage (country);Responsible organisation;"
    "Responsible organisation category;Functions of Government (COFOG level I); Status;Start Year;End Year;"
    "Primary Technology;Secondary Technology;Application type"
)
_TASKS = (
    "Mammogram reading", "Fracture marking", "Sepsis alarm", "Fall risk score", "Patient chatbot", "ECG screening",
    "Retinopathy grading", "Discharge letter draft", "Patient flow forecast", "Clinical coding support",
)  # fmt: skip
_COUNTRIES = ("Denmark", "Sweden", "Norway", "Finland", "Netherlands", "Germany", "France", "Italy", "Atlantis")
_STATUSES = ("Planned", "In development", "Pilot", "Implemented", "Not in use anymore")


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure imports into our own graph; `triples` does not count."""
    del triples
    rows = 400 if quick else 4000
    section = Section("imports", f"Import of {rows:,} rows, from the command line to an accepted publication")
    section.header = ("what", "s", "came to")
    state = place.copy_of(0)
    first, second = place.folder / "first.csv", place.folder / "second.csv"
    first.write_text(edition(rows, 0), "utf-8")
    second.write_text(edition(rows, rows // 20), "utf-8")
    submitter, reviewer = (_token(state, role) for role in ("submitter", "reviewer"))
    took, made = _import(state, submitter, first)
    section.rows.append(("import with report, sent in", f"{took:.1f}", _told(made)))
    section.at_most("import of the rows, with report", took, 60, " s")
    again, repeated = _import(state, submitter, first)
    section.rows.append(("the same file while it waits", f"{again:.1f}", "the same submission"))
    assert repeated["submission"] == made["submission"] and not repeated["new"]
    with sundgraf(state, **UNCACHED) as ours:
        page, size = _page(ours, reviewer, made["submission"])
        section.rows.append(("the reviewer's page (median of 5)", f"{page:.2f}", f"{size / 1000:.0f} kB"))
        section.at_most("the reviewer's page", page, 3, " s")
        took = _accept(ours, reviewer, made["submission"])
    section.rows.append(("acceptance: one publication", f"{took:.1f}", f"{made['counts']['added']:,} records"))
    took, same = _import(state, submitter, first)
    section.rows.append(("the same file after that", f"{took:.1f}", "nothing changes" if not same["changes"] else "!"))
    section.at_most("changes by the same file twice", len(same["added"]) + len(same["changed"]), 0, "")
    took, later = _import(state, submitter, second)
    section.rows.append(("the next edition", f"{took:.1f}", _told(later)))
    section.at_most("import of the next edition, with report", took, 60, " s")
    section.notes.append(
        "Each import is a command of its own, so its start (a second) and the reading of shapes count."
    )
    return section


def edition(rows: int, shift: int) -> str:
    """Return an edition; with `shift`, as many rows are gone, new and changed as against the one without."""
    chance, lines = random.Random(20261126), [_HEADINGS]
    for number in range(rows + shift):
        task, country = chance.choice(_TASKS), chance.choice(_COUNTRIES if chance.random() < 0.2 else _COUNTRIES[:8])
        status, year, owner = chance.choice(_STATUSES), chance.randint(2015, 2025), chance.randrange(rows // 8)
        if number < shift:
            continue
        if shift and number < 2 * shift:
            status = "Implemented"
        lines.append(
            f"PSTW-{number};{task} {number} ;A case about {task.lower()} in a hospital;{country};Hospital {owner};"
            f"Regional Government;Health;{status};{year};;Artificial Intelligence;;"
        )
    return "\n".join(lines) + "\n"


def _import(state: Path, token: str, file: Path) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    done = command(state, "import", "pstw", str(file), "--json", SUNDGRAF_TOKEN=token, seconds=300)
    took = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    return took, json.loads(done.stdout)


def _token(state: Path, role: str) -> str:
    done = command(state, "token", "new", "--role", role, "--shown-as", f"{role} of the bench", "--json")
    return str(json.loads(done.stdout)["token"])


def _told(made: dict[str, Any]) -> str:
    counts = made["counts"]
    return ", ".join(f"{counts[name]:,} {name}" for name in ("added", "changed", "gone", "unchanged", "rejected"))


def _page(ours: Contestant, token: str, id: str) -> tuple[float, int]:
    times, size = [], 0
    for _ in range(5):
        started = time.perf_counter()
        size = len(_ask(ours, token, "GET", f"/submissions/{id}", accept="text/html"))
        times.append(time.perf_counter() - started)
    return sorted(times)[2], size


def _accept(ours: Contestant, token: str, id: str) -> float:
    started = time.perf_counter()
    said = json.loads(_ask(ours, token, "POST", f"/submissions/{id}/decision", json.dumps({"decision": "accept"})))
    assert said["state"] == "accepted", said
    return time.perf_counter() - started


def _ask(
    ours: Contestant, token: str, method: str, path: str, body: str = "", accept: str = "application/json"
) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(ours.query_url).netloc, timeout=300)
    headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Content-Type": "application/json"}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 200, (answer.status, said[:500])
    return said
