"""How things are measured: medians and spreads, requests over one connection, wrk, and the memory of processes."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

JSON = "application/sparql-results+json"
NTRIPLES = "application/n-triples"
_REST_SECONDS = 3.0  # our service waits for two after its start before it makes indexes
_IDLE_SECONDS = 4.0  # uvicorn hangs up on a connection that is idle for 5


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass(frozen=True)
class Figures:
    """Repeated measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def say(self, unit: str = "", scale: float = 1.0, digits: int = 1) -> str:
        """Return "median (lowest-highest) unit"."""
        low, high = min(self.values) * scale, max(self.values) * scale
        return f"{self.median * scale:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f}) {unit}".strip()


class Connection:
    """One keep-alive connection to a server."""

    def __init__(self, url: str, timeout: float = 120.0, parameters: Mapping[str, str] | None = None) -> None:
        self._parameters = dict(parameters or {})
        self._parts = urlsplit(url)
        self._open = http.client.HTTPConnection(self._parts.netloc, timeout=timeout)
        self._used = 0.0

    def get(self, path: str, accept: str = JSON) -> tuple[int, bytes]:
        """Return status and whole body."""
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self._open.close()  # the next request opens it anew
        self._open.request("GET", path, headers={"Accept": accept, "Accept-Encoding": "identity"})
        answer = self._open.getresponse()
        status, body = answer.status, answer.read()
        self._used = time.monotonic()
        return status, body

    def query(self, text: str, accept: str = JSON) -> bytes:
        """Return the answer to a query. Raises RuntimeError where it is none."""
        status, body = self.get(f"{self._parts.path}?{urlencode({'query': text, **self._parameters})}", accept)
        if status != 200:
            raise RuntimeError(f"{self._parts.netloc} answered {status}: {body[:300]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        self._open.close()


@dataclass(frozen=True)
class Load:
    """What wrk saw in one run."""

    per_second: float
    p99: float  # milliseconds


def wrk(
    url: str, seconds: float, script: Path | None = None, arguments: Sequence[str] = (), accept: str = JSON
) -> Load:
    """Ask over 8 keep-alive connections for `seconds`. Raises RuntimeError where any request failed."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed; on Debian: apt-get install wrk")
    command = ["wrk", "-t1", "-c8", f"-d{seconds:g}s", "--latency", "-H", f"Accept: {accept}"]
    command += ["-s", str(script)] if script else []
    done = subprocess.run(
        [*command, url, "--", *arguments], capture_output=True, text=True, check=False, timeout=seconds + 30
    )
    said = done.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if done.returncode or rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk on {url}:\n{said}{done.stderr}")
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return Load(float(rate[1]), float(late[1]) * scale[late[2]] if late else 0.0)


@dataclass(frozen=True)
class Process:
    """A process as /proc shows it: `ticks` is processor time in clock ticks."""

    pid: int
    parent: int
    state: str
    ticks: int


def tree(root: int) -> list[Process]:
    """Return a process and its descendants."""
    seen = {process.pid: process for process in _processes()}
    wanted, found = [root], []
    while wanted:
        pid = wanted.pop()
        if pid in seen:
            found.append(seen[pid])
            wanted += [other.pid for other in seen.values() if other.parent == pid]
    return found


def memory(root: int) -> int:
    """Return the proportional set size of a process and its descendants, in bytes."""
    total = 0
    for process in tree(root):
        try:
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
        except OSError:  # it has just ended
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) * 1024 if found else 0
    return total


def processor_seconds_of(root: int, task: Callable[[], object]) -> float | None:
    """Run a callable and return the processor time that a server took meanwhile, in all its processes but its chores.

    None where a process or thread ended on the way and took its figure with it. From /proc/<pid>/task/<tid>/schedstat,
    in nanoseconds; a busy machine lengthens it least.
    """
    before = _nanoseconds(root)
    task()
    after = _nanoseconds(root)
    if before.keys() - after.keys():
        return None
    return sum(spent - before.get(thread, 0) for thread, spent in after.items()) / 1e9


def wait_for_ends(root: int) -> None:
    """Wait until no process of a server is about to end, as a worker is after a long query."""
    seen: set[tuple[int, int]] = set()
    while seen != (now := set(_nanoseconds(root))):
        seen = now
        time.sleep(1.5)


def _nanoseconds(root: int) -> dict[tuple[int, int], int]:
    """Return the processor time so far of each thread of a process and of its descendants that are no chores."""
    found: dict[tuple[int, int], int] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError):  # it has just ended
            if pid != root and b"sundgraf.application." in Path(f"/proc/{pid}/cmdline").read_bytes():
                continue
            for thread in map(int, os.listdir(f"/proc/{pid}/task")):
                folder = Path(f"/proc/{pid}/task/{thread}")
                with contextlib.suppress(OSError):
                    waiting += map(int, (folder / "children").read_text("ascii").split())
                    found[pid, thread] = int((folder / "schedstat").read_text("ascii").split()[0])
    return found


def settle(root: int, seconds: float = 60.0) -> None:
    """Wait until a process and its descendants have done next to nothing for a while, so that starting is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = tree(root)
        time.sleep(_REST_SECONDS)
        after = tree(root)
        same = {process.pid for process in before} == {process.pid for process in after}
        worked = sum(process.ticks for process in after) - sum(process.ticks for process in before)
        if same and worked < 5 * _REST_SECONDS:
            return


def _processes() -> list[Process]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("latin-1").rpartition(")")[2].split()
            except OSError:
                continue
            found.append(Process(int(entry.name), int(fields[1]), fields[0], int(fields[11]) + int(fields[12])))
    return found


def seconds_of(task: object) -> float:
    """Run a callable and return how long it took."""
    started = time.perf_counter()
    task()  # type: ignore[operator]
    return time.perf_counter() - started
