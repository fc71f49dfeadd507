"""A really running service for tests: one per session, or one of your own with `running`.

def test_home_is_html(server):                       # the fixture, from tests/conftest.py
    assert httpx.get(server.url).status_code == 200

with running(fill(tmp_path), SUNDGRAF_DEADLINE="1") as server:     # other settings, own state directory
    ...                                                            # without `fill` it starts from nothing
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

import sundgraf

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
_PACKAGES = str(Path(sundgraf.__file__).resolve().parent.parent)
_ADDRESS = re.compile(r"^sundgraf is at (http://\S+)/$", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A running service: `url` has no slash at its end."""

    url: str
    state: Path
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The first of the service's processes, the one to signal."""
        return self.process.pid

    @property
    def sparql(self) -> str:
        """The address of the SPARQL service."""
        return f"{self.url}/sparql"

    def said(self) -> str:
        """Return what the service wrote so far."""
        return self.log.read_text("utf-8", "replace")


def command(*arguments: str) -> list[str]:
    """Return the command line of the `sundgraf` command in this very Python."""
    return [sys.executable, "-m", "sundgraf.cli", *arguments]


def environment(state: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a `sundgraf` command: this one's without its SUNDGRAF_ settings, and those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDGRAF_")}
    path = os.pathsep.join(filter(None, [_PACKAGES, inherited.get("PYTHONPATH")]))
    patient = {"SUNDGRAF_DOCUMENT_SECONDS": "120"}  # several services, browsers and engines share two processors here
    return {**inherited, **patient, "PYTHONPATH": path, "SUNDGRAF_STATE": str(state), **settings}


def run(state: Path, *arguments: str, seconds: float = 120, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a `sundgraf` command to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(state, **settings),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextlib.contextmanager
def running(state: Path, *, port: int = 0, ready_seconds: float = READY_SECONDS, **settings: str) -> Iterator[Server]:
    """Start `sundgraf serve` on the loopback, yield it once it answers, and stop it.

    The state directory is made and filled by the service itself where it is empty. `settings` are SUNDGRAF_ variables.
    Raises AssertionError with the service's log when it ends early or does not answer in time.
    """
    state.mkdir(parents=True, exist_ok=True)
    log = state.parent / f"{state.name}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command("serve", "--host", "127.0.0.1", "--port", str(port)),
            env=environment(state, **settings),
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield _ready(process, state, log, ready_seconds)
    finally:
        _stop(process)


def processes_of(server: Server) -> set[int]:
    """The service's first process and all that descend from it and are not zombies, from /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(entry.name)] = int(fields[1])
    found = {server.pid} & parents.keys()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@pytest.fixture(scope="session")
def fill(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Return what fills a state directory with the repository's own graph, as a service leaves it after its start.

    Such a state is made once for all processes of a test run, with all that a service makes beside itself, and copied.
    """
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    shared = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    made = shared / "made"
    with (shared / "made.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with running(shared / "being-made") as first:
                for path in ("/dump/SHA256SUMS", "/feed"):
                    httpx.get(f"{first.url}{path}", timeout=60).raise_for_status()
            (shared / "being-made").rename(made)

    def copy(state: Path) -> Path:
        shutil.copytree(made, state, dirs_exist_ok=True)
        return state

    return copy


@pytest.fixture(scope="session")
def server(fill: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service with the repository's own graph, shared by all tests of a session: leave it as it is."""
    with running(fill(tmp_path_factory.mktemp("served") / "state")) as started:
        yield started


def _ready(process: subprocess.Popen[bytes], state: Path, log: Path, seconds: float) -> Server:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        said = log.read_text("utf-8", "replace")
        if process.poll() is not None:
            raise AssertionError(f"`sundgraf serve` ended with {process.returncode}:\n{said}")
        address = _ADDRESS.search(said)
        if address:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(f"{address[1]}/sparql", params={"query": "ASK {}"}, timeout=5)
                if answer.is_success:
                    return Server(address[1], state, log, process)
        time.sleep(0.02)
    raise AssertionError(f"`sundgraf serve` did not answer within {seconds:g} s:\n{log.read_text('utf-8', 'replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; after that, end its whole process group, which is ours alone."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)
