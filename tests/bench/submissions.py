"""A thousand submissions from twenty clients while the server is killed at random: none that was acknowledged is lost.

    python -m tests.bench.submissions                        a thousand, with kill -9 every three to twelve seconds
    python -m tests.bench.submissions --submissions 200 --clients 8 --accept

Each client sends one after another with a key of its own and sends again where it got no answer. At the end every
acknowledged submission is looked for in the inbox, exactly once, and `sundgraf verify` must find nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from tests.bench.contestants import free_port
from tests.bench.validation import SUBMISSION
from tests.server import command, environment, run

from sundgraf.application.replay import settle
from sundgraf.store import generations
from sundgraf.store.inbox import Inbox

_SECONDS_TO_LIVE = (3, 12)  # from when it answers to the next kill; one in five is killed while it starts
_STARTING = 120.0  # seconds at most, on a busy machine
_GOOD = SUBMISSION.replace("hihg", "high")


class Victim:
    """A server that is killed and started again."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.kills = 0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        settings = environment(self.state, SUNDGRAF_SUBMISSIONS_PER_HOUR="1000000",
                               SUNDGRAF_VALIDATIONS_PER_MINUTE="1000000")  # fmt: skip
        with (self.state.parent / "server.log").open("ab") as log:
            return subprocess.Popen(
                command("serve", "--port", str(self.port)), env=settings, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """End every process of it at once, and start it again."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self._process = self._start()

    def wait(self, seconds: float) -> None:
        """Wait until it answers, so many seconds at most."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", timeout=5).is_success:
                    return
            time.sleep(0.2)

    def stop(self) -> None:
        """Let it end in its own time."""
        self._process.terminate()
        self._process.wait(30)


def main() -> int:
    """Run the loop; 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=_SECONDS_TO_LIVE[1], help="seconds from answering to a kill")
    parser.add_argument("--accept", action="store_true", help="a reviewer accepts what waits meanwhile")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="sundgraf-chaos-") as folder:
        state = Path(folder) / "state"
        assert run(state, "load").returncode == 0
        secrets = [new_token(state, "submitter", f"client {n}") for n in range(asked.clients)]
        reviewer = new_token(state, "reviewer", "reviewer")
        victim = Victim(state)
        acknowledged: dict[str, str] = {}
        left = list(range(asked.submissions))
        lock, done = threading.Lock(), threading.Event()
        threads = [
            threading.Thread(target=_send, args=(victim, secret, left, acknowledged, lock)) for secret in secrets
        ]
        accepted: list[str] = []
        if asked.accept:
            threads.append(threading.Thread(target=_accept, args=(victim, reviewer, accepted, done)))
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        while len(acknowledged) < asked.submissions:
            if chance.random() > 0.2:
                victim.wait(_STARTING)
            time.sleep(chance.uniform(_SECONDS_TO_LIVE[0], asked.longest))
            victim.kill()
        done.set()
        for thread in threads:
            thread.join()
        took = time.monotonic() - begun
        victim.stop()
        return _judge(state, acknowledged, accepted, victim.kills, took)


def _judge(state: Path, acknowledged: dict[str, str], accepted: list[str], kills: int, took: float) -> int:
    with sqlite3.connect(state / "inbox.sqlite") as db:
        held = Counter(row[0] for row in db.execute("SELECT client_key FROM submissions"))
        states = dict(db.execute("SELECT state, count(*) FROM submissions GROUP BY state").fetchall())
        known = {row[0]: row[1] for row in db.execute("SELECT id, state FROM submissions")}
    lost = [key for key, id in acknowledged.items() if held[key] != 1 or id not in known]
    unsaid = [id for id in accepted if known.get(id) != "accepted"]
    extra = set(held) - set(acknowledged)
    with generations.publishing(state):  # as the next start or publication does
        settle(state, Inbox(state))
    verified = run(state, "verify")
    print(f"{len(acknowledged)} acknowledged, {kills} kills, {took:.0f} s; in the inbox: {states}")
    print(f"lost or doubled: {len(lost)}; never acknowledged but kept: {len(extra)}; accepted and lost: {len(unsaid)}")
    print(verified.stdout.strip() or verified.stderr.strip())
    return int(bool(lost or extra or unsaid) or verified.returncode != 0)


def _send(victim: Victim, secret: str, left: list[int], acknowledged: dict[str, str], lock: threading.Lock) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/turtle", "Accept": "application/json"}
    while True:
        with lock:
            if not left:
                return
            number = left.pop()
        key = f"key-{number}"
        text = _GOOD.replace("Scans a year", f"Scans a year {number}").replace("sg:value 1 ", f"sg:value {number} ")
        while key not in acknowledged:
            try:
                answer = httpx.post(
                    f"{victim.url}/submissions", content=text.encode(), headers={**headers, "Idempotency-Key": key},
                    params={"reason": "measured"}, timeout=60,
                )  # fmt: skip
            except httpx.HTTPError:
                time.sleep(0.2)
                continue
            if answer.status_code in (200, 201):
                with lock:
                    acknowledged[key] = answer.json()["id"]
            elif answer.status_code < 500:
                raise RuntimeError(answer.text)
            else:
                time.sleep(0.2)


def _accept(victim: Victim, secret: str, accepted: list[str], done: threading.Event) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    while not done.is_set():
        try:
            waiting = httpx.get(f"{victim.url}/submissions", headers=headers, timeout=60).json()["submissions"]
            for one in waiting[:3]:
                answer = httpx.post(
                    f"{victim.url}/submissions/{one['id']}/decision", json={"decision": "accept"}, headers=headers,
                    timeout=60,
                )  # fmt: skip
                if answer.status_code == 200:
                    accepted.append(one["id"])
        except (httpx.HTTPError, KeyError, json.JSONDecodeError):
            pass
        time.sleep(0.5)


def new_token(state: Path, role: str, shown_as: str) -> str:
    """Return the secret of a new token."""
    made = run(state, "token", "new", "--role", role, "--shown-as", shown_as, "--json")
    return str(json.loads(made.stdout)["token"])


if __name__ == "__main__":
    sys.exit(main())
