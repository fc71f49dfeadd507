"""Public queries cannot hurt: deadlines, memory, limits, readers who leave, calls to elsewhere, dead workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from server import Server, processes_of, run, running
from sundgraf.domain.errors import Busy, OutOfMemory
from sundgraf.domain.sparql import shape_of
from sundgraf.store import wire
from sundgraf.store.base import QueryRequest
from sundgraf.store.embedded import EmbeddedStore
from sundgraf.store.long_places import LongPlaces
from sundgraf.store.nursery import Nursery

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?%s) }"
JSON = {"Accept": "application/sparql-results+json"}

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def strict(fill: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with one web process, a short deadline and low limits."""
    settings = {"DEADLINE": "1", "WEB_PROCESSES": "1", "ROW_LIMIT": "10", "BYTE_LIMIT": "200000", "QUEUE": "4",
                "WORKER_MEMORY": str(300 << 20)}  # fmt: skip
    with running(
        fill(tmp_path_factory.mktemp("strict") / "state"), **{f"SUNDGRAF_{k}": v for k, v in settings.items()}
    ) as up:
        yield up


def busy_processes(server: Server, seconds: float = 0.3) -> set[int]:
    """Processes that run, or wait for the processor, every time that they are looked at.

    Only forks of the service: dumps are made by a command of its own.
    """
    command = Path(f"/proc/{server.pid}/cmdline").read_bytes()

    def running_now() -> set[int]:
        return {pid for pid in processes_of(server) if _state(pid) == "R" and _command(pid) == command}

    found = running_now()
    for _ in range(6):
        time.sleep(seconds / 6)
        found &= running_now()
    return found


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


def ask(server: Server, text: str, **more: str) -> httpx.Response:
    return httpx.get(server.sparql, params={"query": text, **more}, headers=JSON, timeout=30)


def test_runaway_query_is_stopped_at_the_deadline_with_advice(strict):
    start = time.monotonic()
    answer = ask(strict, RUNAWAY % "d")
    assert answer.status_code == 504
    assert time.monotonic() - start < 2.5
    assert answer.headers["content-type"] == "application/problem+json"
    assert "after 1 second." in answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_reader_may_lower_the_deadline_but_not_raise_it(strict):
    start = time.monotonic()
    assert ask(strict, RUNAWAY % "e", timeout="0.2").status_code == 504
    assert time.monotonic() - start < 1
    start = time.monotonic()
    assert ask(strict, RUNAWAY % "f", timeout="60").status_code == 504
    assert time.monotonic() - start < 3


def test_no_worker_outlives_its_deadline(strict):
    with contextlib.suppress(httpx.HTTPError):
        ask(strict, RUNAWAY % "g")
    time.sleep(1)
    assert busy_processes(strict) == set()


@contextlib.contextmanager
def attacked(server: Server, seconds: float, attackers: int, mark: str) -> Iterator[None]:
    """Have so many ask one runaway query after another for some seconds."""
    stop = time.monotonic() + seconds

    def attack(number: int) -> None:
        while time.monotonic() < stop:
            with contextlib.suppress(httpx.HTTPError):
                ask(server, RUNAWAY % f"{mark}{number}")

    threads = [threading.Thread(target=attack, args=(number,)) for number in range(attackers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def test_stored_questions_answer_while_runaways_hold_every_public_worker(strict):
    slowest = 0.0
    with attacked(strict, 2.5, 8, "h"):
        time.sleep(0.5)
        for word in ("robot", "app", "video", "journal", "blod"):
            start = time.monotonic()
            answer = httpx.get(f"{strict.url}/ask/search", params={"word": word}, headers=JSON, timeout=10)
            slowest = max(slowest, time.monotonic() - start)
            assert answer.status_code == 200
    assert slowest < 1


def test_short_queries_are_answered_while_runaways_take_every_place_for_long_ones(strict):
    seen = []
    with attacked(strict, 3, 4, "s"):
        time.sleep(1)
        for number in range(8):  # each another one, that nothing knows the answer of
            answer = ask(strict, f"SELECT ?s WHERE {{ ?s ?p ?o }} LIMIT {number + 2}", timeout="1")
            seen.append((answer.status_code, answer.elapsed.total_seconds()))
    assert [status for status, _ in seen].count(200) >= 6, seen
    assert sorted(taken for _, taken in seen)[4] < 0.6  # with every worker held, each would wait for the end of another


def test_long_queries_that_find_no_place_wait_for_one_and_are_answered(server):
    pairs = "SELECT (COUNT(*) AS ?n) {{ SELECT ?a ?d {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {} }}"  # 0.7 s
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: ask(server, pairs.format(3_000_000 + number)), range(6)))
    found = [answer.json()["results"]["bindings"][0]["n"]["value"] for answer in answers if answer.status_code == 200]
    assert found == [str(3_000_000 + number) for number in range(6)]


