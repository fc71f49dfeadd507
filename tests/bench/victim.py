"""The service that chaos.py does everything to: killed in parts or whole, on a full or a slow disk, in a wrong time."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from tests.bench.contestants import HERE, free_port
from tests.bench.measure import tree
from tests.server import command, environment

_STARTING = 120.0  # seconds at most, on a busy machine
_DISK = 1 << 30  # bytes of the disk in memory
_WEATHER = struct.Struct("qq")


class Victim:
    """A server that is killed and started again. Without root or a compiler its disk and clock cannot be touched."""

    def __init__(self, folder: Path, settings: dict[str, str], chance: random.Random) -> None:
        self.state = folder / "disk" / "state"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.chance = chance
        self._sky = folder / "weather"
        self._process: subprocess.Popen[bytes] | None = None
        self._library = _compile(folder)
        self.set_weather()

    @property
    def troubles(self) -> list[str]:
        """What can be done to it here."""
        able = ["keeper", "everything", "starting", "web", "nursery", "worker"]
        able += ["full disk"] if os.path.ismount(self.state.parent) else []
        return able + (["slow disk", "clock"] if self._library else [])

    def start(self) -> None:
        """Start it, without waiting."""
        weather = {"LD_PRELOAD": str(self._library), "CHAOS_WEATHER": str(self._sky)} if self._library else {}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command("serve", "--port", str(self.port)), env=environment(self.state, **self.settings) | weather,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def strike(self, trouble: str) -> str:
        """Do something to it and put right what a person would have to; return what it was in words."""
        chance = self.chance
        if trouble == "keeper":  # what it started ends with it
            self._signal([self._pid])
            return self._start_again()
        if trouble == "everything":
            os.killpg(self._pid, signal.SIGKILL)
            return self._start_again()
        if trouble == "starting":
            os.killpg(self._pid, signal.SIGKILL)
            self._start_again()
            time.sleep(pause := chance.uniform(0.1, 2.5))
            os.killpg(self._pid, signal.SIGKILL)
            return f"{self._start_again()}, killed again {pause:.1f} s after its start"
        if trouble in ("web", "nursery", "worker"):
            found = self._parts()[trouble]
            victims = chance.sample(found, min(len(found), chance.choice((1, 1, 4))))
            self._signal(victims)
            return f"{len(victims)} killed"
        if trouble == "full disk":
            with _full(self.state.parent):
                time.sleep(pause := chance.uniform(0.5, 3.0))
            return f"for {pause:.1f} s"
        if trouble == "slow disk":
            self.set_weather(slower := chance.choice((5_000, 20_000, 60_000)))
            time.sleep(pause := chance.uniform(1.0, 4.0))
            self.set_weather()
            return f"each sync {slower / 1000:.0f} ms longer for {pause:.1f} s"
        if trouble == "clock":
            ahead = chance.choice((-86_400, -3_600, -61, 61, 3_600, 86_400))
            self.set_weather(ahead=ahead)
            time.sleep(pause := chance.uniform(0.5, 3.0))
            self.set_weather()
            return f"{ahead:+d} s for {pause:.1f} s"
        raise ValueError(trouble)

    def set_weather(self, slower: int = 0, ahead: int = 0) -> None:
        """Make each sync take so many microseconds longer, and the clock be so many seconds ahead."""
        with self._sky.open("r+b" if self._sky.exists() else "wb") as file:
            file.write(_WEATHER.pack(slower, ahead))

    def wait(self) -> None:
        """Wait until it says that it is ready. Raises TimeoutError."""
        end = time.monotonic() + _STARTING
        with httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0)) as client:
            while time.monotonic() < end:
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(f"{self.url}/ready").is_success:
                        return
                if self._process is not None and self._process.poll() is not None:
                    raise RuntimeError(f"It ended by itself with {self._process.returncode}.")
                time.sleep(0.1)
        raise TimeoutError(f"It is not ready after {_STARTING:g} s.")

    def stop(self) -> None:
        """Let it end in its own time, and what is left after that at once."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _start_again(self) -> str:
        assert self._process is not None
        self._process.wait()
        time.sleep(pause := self.chance.uniform(0.0, 1.0))
        self.start()
        return f"killed, started again after {pause:.1f} s"

    def _parts(self) -> dict[str, list[int]]:
        """Return web processes, nurseries and workers: a nursery starts no thread, and workers are its children."""
        found = tree(self._pid)
        children = [process.pid for process in found if process.parent == self._pid]
        web = [pid for pid in children if _threads(pid) > 1]
        return {
            "web": web, "nursery": [pid for pid in children if pid not in web],
            "worker": [p.pid for p in found if p.pid not in children and p.pid != self._pid and p.parent not in web],
        }  # fmt: skip

    def _signal(self, pids: list[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Yield a folder whose folder "disk" is a small disk in memory of its own, where we may mount one."""
    work = HERE / "work"
    work.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=work) as name:
        disk = Path(name) / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(disk)]
        mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Path(name)
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", str(disk)], check=True)


def small_rooms(folder: Path) -> Path:
    """Make rooms with the catalogue of solutions and what it points to, a quarter of our graph."""
    ours, rooms = HERE.parent.parent, folder / "rooms"
    (rooms / "data" / "ttl").mkdir(parents=True)
    for name in ("ontology", "shapes", "queries", "data/mappings", "data/import"):
        (rooms / name).symlink_to(ours / name)
    for name in ("reference/organisations.ttl", "reference/places.ttl", "catalogue/2024.ttl"):
        (rooms / "data" / "ttl" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ours / "data" / "ttl" / name, rooms / "data" / "ttl" / name)
    return rooms


@contextlib.contextmanager
def _full(disk: Path) -> Iterator[None]:
    """Fill a disk to the last block while the block runs."""
    balloon = disk / "balloon"
    with balloon.open("wb") as file:
        piece, end = 256 << 20, 0
        while piece >= 4096:
            try:
                os.posix_fallocate(file.fileno(), end, piece)
                end += piece
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2
    try:
        yield
    finally:
        balloon.unlink()


def _compile(folder: Path) -> Path | None:
    """Return weather.c as a library, None where there is no compiler or no LD_PRELOAD."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    library = folder / "weather.so"
    if compiler is None or not Path("/proc").is_dir():
        return None
    made = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(HERE / "weather.c"), "-ldl"]
    return library if subprocess.run(made, capture_output=True, check=False).returncode == 0 else None


def _threads(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    return 0
