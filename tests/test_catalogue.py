"""What the service says of itself: catalogue and VoID in every format, for people and machines, on any host."""

from __future__ import annotations

import re

import httpx
import pyoxigraph as ox
import pytest

FORMATS = {
    "ttl": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD, "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML, "nq": ox.RdfFormat.N_QUADS, "trig": ox.RdfFormat.TRIG,
}  # fmt: skip
DCAT = "http://www.w3.org/ns/dcat#"
BASE = "https://w3id.org/sundgraf/"


@pytest.fixture(scope="module", autouse=True)
def made(server):
    """The files with the whole graph are there, so that every catalogue is the same."""
    assert httpx.get(f"{server.url}/dump/SHA256SUMS", timeout=60).status_code == 200


def triples(server, path: str, extension: str = "nt", **headers: str) -> set[ox.Triple]:
    answer = httpx.get(f"{server.url}{path}", params={"format": extension}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {quad.triple for quad in ox.parse(answer.content, format=FORMATS[extension])}


def objects(graph: set[ox.Triple], name: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]:
    return [triple.object for triple in graph if triple.predicate.value == name]


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("path", ["/catalog", "/.well-known/void"])
def test_description_is_the_same_in_every_format(server, path, extension):
    assert len(triples(server, path, extension)) == len(triples(server, path))


def test_catalogue_is_found_by_extension_and_by_accept(server):
    by_extension = httpx.get(f"{server.url}/catalog.jsonld")
    by_accept = httpx.get(f"{server.url}/catalog", headers={"Accept": "application/ld+json"})
    assert by_extension.content == by_accept.content
    assert "Accept" in by_accept.headers["vary"]
    assert httpx.get(f"{server.url}/catalog.docx").status_code == 406


def test_datatypes_are_as_written_and_numbers_true(server):
    graph = triples(server, "/catalog")
    sizes = objects(graph, f"{DCAT}byteSize")
    assert {size.datatype.value.rpartition("#")[2] for size in sizes} == {"nonNegativeInteger"}
    real = {len(httpx.get(f"{server.url}/dump/sundgraf.{kind}.gz", timeout=60).content) for kind in ("nq", "ttl")}
    assert {int(size.value) for size in sizes} == real
    sums = {value.value for value in objects(graph, "http://spdx.org/rdf/terms#checksumValue")}
    assert sums == set(
        re.findall(r"^\w{64}", httpx.get(f"{server.url}/dump/SHA256SUMS", timeout=60).text, re.MULTILINE)
    )


def test_every_published_graph_is_a_dataset_with_titles_and_a_document(server):
    graph = triples(server, "/catalog")
    listed = {o.value for o in objects(graph, f"{DCAT}dataset")} - {f"{BASE}dataset"}
    query = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
    rows = httpx.get(server.sparql, params={"query": query}).json()["results"]["bindings"]
    assert listed == {row["g"]["value"] for row in rows}
    for iri in listed:
        assert httpx.head(f"{server.url}/{iri.removeprefix(BASE)}.ttl").status_code == 200


def test_every_address_of_our_own_in_the_catalogue_answers_here(server):
    graph = triples(server, "/catalog")
    for name in ("downloadURL", "accessURL", "endpointURL", "endpointDescription"):
        for address in objects(graph, DCAT + name):
            here = httpx.head(f"{server.url}/{address.value.removeprefix(BASE)}", headers={"Accept": "*/*"})
            assert here.status_code == 200, address


def test_description_does_not_depend_on_the_host(server):
    assert triples(server, "/catalog", Host="example.org") == triples(server, "/catalog")


@pytest.mark.parametrize("path", ["/catalog", "/.well-known/void"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_people_get_a_page(server, path, language):
    page = httpx.get(f"{server.url}{path}", headers={"Accept": "text/html", "Accept-Language": language})
    assert page.status_code == 200
    assert page.headers["content-language"] == language
    assert "/dump/sundgraf.nq.gz" in page.text
    assert f"/graph/catalogue/2024?lang={language}" in page.text
