"""The SPARQL service: what it refuses and how, formats as asked, and well-formed answers where engines fail."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import xml.etree.ElementTree as ElementTree

import httpx
import pyoxigraph as ox
import pytest
import rdflib

from server import run, running
from sundgraf.domain.errors import NotAcceptable
from sundgraf.domain.media import CSV, GRAPHS, HTML, JSON, NTRIPLES, SOLUTIONS, TURTLE, XML, choose
from sundgraf.store.writers import write_graph

ASK = "ASK { ?s ?p ?o }"
SELECT = "SELECT ?s WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> } ORDER BY ?s LIMIT 3"


def problem(answer: httpx.Response) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["detail"]
    return said


def test_malformed_query_is_400_with_line_and_column(server):
    answer = httpx.get(server.sparql, params={"query": "SELECT ?s\nWHERE {\n  ?s ?p ?o ??\n}"})
    assert answer.status_code == 400
    said = problem(answer)
    assert said["line"] in (3, 4)
    assert isinstance(said["column"], int)


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        ({"method": "POST", "data": {"update": "DROP ALL"}}, 403, "publications"),
        ({"method": "POST", "content": b"DROP ALL",
          "headers": {"Content-Type": "application/sparql-update"}}, 403, "public"),
        ({"method": "PUT", "params": {"graph": "https://example.org/g"}, "content": b""}, 403, "public"),
        ({"method": "DELETE", "params": {"default": ""}}, 403, "public"),
        ({"method": "POST", "params": {"graph": "https://example.org/g"}, "content": b"",
          "headers": {"Content-Type": "text/turtle"}}, 403, "public"),
        ({"method": "POST", "content": b"ASK {}",
          "headers": {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}}, 415, "gzip"),
        ({"method": "PUT"}, 405, "GET or POST"),
        ({"method": "GET", "params": {"query": "DROP ALL"}}, 400, "update"),
        ({"method": "GET", "params": {"query": "LOAD <http://127.0.0.1/>"}}, 400, "update"),
        ({"method": "POST", "content": b"x",
          "headers": {"Content-Type": "text/plain"}}, 415, "application/sparql-query"),
        ({"method": "POST", "content": b"\xff\xfe\x00",
          "headers": {"Content-Type": "application/sparql-query"}}, 400, "UTF-8"),
        ({"method": "POST", "content": os.urandom(5000),
          "headers": {"Content-Type": "application/sparql-query"}}, 400, "UTF-8"),
        ({"method": "POST", "data": {"x": "y"}}, 400, "no query"),
        ({"method": "GET", "params": [("query", ASK), ("query", ASK)]}, 400, "more than one"),
        ({"method": "GET", "params": {"query": ASK, "timeout": "soon"}}, 400, "timeout"),
        ({"method": "GET", "params": {"query": ASK, "format": "docx"}, "headers": {"Accept": "*/*"}}, 406, "docx"),
        ({"method": "GET", "params": {"query": ASK}, "headers": {"Accept": "image/png"}}, 406, "sparql-results"),
        ({"method": "GET", "params": {"query": ASK, "default-graph-uri": "not an iri"}}, 400, "absolute IRI"),
        ({"method": "POST", "content": b"#" * (2 << 20),
          "headers": {"Content-Type": "application/sparql-query"}}, 413, "1048576"),
        ({"method": "POST", "data": {"query": "#" * (4 << 20)}}, 413, "bytes"),
        ({"method": "GET", "params": {"query": "hello"}}, 400, "SELECT"),
        ({"method": "GET", "params": {"graph": "https://example.org/g"}}, 400, "no Graph Store"),
        ({"method": "GET", "params": {"query": "SELECT * {"}, "headers": {"If-None-Match": "*"}}, 400, "expected"),
        ({"method": "GET", "params": {"query": 'SELECT (xsd:date("x") AS ?x) {}'}}, 400, "1:9: this prefix is not"),
        ({"method": "GET", "params": {"query": "SELECT ?x { ?s ?p ?o } GROUP BY ?s"}}, 400, "1:35: The SELECT"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(server, request_, status, says):
    answer = httpx.request(url=server.sparql, **request_, timeout=30)
    assert answer.status_code == status, answer.text
    assert says in str(problem(answer)["detail"])
    if status == 405:
        assert {"GET", "HEAD", "POST", "OPTIONS"} == {m.strip() for m in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("address", ["/sparql?query=" + "x" * (2 << 20), "/doc/solution/s 0002", "/\x01"])
def test_what_is_no_http_gets_a_problem_too(server, address):
    with socket.create_connection((httpx.URL(server.url).host, httpx.URL(server.url).port), 10) as connection:
        connection.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"access-control-allow-origin: *" in head
    assert "send a longer query by POST" in json.loads(body)["detail"]


def test_graphs_cannot_be_written(server):
    for method in ("PUT", "POST", "DELETE"):
        answer = httpx.request(method, f"{server.url}/graph/catalogue/2024", content=b"")
        assert answer.status_code == 403
        assert "publications" in str(problem(answer)["detail"])


@pytest.mark.parametrize(
    "accept", ["", "*/*", ";;;,,,///", "a" * 20_000, "*/*;q=0.1," * 500, "text/*", "\x7f", "*;q=.2"]
)
def test_absurd_accept_is_an_answer_or_a_406(server, accept):
    answer = httpx.get(server.sparql, params={"query": ASK}, headers={"Accept": accept})
    assert answer.status_code in (200, 400, 406)


def test_a_byte_order_mark_is_no_part_of_a_query(server):
    for lookup in (ASK, "SELECT ?o { <https://w3id.org/sundgraf/id/solution/s-0002> <http://example.org/p> ?o }"):
        assert httpx.get(server.sparql, params={"query": f"\ufeff{lookup}"}).status_code == 200
    headers = {"Content-Type": "application/sparql-query"}
    assert httpx.post(server.sparql, content=f"\ufeff{ASK}".encode(), headers=headers).status_code == 200


def test_a_long_accept_is_read_to_its_end(server):
    accept = ", ".join([*(f"application/x-{number}" for number in range(500)), "text/csv"])
    answer = httpx.get(server.sparql, params={"query": SELECT}, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/csv")


def test_unknown_parameters_are_passed_over(server):
    answer = httpx.get(server.sparql, params={"query": ASK, "output": "json", "results": "xml", "debug": "on"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"),
    [
        ("", SOLUTIONS, JSON), ("application/sparql-results+xml, */*;q=0.1", SOLUTIONS, XML),
        ("application/sparql-results+xml;q=0.5, application/sparql-results+json;q=0.4", SOLUTIONS, XML),
        ("application/rdf+xml, application/sparql-results+xml", SOLUTIONS, XML),
        ("text/*", SOLUTIONS, CSV), ("application/json;q=0, text/*;q=0.1", SOLUTIONS, CSV),
        ("application/*", GRAPHS, NTRIPLES), ("text/n3, text/turtle", GRAPHS, TURTLE),
        ("application/turtle,text/turtle", GRAPHS, TURTLE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", (*GRAPHS, HTML), HTML),
    ],
)  # fmt: skip
def test_format_is_what_the_reader_wants_most(accept, offered, chosen):
    assert choose(accept, offered) is chosen


def test_refused_format_is_not_given():
    with pytest.raises(NotAcceptable):
        choose("application/sparql-results+json;q=0, application/json;q=0, text/html", (JSON,))


@pytest.mark.parametrize("kind", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json",
                                  "application/trig", "application/n-quads"])  # fmt: skip
def test_graphs_come_in_every_format(server, kind):
    text = "CONSTRUCT WHERE { <https://w3id.org/sundgraf/id/solution/s-0002> ?p ?o }"
    answer = httpx.get(server.sparql, params={"query": text}, headers={"Accept": kind})
    assert answer.headers["content-type"].startswith(kind)
    known = (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD, ox.RdfFormat.TRIG,
             ox.RdfFormat.N_QUADS)  # fmt: skip
    formats = {f.media_type.partition(";")[0]: f for f in known}
    assert len(set(ox.parse(answer.content, format=formats[kind]))) > 10


def test_etag_answers_304_without_running_the_query_again(server):
    first = httpx.get(server.sparql, params={"query": SELECT})
    again = httpx.get(server.sparql, params={"query": SELECT}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = httpx.get(server.sparql, params={"query": SELECT}, headers={"Accept": "text/csv"})
    assert other.headers["etag"] != first.headers["etag"]
    assert "etag" not in httpx.get(server.sparql, params={"query": "SELECT (NOW() AS ?n) {}"}).headers


def test_unchanged_answer_has_the_tag_that_the_reader_holds(server):
    text = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 100"
    for coding in ("gzip", "br", "zstd", "identity"):
        asked = {"Accept-Encoding": coding}
        for url, parameters in ((server.sparql, {"query": text}), (f"{server.url}/graph/catalogue/2024.ttl", {})):
            tag = httpx.get(url, params=parameters, headers=asked, timeout=60).headers["etag"]
            assert (coding in tag) == (coding != "identity")
            again = httpx.get(
                url, params=parameters, headers={**asked, "If-None-Match": f'"other", W/{tag}'}, timeout=60
            )
            assert (again.status_code, again.headers["etag"]) == (304, tag)


def test_errors_vary_by_accept(server):
    for query in ("SELECT", "SELECT * WHERE { SERVICE <http://127.0.0.1:9/> {} }"):
        answer = httpx.get(server.sparql, params={"query": query})
        assert "Accept" in [field.strip() for field in answer.headers["vary"].split(",")]


def test_unknown_function_leaves_its_variable_unbound(server):
    text = "SELECT ?x (<https://example.org/f>(?x) AS ?y) WHERE { VALUES ?x { 1 } }"
    rows = httpx.get(server.sparql, params={"query": text}).json()["results"]["bindings"]
    assert list(rows[0]) == ["x"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A graph with IRIs that engines write badly."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.nt").write_text(
        '<https://example.org/a,b> <https://example.org/p> "x\\ny\\"z"@da .\n'
        "<https://example.org/a,b> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://example.org/Type/123> .\n"
        '<https://example.org/c> <https://example.org/2024> "1" .\n'
    )
    state = folder / "state"
    assert run(state, "load", str(folder / "odd.nt")).returncode == 0
    with running(state, SUNDGRAF_WEB_PROCESSES="1") as server:
        yield server


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("x:u x:p* ?y", {"u"}), ("?y x:p? x:u", {"u"}), ("x:u (x:p/x:q)*?y .", {"u"}), ("x:u x:p*/x:q ?y", set()),
        ("x:u x:p+ ?y", set()), ("x:u ^x:p*|x:q ?y . FILTER(?y != x:v)", {"u"}),
        ("x:u x:p* x:u BIND(x:v AS ?y)", {"v"}),
        ("x:u x:p* x:w BIND(x:v AS ?y)", set()), ("{ x:u x:p* ?y } UNION { x:v !x:p? ?y }", {"u", "v"}),
    ],
)  # fmt: skip
def test_a_path_of_no_length_leads_from_any_term_to_itself(server, group, found):
    """SPARQL 1.1 section 18.5; the engine wants the term to be in the graph."""
    query = f"PREFIX x: <http://example.org/x/>\nSELECT ?y WHERE {{ {group} }}"
    rows = httpx.get(server.sparql, params={"query": query}).json()["results"]["bindings"]
    assert {row["y"]["value"].removeprefix("http://example.org/x/") for row in rows} == found


def test_csv_quotes_iris_with_commas(odd):
    text = "SELECT ?s ?o WHERE { ?s <https://example.org/p> ?o }"
    body = httpx.get(odd.sparql, params={"query": text}, headers={"Accept": "text/csv"}).text
    assert list(csv.reader(io.StringIO(body, newline=""))) == [["s", "o"], ["https://example.org/a,b", 'x\ny"z']]


def test_rdfxml_is_well_formed_whatever_the_type_is_called(odd):
    text = "CONSTRUCT { <https://example.org/a,b> ?p ?o } WHERE { <https://example.org/a,b> ?p ?o }"
    answer = httpx.get(odd.sparql, params={"query": text}, headers={"Accept": "application/rdf+xml"})
    ElementTree.fromstring(answer.content)
    assert len(rdflib.Graph().parse(data=answer.content, format="xml")) == 2


def test_rdfxml_that_cannot_be_written_is_406_with_a_way_out(odd):
    text = "CONSTRUCT WHERE { ?s <https://example.org/2024> ?o }"
    answer = httpx.get(odd.sparql, params={"query": text}, headers={"Accept": "application/rdf+xml"})
    assert answer.status_code == 406
    assert "Turtle" in str(problem(answer)["detail"])


@pytest.mark.parametrize(
    ("text", "media_type", "way_out"),
    [
        (r'SELECT ("\u0001" AS ?x) {}', "application/sparql-results+xml", "JSON"),
        (r'SELECT ("\uFFFE" AS ?x) {}', "application/sparql-results+xml", "JSON"),
        (r'CONSTRUCT { <urn:a> <urn:b> "\u0001" } {}', "application/rdf+xml", "Turtle"),
        ("PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> CONSTRUCT { <urn:a> rdf:li 1 } {}",
         "application/rdf+xml", "Turtle"),
        ("CONSTRUCT { <urn:a> <urn:b> <<( <urn:a> <urn:b> 1 )>> } {}", "application/ld+json", "Turtle"),
    ],
)  # fmt: skip
def test_what_a_format_cannot_say_is_406_with_a_way_out(server, text, media_type, way_out):
    answer = httpx.get(server.sparql, params={"query": text}, headers={"Accept": media_type})
    assert answer.status_code == 406
    assert way_out in str(problem(answer)["detail"])


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (r'SELECT ("a\r\nb\r" AS ?x) {}', "application/sparql-results+xml"),
        (r'CONSTRUCT { <urn:a> <urn:b> "a\r\nb\r" } {}', "application/rdf+xml"),
    ],
)
def test_carriage_returns_reach_a_reader_of_xml(server, text, media_type):
    answer = httpx.get(server.sparql, params={"query": text}, headers={"Accept": media_type})
    assert "a\r\nb\r" in {element.text for element in ElementTree.fromstring(answer.content).iter()}


def test_written_graph_keeps_types_as_they_are():
    source = b'<urn:a> <urn:p/x> "01"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger> .'
    statements = [quad.triple for quad in ox.parse(source, format=ox.RdfFormat.TURTLE)]
    for name in ("turtle", "ntriples", "rdfxml", "jsonld", "trig", "nquads"):
        body = write_graph(statements, name)
        assert b"nonNegativeInteger" in body
        assert b"01" in body


@pytest.mark.alone
def test_million_rows_begin_at_once_and_do_not_pile_up(tmp_path):
    """The body arrives while it is made: what the service holds does not grow with it."""
    big = tmp_path / "big.nt"
    with big.open("w") as file:
        for number in range(300_000):
            file.write(f'<https://example.org/{number}> <https://example.org/p> "{number}" .\n')
    state = tmp_path / "state"
    assert run(state, "load", str(big)).returncode == 0
    with running(state, SUNDGRAF_WEB_PROCESSES="1", SUNDGRAF_DEADLINE="60") as server:  # dumps are made beside

        def memory() -> float:
            """Of the web process, as it says itself: the others load the publication into memory meanwhile."""
            said = httpx.get(f"{server.url}/metrics").text
            return float(re.search(r"^sundgraf_web_resident_bytes (\S+)$", said, re.MULTILINE)[1])

        before = memory()
        text = "SELECT ?a ?b ?c WHERE { ?a ?b ?c . { SELECT ?k WHERE { ?k ?l ?m } LIMIT 4 } }"
        rows = 0
        with httpx.stream("GET", server.sparql, params={"query": text}, headers={"Accept": "text/tab-separated-values",
                          "Accept-Encoding": "identity"}, timeout=60) as answer:  # fmt: skip
            for piece in answer.iter_bytes():
                rows += piece.count(b"\n")
        assert rows >= 1_200_000
        held = memory() - before
        assert held < 64 << 20


def test_stored_state_and_json_agree(server):
    body = httpx.get(server.sparql, params={"query": SELECT}).content
    assert [row["s"]["value"].rsplit("/", 1)[1] for row in json.loads(body)["results"]["bindings"]] == [
        "s-0001",
        "s-0002",
        "s-0003",
    ]