def test_places_for_long_queries_are_given_in_turn_and_none_is_lost():
    async def go() -> list[str]:
        places, told = LongPlaces(1, 2), []
        assert places.take()
        assert not places.take()

        async def wait(name: str, timeout: float) -> None:
            try:
                await places.wait(timeout)
                told.append(name)
            except Busy:
                told.append(f"{name} is refused")

        waiting = [asyncio.create_task(wait(name, 5)) for name in ("first", "second", "third")]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0.01)
        places.give_back()
        await asyncio.sleep(0.01)
        await wait("late", 0.01)
        places.give_back()
        assert places.counts == {"busy": 0, "idle": 1, "waiting": 0}
        return told

    assert asyncio.run(go()) == ["third is refused", "second", "late is refused"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("SELECT ?s { ?s ?p 12.5 } LIMIT 7 # again 2", True),
        ("SELECT ?s {\n ?s ?p 3 }LIMIT 70", True),
        ("SELECT ?s { ?s ?q 3 } LIMIT 7", False),
        ("SELECT ?s { <urn:x#1> ?p 3 } LIMIT 7", False),
    ],
)
def test_queries_that_differ_in_numbers_texts_and_comments_have_one_shape(text, same):
    assert (shape_of(text) == shape_of("SELECT ?s { ?s ?p 3 } LIMIT 7 # once")) is same


def test_full_queue_is_503_with_retry_after(strict):
    async def flood() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=30) as client:
            return await asyncio.gather(
                *(client.get(strict.sparql, params={"query": RUNAWAY % f"q{i}"}, headers=JSON) for i in range(14))
            )

    answers = asyncio.run(flood())
    assert {answer.status_code for answer in answers} == {503, 504}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["retry-after"] == "5"
    assert "try again" in refused.json()["detail"]


def test_query_that_needs_too_much_memory_is_stopped_and_the_next_one_works(strict):
    joined = 'GROUP_CONCAT(CONCAT(STR(?a), STR(?d)); separator="xxxxxxxxxxxxxxxx")'
    text = f"SELECT ({joined} AS ?t) WHERE {{ ?a ?b ?c . ?d ?e ?f }}"
    answer = ask(strict, text)
    assert answer.status_code in (503, 504)
    assert ask(strict, "ASK { ?s ?p ?o }").json()["boolean"] is True


def test_reader_who_leaves_stops_the_query(strict):
    host, _, port = strict.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        path = str(httpx.URL("/sparql", params={"query": RUNAWAY % "z"}))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.4)
        assert busy_processes(strict, 0.2)
    time.sleep(0.15)
    assert busy_processes(strict, 0.2) == set()


