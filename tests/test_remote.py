"""The same questions and errors through another engine: a real `oxigraph serve`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from server import running
from sundgraf.application.ask import ask, load_questions
from sundgraf.application.load import fill_with_rooms
from sundgraf.application.query import rows_of
from sundgraf.domain.errors import MalformedQuery, StoreError
from sundgraf.domain.media import JSON
from sundgraf.domain.sparql import bind_values
from sundgraf.domain.terms import IRI, Literal
from sundgraf.store.base import Publication, QueryRequest
from sundgraf.store.direct import DirectStore
from sundgraf.store.remote import RemoteStore

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = shutil.which("oxigraph", path=sysconfig.get_path("scripts")) or shutil.which("oxigraph")
QUESTIONS = load_questions(ROOT / "queries" / "ask")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no oxigraph command: pip install oxigraph")


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    return store


@pytest.fixture(scope="module")
def engine(graph, tmp_path_factory) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("oxigraph")
    process = subprocess.Popen(
        [str(PROGRAM), "serve", "--location", str(folder), "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url).status_code < 500:
                    break
            time.sleep(0.05)
        body = graph.dump(format=ox.RdfFormat.N_QUADS)
        httpx.post(
            f"{url}/store", content=body, headers={"Content-Type": "application/n-quads"}, timeout=60
        ).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_every_question_has_the_same_answer_on_both_engines(engine, graph):
    async def both() -> None:
        remote = RemoteStore(f"{engine}/query")
        here = DirectStore(graph, Publication(1, ""))
        for question in QUESTIONS.values():
            there = await ask(remote, question, question.examples(), JSON)
            rows = rows_of(b"".join([piece async for piece in there]))
            hidden = {"language"}
            assert [{k: v for k, v in row.items() if k not in hidden} for row in rows] == [
                {k: v for k, v in row.items() if k not in hidden}
                for row in rows_of((await ask(here, question, question.examples(), JSON)).body)
            ], question.name
        await remote.close()

    asyncio.run(both())


def test_service_runs_on_the_other_engine(engine, tmp_path):
    with running(tmp_path / "state", SUNDGRAF_STORE=f"{engine}/query") as server:
        page = httpx.get(f"{server.url}/doc/solution/s-0002", headers={"Accept": "text/html"})
        assert page.status_code == 200
        found = httpx.get(
            server.sparql,
            params={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> }"},
        )
        assert found.json()["results"]["bindings"][0]["n"]["value"] == "38"
        bad = httpx.get(server.sparql, params={"query": "SELECT * WHERE {"})
        assert (bad.status_code, bad.json()["line"]) == (400, 1)
        assert httpx.get(f"{server.url}/doc/solution/s-9999", headers={"Accept": "text/turtle"}).status_code == 404
        update = httpx.post(server.sparql, data={"update": "DROP ALL"})
        assert update.status_code == 403


def test_updates_and_graphs_are_written(engine):
    async def write() -> bytes:
        store = RemoteStore(f"{engine}/query", f"{engine}/update", f"{engine}/store")
        await store.put_graph(
            "https://example.org/g", b"<https://example.org/a> a <https://example.org/b> .", "text/turtle"
        )
        await store.update(
            "INSERT DATA { GRAPH <https://example.org/g> { <https://example.org/c> a <https://example.org/b> } }"
        )
        answer = await store.answer(
            QueryRequest("SELECT ?s WHERE { GRAPH <https://example.org/g> { ?s ?p ?o } }", "csv")
        )
        body = b"".join([piece async for piece in answer])
        with pytest.raises(MalformedQuery):
            await store.update("INSERT NOTHING")
        await store.close()
        return body

    assert sorted(asyncio.run(write()).split()) == [b"https://example.org/a", b"https://example.org/c", b"s"]


def test_engine_that_is_not_there_is_a_store_error():
    async def go() -> None:
        store = RemoteStore("http://127.0.0.1:9/query")
        with pytest.raises(StoreError, match="cannot be reached"):
            await store.answer(QueryRequest("ASK {}", "json"))
        with pytest.raises(StoreError, match="SUNDGRAF_STORE_UPDATE"):
            await store.update("DROP ALL")

    asyncio.run(go())


def test_bound_values_cannot_be_read_as_anything_else():
    text = bind_values(
        "SELECT ?x ?y WHERE { ?x ?p ?y }", {"y": Literal('") } ; DROP ALL #'), "x": IRI("https://example.org/")}
    )
    assert r'"\") } ; DROP ALL #"' in text
    with pytest.raises(ValueError, match="not an absolute IRI"):
        bind_values("SELECT ?x WHERE { ?x ?p ?y }", {"x": IRI("> } DROP ALL")})
