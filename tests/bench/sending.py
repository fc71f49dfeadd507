"""Submissions over HTTP: how long one takes until it is acknowledged, and an accepted one until it is published."""

from __future__ import annotations

import time

import httpx
from tests.bench.contestants import Workplace, sundgraf
from tests.bench.measure import Figures, percentile
from tests.bench.report import Section
from tests.bench.submissions import new_token
from tests.bench.validation import SUBMISSION

_SENT, _ACCEPTED = 40, 3
_GOOD = SUBMISSION.replace("hihg", "high")


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure both on our own graph, and with generated data beside it."""
    section = Section("sending", f"Submissions of 50 triples, whole graph and {triples:,} generated triples beside it")
    section.header = ("what", "graph", "median (lowest-highest)", "p95")
    for size in (0, triples):
        state = place.copy_of(size)
        secrets = [new_token(state, role, f"bench {role}") for role in ("submitter", "reviewer")]
        graph = f"{size:,} generated" if size else "the whole graph"
        with (
            sundgraf(state, SUNDGRAF_SUBMISSIONS_PER_HOUR="100000") as server,
            httpx.Client(base_url=server.base, timeout=600) as client,
            place.quiet.alone(),
        ):
            sent, waiting = _send(client, secrets[0], 15 if quick else _SENT)
            accepted = _accept(client, secrets[1], waiting[: 1 if quick else _ACCEPTED])
        for what, figures in (("sent until acknowledged", sent), ("accepted until published", accepted)):
            late = f"{percentile(figures.values, 0.95) * 1000:,.0f} ms"
            section.rows.append((what, graph, figures.say("ms", 1000, 0), late))
        section.at_most(f"median of a submission, {graph}", sent.median * 1000, 150, " ms")
    section.notes = [
        "One client, one after another; each is checked beside all that is published, and synced to disk before the "
        "answer. Accepting one publishes it: a new generation of the whole graph."
    ]
    return section


def _send(client: httpx.Client, secret: str, count: int) -> tuple[Figures, list[str]]:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/turtle", "Accept": "application/json"}
    times, names = [], []
    for number in range(count + 3):
        text = _GOOD.replace("Scans a year", f"Scans a year {number}").replace("om året", f"om året {number}")
        began = time.perf_counter()
        answer = client.post("/submissions", content=text.encode(), headers=headers, params={"reason": "measured"})
        times.append(time.perf_counter() - began)
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
        names.append(answer.json()["id"])
    return Figures(tuple(times[3:])), names  # the first ones start the process that validates


def _accept(client: httpx.Client, secret: str, names: list[str]) -> Figures:
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    times = []
    for name in names:
        began = time.perf_counter()
        answer = client.post(f"/submissions/{name}/decision", json={"decision": "accept"}, headers=headers)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
    return Figures(tuple(times))
