"""Real clients get what they ask for, as they ask for it (shared findings, "What real clients send and need")."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import httpx
import pytest
import rdflib
import SPARQLWrapper
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from server import Server

pytestmark = [  # rdflib's own, about its readers
    pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
]
BASE = "https://w3id.org/sundgraf/"
SOLUTION = f"{BASE}id/solution/s-0001"
TITLES = f"SELECT ?title WHERE {{ <{SOLUTION}> <http://purl.org/dc/terms/title> ?title }} ORDER BY ?title"
THERE = f"ASK {{ <{SOLUTION}> ?property ?value }}"
RECORD = f"CONSTRUCT {{ <{SOLUTION}> ?property ?value }} WHERE {{ <{SOLUTION}> ?property ?value }}"

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
TURTLE = "text/turtle"
FORM = "application/x-www-form-urlencoded"
PARSERS = {
    TURTLE: "turtle",
    "text/n3": "n3",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}
WAYS = [
    (SPARQLWrapper.GET, SPARQLWrapper.URLENCODED),
    (SPARQLWrapper.POST, SPARQLWrapper.URLENCODED),
    (SPARQLWrapper.POST, SPARQLWrapper.POSTDIRECTLY),
]


@pytest.fixture
def client(server: Server):
    with httpx.Client(base_url=server.url, timeout=30) as opened:
        yield opened


@pytest.fixture
def titles(client: httpx.Client) -> list[str]:
    """The titles of one solution, by the plainest way of asking."""
    found = titles_in(JSON, client.get("/sparql", params={"query": TITLES}, headers={"Accept": JSON}).content)
    assert len(found) == 2
    return found


@pytest.fixture
def record(client: httpx.Client) -> rdflib.Graph:
    """The statements of one solution, by the plainest way of asking."""
    answer = client.get("/sparql", params={"query": RECORD}, headers={"Accept": "application/n-triples"})
    graph = graph_in("application/n-triples", answer.content)
    assert len(graph) > 5
    return graph


def titles_in(media_type: str, body: bytes) -> list[str]:
    """Read an answer to TITLES by the standard library."""
    if media_type == JSON:
        return [row["title"]["value"] for row in json.loads(body)["results"]["bindings"]]
    if media_type == XML:
        return [str(node.text) for node in ET.fromstring(body).iter("{http://www.w3.org/2005/sparql-results#}literal")]
    if media_type == CSV:
        return [row["title"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]
    assert media_type == TSV
    return [json.loads(line.rpartition("@")[0]) for line in body.decode().splitlines()[1:]]


def graph_in(media_type: str, body: bytes) -> rdflib.Graph:
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=body, format=PARSERS[media_type])
    plain = rdflib.Graph()
    for statement in graph.triples((None, None, None)):
        plain.add(statement)
    return plain


def kind(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.headers["content-type"].partition(";")[0]


# ------------------------------------------------------------------ SPARQLWrapper


def wrapper(server: Server, query: str, format: str, way: tuple[str, str]) -> SPARQLWrapper.SPARQLWrapper:
    made = SPARQLWrapper.SPARQLWrapper(server.sparql)
    made.setQuery(query)
    made.setReturnFormat(format)
    made.setMethod(way[0])
    made.setRequestMethod(way[1])
    return made


def sparqlwrapper_answer(asking: SPARQLWrapper.SPARQLWrapper) -> tuple[str, bytes]:
    answer = asking.query()
    return answer.info()["content-type"].partition(";")[0], answer.response.read()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("format", "media_type"),
    [(SPARQLWrapper.JSON, JSON), (SPARQLWrapper.XML, XML), (SPARQLWrapper.CSV, CSV), (SPARQLWrapper.TSV, TSV)],
)
def test_sparqlwrapper_gets_solutions_in_the_format_it_set(server, titles, way, format, media_type):
    got, body = sparqlwrapper_answer(wrapper(server, TITLES, format, way))
    assert got == media_type
    assert titles_in(media_type, body) == titles


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("format", "media_types"),
    [
        (SPARQLWrapper.TURTLE, {TURTLE}),
        (SPARQLWrapper.N3, {"text/n3", TURTLE, "application/n-triples"}),
        (SPARQLWrapper.RDFXML, {"application/rdf+xml"}),
        (SPARQLWrapper.XML, {"application/rdf+xml"}),
        (SPARQLWrapper.JSONLD, {"application/ld+json"}),
    ],
)
@pytest.mark.parametrize("query", [RECORD, f"DESCRIBE <{SOLUTION}>"])
def test_sparqlwrapper_gets_graphs_in_the_format_it_set(server, record, way, format, media_types, query):
    got, body = sparqlwrapper_answer(wrapper(server, query, format, way))
    assert got in media_types
    assert isomorphic(graph_in(got, body), record)


def test_sparqlwrapper_converts_what_it_gets(server, titles):
    rows = wrapper(server, TITLES, SPARQLWrapper.JSON, WAYS[0]).queryAndConvert()["results"]["bindings"]
    assert [row["title"]["value"] for row in rows] == titles
    literals = wrapper(server, TITLES, SPARQLWrapper.XML, WAYS[0]).queryAndConvert().getElementsByTagName("literal")
    assert [node.firstChild.data for node in literals] == titles
    assert wrapper(server, THERE, SPARQLWrapper.JSON, WAYS[0]).queryAndConvert()["boolean"] is True
    for format in (SPARQLWrapper.TURTLE, SPARQLWrapper.RDFXML, SPARQLWrapper.JSONLD):
        assert len(wrapper(server, RECORD, format, WAYS[0]).queryAndConvert()) > 5


def test_sparqlwrapper_sees_a_bad_query_as_one(server):
    with pytest.raises(SPARQLWrapper.SPARQLExceptions.QueryBadFormed):
        wrapper(server, "SELECT ?x WHERE { ?x", SPARQLWrapper.JSON, WAYS[0]).query()


def test_sparqlwrapper_is_told_that_updates_are_refused(server):
    asking = wrapper(server, f"DELETE WHERE {{ <{SOLUTION}> ?p ?o }}", SPARQLWrapper.JSON, WAYS[1])
    with pytest.raises(Exception, match="403"):
        asking.query()


# ------------------------------------------------------------------ rdflib


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_store_reads_the_service_as_a_graph(server, titles, record, method):
    graph = rdflib.Graph(SPARQLStore(server.sparql, method=method))
    assert [str(row.title) for row in graph.query(TITLES)] == titles
    assert bool(graph.query(THERE)) is True
    assert isomorphic(graph.query(RECORD).graph, record)
    assert len(list(graph.triples((rdflib.URIRef(SOLUTION), None, None)))) == len(record)
    assert (rdflib.URIRef(SOLUTION), None, None) in graph


@pytest.mark.parametrize("format", ["xml", "json", "csv", "tsv"])
def test_rdflib_store_reads_each_result_format(server, titles, format):
    graph = rdflib.Graph(SPARQLStore(server.sparql, returnFormat=format))
    assert [str(row.title) for row in graph.query(TITLES)] == titles


def test_rdflib_parses_a_thing_by_its_address(server, record):
    graph = rdflib.Graph().parse(f"{server.url}/id/solution/s-0001")
    assert all(statement in graph for statement in record)


def test_rdflib_parses_an_answer_by_its_address(server, record):
    address = str(httpx.URL(server.sparql, params={"query": RECORD}))
    assert isomorphic(rdflib.Graph().parse(address), record)


def test_rdflib_service_clause_reads_the_service(server, titles):
    query = TITLES.replace("WHERE {", f"WHERE {{ SERVICE <{server.sparql}> {{").replace("} ORDER", "} } ORDER")
    assert {str(row.title) for row in rdflib.Graph().query(query)} == set(titles)


# ------------------------------------------------------------------ requests as other clients send them


@pytest.mark.parametrize("media_type", [JSON, XML, CSV, TSV])
def test_each_way_of_asking_gives_the_same_solutions(client, titles, media_type):
    accept = {"Accept": media_type}
    for answer in (
        client.get("/sparql", params={"query": TITLES}, headers=accept),
        client.post("/sparql", data={"query": TITLES}, headers=accept),
        client.post("/sparql", content=TITLES, headers={**accept, "Content-Type": "application/sparql-query"}),
        client.get("/sparql", params={"query": TITLES}, headers={**accept, "Content-Type": FORM}),  # Perl's
    ):
        assert kind(answer) == media_type
        assert titles_in(media_type, answer.content) == titles


@pytest.mark.parametrize("media_type", [name for name in PARSERS if name != "text/n3"])
def test_each_way_of_asking_gives_the_same_graph(client, record, media_type):
    accept = {"Accept": media_type}
    for answer in (
        client.get("/sparql", params={"query": RECORD}, headers=accept),
        client.post("/sparql", data={"query": RECORD}, headers=accept),
        client.post("/sparql", content=RECORD, headers={**accept, "Content-Type": "application/sparql-query"}),
    ):
        assert kind(answer) == media_type
        assert isomorphic(graph_in(media_type, answer.content), record)


@pytest.mark.parametrize(
    ("sender", "accept", "media_type"),
    [
        ("SPARQLWrapper", "application/sparql-results+json,application/json,text/javascript", JSON),
        ("rdflib SPARQLStore", "application/rdf+xml, application/sparql-results+xml", XML),
        ("roqet, R", XML, XML),
        ("Perl", "application/sparql-results+xml, application/sparql-results+json;q=0.9, application/rdf+xml", XML),
        ("Comunica", "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7", JSON),
        ("Yasgui", "application/sparql-results+json,*/*;q=0.9", JSON),
        (
            "Jena",
            "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/csv;q=0.5,*/*;q=0.1",
            JSON,
        ),
        ("curl", "*/*", JSON),
        ("plain JSON", "application/json", JSON),
        ("plain XML", "application/xml", XML),
    ],
)
def test_solutions_come_as_the_sender_reads_them(client, titles, sender, accept, media_type):
    answer = client.get("/sparql", params={"query": TITLES}, headers={"Accept": accept})
    assert kind(answer) in {media_type, accept}, sender
    assert titles_in(media_type, answer.content) == titles
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    ("sender", "accept", "media_type"),
    [
        ("SPARQLWrapper", "application/turtle,text/turtle", TURTLE),
        (
            "rdflib parse",
            "text/turtle, application/rdf+xml, application/n-triples, text/n3, application/trix, application/ld+json, "
            "application/trig, application/n-quads, */*;q=0.1",
            TURTLE,
        ),
        ("rdflib, N3 first", "text/n3, text/turtle, application/trix, */*;q=0.1", TURTLE),
        ("browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/rdf+xml"),
        ("curl", "*/*", TURTLE),
    ],
)
def test_graphs_come_as_the_sender_reads_them(client, record, sender, accept, media_type):
    answer = client.get("/sparql", params={"query": RECORD}, headers={"Accept": accept})
    assert kind(answer) == media_type, sender
    assert isomorphic(graph_in(media_type, answer.content), record)


def test_comunica_sees_an_endpoint_at_the_bare_address(client):
    accept = (
        "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,*/*;q=0.1"
    )
    answer = client.get("/sparql", headers={"Accept": accept})
    assert kind(answer) == "application/n-quads"
    assert "<http://www.w3.org/ns/sparql-service-description#endpoint>" in answer.text


@pytest.mark.parametrize("status", [200, 400])
def test_yasgui_may_read_answers_and_errors_across_origins(client, status):
    origin = {"Origin": "https://yasgui.example", "Accept": f"{JSON},*/*;q=0.9"}
    answer = client.post("/sparql", data={"query": TITLES if status == 200 else "SELECT"}, headers=origin)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_browser_may_post_a_query_directly(client):
    asked = {
        "Origin": "https://yasgui.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options("/sparql", headers=asked)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in ("*", "https://yasgui.example")
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()


def test_parameters_that_clients_add_are_passed_over(client, titles):
    added = {"query": TITLES, "output": "json", "results": "json", "timestamp": "1", "should-sponge": "soft"}
    answer = client.get("/sparql", params=added, headers={"Accept": JSON})
    assert titles_in(kind(answer), answer.content) == titles


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize(
    "arguments", [["--data-urlencode", f"query={TITLES}"], ["-G", "--data-urlencode", f"query={TITLES}"]]
)
def test_curl_gets_json_without_asking_for_anything(server, titles, arguments):
    done = subprocess.run(["curl", "-sS", server.sparql, *arguments], capture_output=True, check=True, timeout=30)
    assert titles_in(JSON, done.stdout) == titles