@pytest.mark.parametrize("accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                                    "text/tab-separated-values"])  # fmt: skip
def test_answer_cut_at_the_row_limit_is_well_formed_and_says_so(strict, accept):
    answer = httpx.get(strict.sparql, params={"query": "SELECT ?s ?p WHERE { ?s ?p ?o }"}, headers={"Accept": accept})
    assert answer.headers["sundgraf-truncated"] == "rows"
    assert answer.headers["sundgraf-row-limit"] == "10"
    rows = {
        "application/sparql-results+json": lambda: len(answer.json()["results"]["bindings"]),
        "application/sparql-results+xml": lambda: answer.text.count("<result>") * answer.text.endswith("</sparql>"),
        "text/csv": lambda: len(answer.text.splitlines()) - 1,
        "text/tab-separated-values": lambda: len(answer.text.splitlines()) - 1,
    }[accept]()
    assert rows == 10


def test_answer_of_just_the_limit_is_not_called_cut(strict):
    for accept in (
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    ):
        answer = httpx.get(
            strict.sparql, params={"query": "SELECT ?s ?p WHERE { ?s ?p ?o } LIMIT 10"}, headers={"Accept": accept}
        )
        assert "sundgraf-truncated" not in answer.headers, accept


def test_long_answer_cut_at_the_byte_limit_never_looks_complete_and_says_why(tmp_path):
    settings = {"SUNDGRAF_BYTE_LIMIT": "200000", "SUNDGRAF_WEB_PROCESSES": "1"}
    asked = {"params": {"query": "SELECT * WHERE { ?s ?p ?o }"}, "headers": {**JSON, "Accept-Encoding": "identity"}}
    body = bytearray()
    with (
        running(tmp_path / "state", **settings) as server,
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("GET", server.sparql, **asked, timeout=30) as answer,
    ):
        for piece in answer.iter_raw():
            body += piece
    assert body.endswith(b"\n!!!! the answer passed the limit on bytes and was cut\n")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * WHERE { SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }",
        "SELECT * WHERE { SERVICE SILENT <http://127.0.0.1:%d/> { ?s ?p ?o } }",
        "SELECT * WHERE { \\u0053ERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }",
        'SELECT * WHERE { ?x ?y ?z FILTER(?x<?y#>""" \n) SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } #"""\n }',
        "PREFIX e: <http://127.0.0.1:%d/> SELECT * WHERE { service #c\n e: { ?s ?p ?o } }",
        "SELECT * WHERE { BIND(<http://127.0.0.1:%d/> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    ],
)
def test_service_calls_nobody(strict, text):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        answer = ask(strict, text % trap.getsockname()[1])
        assert answer.status_code in (400, 403)
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <http://127.0.0.1:%d/> WHERE { ?s ?p ?o }",
        "SELECT * FROM NAMED <http://127.0.0.1:%d/> WHERE { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> FROM <http://127.0.0.1:%d/> WHERE { ?s ?p ?o }",
    ],
)
def test_graphs_that_are_not_held_are_empty_and_never_fetched(strict, text):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        asked = [text % trap.getsockname()[1]]
        answers = [ask(strict, asked[0]), ask(strict, "SELECT * WHERE { ?s ?p ?o }", **{
            "default-graph-uri": f"http://127.0.0.1:{trap.getsockname()[1]}/"})]  # fmt: skip
        for answer in answers:
            assert answer.json()["results"]["bindings"] == []
        with pytest.raises(TimeoutError):
            trap.accept()


def test_service_that_is_allowed_is_called_and_no_other(server, tmp_path):
    (tmp_path / "a.ttl").write_text("<https://w3id.org/sundgraf/id/solution/s-0001> a <https://example.org/Known> .\n")
    state = tmp_path / "state"
    assert run(state, "load", str(tmp_path / "a.ttl")).returncode == 0
    text = (
        "SELECT ?t WHERE { ?s a <https://example.org/Known> SERVICE <%s> { ?s <http://purl.org/dc/terms/title> ?t } }"
    )
    with running(
        state, SUNDGRAF_WEB_PROCESSES="1", SUNDGRAF_SERVICE_ALLOW=f"{server.sparql}, http://127.0.0.1:9/"
    ) as it:
        answer = ask(it, text % server.sparql)
        assert {row["t"]["xml:lang"] for row in answer.json()["results"]["bindings"]} == {"da", "en"}
        assert "etag" not in answer.headers
        other = ask(it, text % "http://127.0.0.1:8/")
        assert other.status_code == 403
        assert server.sparql in other.json()["detail"]


@pytest.mark.parametrize("name", ["SUNDGRAF_SERVICE_ALLOW", "SUNDGRAF_STORE", "SUNDGRAF_STORE_UPDATE"])
def test_endpoint_that_is_no_address_is_told_at_the_start(tmp_path, name):
    done = run(tmp_path, "serve", "--port", "0", **{name: "example.org/sparql"})
    assert done.returncode == 2
    assert name in done.stderr
    assert "'example.org/sparql' is no address" in done.stderr


