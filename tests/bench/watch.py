"""A process beside the bench that watches the service's processes: memory, and how long each worker has been busy."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from tests.bench.measure import memory, tree

_INTERVAL = 0.05  # seconds
_FORK = multiprocessing.get_context("spawn")


@dataclass
class Seen:
    """What was seen: bytes in use at most, and the longest time that one worker was at work without a pause."""

    peak: int = 0
    samples: int = 0
    longest_busy: float = 0.0
    busy_workers: int = 0
    spells: list[float] = field(default_factory=list)


@contextmanager
def watching(root: int) -> Iterator[Seen]:
    """Watch a process and its descendants while the block runs; the findings are there when it ends."""
    near, far = _FORK.Pipe()
    process = _FORK.Process(target=_watch, args=(root, far), daemon=True)
    process.start()
    far.close()
    near.recv()
    seen = Seen()
    try:
        yield seen
    finally:
        near.send("stop")
        seen.__dict__.update(near.recv().__dict__)
        process.join(10)


def _watch(root: int, told: Connection) -> None:
    seen = Seen()
    since: dict[int, float] = {}
    ticks: dict[int, int] = {}
    told.send("ready")
    while not told.poll(_INTERVAL):
        now = time.monotonic()
        processes = tree(root)
        first = {process.pid for process in processes if process.parent == root} | {root}
        busy = {
            process.pid: process.ticks
            for process in processes
            if process.pid not in first  # the first process, and those it started: web processes and nurseries
            and (process.state == "R" or process.ticks > ticks.get(process.pid, process.ticks))
        }
        for pid in since.keys() - busy.keys():
            seen.spells.append(now - since.pop(pid))
        for pid in busy:
            since.setdefault(pid, now)
        ticks = {process.pid: process.ticks for process in processes}
        seen.samples += 1
        if seen.samples % 4 == 1:  # adding up pages takes the kernel some milliseconds
            seen.peak = max(seen.peak, memory(root))
    seen.spells += [time.monotonic() - started for started in since.values()]
    seen.longest_busy = max(seen.spells, default=0.0)
    seen.busy_workers = sum(spell > 0.5 for spell in seen.spells)
    told.recv()
    told.send(seen)
