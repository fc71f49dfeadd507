"""Everything that can happen to a server, in random order and under load: nothing acknowledged may be lost.

    python -m tests.bench.chaos                             200 rounds
    python -m tests.bench.chaos --rounds 20 --seed 7        the same troubles in the same order as any other seed 7
    python -m tests.bench.chaos --small                     with a quarter of our graph, so that rounds are shorter
    python -m tests.bench.chaos --engine oxigraph           serving from an engine that is killed too; or virtuoso

In each round one trouble comes while readers read, submitters submit and a reviewer accepts: kill -9 of the keeper, of
everything, of a server that starts, of web processes, nursery or workers; a full disk, a slow one, a clock that jumps;
the engine killed. Readers look at every publication that they see: it has all its records or it does not exist. After
each round what was acknowledged is looked for, `verify` must find nothing, and a submission must get through again.
What is found is written to work/chaos-<seed>.txt as it goes. A SIGTERM ends it after the round that runs, with all that
is looked for at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import engines
from tests.bench.contestants import HERE
from tests.bench.crowd import Crowd
from tests.bench.submissions import new_token
from tests.bench.victim import Victim, small_rooms, workplace
from tests.server import run

from sundgraf.application.replay import settle
from sundgraf.application.verify import verify
from sundgraf.store import generations
from sundgraf.store.inbox import Inbox
from sundgraf.store.remote_graphs import RemoteGraphs

_SETTINGS = {"SUNDGRAF_SUBMISSIONS_PER_HOUR": "1000000", "SUNDGRAF_VALIDATIONS_PER_MINUTE": "1000000"}
_ALIVE_SECONDS = 60.0  # until a submission gets through again
_BEFORE = (0.2, 1.0)  # seconds of peace at the beginning of a round


def main() -> int:
    """Run the rounds; 1 where anything was lost, half there, or not mended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="which troubles, in which order; printed if not given")
    parser.add_argument("--engine", choices=("oxigraph", "virtuoso"), help="serve from such an engine")
    parser.add_argument("--small", action="store_true", help="serve the catalogue alone, not all of our graph")
    parser.add_argument("--only", default="", help="troubles with commas between")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10_000) if asked.seed is None else asked.seed
    only = [t.strip() for t in asked.only.split(",") if t.strip()]
    log = f"chaos-{seed}-{asked.engine}.txt" if asked.engine else f"chaos-{seed}.txt"
    (HERE / "work").mkdir(exist_ok=True)
    with (HERE / "work" / log).open("w", 1) as kept:

        def tell(line: str) -> None:
            print(line, flush=True)
            print(line, file=kept)

        with workplace() as folder, _engine(asked.engine, folder) as engine:
            settings = {**_SETTINGS, **(engine.settings if engine else {})}
            if asked.small:
                settings["SUNDGRAF_ROOMS"] = str(small_rooms(folder))
            tell(f"seed {seed}")
            return storm(Victim(folder, settings, random.Random(seed)), engine, asked.rounds, only, tell)