@contextlib.contextmanager
def nursery_of(state: Path, path: Path) -> Iterator[None]:
    """A nursery of what is published in `state`, with its graph in memory and its door at `path`."""
    code = (
        "import sys; from pathlib import Path; from sundgraf.store import nursery, generations; import time\n"
        "g = generations.current(Path(sys.argv[1]))\n"
        "n = nursery.start(g.store, g.publication, Path(sys.argv[2]), in_memory=True, memory=1 << 30)\n"
        "n.wait()\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(state), str(path)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield
        finally:
            process.kill()


def test_worker_in_memory_cannot_open_a_connection_at_all(fill, tmp_path):
    """Whatever our own reading of a query lets through: the worker itself is asked here, past the refusal."""
    path = tmp_path / "n.sock"
    with (
        nursery_of(fill(tmp_path / "state"), path),
        socket.create_server(("127.0.0.1", 0)) as trap,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        trap.settimeout(0.3)
        connection.connect(str(path))
        reader = wire.FrameReader()
        assert wire.receive(connection, reader)
        text = f"SELECT * WHERE {{ SERVICE <http://127.0.0.1:{trap.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        request = {"text": text, "format": "json", "deadline": 5, "row_limit": 0, "byte_limit": 0}
        connection.sendall(wire.frame_json(b"Q", request))
        kind, _ = wire.receive(connection, reader)
        assert kind == b"X"
        with pytest.raises(TimeoutError):
            trap.accept()


def test_our_own_query_whose_worker_is_killed_is_asked_once_more(fill, tmp_path):
    text = "SELECT (COUNT(*) AS ?n) { { SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 4000000 } }"  # a second

    async def go(kills: int) -> bytes:
        store = EmbeddedStore(announcement, workers=1, trusted_workers=1, queue=1, long=1)
        await store.open()
        try:
            asked = asyncio.create_task(store.answer(QueryRequest(text, "json", deadline=20, trusted=True)))
            killed: set[int] = set()
            while len(killed) < kills and not asked.done():
                await asyncio.sleep(0.02)
                for pid in {one.pid for one in store._trusted._busy} - killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            return (await asked).body
        finally:
            await store.close()

    path, announcement = tmp_path / "n.sock", tmp_path / "published.json"
    announcement.write_text(json.dumps({"socket": str(path), "number": 1, "time": "", "quads": 1}))
    with nursery_of(fill(tmp_path / "state"), path):
        assert b"4000000" in asyncio.run(go(1))
        with pytest.raises(OutOfMemory):
            asyncio.run(go(2))


def test_killed_worker_is_replaced(strict):
    before = processes_of(strict)
    assert ask(strict, "ASK { ?s ?p ?o }").status_code == 200
    for pid in sorted(before)[3:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    for _ in range(5):
        answer = ask(strict, "SELECT (COUNT(*) AS ?n) WHERE { ?s a ?c }")
        if answer.status_code == 200:
            break
        time.sleep(0.5)
    assert answer.status_code == 200


def test_publication_is_picked_up_while_serving(fill, tmp_path):
    state = fill(tmp_path / "state")
    extra = tmp_path / "more.nt"
    extra.write_text("<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n")
    with running(state) as server:
        text = "ASK { <https://example.org/a> ?p ?o }"
        first = ask(server, text)
        assert first.json()["boolean"] is False
        assert run(state, "load", str(extra)).returncode == 0
        end = time.monotonic() + 10
        seen = 0
        while time.monotonic() < end and seen < 10:  # each web process by itself, within a fraction of a second
            seen = seen + 1 if ask(server, text).json()["boolean"] else 0
            time.sleep(0.1)
        second = ask(server, text)
        assert second.json()["boolean"] is True
        assert second.headers["etag"] != first.headers["etag"]
        assert int(second.headers["sundgraf-publication"]) == int(first.headers["sundgraf-publication"]) + 1


def test_nothing_is_left_when_the_keeper_is_killed(tmp_path):
    with running(tmp_path / "state") as server:
        group = processes_of(server)
        assert len(group) > 3
        os.kill(server.pid, signal.SIGKILL)
        end = time.monotonic() + 30  # a chore that has just begun looks for its parent once it has its code
        while time.monotonic() < end and any(_state(pid) != "Z" for pid in group):
            time.sleep(0.05)
        assert [pid for pid in group if _state(pid) != "Z"] == []


def test_nursery_that_nobody_needs_any_more_is_ended_while_it_reads(tmp_path):
    near, far = socket.socketpair()
    with far, subprocess.Popen(["sleep", "60"]) as reading:
        assert not Nursery(reading.pid, tmp_path / "socket", near).wait(lambda: True)
        assert reading.wait(10) == -signal.SIGKILL
