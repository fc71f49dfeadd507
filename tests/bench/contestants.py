"""The servers that are measured, each a real process on a loopback port, and the data they are given."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests import server as service
from tests.bench import generate
from tests.bench.measure import processor_seconds_of, seconds_of, settle, wait_for_ends
from tests.bench.quiet import Quiet

from sundgraf.application.columns import make_columns
from sundgraf.application.follow import follow
from sundgraf.application.look_ups import make_table
from sundgraf.settings import Settings
from sundgraf.store import generations

HERE = Path(__file__).resolve().parent
BINARIES = Path(sys.executable).parent
PEERS = frozenset(
    {"sundgraf without columns", "oxigraph serve", "oxigraph serve in memory", "Virtuoso", "rdflib-endpoint"}
)
UNCACHED = {"SUNDGRAF_CACHE_BYTES": "0"}
_SETTLING = 60.0  # seconds at most that a server takes to come to rest, and as many for each million statements


@dataclass(frozen=True)
class Contestant:
    """A running server: where to ask, and its first process."""

    name: str
    query_url: str
    pid: int
    parameters: dict[str, str] = field(default_factory=dict)  # what goes with each query

    @property
    def base(self) -> str:
        """The address without a path."""
        return self.query_url.rpartition("/")[0]


@dataclass(frozen=True)
class Workplace:
    """Where generated files are kept for the next run, and the stores of this one, which are its own."""

    files: Path
    folder: Path
    peers: frozenset[str] = PEERS
    quiet: Quiet = field(default_factory=Quiet)
    by_processor: bool = False  # whether processor time is taken, for a machine that others keep busy

    def seconds_of(self, server: Contestant, task: Callable[[], object]) -> float:
        """Run a callable that asks a server, once or as often as it takes to measure it, and return the seconds."""
        while self.by_processor:
            taken = processor_seconds_of(server.pid, task)
            if taken:
                return taken
            wait_for_ends(server.pid)
        return seconds_of(task)

    def file(self, triples: int) -> Path:
        """Return a generated file of that size."""
        made_by = hashlib.sha256(Path(generate.__file__).read_bytes()).hexdigest()[:12]
        path = self.files / f"registry-{triples}-{made_by}.nt"
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            with draft.open("w", encoding="utf-8") as sink:
                sink.writelines(generate.generate(triples))
            draft.rename(path)
        return path

    def kept(self, kind: str, triples: int, make: Callable[[Path], object]) -> Path:
        """Return a store that nothing changes, which is kept for the next run; `make` makes it at a path."""
        path = self.files / "stores" / f"{kind}-{self.file(triples).stem}"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            make(draft)
            draft.rename(path)
        return path

    def kept_state(self, triples: int) -> Path:
        """Return a state directory of ours with generated data and all that is made beside it, kept."""

        state = self.kept("state", triples, lambda path: load_sundgraf(path, self.file(triples)))
        if triples >= Settings().column_quads:
            make_columns(state)  # the service does this and the next by itself, some seconds after a publication
        make_table(state)
        follow(state)
        return state

    def kept_columns(self, triples: int) -> Path:
        """Return a state directory of ours with generated data and columns, kept; for what runs no service."""
        state = self.kept("state", triples, lambda path: load_sundgraf(path, self.file(triples)))
        make_columns(state)
        return state

    def kept_location(self, triples: int) -> Path:
        """Return a store of Oxigraph's, optimised, kept."""

        def make(path: Path) -> None:
            load_oxigraph(path, self.file(triples))
            _run([str(BINARIES / "oxigraph"), "optimize", "--location", str(path)])

        return self.kept("oxigraph", triples, make)

    def state(self, triples: int, *, rooms: bool = False) -> Path:
        """Return a state directory of ours with generated data, and with our own graph below it where asked."""
        path = self.folder / f"state-{triples}{'-rooms' if rooms else ''}"
        if not (path / "current.json").exists():
            shutil.rmtree(path, ignore_errors=True)
            if rooms:
                load_sundgraf(path)
            if triples:
                load_sundgraf(path, self.file(triples))
            for chore in ("columns", "look_ups", "dump", "follow"):  # as a minute or two after a publication
                _run([sys.executable, "-m", f"sundgraf.application.{chore}", str(path)])
        return path

    def copy_of(self, triples: int) -> Path:
        """Return a new state like `state(triples, rooms=True)`, for who changes it: others are to find theirs."""
        path = Path(tempfile.mkdtemp(prefix="changed-", dir=self.folder))
        return Path(shutil.copytree(self.state(triples, rooms=True), path, dirs_exist_ok=True))

    def location(self, triples: int) -> Path:
        """Return a store of Oxigraph's with generated data, optimised as its loader advises before reading."""
        path = self.folder / f"oxigraph-{triples}"
        if not path.exists():
            load_oxigraph(path, self.file(triples))
            _run([str(BINARIES / "oxigraph"), "optimize", "--location", str(path)])
        return path


