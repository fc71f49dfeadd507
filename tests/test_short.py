"""A query answered without an ASGI conversation is answered as any other, headers and all."""

from __future__ import annotations

import socket
from urllib.parse import quote, urlsplit

import httpx
import pytest

QUERIES = [
    "ASK { ?s ?p ?o }",
    "SELECT ?s { ?s a <https://w3id.org/sundgraf/def/Solution> } ORDER BY ?s LIMIT 3",
    "SELECT ?s { ?s a <https://w3id.org/sundgraf/def/Solution> } ORDER BY ?s",  # over 860 bytes
    "SELECT ?s ?o { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?o } ORDER BY ?s ?o",  # in pieces
    "CONSTRUCT { ?s a ?c } { ?s a ?c . FILTER(?c = <https://w3id.org/sundgraf/def/Region>) }",
    "DESCRIBE <https://w3id.org/sundgraf/id/solution/s-0002>",
    "SELECT (DATATYPE(NOW()) AS ?kind) { }",
    "SELECT ?s { ?s ?p ?o ",
    "SELECT ?s { SERVICE <https://example.org/sparql> { ?s ?p ?o } }",
    "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    "",
]
ACCEPTS = ["*/*", "application/n-triples, text/csv;q=0.5", "image/png"]


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("text", QUERIES)
def test_both_ways_agree_headers_and_all(server, text, accept, coding):
    url = f"{server.sparql}?query={quote(text)}"
    wanted = {"Accept": accept, "Accept-Encoding": coding}
    with httpx.Client() as client:
        short = client.get(url, headers=wanted)
        long = client.get(url, headers={**wanted, "Connection": "close"})  # what the short way leaves to the other
    assert short.status_code == long.status_code
    assert sent(short) == sent(long)
    assert sorted(short.content) == sorted(long.content)  # a DESCRIBE has no order


def sent(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in ("date", "connection")}


def test_requests_sent_before_the_answer_are_answered_in_order(server):
    texts = [f"SELECT (COUNT(*) AS ?n{i}) {{ ?s ?p ?o . ?o a ?c{i} }}" for i in range(4)]
    texts.insert(2, "SELECT ?broken {")
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port), 30) as line:
        for text in texts:
            line.sendall(f"GET /sparql?query={quote(text)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        came = b""
        while piece := line.recv(65536):
            came += piece
    starts = [part[:3] for part in came.split(b"HTTP/1.1 ")[1:]]
    assert starts == [b"200", b"200", b"400", b"200", b"200", b"200"]
    assert [came.find(b"?n%d" % i) for i in range(4)] == sorted(came.find(b"?n%d" % i) for i in range(4))


def test_query_is_stopped_when_its_reader_leaves(server):
    runaway = "SELECT (COUNT(*) AS ?left) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    before = stopped(server)
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port), 30) as line:
        line.sendall(f"GET /sparql?query={quote(runaway)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(1)
    for _ in range(50):
        if stopped(server) > before:
            break
        httpx.get(f"{server.url}/health")
    assert stopped(server) > before


def stopped(server) -> float:
    for row in httpx.get(f"{server.url}/metrics").text.splitlines():
        if row.startswith('sundgraf_queries_killed_total{reason="reader left"}'):
            return float(row.rpartition(" ")[2])
    return 0.0
