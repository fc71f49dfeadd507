"""The files with the whole graph: the same bytes each time, whole, and true to what is held."""

from __future__ import annotations

import gzip

import httpx
import pyoxigraph as ox

from server import running

LANGUAGE_TAGS = {"da", "en"}


def quads(server) -> list[ox.Quad]:
    body = gzip.decompress(httpx.get(f"{server.url}/dump/sundgraf.nq.gz").content)
    return list(ox.parse(body, format=ox.RdfFormat.N_QUADS))


def test_bytes_are_the_same_after_a_restart_and_bear_no_time(tmp_path):
    bodies = []
    for _ in range(2):
        with running(tmp_path / "state") as server:
            bodies.append([httpx.get(f"{server.url}/dump/sundgraf.{kind}.gz").content for kind in ("nq", "ttl")])
    assert bodies[0] == bodies[1]
    assert all(body[4:8] == b"\0\0\0\0" for body in bodies[0])


def test_quads_hold_every_graph_whole(server):
    held: dict[str, int] = {}
    for quad in quads(server):
        held[quad.graph_name.value] = held.get(quad.graph_name.value, 0) + 1
    query = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = httpx.get(server.sparql, params={"query": query}).json()["results"]["bindings"]
    assert held == {row["g"]["value"]: int(row["n"]["value"]) for row in rows}


def test_turtle_holds_the_default_graph_with_its_derived_statements(server):
    body = gzip.decompress(httpx.get(f"{server.url}/dump/sundgraf.ttl.gz").content)
    merged = {quad.triple for quad in ox.parse(body, format=ox.RdfFormat.TURTLE)}
    answer = httpx.get(server.sparql, params={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"})
    assert len(merged) == int(answer.json()["results"]["bindings"][0]["n"]["value"])
    assert any(triple.predicate.value.endswith("/technologyType") for triple in merged)


def test_language_tags_are_as_written(server):
    tags = {q.object.language for q in quads(server) if isinstance(q.object, ox.Literal) and q.object.language}
    assert tags == LANGUAGE_TAGS


def test_dump_is_not_compressed_again_and_is_validated_by_its_tag(server):
    url = f"{server.url}/dump/sundgraf.nq.gz"
    first = httpx.get(url, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in first.headers
    assert first.content[:2] == b"\x1f\x8b"
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = httpx.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(first.content)))
