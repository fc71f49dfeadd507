"""Ten minutes of everything at once: readers, stored questions, SPARQL, runaway queries and submissions.

    python -m tests.bench.mixed                      ten minutes, as the bar says
    python -m tests.bench.mixed --seconds 120        shorter; --rate, --seed and --keep too

Of a hundred requests 80 are pages and stored questions, 15 are SPARQL, 4 are runaway queries and 1 is a submission.
They come at a rate of their own, whether the service keeps up or not, and each is timed from when it was due. Every
answer is accounted for: a page that is no 200 or a submission that is no 201 is a fault, and so is a connection that
breaks; a runaway query is to be stopped (504) or refused for now (503 with Retry-After), and SPARQL beside it may be
refused too. Ready answers are not kept, so that the quiet median is what making a page takes, and not what finding it
again does.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.bench.contestants import HERE, UNCACHED, Contestant, Workplace, sundgraf
from tests.bench.measure import JSON, Connection, memory, percentile, settle
from tests.bench.report import Section
from tests.bench.validation import SUBMISSION
from tests.server import run as command

from sundgraf.application.ask import load_questions

SHARES = {"page": 60, "question": 20, "SPARQL": 15, "runaway": 4, "submission": 1}
DELIBERATE = {
    "page": {200}, "question": {200}, "SPARQL": {200, 503}, "runaway": {503, 504}, "submission": {201},
}  # fmt: skip
_RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?a) < STR(?i)) }} # {number}"
_QUIET = 400  # pages and questions asked one after another, before
_LISTS = (
    "/", "/?lang=da", "/catalogue", "/catalogue?type=practice&stage=pilot", "/catalogue?country=pl-0000&page=2",
    "/catalogue?technology=generative-ai", "/ask", "/pictures", "/def/", "/report", "/search?q=mammografi",
    "/search?q=sepsis", "/search?q=kontrast", "/pictures/use-case-by-country", "/sparql", "/submit", "/publications",
)  # fmt: skip
_CLASSES = ("Solution", "Project", "Deployment", "Product", "Organisation", "UseCase", "Place", "Source", "Regulation")
_SLOWEST = 10  # pages and questions that are shown
_PATIENCE = 120.0  # seconds that a client waits for an answer
_SAMPLE_SECONDS = 2.0
_ROOT = HERE.parent.parent


class Sent(NamedTuple):
    """A request: its kind and what goes over the line."""

    kind: str
    path: str
    accept: str = "text/html"
    body: bytes = b""
    headers: tuple[str, ...] = ()


@dataclass
class Seen:
    """What came back: statuses and seconds by kind, and the memory of all processes over time."""

    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, float, str]] = field(default_factory=list)  # seconds, when, which page or question


def main() -> int:
    """Run it; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=25, help="requests a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cached", action="store_true", help="keep ready answers, as the service does by itself")
    parser.add_argument("--keep", action="store_true", help="write results/<date>-mixed.md")
    asked = parser.parse_args()
    work = HERE / "work"
    work.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mixed-", dir=work) as folder:
        place = Workplace(work, Path(folder))
        section = measure(place, asked.seconds, asked.rate, asked.seed, {} if asked.cached else UNCACHED)
    text = section.markdown()
    print(text)
    if asked.keep:
        (HERE / "results" / f"{date.today().isoformat()}-mixed.md").write_text(text, "utf-8")
    return 0 if all(bar.met for bar in section.bars) else 1


def measure(place: Workplace, seconds: float, rate: float, seed: int, settings: dict[str, str]) -> Section:
    """Return what was found on our own graph, with the settings as they come but for these and submissions an hour."""
    state = place.state(0, rooms=True)
    token = command(state, "token", "new", "--role", "submitter", "--shown-as", "a steward", "--json")
    secret = str(json.loads(token.stdout)["token"])
    with sundgraf(state, SUNDGRAF_SUBMISSIONS_PER_HOUR="1000000", **settings) as ours:
        make = _requests(ours, secret, random.Random(seed))
        _one_by_one(ours, make, _QUIET)  # so that what is made once is made
        settle(ours.pid)
        quiet = _one_by_one(ours, make, _QUIET)
        settle(ours.pid)
        before = memory(ours.pid)
        seen = asyncio.run(_load(ours, make, seconds, rate))
        settle(ours.pid)
        after = memory(ours.pid)
    section = _report(seen, quiet, (before, after), seconds, rate, seed)
    section.notes.append("Ready answers were kept." if not settings else "No ready answers were kept: a page is made.")
    return section


