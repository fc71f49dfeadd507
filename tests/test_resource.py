"""Stable addresses: things, documents, formats, what became of withdrawn and merged ones, and hostile paths."""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import httpx
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib import SH

from server import running
from sundgraf.http import facts

ROOT = Path(__file__).resolve().parent.parent
SUITE = Path(os.environ.get("SUNDGRAF_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
THING = "https://w3id.org/sundgraf/id/solution/s-0002"
LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD, "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML, "nq": ox.RdfFormat.N_QUADS, "trig": ox.RdfFormat.TRIG, "n3": ox.RdfFormat.N3,
}  # fmt: skip
DOCUMENTS = ["doc/solution/s-0002", "def/Solution", "concept/technology", "concept/technology/generative-ai",
             "shape/Solution", "query/ask/solutions", "graph/catalogue/2024", "graph/shapes/Solution"]  # fmt: skip


def parsed(body: bytes, extension: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(body, format=FORMATS[extension])}


def test_thing_is_303_to_its_document(server):
    answer = httpx.get(f"{server.url}/id/solution/s-0002?lang=da")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/doc/solution/s-0002?lang=da"
    assert "Accept" in answer.headers["vary"]
    assert httpx.get(f"{server.url}/id/solution/s-0002.ttl").headers["location"] == "/doc/solution/s-0002.ttl"


@pytest.mark.parametrize("path", DOCUMENTS)
@pytest.mark.parametrize("extension", FORMATS)
def test_document_is_the_same_graph_by_extension_by_accept_and_by_parameter(server, path, extension):
    by_extension = httpx.get(f"{server.url}/{path}.{extension}")
    assert by_extension.status_code == 200, by_extension.text
    kind = by_extension.headers["content-type"].partition(";")[0]
    assert kind == FORMATS[extension].media_type.partition(";")[0]
    by_accept = httpx.get(f"{server.url}/{path}", headers={"Accept": kind})
    by_parameter = httpx.get(f"{server.url}/{path}", params={"format": extension})
    assert by_accept.content == by_extension.content == by_parameter.content
    assert len(parsed(by_extension.content, extension)) == len(
        parsed(httpx.get(f"{server.url}/{path}.nt").content, "nt")
    )


@pytest.mark.parametrize("path", DOCUMENTS)
def test_rdfxml_is_read_by_another_parser(server, path):
    rdflib.Graph().parse(data=httpx.get(f"{server.url}/{path}.rdf").content, format="xml")


def test_document_holds_own_statements_labels_and_incoming_links(server):
    triples = parsed(httpx.get(f"{server.url}/doc/solution/s-0002.nt").content, "nt")
    thing = ox.NamedNode(THING)
    assert any(t.subject == thing and t.predicate.value.endswith("/title") for t in triples)
    pointed_to = {t.object for t in triples if t.subject == thing and isinstance(t.object, ox.NamedNode)}
    assert any(t.subject in pointed_to and t.predicate == LABEL for t in triples)
    assert any(t.object == thing and t.predicate.value.endswith("def/classifies") for t in triples)


def test_incoming_links_are_paged(server):
    first = httpx.get(f"{server.url}/concept/stop-reason/no-effect", headers={"Accept": "text/turtle"})
    many = httpx.get(f"{server.url}/doc/source/src-0000", headers={"Accept": "text/turtle"})
    assert 'rel="next"' not in first.headers["link"]
    assert '</doc/source/src-0000?page=2>; rel="next"' in many.headers["link"]
    second = httpx.get(f"{server.url}/doc/source/src-0000?page=2", headers={"Accept": "text/turtle"})
    assert 'rel="prev"' in second.headers["link"]
    assert second.content != many.content
    assert httpx.get(f"{server.url}/doc/source/src-0000?page=999").status_code == 404
    assert httpx.get(f"{server.url}/doc/source/src-0000?page=x").status_code == 400


def test_pages_of_very_many_links_hold_each_of_them_once(server):
    """Beyond 1,000 by one property they come in the store's order, which is the same on every page."""
    stated = "https://w3id.org/sundgraf/concept/basis/stated"
    query = f"SELECT ?s ?p WHERE {{ ?s ?p <{stated}> FILTER(isIRI(?s)) }}"
    said = httpx.get(server.sparql, params={"query": query}, headers={"Accept": "text/csv"}).text.split()[1:]
    found: list[str] = []
    with httpx.Client() as client:
        address = "/concept/basis/stated.csv"
        while address:
            answer = client.get(server.url + address)
            rows = csv.DictReader(answer.text.splitlines())
            found += [f"{row['subject']},{row['property']}" for row in rows if row["value"] == stated]
            address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert len(said) > 1500
    assert sorted(found) == sorted(said)


def test_what_is_kept_for_a_publication_is_made_once_for_all_who_wait_and_again_for_the_next():
    made: list[int] = []
    number = 1

    async def make() -> int:
        await asyncio.sleep(0.01)
        made.append(number)
        return number

    async def ask() -> None:
        nonlocal number
        store = SimpleNamespace(publication=lambda: SimpleNamespace(number=number))
        context = SimpleNamespace(store=store, memory={}, making={})
        leaving = asyncio.ensure_future(facts.once(context, "x", make))
        waiting = [asyncio.ensure_future(facts.once(context, "x", make)) for _ in range(3)]
        await asyncio.sleep(0)
        leaving.cancel()  # a reader who goes away takes nothing from the others
        assert await asyncio.gather(*waiting) == [1, 1, 1]
        number = 2
        assert await facts.once(context, "x", make) == 2

    asyncio.run(ask())
    assert made == [1, 2]


def test_link_header_names_licence_identity_and_alternates(server):
    link = httpx.get(f"{server.url}/doc/solution/s-0002.ttl").headers["link"]
    assert f'<{THING}>; rel="cite-as"' in link
    assert 'rel="license"' in link
    assert '</doc/solution/s-0002.jsonld>; rel="alternate"; type="application/ld+json"' in link
    assert 'rel="describedby"' in link


def test_identifiers_do_not_depend_on_the_host(server):
    here = httpx.get(f"{server.url}/doc/solution/s-0002.nt", headers={"Host": "example.org"}).text
    assert "example.org" not in here
    assert THING in here


def test_etag_makes_the_second_request_empty_and_head_has_no_body(server):
    url = f"{server.url}/doc/solution/s-0002.ttl"
    first = httpx.get(url)
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = httpx.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == first.headers["content-type"]
    plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] != first.headers["etag"] or "content-encoding" not in first.headers


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_bodies_are_compressed_as_the_reader_asks(server, coding):
    with httpx.stream("GET", f"{server.url}/graph/catalogue/2024.ttl", headers={"Accept-Encoding": coding}) as answer:
        size = len(b"".join(answer.iter_raw()))
        assert answer.headers["content-encoding"] == coding
    assert size < 100_000


