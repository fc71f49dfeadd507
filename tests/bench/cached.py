"""A stored question that was asked before, against a hello-world route of the same server."""

from __future__ import annotations

import contextlib

from tests.bench.contestants import Workplace, hello, sundgraf
from tests.bench.measure import Connection, Figures, wrk
from tests.bench.report import Section

from sundgraf.settings import Settings

QUESTION = "/ask/technology-by-maturity?language=da"


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure requests per second of a repeated stored question."""
    rounds, seconds = (2, 2.0) if quick else (5, 5.0)
    processes = Settings().web_processes
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(sundgraf(place.state(triples, rooms=True)))
        plain = stack.enter_context(hello(processes))
        status, body = Connection(ours.base).get(QUESTION)
        assert status == 200, body
        rates: dict[str, list[float]] = {"question": [], "hello": []}
        wrk(ours.base + QUESTION, 1)
        for _ in range(rounds):
            rates["question"].append(wrk(ours.base + QUESTION, seconds).per_second)
            rates["hello"].append(wrk(plain.query_url, seconds, accept="application/json").per_second)
    question, empty = Figures(tuple(rates["question"])), Figures(tuple(rates["hello"]))
    section = Section("cached", "A repeated stored question against hello world on the same server software")
    section.header = ("route", "requests/s: median (lowest-highest)")
    section.rows = [
        (f"`{QUESTION}`, {len(body):,} bytes of JSON", question.say(digits=0)),
        ("`/hello`, FastAPI, 17 bytes of JSON", empty.say(digits=0)),
    ]
    section.at_least("repeated question against hello world", question.median / empty.median, 0.7)
    section.notes = [
        f"{processes} processes each, uvicorn with uvloop and httptools; {rounds} rounds of {seconds:g} s, in turns."
    ]
    return section