def storm(
    victim: Victim, engine: engines.RunningEngine | None, rounds: int, only: list[str], tell: Callable[[str], None]
) -> int:
    """Run the rounds and tell what is found; 1 where anything was lost, half there, or not mended."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    chance = victim.chance
    remote = {"nursery", "worker"} if engine else set()  # it has none where another engine answers
    troubles = [*(t for t in victim.troubles if t not in remote), *(["engine"] if engine else [])]
    assert run(victim.state, "load", **victim.settings).returncode == 0
    held = generations.current(victim.state)
    tell(f"{held.quads if held else 0} statements; {', '.join(troubles)}")
    secrets = [new_token(victim.state, "submitter", f"client {number}") for number in range(3)]
    crowd = Crowd(victim.url, secrets, new_token(victim.state, "reviewer", "reviewer"))
    faults, done, mended, seen, begun = list[str](), Counter[str](), list[str](), 0, time.monotonic()
    victim.start()
    try:
        victim.wait()
        with crowd:
            while (number := done.total() + 1) <= rounds and not over.is_set():
                time.sleep(chance.uniform(*_BEFORE))
                trouble = chance.choice([t for t in troubles if not only or t in only])
                said = _kill_and_start(engine, chance) if trouble == "engine" and engine else victim.strike(trouble)
                done[trouble] += 1
                found = list(_look(victim, crowd, mended))
                tell(f"{number:4d} {time.monotonic() - begun:6.0f} s  {trouble}: {said}  {crowd.told}")
                for fault in [*found, *crowd.faults[seen:]]:
                    tell(f"     FAULT {fault}")
                faults, seen = faults + found, len(crowd.faults)
        if engine is not None:
            faults += _compare(victim.state, engine)
    finally:
        victim.stop()
    faults += [*_lost(victim.state, crowd, mended), *crowd.faults]
    verified = run(victim.state, "verify", **victim.settings)
    tell(f"verify: {verified.stdout.strip() or verified.stderr.strip()}")
    tell(f"{done.total()} rounds in {time.monotonic() - begun:.0f} s; {crowd.told}; {dict(done)}")
    tell(f"answers: {dict(crowd.outcomes)}; {crowd.looks} looks at all publications; {len(mended)} of the inbox mended")
    for error, count in crowd.errors.most_common():
        tell(f"{count} x {error}")
    for fault in dict.fromkeys(faults):
        tell(f"FAULT {fault}")
    return int(bool(faults) or verified.returncode != 0)


def _look(victim: Victim, crowd: Crowd, mended: list[str]) -> Iterator[str]:
    """Yield what is wrong after a round: nothing lost, log and graph and inbox agree, and it works again by itself."""
    try:
        victim.wait()
    except (TimeoutError, RuntimeError) as error:
        yield str(error)
        victim.stop()
        victim.start()
        return
    yield from _lost(victim.state, crowd, mended)
    count = len(crowd.acknowledged)
    end = time.monotonic() + _ALIVE_SECONDS
    while len(crowd.acknowledged) == count:
        if time.monotonic() > end:
            yield f"No submission got through in {_ALIVE_SECONDS:g} s."
            return
        time.sleep(0.05)


def _lost(state: Path, crowd: Crowd, mended: list[str]) -> Iterator[str]:
    """Yield what is not there of what was promised; `mended` gets what a crash left between log and inbox."""
    acknowledged, accepted = dict(crowd.acknowledged), dict(crowd.accepted)  # before the inbox is read
    with generations.publishing(state):  # nobody publishes meanwhile
        mended += settle(state, Inbox(state))  # as the next publication does
        yield from verify(state)
        published = {str(entry.get("submission")): int(str(entry["number"])) for entry in generations.lineage(state)}
        with contextlib.closing(sqlite3.connect(state / "inbox.sqlite")) as db:
            rows = db.execute("SELECT client_key, id, state FROM submissions").fetchall()
    held, states = Counter(key for key, _, _ in rows), {id: kept for _, id, kept in rows}
    for key, id in acknowledged.items():
        if held[key] != 1 or id not in states:
            yield f"{key}, acknowledged as {id}, is {held[key]} times in the inbox"
    for id, number in accepted.items():
        if states.get(id) != "accepted" or published.get(id) != number:
            yield f"{id}, accepted as publication {number}, is {states.get(id)} and in the log {published.get(id)}"


def _kill_and_start(engine: engines.RunningEngine, chance: random.Random) -> str:
    engine.kill()
    time.sleep(pause := chance.uniform(0.0, 2.0))
    engine.start()
    return f"killed, started again after {pause:.1f} s"


def _compare(state: Path, engine: engines.RunningEngine) -> list[str]:
    """Return how what the engine serves differs from what is published, once it has had time to get it."""
    held = generations.current(state)
    assert held is not None
    address = engine.update if engine.name == "virtuoso" else engine.query
    end = time.monotonic() + _ALIVE_SECONDS
    with RemoteGraphs(address, engine.update, engine.graphs, engine.user, engine.password) as remote:
        while (served := remote.served()) is None or served[1] != held.publication:
            if time.monotonic() > end:
                return [f"The engine serves {served}, published is {held.publication}."]
            time.sleep(0.5)
        own = run(state, "query", _COUNT, "--format", "csv").stdout.split()[-1]
        there = remote.select(_COUNT.replace("WHERE", f"FROM <{served[0]}> WHERE"))[0]["n"]
    return [] if own == there else [f"The engine has {there} statements, published are {own}."]


_COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


@contextlib.contextmanager
def _engine(name: str | None, folder: Path) -> Iterator[engines.RunningEngine | None]:
    if name is None:
        yield None
        return
    with getattr(engines, name)(folder / name) as engine:
        yield engine


if __name__ == "__main__":
    threading.excepthook = lambda told: print(f"FAULT {told.exc_value!r} in {told.thread}", flush=True)
    sys.exit(main())