def test_page_is_in_the_readers_language(server):
    danish = httpx.get(f"{server.url}/doc/solution/s-0002", headers={"Accept": "text/html", "Accept-Language": "da"})
    assert danish.headers["content-language"] == "da"
    assert '<html lang="da">' in danish.text
    assert "Kunstig intelligens til bistand i diagnostikken" in danish.text
    english = httpx.get(
        f"{server.url}/doc/solution/s-0002", headers={"Accept": "text/html", "Accept-Language": "de, en;q=0.5"}
    )
    assert '<html lang="en">' in english.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("doc/solution/s-9999", 404), ("id/solution/s-9999", 404), ("doc/solution", 404), ("def/Nothing", 404),
        ("concept/technology/none", 404), ("shape/None", 404), ("query/ask/none", 404), ("graph/none", 404),
        ("nothing", 404), ("doc/solution/s-0002.docx", 404), ("doc/solution/s-0002?format=docx", 406),
        ("doc/solution/%22%20onload=%22x", 400), ("doc/solution/s%200002", 400),
        ("doc/..%2f..%2f..%2fetc%2fpasswd", 404),
        ("doc/solution/%00", 400), ("static/..%2f..%2fapp.py", 404), ("static/../app.py", 404),
        ("query/ask/..%2f..%2f..%2fpyproject", 404), ("graph/../../etc/passwd", 404), ("dump/nothing.gz", 404),
        ("doc/" + "x" * 4000, 400), ("doc/solution/%C3%28", 404),
    ],
)  # fmt: skip
def test_hostile_and_unknown_paths_are_clear_and_never_500(server, path, status):
    answer = httpx.get(f"{server.url}/{path}", headers={"Accept": "application/json, */*;q=0.1"})
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    page = httpx.get(f"{server.url}/{path}", headers={"Accept": "text/html"})
    assert page.status_code == status
    assert re.sub(r'<script src="/static/page.js\?v=\w+" defer></script>', "", page.text).count("<script") == 0


@pytest.mark.parametrize("path", ["/validate", "/submissions"])
def test_allow_names_the_methods_of_all_that_is_at_an_address(server, path):
    for method in ("OPTIONS", "PUT"):
        allowed = httpx.request(method, server.url + path).headers["allow"].split(", ")
        assert sorted(allowed) == ["GET", "HEAD", "OPTIONS", "POST"]


