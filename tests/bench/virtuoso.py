"""Virtuoso as a peer: loaded once with its own bulk loader, kept in the bench's work folder, served on the loopback.

It gets the buffers that its manual advises for the size (170,000 pages for 2 GB), and no limit on rows.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.contestants import Contestant, free_port, server_process

_GRAPH = "https://w3id.org/sundgraf/graph/bench"
_PAGES_PER_MILLION = 90_000  # 8 KiB each
_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
ServerThreads = 20
MaxSortedTopRows = 1000000
NumberOfBuffers = {pages}
MaxDirtyBuffers = {dirty}
DirsAllowed = {folder}, {files}
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
ServerThreads = 10
KeepAliveTimeout = 60
MaxKeepAlives = 10
[SPARQL]
ResultSetMaxRows = 20000000
MaxQueryExecutionTime = 600
"""


def installed() -> bool:
    """Say whether there is a Virtuoso here (tests/virtuoso.sh installs it)."""
    return shutil.which("virtuoso-t") is not None and shutil.which("isql-vt") is not None


def version_of_virtuoso() -> list[str]:
    """Return its name and version, nothing where it is not here."""
    if not installed():
        return []
    said = subprocess.run(["virtuoso-t", "-?"], capture_output=True, text=True, check=False)
    found = re.search(r"Version ([\d.]+)", said.stdout + said.stderr)
    return [f"Virtuoso {found[1]}"] if found else []


def load_virtuoso(folder: Path, file: Path, triples: int) -> float:
    """Load a file of N-Triples into a new database; return the seconds that the loader took."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _running(folder, file.parent, triples) as (_, sql):
        _ask(sql, f"ld_add('{file}', '{_GRAPH}');")
        began = time.perf_counter()
        _ask(sql, "rdf_loader_run(); checkpoint;")
        took = time.perf_counter() - began
        said = _ask(sql, f"SPARQL SELECT (COUNT(*) AS ?n) FROM <{_GRAPH}> {{ ?s ?p ?o }};")
    if f"{triples}" not in said:
        raise RuntimeError(f"Virtuoso did not take all of {triples:,} statements:\n{said}")
    return took


@contextlib.contextmanager
def virtuoso(folder: Path, file: Path, triples: int) -> Iterator[Contestant]:
    """Serve a loaded database."""
    with _running(folder, file.parent, triples) as (started, _):
        yield started


@contextlib.contextmanager
def _running(folder: Path, files: Path, triples: int) -> Iterator[tuple[Contestant, int]]:
    http, sql = free_port(), free_port()
    pages = max(20_000, int(triples / 1e6 * _PAGES_PER_MILLION))
    ini = _INI.format(folder=folder, files=files, http=http, sql=sql, pages=pages, dirty=pages * 3 // 4)
    (folder / "virtuoso.ini").write_text(ini, "utf-8")
    (folder / "virtuoso.lck").unlink(missing_ok=True)
    command = ["virtuoso-t", "+foreground", "+configfile", str(folder / "virtuoso.ini")]
    url = f"http://127.0.0.1:{http}/sparql"
    with server_process("Virtuoso", command, url, 120.0, folder) as started:
        yield Contestant(started.name, started.query_url, started.pid, {"default-graph-uri": _GRAPH}), sql
        with contextlib.suppress(RuntimeError):
            _ask(sql, "shutdown;")


def _ask(sql: int, statements: str) -> str:
    done = subprocess.run(
        ["isql-vt", str(sql), "dba", "dba", f"exec={statements}"],
        capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    if done.returncode or "*** Error" in done.stderr + done.stdout:
        raise RuntimeError(f"isql-vt: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout
