"""The same answers, pages and journeys on other engines: a real `oxigraph serve` and a real Virtuoso 7."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

import engines
from server import Server, run, running
from stewards import FIGURE, accept, client, make_token, send, wait_for_publication
from sundgraf.application.ask import ask, load_questions
from sundgraf.application.load import fill_with_rooms
from sundgraf.application.push import push
from sundgraf.application.query import rows_of
from sundgraf.application.search import with_search
from sundgraf.domain.errors import MalformedQuery, OutOfTime, StoreError, Unreachable
from sundgraf.domain.media import JSON
from sundgraf.domain.sparql import bind_values, ordering_of
from sundgraf.domain.terms import IRI, Literal
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.direct import DirectStore
from sundgraf.store.remote import RemoteStore
from sundgraf.store.remote_graphs import CONTROL, RemoteGraphs

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = load_questions(ROOT / "queries" / "ask")
# Virtuoso keeps its own order of unbound values in these, which sort by something that they do not select.
SORTED_BY_WHAT_IS_NOT_SELECTED = {"records-of-use-case"}
EVERYTHING = os.environ.get("SUNDGRAF_ENGINES") == "all"
SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(STR(?a) < STR(?i)) }"


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    return store


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def engine(request, tmp_path_factory) -> Iterator[engines.RunningEngine]:
    if request.param == "virtuoso" and not EVERYTHING:
        pytest.skip("SUNDGRAF_ENGINES=all runs these against Virtuoso; they take minutes")
    with getattr(engines, request.param)(tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture(scope="module")
def served(engine, server, tmp_path_factory) -> Iterator[Server]:
    """The service on the engine, which it fills itself from a copy of the state of the session's service."""
    state = tmp_path_factory.mktemp("served") / "state"
    shutil.copytree(server.state, state)
    with running(state, ready_seconds=150, SUNDGRAF_WEB_PROCESSES="1", **engine.settings) as started:
        yield started


def writing(engine) -> RemoteGraphs:
    query = engine.update if engine.name == "virtuoso" else engine.query
    return RemoteGraphs(query, engine.update, engine.graphs, engine.user, engine.password)


def test_every_question_has_the_same_answer_on_both_engines(engine, served, graph):
    async def both() -> None:
        remote = RemoteStore(engine.query)
        await remote.open()
        folder = ROOT / "queries" / "page"
        here, there_too = with_search(DirectStore(graph, Publication(1, "")), folder), with_search(remote, folder)
        different = []
        for question in QUESTIONS.values():
            if question.name == "changes-between":
                continue  # it reads the log of the service, and the graph at hand was never published
            there = await ask(there_too, question, question.examples(), JSON)
            rows = rows_of(b"".join([piece async for piece in there]))
            expected = rows_of((await ask(here, question, question.examples(), JSON)).body)
            if engine.name == "virtuoso" and question.name in SORTED_BY_WHAT_IS_NOT_SELECTED:
                rows, expected = sorted(rows, key=str), sorted(expected, key=str)
            if rows != expected:
                pairs = [pair for pair in zip(rows, expected, strict=False) if pair[0] != pair[1]]
                different.append((question.name, len(rows), len(expected), str(pairs[:2])))
        await remote.close()
        assert not different

    asyncio.run(both())


def test_pages_and_documents_come_from_the_other_engine(served):
    page = httpx.get(f"{served.url}/doc/solution/s-0002", headers={"Accept": "text/html"}, timeout=60)
    assert page.status_code == 200
    assert httpx.get(f"{served.url}/doc/solution/s-0002?format=csv", timeout=60).status_code == 200
    for path in ("/", "/solutions", "/report", "/ask", "/search?q=mammografi"):
        assert httpx.get(f"{served.url}{path}", timeout=120, follow_redirects=True).status_code == 200, path
    assert httpx.post(served.sparql, data={"update": "DROP ALL"}).status_code == 403


def test_rdf_documents_come_from_the_other_engine(engine, served):
    if engine.name == "virtuoso":
        pytest.xfail("paths through lists take it longer than the deadline while it has no statistics; see README")
    for media_type in ("text/turtle", "application/ld+json", "application/rdf+xml", "application/n-quads"):
        answer = httpx.get(f"{served.url}/doc/solution/s-0002", headers={"Accept": media_type}, timeout=60)
        assert answer.status_code == 200
    assert httpx.get(f"{served.url}/doc/solution/s-9999", headers={"Accept": "text/turtle"}).status_code == 404
    assert httpx.get(f"{served.url}/catalog", timeout=60).status_code == 200


@pytest.mark.parametrize("accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"])
def test_strangers_queries_are_answered_in_each_format(served, accept):
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> }"
    found = httpx.get(served.sparql, params={"query": count}, headers={"Accept": accept})
    assert (found.status_code, ">38<" in found.text or "38" in found.text) == (200, True)
    yes = httpx.get(served.sparql, params={"query": "ASK { ?s a <https://w3id.org/sundgraf/def/Solution> }"},
                    headers={"Accept": accept})  # fmt: skip
    no = httpx.get(served.sparql, params={"query": "ASK { ?s a <https://example.org/Nothing> }"},
                   headers={"Accept": accept})  # fmt: skip
    assert ("true" in yes.text, "false" in no.text) == (True, True)
    assert httpx.get(served.sparql, params={"query": "SELECT * WHERE {"}).status_code == 400


def test_booleans_numbers_unbound_and_blank_nodes_are_those_of_the_standard(engine, served, graph):
    """What engines differ in: each of these failed on one of them without store/virtuoso.py."""
    queries = (
        "SELECT ?o WHERE { ?s <https://w3id.org/sundgraf/def/ceMarked> ?o } ORDER BY ?o",
        "SELECT (AVG(?r) AS ?a) (SUM(?r) AS ?b) WHERE { ?s <https://w3id.org/sundgraf/def/rank> ?r }",
        "SELECT ?s ?end WHERE { ?s a <https://w3id.org/sundgraf/def/Project> OPTIONAL "
        "{ ?s <https://w3id.org/sundgraf/def/endDate> ?end } } ORDER BY ?end ?s",
        "SELECT ?s ?l WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l } ORDER BY DESC(?l) ?s",
        "SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }",
        "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/sundgraf/graph/catalogue/2024> WHERE { ?s ?p ?o }",
    )

    async def both() -> None:
        remote = RemoteStore(engine.query)
        await remote.open()
        here = DirectStore(graph, Publication(1, ""))
        for text in queries:
            there = await remote.answer(QueryRequest(text, "json"))
            rows = rows_of(b"".join([piece async for piece in there]))
            expected = rows_of((await here.answer(QueryRequest(text, "json"))).body)
            if "COUNT" in text:  # the log of the publication is only there
                assert abs(int(str(rows[0]["n"])) - int(str(expected[0]["n"]))) <= 200, text
            elif "AVG" in text:
                assert [f"{float(str(term)):.9g}" for term in rows[0].values()] == [
                    f"{float(str(term)):.9g}" for term in expected[0].values()
                ]
            else:
                assert rows == expected, text
        nodes = await remote.answer(QueryRequest("SELECT ?b WHERE { ?s ?p ?b FILTER(isBlank(?b)) } LIMIT 2", "xml"))
        assert b"nodeID" not in b"".join([piece async for piece in nodes])
        await remote.close()

    asyncio.run(both())


def test_a_deadline_holds_on_both_sides(engine, served):
    async def go() -> float:
        store = RemoteStore(engine.query)
        await store.open()
        began = time.monotonic()
        with pytest.raises(OutOfTime):
            answer = await store.answer(QueryRequest(SLOW, "json", deadline=1.0))
            async for _ in answer:
                pass
        await store.close()
        return time.monotonic() - began

    assert asyncio.run(go()) < 8
    answer = httpx.get(served.sparql, params={"query": SLOW, "timeout": "1"}, timeout=30)
    assert answer.status_code == 504


def test_an_accepted_submission_reaches_the_engine(engine, served):
    """The journey of a steward: what is accepted here is asked for there, under the next number."""
    submitter = client(served, make_token(served, "submitter", "data steward, Region X"))
    reviewer = client(served, make_token(served, "reviewer", "reviewer, sundgraf"))
    sent = send(submitter, FIGURE, reason="Seen in the report").json()
    done = accept(reviewer, sent["id"]).json()
    assert done["state"] == "accepted"
    wait_for_publication(served, done["publication"], 60)
    changed = f"""SELECT ?record WHERE {{
        ?publication <https://w3id.org/sundgraf/def/submission> "{sent["id"]}" ;
                     <https://w3id.org/sundgraf/def/changedRecord> ?record }}"""
    rows = httpx.get(served.sparql, params={"query": changed}).json()["results"]["bindings"]
    record = rows[0]["record"]["value"].removeprefix("https://w3id.org/sundgraf/id/")
    page = httpx.get(f"{served.url}/doc/{record}", headers={"Accept": "text/html"}, timeout=60)
    assert (page.status_code, page.headers["sundgraf-publication"]) == (200, str(done["publication"]))
    assert run(served.state, "verify").returncode == 0


def test_a_publication_that_is_cut_off_goes_on_where_it_stopped(engine, served):
    """The engine dies in the middle: pushing again completes what was begun, and once more writes nothing."""
    state = served.state
    with writing(engine) as remote:
        before = remote.served()
        remote.update(f"DELETE WHERE {{ GRAPH <{CONTROL}> {{ <{CONTROL}> ?p ?o }} }}")  # as if never pushed
    died = threading.Timer(0.7, engine.kill)
    died.start()
    try:
        with writing(engine) as remote:
            push(state, remote)
        cut = False
    except StoreError:
        cut = True
    died.join()
    engine.start()
    with writing(engine) as remote:
        if cut:
            assert remote.served() is None
        push(state, remote)
        assert remote.served() == before
        assert push(state, remote) == 0


def test_restart_of_the_engine_is_survived(engine, served):
    query = {"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> }"}
    engine.kill()
    away = httpx.get(served.sparql, params={**query, "x": "1"}, timeout=30)
    assert (away.status_code, away.headers.get("retry-after")) == (503, "5")
    assert httpx.get(f"{served.url}/ready", timeout=30).status_code == 503
    assert httpx.get(f"{served.url}/health").status_code == 200
    engine.start()
    end = time.monotonic() + 30
    while httpx.get(f"{served.url}/ready", timeout=30).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert httpx.get(served.sparql, params={**query, "x": "2"}).json()["results"]["bindings"][0]["n"]["value"] == "38"


def test_a_wrong_password_is_said_to_be_wrong(engine):
    if not engine.user:
        pytest.skip("this engine asks nobody who they are")
    with (
        RemoteGraphs(engine.query, engine.update, engine.graphs, "sundgraf", "wrong") as remote,
        pytest.raises(StoreError, match="401"),
    ):
        remote.update(
            "INSERT DATA { GRAPH <https://example.org/g> { <https://example.org/a> a <https://example.org/b> } }"
        )


def test_replicas_stand_in_for_one_another():
    """Two addresses of which one dies: every query is answered, and the other is used again once it is back."""
    first, second = _Answering(), _Answering()

    async def go() -> None:
        store = RemoteStore([first.url, second.url])
        await store.open()
        for _ in range(4):
            await _asked(store)
        assert first.asked > 1 and second.asked > 1
        first.stop()
        for _ in range(6):
            assert await _asked(store) == b'{"head":{},"boolean":true}'
        assert store.failovers >= 1
        second.stop()
        with pytest.raises(Unreachable):
            await _asked(store)
        await store.close()

    async def _asked(store: RemoteStore) -> bytes:
        return b"".join([piece async for piece in await store.answer(QueryRequest("ASK {}", "json"))])

    asyncio.run(go())


def test_engine_that_is_not_there_is_unreachable():
    async def go() -> None:
        store = RemoteStore("http://127.0.0.1:9/query")
        with pytest.raises(Unreachable, match="cannot be reached"):
            await store.answer(QueryRequest("ASK {}", "json"))
        await store.close()

    asyncio.run(go())


def test_ordering_is_read_off_the_outermost_select():
    inner = "{ SELECT ?x WHERE { ?x ?p ?y } ORDER BY ?y LIMIT 3 }"
    text = f"PREFIX a: <urn:a> SELECT ?x WHERE {{ {inner} }} ORDER BY DESC(?x) ?z"
    ordering = ordering_of(text)
    assert ordering is not None
    assert (ordering.conditions, ordering.limited) == (("DESC(?x)", "?z"), False)
    assert ordering.prologue == "PREFIX a: <urn:a> "
    limited = ordering_of("SELECT ?x WHERE { ?x ?p ?y } ORDER BY ?x LIMIT 3")
    assert limited is not None and limited.limited
    assert ordering_of("SELECT ?x WHERE { { SELECT ?x { ?x ?p ?y } ORDER BY ?y } }") is None


def test_bound_values_cannot_be_read_as_anything_else():
    text = bind_values(
        "SELECT ?x ?y WHERE { ?x ?p ?y }", {"y": Literal('") } ; DROP ALL #'), "x": IRI("https://example.org/")}
    )
    assert r'"\") } ; DROP ALL #"' in text
    with pytest.raises(ValueError, match="not an absolute IRI"):
        bind_values("SELECT ?x WHERE { ?x ?p ?y }", {"x": IRI("> } DROP ALL")})


class _Answering:
    """A replica that says yes to everything, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["content-length"]))
                outer.asked += b"ASK" in asked
                body = (
                    b'{"head":{},"boolean":true}'
                    if b"ASK" in asked
                    else b'{"head":{"vars":[]},"results":{"bindings":[]}}'
                )
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/query"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_malformed_queries_are_the_callers_fault(engine, served):
    async def go() -> None:
        store = RemoteStore(engine.query)
        await store.open()
        with pytest.raises(MalformedQuery):
            await store.answer(QueryRequest("SELECT * WHERE { ?s ?p }", "json"))
        await store.close()

    asyncio.run(go())