def test_wrong_method_is_405_with_allow(server):
    answer = httpx.post(f"{server.url}/doc/solution/s-0002")
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= {method.strip() for method in answer.headers["allow"].split(",")}
    assert answer.headers["access-control-allow-origin"] == "*"


HOSTILE = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sg: <https://w3id.org/sundgraf/def/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/sundgraf/id/solution/s-9003> a sg:Solution ;
    dcterms:title "<script>alert(1)</script>"@en , "\\"><img src=x onerror=alert(1)>"@da ;
    dcterms:description "</script><script>alert(2)</script>"@en , "{{7*7}}"@da ;
    dcterms:source <javascript:alert(3)> , "javascript:alert(4)"^^xsd:anyURI ;
    rdfs:seeAlso <data:text/html,x> , <https://example.org/?a=%22onload=alert(5)> .
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A service over rooms of its own: two records are not there any more, and one of the page queries is broken."""
    folder = tmp_path_factory.mktemp("changed")
    rooms = folder / "rooms"
    for name in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(ROOT / name, rooms / name)
    with (rooms / "ontology" / "retired.ttl").open("a") as retired:
        retired.write(
            "<https://w3id.org/sundgraf/id/solution/s-9001> a <https://w3id.org/sundgraf/def/Tombstone> ;\n"
            ' <https://w3id.org/sundgraf/def/reason> "It was a duplicate."@en ;\n'
            f" <http://purl.org/dc/terms/isReplacedBy> <{THING}> .\n"
            f"<https://w3id.org/sundgraf/id/solution/s-9002> <https://w3id.org/sundgraf/def/mergedInto> <{THING}> .\n"
        )
    hostile = rooms / "data" / "ttl" / "hostile" / "2026.ttl"
    hostile.parent.mkdir()
    hostile.write_text(HOSTILE, "utf-8")
    neighbours = rooms / "queries" / "page" / "neighbours.rq"
    neighbours.write_text(neighbours.read_text("utf-8").replace("?direction", "?whither"), "utf-8")
    with running(folder / "state", SUNDGRAF_ROOMS=str(rooms)) as server:
        yield server


def test_withdrawn_is_410_with_its_tombstone_and_merged_is_301(changed):
    for room in ("doc", "id"):
        left = httpx.get(f"{changed.url}/{room}/solution/s-9001", headers={"Accept": "text/turtle"})
        assert left.status_code == 410
        assert "sg:Tombstone" in left.text
    gone = httpx.get(f"{changed.url}/doc/solution/s-9001", headers={"Accept": "application/json"})
    assert gone.status_code == 410
    assert "It was a duplicate." in gone.json()["detail"]
    assert gone.json()["successor"] == THING
    page = httpx.get(f"{changed.url}/doc/solution/s-9001", headers={"Accept": "text/html"})
    assert "It was a duplicate." in page.text
    for room in ("doc", "id"):
        merged = httpx.get(f"{changed.url}/{room}/solution/s-9002", headers={"Accept": "text/turtle"})
        assert (merged.status_code, merged.headers["location"]) == (301, "/id/solution/s-0002")


def test_fault_of_ours_is_a_page_with_a_way_on_and_is_logged(changed):
    address = f"{changed.url}/neighbourhood/solution/s-0003"
    page = httpx.get(f"{address}?lang=da", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "Noget gik galt her" in page.text
    assert "Fejlen er vores; den er skrevet i loggen." in page.text
    assert '<a href="/catalogue?lang=da">' in page.text
    assert "KeyError" not in page.text
    problem = httpx.get(address, headers={"Accept": "application/json"})
    assert (problem.status_code, problem.headers["content-type"]) == (500, "application/problem+json")
    assert problem.headers["access-control-allow-origin"] == "*"
    assert problem.json()["title"] == "Something went wrong here"
    assert '"error": "KeyError"' in changed.said()
    assert httpx.get(f"{changed.url}/health").status_code == 200


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", ["doc/solution/s-9003", "catalogue?type=solution&sort=title", "search?q=script",
                                  "search?q=onerror", "compare?record=solution/s-9003", "history/solution/s-9003",
                                  "submit?correct=https://w3id.org/sundgraf/id/solution/s-9003"])  # fmt: skip
def test_hostile_record_is_text_on_its_page_and_its_links_lead_nowhere(changed, path, language):
    address = f"{changed.url}/{path}{'&' if '?' in path else '?'}lang={language}"
    page = httpx.get(address, headers={"Accept": "text/html"}, timeout=60)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "<img" not in page.text
    for said in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL):
        json.loads(said)
    targets = re.findall(r'(?:href|src|action|formaction)="([^"]*)"', page.text)
    assert targets
    assert not [target for target in targets if html.unescape(target).lower().startswith(("javascript:", "data:"))]


def test_files_of_pages_are_kept_for_a_year_under_the_mark_of_their_content(server):
    page = httpx.get(server.url, headers={"Accept": "text/html"}).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {address.partition("?")[0] for address in addresses} == {
        "/static/icon.svg", "/static/style.css", "/static/page.js",
    }  # fmt: skip
    for address in addresses:
        kept = httpx.get(server.url + address)
        assert (kept.status_code, kept.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        for other in (address.partition("?")[0], address + "0"):
            assert httpx.get(server.url + other).headers["cache-control"] == "no-cache"
        again = httpx.get(server.url + address, headers={"If-None-Match": kept.headers["etag"]})
        assert again.status_code == 304


def test_dumps_match_their_checksums_and_hold_the_graph(server):
    lines = httpx.get(f"{server.url}/dump/SHA256SUMS", timeout=60).text.splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    assert set(sums) == {"sundgraf.nq.gz", "sundgraf.ttl.gz"}
    for name, expected in sums.items():
        body = httpx.get(f"{server.url}/dump/{name}", timeout=60).content
        assert hashlib.sha256(body).hexdigest() == expected
        extension = name.split(".")[1]
        assert len(list(ox.parse(gzip.decompress(body), format=FORMATS[extension]))) > 5_000


@pytest.mark.parametrize("profile", ["full", "generated"])
def test_catalogue_is_valid_dcat_ap(server, profile):
    validator = SUITE / "validate_dcat.py"
    if not validator.is_file():
        pytest.skip(f"no conformance suites in {SUITE}; set SUNDGRAF_CONFORMANCE to where they are")
    done = subprocess.run(
        [sys.executable, str(validator), f"{server.url}/catalog", "--profile", profile],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 Violation" in done.stdout


def test_catalogue_takes_its_values_from_the_code_lists_of_dcat_ap(server):
    """The profile `codelists`, with the stubs that the catalogue brings. Results within others are not counted: those
    of a warning ("the publisher is no corporate body of the EU", which is so) have the severity of a violation."""
    shapes = SUITE / "data" / "dcat-ap-3.0.1" / "html" / "shacl" / "mdr-vocabularies.shape.ttl"
    if not shapes.is_file():
        pytest.skip(f"no conformance suites in {SUITE}; set SUNDGRAF_CONFORMANCE to where they are")
    catalogue = httpx.get(f"{server.url}/catalog", headers={"Accept": "text/turtle"}).text
    data = rdflib.Graph().parse(data=catalogue, format="turtle")
    _, report, _ = pyshacl.validate(data, shacl_graph=rdflib.Graph().parse(shapes), inference="none")
    found = {
        (report.value(r, SH.resultSeverity), report.value(r, SH.resultPath)) for r in report.objects(None, SH.result)
    }
    assert found == {(SH.Warning, rdflib.DCTERMS.publisher)}


def test_void_counts_are_the_graphs_own(server):
    void = parsed(
        httpx.get(f"{server.url}/.well-known/void", headers={"Accept": "application/n-triples"}).content, "nt"
    )
    whole = ox.NamedNode("https://w3id.org/sundgraf/dataset")
    said = {t.object.value for t in void if t.predicate.value.endswith("void#triples") and t.subject == whole}
    answer = httpx.get(server.sparql, params={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"})
    assert said == {answer.json()["results"]["bindings"][0]["n"]["value"]}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_address_of_the_link_header_answers(server, path):
    links = httpx.get(f"{server.url}/{path}", headers={"Accept": "text/turtle"}).headers["link"]
    for target, kind in re.findall(r'<(/[^>]*)>; rel="(?:alternate|describedby)"; type="([^"]*)"', links):
        answer = httpx.head(f"{server.url}{target}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind), target


def test_graph_as_a_table_holds_all_its_statements(server):
    rows = list(csv.DictReader(io.StringIO(httpx.get(f"{server.url}/graph/catalogue/2024.csv").text, newline="")))
    assert len(rows) == len(parsed(httpx.get(f"{server.url}/graph/catalogue/2024.nt").content, "nt"))
    assert {"subject", "property", "value", "language", "datatype"} == set(rows[0])


def test_the_graph_as_a_thing_leads_to_its_description(server):
    answer = httpx.get(f"{server.url}/dataset", follow_redirects=True, headers={"Accept": "text/turtle"})
    assert "<https://w3id.org/sundgraf/dataset>" in answer.text


def test_home_is_a_page_for_people_and_a_description_for_machines(server):
    page = httpx.get(f"{server.url}/", headers={"Accept": "text/html"})
    assert "How many of each technology have come how far" in page.text
    described = parsed(httpx.get(f"{server.url}/", headers={"Accept": "application/n-quads"}).content, "nq")
    assert any(t.object == ox.NamedNode(server.sparql) for t in described)


def test_every_blank_node_and_list_of_a_shape_is_followed(server):
    for path in sorted((ROOT / "shapes").glob("*.ttl")):
        for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE):
            if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.BlankNode):
                continue
            rest = quad.subject.value.removeprefix("https://w3id.org/sundgraf/")
            if rest.startswith("shape/"):
                held = parsed(httpx.get(f"{server.url}/{rest}.nt").content, "nt")
                pointed_to = {t.object for t in held if isinstance(t.object, ox.BlankNode)}
                assert pointed_to <= {t.subject for t in held}, rest


@pytest.mark.parametrize("path", ["def/Solution", "concept/technology", "shape/Solution"])
def test_term_is_not_said_to_be_a_document_about_itself(server, path):
    assert "primaryTopic" not in httpx.get(f"{server.url}/{path}.nt").text
    assert "primaryTopic" in httpx.get(f"{server.url}/doc/solution/s-0002.nt").text


def test_namespace_of_the_terms_gives_the_whole_ontology(server):
    source = {q.triple for q in ox.parse((ROOT / "ontology/core.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)}
    assert parsed(httpx.get(f"{server.url}/def/?format=nt").content, "nt") == source
    assert "/def/Solution" in httpx.get(f"{server.url}/def/", headers={"Accept": "text/html"}).text


def test_redirects_stay_on_the_host_in_use(server):
    for path in ("def", "id/solution/s-0002", "ask/", "static"):
        answer = httpx.get(f"{server.url}/{path}", headers={"Host": "evil.example"})
        assert answer.status_code in {301, 303, 404}
        assert "evil.example" not in answer.headers.get("location", "")
    assert httpx.get(f"{server.url}/def").headers["location"] == "/def/"


def test_next_page_comes_in_the_format_that_was_named(server):
    link = httpx.get(f"{server.url}/doc/source/src-0000.jsonld").headers["link"]
    assert '</doc/source/src-0000.jsonld?page=2>; rel="next"' in link
    assert '<https://w3id.org/sundgraf/doc/source/src-0000>; rel="canonical"' in link


def test_links_of_a_page_lead_to_documents_in_its_language(server):
    page = httpx.get(f"{server.url}/doc/solution/s-0002?lang=da", headers={"Accept": "text/html"}).text
    assert 'href="/id/' not in page
    assert 'href="/concept/maturity/' in page
    assert all("lang=da" in link for link in re.findall(r'href="(/concept/[^"]*)"', page))


def test_blank_nodes_have_the_same_names_in_every_process(server, tmp_path):
    with running(tmp_path / "state") as other:
        for path in ("shape/Solution-area.nt", "graph/shapes/Solution.nt"):
            assert httpx.get(f"{server.url}/{path}").content == httpx.get(f"{other.url}/{path}").content


def test_records_of_every_class_have_pages_in_both_languages(server):
    """Of each class some, spread over all; with SUNDGRAF_ALL_PAGES=1 every one (a minute)."""
    query = """SELECT ?s (MIN(?class) AS ?of)
    WHERE { ?s a ?class FILTER(STRSTARTS(STR(?s), "https://w3id.org/sundgraf/")) }
    GROUP BY ?s ORDER BY ?of ?s"""
    answer = httpx.get(server.sparql, params={"query": query}, headers={"Accept": "text/csv"}, timeout=60)
    rows = [line.split(",") for line in answer.text.split()[1:]]
    assert len(rows) > 5000
    classes = defaultdict(list)
    for iri, of in rows:
        classes[of].append(iri.replace("https://w3id.org/sundgraf", ""))
    wanted = sys.maxsize if os.environ.get("SUNDGRAF_ALL_PAGES") else 8
    failed = []
    with httpx.Client(base_url=server.url, headers={"Accept": "text/html"}, follow_redirects=True, timeout=60) as who:
        for paths in classes.values():
            for number, path in enumerate(paths[:: max(1, len(paths) // wanted)]):
                page = who.get(path, params={"lang": ("da", "en")[number % 2]})
                if page.status_code not in (200, 410):
                    failed.append((page.status_code, path))
    assert failed == []
