"""Other engines, each a real server on the loopback that can be killed and started again where it was."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).resolve().parent
OXIGRAPH = shutil.which("oxigraph", path=sysconfig.get_path("scripts")) or shutil.which("oxigraph")
JENA = shutil.which("javac") is not None and Path("/usr/share/java/jena-tdb2.jar").exists()
VIRTUOSO = shutil.which("virtuoso-t") if shutil.which("isql-vt") else None
_READY_SECONDS = 90.0


@dataclass
class RunningEngine:
    """An engine: its addresses, what it wants to know of who writes, and the process."""

    name: str
    command: list[str]
    query: str
    update: str
    graphs: str
    user: str = ""
    password: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """The service's settings for it."""
        return {
            "SUNDGRAF_STORE": self.query, "SUNDGRAF_STORE_UPDATE": self.update, "SUNDGRAF_STORE_GRAPHS": self.graphs,
            "SUNDGRAF_STORE_USER": self.user, "SUNDGRAF_STORE_PASSWORD": self.password,
        }  # fmt: skip

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + _READY_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}"
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.query, params={"query": "ASK {}"}, auth=self.auth, timeout=5).status_code < 500:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} did not answer in time")

    @property
    def auth(self) -> httpx.Auth | None:
        """What httpx needs to be let in."""
        return httpx.DigestAuth(self.user, self.password) if self.user else None

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextlib.contextmanager
def oxigraph(folder: Path) -> Iterator[RunningEngine]:
    """Run `oxigraph serve`. Skips where it is not installed."""
    if OXIGRAPH is None:
        pytest.skip("no oxigraph command: pip install oxigraph")
    base = f"127.0.0.1:{free_port()}"
    command = [OXIGRAPH, "serve", "--location", str(folder), "--bind", base]
    engine = RunningEngine("oxigraph", command, f"http://{base}/query", f"http://{base}/update", f"http://{base}/store")
    with _running(engine):
        yield engine


@contextlib.contextmanager
def virtuoso(folder: Path) -> Iterator[RunningEngine]:
    """Run Virtuoso with a user of its own for us. Skips where it is not installed."""
    if VIRTUOSO is None:
        pytest.skip("no Virtuoso: apt install virtuoso-opensource (tests/virtuoso.sh)")
    http, sql = free_port(), free_port()
    base, script = f"http://127.0.0.1:{http}", str(HERE / "virtuoso.sh")
    command = ["sh", script, "start", str(folder), str(http), str(sql)]
    engine = RunningEngine(
        "virtuoso", command, f"{base}/sparql", f"{base}/sparql-auth", f"{base}/sparql-graph-crud-auth"
    )
    with _running(engine):
        password = secrets.token_hex(8)
        subprocess.run(["sh", script, "users", str(sql), password], check=True, capture_output=True, timeout=60)
        engine.user, engine.password = "sundgraf", password
        yield engine


@contextlib.contextmanager
def jena(folder: Path) -> Iterator[RunningEngine]:
    """Run Jena's engine at Fuseki's addresses (tests/jena/Serve.java), with a password. Skips where it is not there."""
    if not JENA:
        pytest.skip("no Jena, or no JDK: apt install libapache-jena-java default-jdk-headless (tests/jena.sh)")
    port, password = free_port(), secrets.token_hex(8)
    base = f"http://127.0.0.1:{port}/ds"
    engine = RunningEngine(
        "jena",
        ["sh", str(HERE / "jena.sh"), "start", str(folder), str(port)],
        *(f"{base}/{service}" for service in ("query", "update", "data")),
        user="sundgraf",
        password=password,
        environment={"JENA_USER": "sundgraf", "JENA_PASSWORD": password},
    )
    with _running(engine):
        yield engine


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(engine: RunningEngine) -> Iterator[None]:
    engine.start()
    try:
        yield
    finally:
        assert engine.process is not None
        engine.process.terminate()
        try:
            engine.process.wait(10)
        except subprocess.TimeoutExpired:
            engine.process.kill()
