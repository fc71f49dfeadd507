"""Fifty runaway queries at once, while somebody asks a stored question."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from urllib.parse import urlencode, urlsplit

from tests.bench.contestants import Contestant, Workplace, sundgraf
from tests.bench.measure import Connection, memory, percentile, settle, tree
from tests.bench.report import Section
from tests.bench.watch import Seen, watching

ATTACKERS = 50
_RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} # {number}"
_PAUSE = 0.02  # seconds between two stored questions
_QUIET_AGAIN = 20.0  # seconds given to memory to come back
_SPAWN = get_context("spawn")


@dataclass
class _Asked:
    quiet: list[float] = field(default_factory=list)
    attacked: list[float] = field(default_factory=list)


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure a stored question's p95 quiet and under attack, how long workers live, and memory before and after."""
    deadline = 4.0 if quick else 10.0
    with sundgraf(place.state(triples, rooms=True), SUNDGRAF_DEADLINE=str(deadline)) as ours:
        connection = Connection(ours.base)
        cached = itertools.repeat("/ask/technology-by-maturity?language=da")
        fresh = (
            f"/ask/search?{urlencode({'word': f'chatbot{number}', 'language': 'da'})}" for number in itertools.count()
        )
        found = {"repeated (cached)": (_Asked(), cached), "never asked before": (_Asked(), fresh)}
        for asked, paths in found.values():
            _ask(connection, paths, 1.0)
            asked.quiet = _ask(connection, paths, 2.0 if quick else 8.0)
        settle(ours.pid)
        before = memory(ours.pid)
        with watching(ours.pid) as seen, _attack(ours) as outcomes:
            time.sleep(0.5)
            for asked, paths in found.values():
                asked.attacked = _ask(connection, paths, deadline * 1.25)
        over = _seconds_until_idle(ours.pid)
        after, waited = _memory_again(ours.pid, before)
        connection.close()
    return _report(deadline, found, seen, outcomes, (before, after, waited, over), triples)


def _report(deadline, found, seen: Seen, outcomes: Counter[str], rest, triples: int) -> Section:
    before, after, waited, over = rest
    section = Section(
        "attack", f"{ATTACKERS} runaway queries at once, deadline {deadline:g} s, {triples:,} triples and our own graph"
    )
    section.header = ("stored question", "quiet p50 / p95 ms", "under attack p50 / p95 ms", "p95 relative", "asked")
    for name, (asked, _) in found.items():
        quiet, attacked = percentile(asked.quiet, 0.95), percentile(asked.attacked, 0.95)
        section.rows.append(
            (
                name,
                f"{percentile(asked.quiet, 0.5) * 1000:.2f} / {quiet * 1000:.2f}",
                f"{percentile(asked.attacked, 0.5) * 1000:.2f} / {attacked * 1000:.2f}",
                f"{attacked / quiet:.2f}",
                f"{len(asked.quiet)} / {len(asked.attacked)}",
            )
        )
        section.at_most(f"p95 of a stored question under attack, {name}", attacked / quiet, 3.0)
    section.at_most("longest life of a worker beyond its deadline", seen.longest_busy - deadline, 1.0, " s")
    section.at_most("memory after the attack, relative to before", after / before, 1.1)
    answered = ", ".join(f"{count} x {what}" for what, count in sorted(outcomes.items()))
    section.notes = [
        "Runaway queries count a cross product of three triple patterns; each has a text of its own, and each attacker "
        f"asks the next as soon as the last is answered. What they got: {answered}.",
        f"{seen.busy_workers} workers were busy for longer than half a second; the longest {seen.longest_busy:.2f} s "
        f"(/proc every 50 ms). After the attackers hung up no worker was busy within {over:.2f} s.",
        f"Memory is the sum of PSS of all processes: {before / 2**20:.0f} MiB before, {seen.peak / 2**20:.0f} at most, "
        f"{after / 2**20:.0f} when measured {waited:.1f} s after the attack (the bar takes 1.1x as the quiet level).",
    ]
    return section


def _ask(connection: Connection, paths: Iterator[str], seconds: float) -> list[float]:
    """Ask stored questions for a time; return how long each answer took."""
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        status, body = connection.get(next(paths))
        taken.append(time.perf_counter() - started)
        assert status == 200, body[:300]
        time.sleep(_PAUSE)
    return taken


class _attack:  # noqa: N801  reads as what it does
    """Runs the attackers in a process of their own while the block runs; gives what they were answered."""

    def __init__(self, contestant: Contestant) -> None:
        self._stop: Event = _SPAWN.Event()
        self._near, far = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_attackers, args=(contestant.query_url, self._stop, far), daemon=True)
        self._outcomes: Counter[str] = Counter()

    def __enter__(self) -> Counter[str]:
        self._process.start()
        self._near.recv()
        return self._outcomes

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._outcomes.update(self._near.recv())
        self._process.join(10)


def _attackers(url: str, stop: Event, told) -> None:
    outcomes: Counter[str] = Counter()
    numbers = itertools.count()

    async def one() -> None:
        while not stop.is_set():
            outcomes[await _send(url, _RUNAWAY.format(number=next(numbers)))] += 1

    async def all_of_them() -> None:
        told.send("started")
        tasks = [asyncio.create_task(one()) for _ in range(ATTACKERS)]
        while not stop.is_set():
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_of_them())
    told.send(outcomes)


async def _send(url: str, text: str) -> str:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        target = f"{parts.path}?{urlencode({'query': text})}"
        writer.write(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
        )
        status = (await reader.readline()).decode("latin-1").strip()
        await reader.read()
        return status.partition(" ")[2] or "no answer"
    finally:
        writer.close()


def _seconds_until_idle(root: int) -> float:
    started = time.monotonic()
    while time.monotonic() - started < _QUIET_AGAIN:
        before = {process.pid: process.ticks for process in tree(root)}
        time.sleep(0.1)
        if all(process.ticks - before.get(process.pid, 0) < 5 for process in tree(root)):
            break
    return time.monotonic() - started


def _memory_again(root: int, before: int) -> tuple[int, float]:
    """Return memory once it is back to a tenth above `before`, or what it is when patience ends; and the seconds."""
    started = time.monotonic()
    while (now := memory(root)) > 1.1 * before and time.monotonic() - started < _QUIET_AGAIN:
        time.sleep(0.2)
    return now, time.monotonic() - started
