"""The files with the whole graph: the same bytes each time, whole, and true to what is held."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import time
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from server import run, running
from sundgraf.application import dump
from sundgraf.application.describe_catalogue import describe_catalogue
from sundgraf.application.describe_service import Download
from sundgraf.domain.media import NQUADS, TURTLE
from sundgraf.store.base import Publication

LANGUAGE_TAGS = {"da", "en"}
LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")


def quads(server) -> list[ox.Quad]:
    body = gzip.decompress(httpx.get(f"{server.url}/dump/sundgraf.nq.gz", timeout=60).content)
    return list(ox.parse(body, format=ox.RdfFormat.N_QUADS))


def test_bytes_are_the_same_when_made_anew_and_bear_no_time(tmp_path):
    state, bodies = tmp_path / "state", []
    for _ in range(2):
        shutil.rmtree(state / "dumps", ignore_errors=True)
        with running(state, SUNDGRAF_WEB_PROCESSES="1") as server:
            bodies.append(
                [httpx.get(f"{server.url}/dump/sundgraf.{kind}.gz", timeout=60).content for kind in ("nq", "ttl")]
            )
            if len(bodies) == 2:
                assert_next_publication_has_its_own(server, state, bodies[0][0])
    assert bodies[0] == bodies[1]
    assert all(body[4:8] == b"\0\0\0\0" for body in bodies[0])


def assert_next_publication_has_its_own(server, state: Path, before: bytes) -> None:
    """A file that is loaded without a graph is in the default graph alone; the quads hold it all the same."""
    (state.parent / "more.nt").write_text('<https://example.org/a> <https://example.org/b> "c" .\n')
    assert run(state, "load", str(state.parent / "more.nt")).returncode == 0
    end = time.monotonic() + 30
    while int(httpx.get(f"{server.url}/health").json()["publication"]) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    body = httpx.get(f"{server.url}/dump/sundgraf.nq.gz", timeout=60).content
    assert body != before
    assert b'<https://example.org/a> <https://example.org/b> "c" .\n' in gzip.decompress(body)
    sums = httpx.get(f"{server.url}/dump/SHA256SUMS", timeout=60).text
    assert hashlib.sha256(body).hexdigest() in sums


@pytest.mark.parametrize("most", [0, 1000])
def test_large_graph_is_written_as_it_is_read_and_whole(monkeypatch, most):
    monkeypatch.setattr(dump, "MOST_SORTED", most)
    store = ox.Store()
    named = ox.NamedNode("https://example.org/g")
    for number in range(20):
        triple = (ox.NamedNode(f"https://example.org/{number}"), LABEL, ox.Literal(str(number), language="da"))
        store.add(ox.Quad(*triple))
        if number % 2:
            store.add(ox.Quad(*triple, named))
    quads, turtle = io.BytesIO(), io.BytesIO()
    dump.write_whole(store, NQUADS, quads)
    dump.write_whole(store, TURTLE, turtle)
    graphs = [quad.graph_name for quad in ox.parse(quads.getvalue(), format=ox.RdfFormat.N_QUADS)]
    assert (graphs.count(named), graphs.count(ox.DefaultGraph()), len(graphs)) == (10, 10, 20)
    assert len(list(ox.parse(turtle.getvalue(), format=ox.RdfFormat.TURTLE))) == 20


def test_catalogue_without_files_says_no_size():
    publication = Publication(1, "2026-01-01T00:00:00Z")
    body = describe_catalogue(publication, [], [Download("sundgraf.nq.gz", NQUADS)]).write("ntriples")
    assert b"dump/sundgraf.nq.gz" in body
    assert b"byteSize" not in body
    assert b"terms#Checksum>" not in body
    assert b"checksumValue" not in body


def test_quads_hold_every_graph_whole(server):
    held: dict[str, int] = {}
    for quad in quads(server):
        held[quad.graph_name.value] = held.get(quad.graph_name.value, 0) + 1
    query = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = httpx.get(server.sparql, params={"query": query}).json()["results"]["bindings"]
    assert held == {row["g"]["value"]: int(row["n"]["value"]) for row in rows}


def test_turtle_holds_the_default_graph_with_its_derived_statements(server):
    body = gzip.decompress(httpx.get(f"{server.url}/dump/sundgraf.ttl.gz", timeout=60).content)
    merged = {quad.triple for quad in ox.parse(body, format=ox.RdfFormat.TURTLE)}
    answer = httpx.get(server.sparql, params={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"})
    assert len(merged) == int(answer.json()["results"]["bindings"][0]["n"]["value"])
    assert any(triple.predicate.value.endswith("/technologyType") for triple in merged)


def test_language_tags_are_as_written(server):
    tags = {q.object.language for q in quads(server) if isinstance(q.object, ox.Literal) and q.object.language}
    assert tags == LANGUAGE_TAGS


def test_the_files_are_listed_with_their_checksums(server):
    sums = ""
    for _ in range(4):  # each waits for half a minute, where the machine is busy
        answer = httpx.get(f"{server.url}/dump/SHA256SUMS", timeout=60)
        if answer.is_success:
            sums = answer.text
            break
    said = httpx.get(f"{server.url}/dump/", headers={"Accept": "application/json"}, timeout=60).json()
    listed = [f"{file['sha256']}  {file['address'].removeprefix('/dump/')}" for file in said["files"]]
    assert listed == sums.splitlines()


def test_dump_is_not_compressed_again_and_is_validated_by_its_tag(server):
    url = f"{server.url}/dump/sundgraf.nq.gz"
    first = httpx.get(url, headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert "content-encoding" not in first.headers
    assert first.content[:2] == b"\x1f\x8b"
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = httpx.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(first.content)))