def load_sundgraf(state: Path, *files: Path) -> None:
    """Load files, or our own graph, as `sundgraf load` does."""
    done = service.run(state, "load", *map(str, files), seconds=900)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def load_oxigraph(location: Path, file: Path) -> None:
    """Load a file as `oxigraph load` does."""
    _run([str(BINARIES / "oxigraph"), "load", "--location", str(location), "--file", str(file)])


@contextlib.contextmanager
def sundgraf(state: Path, **settings: str) -> Iterator[Contestant]:
    """Run our service over a state directory, and let it finish starting: it answers from disk before from memory.

    It also makes indexes for search and facets then, which takes minutes for millions of statements.
    """
    held = generations.current(state)
    with service.running(state, **settings) as started:
        settle(started.pid, _SETTLING * max(1.0, (held.quads if held else 0) / 1e6))
        yield Contestant("sundgraf", started.sparql, started.pid)


@contextlib.contextmanager
def oxigraph(location: Path) -> Iterator[Contestant]:
    """Run `oxigraph serve` over a store on disk."""
    port = free_port()
    command = [str(BINARIES / "oxigraph"), "serve", "--location", str(location), "--bind", f"127.0.0.1:{port}"]
    with server_process("oxigraph serve", command, f"http://127.0.0.1:{port}/query") as started:
        yield started


@contextlib.contextmanager
def oxigraph_in_memory(file: Path) -> Iterator[Contestant]:
    """Run `oxigraph serve` without a directory, and send it the data by the Graph Store Protocol."""
    port = free_port()
    command = [str(BINARIES / "oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    with server_process("oxigraph serve in memory", command, f"http://127.0.0.1:{port}/query") as started:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        with file.open("rb") as body:
            headers = {"Content-Type": "application/n-triples", "Content-Length": str(file.stat().st_size)}
            connection.request("POST", "/store?default", body=body, headers=headers)
            answer = connection.getresponse()
        if answer.status >= 300:
            raise RuntimeError(f"oxigraph did not take the data: {answer.status} {answer.read()[:300]!r}")
        yield started


@contextlib.contextmanager
def rdflib_endpoint(file: Path, seconds: float) -> Iterator[Contestant]:
    """Run rdflib-endpoint over a file, with the store it takes by default."""
    port = free_port()
    command = [str(BINARIES / "rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(port), str(file)]
    with server_process("rdflib-endpoint", command, f"http://127.0.0.1:{port}/", seconds) as started:
        yield started


@contextlib.contextmanager
def hello(processes: int) -> Iterator[Contestant]:
    """Run a hello-world application on the same server software and as many processes as ours."""
    port = free_port()
    command = [sys.executable, str(HERE / "hello.py"), str(port), str(processes)]
    with server_process("hello world", command, f"http://127.0.0.1:{port}/hello") as started:
        yield started


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(url: str, timeout: float = 5.0) -> bool:
    """Say whether a server answers a trivial query."""
    _, _, address, path = url.split("/", 3)
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("GET", f"/{path}?{urlencode({'query': 'ASK {}'})}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def server_process(
    name: str, command: Sequence[str], url: str, seconds: float = 60.0, folder: Path | None = None
) -> Iterator[Contestant]:
    """Run a server until the block ends, which begins when it answers."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True
    )
    try:
        end = time.monotonic() + seconds
        while not answers(url):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
            if time.monotonic() > end:
                raise TimeoutError(f"{name} did not answer within {seconds:g} s")
            time.sleep(0.02)
        yield Contestant(name, url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