def _report(
    seen: Seen, quiet: list[float], at_rest: tuple[int, int], seconds: float, rate: float, seed: int
) -> Section:
    section = Section("mixed", f"Everything at once for {seconds:g} s, {rate:g} requests a second, our own graph")
    median = statistics.median(quiet)
    pages = seen.seconds["page"] + seen.seconds["question"]
    section.at_most("answers that are not deliberate", len(seen.faults), 0, "")
    section.at_most("p99 of pages and questions, relative to their quiet median", percentile(pages, 0.99) / median, 10)
    tenth = max(1, len(seen.memory) // 10)
    half = len(seen.memory) // 2
    middle, end = statistics.median(seen.memory[half : half + tenth]), statistics.median(seen.memory[-tenth:])
    section.at_most("memory in the last tenth, relative to a tenth at half-time", end / middle, 1.1)
    section.header = ("kind", "asked", "answers", "p50 ms", "p95 ms", "p99 ms", "longest ms")
    for kind in SHARES:
        times = sorted(seen.seconds[kind]) or [0.0]
        answers = ", ".join(f"{count} x {status or 'none'}" for status, count in sorted(seen.statuses[kind].items()))
        shown = (f"{percentile(times, share) * 1000:.0f}" for share in (0.5, 0.95, 0.99, 1.0))
        section.rows.append((kind, str(seen.statuses[kind].total()), answers, *shown))
    mib = [size / 2**20 for size in seen.memory]
    section.notes = [
        f"Quiet: {len(quiet)} pages and questions one after another, median {median * 1000:.1f} ms, "
        f"p99 {percentile(quiet, 0.99) * 1000:.1f} ms. Seed {seed}.",
        f"Memory (PSS of all processes, every {_SAMPLE_SECONDS:g} s): {min(mib):.0f} to {max(mib):.0f} MiB; "
        f"{middle / 2**20:.0f} at half-time, {end / 2**20:.0f} at the end; at rest {at_rest[0] / 2**20:.0f} before, "
        f"when no worker had worked, and {at_rest[1] / 2**20:.0f} after.",
        "The clients run on the same machine, in one process.",
        *(f"Slow: {took * 1000:.0f} ms at {when:.0f} s: {what}" for took, when, what in seen.slowest),
        *(f"Fault: {fault}" for fault in seen.faults[:20]),
    ]
    return section


def _requests(ours: Contestant, secret: str, chance: random.Random) -> Callable[[str], Sent]:
    """Return what makes a request of a kind, each time another one."""
    things = list(_things(ours))
    asked = [
        f"/ask/{name}?{urlencode(question.examples())}"
        for name, question in load_questions(_ROOT / "queries" / "ask").items()
    ]
    numbers = iter(range(1, sys.maxsize))

    def page() -> Sent:
        if chance.random() < 0.3:
            return Sent("page", chance.choice(_LISTS))
        path = urlsplit(things[min(int(chance.paretovariate(0.6)) - 1, len(things) - 1)]).path  # some are popular
        return Sent("page", f"{path.replace('/sundgraf/id/', '/doc/').replace('/sundgraf/', '/')}?lang=en")

    def question() -> Sent:
        return Sent("question", chance.choice(asked), chance.choice(("text/html", JSON, "text/csv")))

    def sparql() -> Sent:
        thing = chance.choice(things)
        text, accept = chance.choice((
            (f"SELECT ?p ?o WHERE {{ <{thing}> ?p ?o }}", JSON),
            (f"DESCRIBE <{thing}>", "text/turtle"),
            (f"CONSTRUCT {{ ?s ?p <{thing}> }} WHERE {{ ?s ?p <{thing}> }}", "application/n-triples"),
            (f"SELECT ?c (COUNT(?s) AS ?n) WHERE {{ ?s a ?c }} GROUP BY ?c ORDER BY ?n # {next(numbers)}", "text/csv"),
            (f"SELECT DISTINCT ?p WHERE {{ ?s ?p ?o }} ORDER BY ?p # {next(numbers)}", JSON),
            (f"SELECT ?s ?l WHERE {{ ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l }} LIMIT {next(numbers)}",
             "application/sparql-results+xml"),
        ))  # fmt: skip
        return Sent("SPARQL", f"/sparql?{urlencode({'query': text})}", accept)

    def runaway() -> Sent:
        query = urlencode({"query": _RUNAWAY.format(number=next(numbers))})
        return Sent("runaway", f"/sparql?{query}", JSON)

    def submission() -> Sent:
        number = next(numbers)
        text = SUBMISSION.replace("hihg", "high").replace("Scans a year", f"Scans a year {number}")
        text = text.replace("sg:value 1 ", f"sg:value {number} ")
        headers = (f"Authorization: Bearer {secret}", "Content-Type: text/turtle", f"Idempotency-Key: m-{number}")
        return Sent("submission", "/submissions?reason=measured", "application/json", text.encode(), headers)

    makers = {"page": page, "question": question, "SPARQL": sparql, "runaway": runaway, "submission": submission}
    return lambda kind: makers[kind]()


def _things(ours: Contestant) -> Iterator[str]:
    connection = Connection(ours.query_url)
    for name in _CLASSES:
        text = f"SELECT ?s WHERE {{ ?s a <https://w3id.org/sundgraf/def/{name}> }} ORDER BY ?s LIMIT 120"
        for row in json.loads(connection.query(text))["results"]["bindings"]:
            yield row["s"]["value"]
    connection.close()


def _one_by_one(ours: Contestant, make: Callable[[str], Sent], count: int) -> list[float]:
    chance = random.Random(count)
    taken = []

    async def go() -> None:
        for _ in range(count):
            kind = chance.choices(("page", "question"), (SHARES["page"], SHARES["question"]))[0]
            sent = make(kind)
            started = time.perf_counter()
            status, said = await _send(ours.base, sent)
            taken.append(time.perf_counter() - started)
            if status not in DELIBERATE[kind]:
                raise RuntimeError(f"{sent.path} was answered {status}: {said}")

    asyncio.run(go())
    return taken


async def _load(ours: Contestant, make: Callable[[str], Sent], seconds: float, rate: float) -> Seen:
    seen = Seen()
    chance = random.Random(rate)
    begun = time.perf_counter()
    over = asyncio.Event()

    async def one(sent: Sent, due: float) -> None:
        try:
            status, said = await asyncio.wait_for(_send(ours.base, sent), _PATIENCE)
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError) as error:
            status, said = 0, repr(error)
        took = time.perf_counter() - begun - due
        seen.seconds[sent.kind].append(took)
        if sent.kind in ("page", "question"):
            seen.slowest = heapq.nlargest(_SLOWEST, [*seen.slowest, (took, due, f"{sent.path} {sent.accept}")])
        seen.statuses[sent.kind][status] += 1
        if status not in DELIBERATE[sent.kind] or (status == 503 and "retry-after" not in said.lower()):
            seen.faults.append(f"{sent.kind} {sent.path[:100]} was answered {status}: {said[-300:]!r}")

    async def sample() -> None:
        while not over.is_set():
            seen.memory.append(await asyncio.to_thread(memory, ours.pid))
            await asyncio.sleep(_SAMPLE_SECONDS)

    sampling = asyncio.create_task(sample())
    running: set[asyncio.Task[None]] = set()
    due = 0.0
    while due < seconds:
        await asyncio.sleep(max(0.0, due - (time.perf_counter() - begun)))
        kind = chance.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        task = asyncio.create_task(one(make(kind), due))
        running.add(task)
        task.add_done_callback(running.discard)
        due += chance.expovariate(rate)
    if running:
        await asyncio.wait(running)
    over.set()
    await sampling
    return seen


async def _send(base: str, sent: Sent) -> tuple[int, str]:
    """Return the status of a whole answer; where it is an error, its head and body too. 0 where it broke off."""
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        lines = [
            f"{'POST' if sent.body else 'GET'} {sent.path} HTTP/1.1", f"Host: {parts.netloc}", f"Accept: {sent.accept}",
            "Accept-Encoding: gzip", "Connection: close", f"Content-Length: {len(sent.body)}", *sent.headers, "", "",
        ]  # fmt: skip
        writer.write("\r\n".join(lines).encode() + sent.body)
        raw_head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        head = raw_head.decode("latin-1")
        status = int(head.split(" ", 2)[1]) if head.startswith("HTTP/1.1 ") else 0
        length = re.search(r"^content-length: (\d+)", head, re.IGNORECASE | re.MULTILINE)
        if not body.endswith(b"0\r\n\r\n") and (length is None or len(body) != int(length[1])):
            return 0, f"cut off after {len(body)} bytes"
        return status, "" if status == 200 else f"{head}\n{body.decode('utf-8', 'replace')}"
    finally:
        writer.close()


if __name__ == "__main__":
    sys.exit(main())
