"""A look-up that is answered at once is the answer that a worker gives."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest

from sundgraf.application.columns import make_columns
from sundgraf.application.load import fill_with_rooms, publish_files
from sundgraf.application.look_ups import make_table
from sundgraf.domain.sparql import as_lookup
from sundgraf.http.delivery import wanted
from sundgraf.http.express import LookupAnswers
from sundgraf.store import generations
from sundgraf.store.look_up_table import LookUpTable, said_in_store, table_file, write_table
from sundgraf.store.lookup import Lookup, written_term

ROOT = Path(__file__).resolve().parent.parent
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
THING = "<https://w3id.org/sundgraf/id/solution/s-0002>"
PLAIN = wanted([])
PREFIXES = "PREFIX dcterms: <http://purl.org/dc/terms/>\nprefix skos: <http://www.w3.org/2004/02/skos/core#>"
LOOKUPS = [
    f"SELECT ?label WHERE {{ {THING} {LABEL} ?label }}",
    f"select * {{ {THING} {LABEL} ?x . }}",
    f"# with a comment\nSELECT ?p ?o\nWHERE {{\n  {THING} ?p ?o\n}}\n",
    f"SELECT ?o WHERE {{ {THING} ?p ?o }}",
    f"SELECT * WHERE {{ {THING} ?p ?o }}",
    "SELECT ?x WHERE { <https://example.org/nothing> <https://example.org/none> ?x }",
    "SELECT ?x WHERE { <https://w3id.org/sundgraf/id/total/t-0001> ?p ?x }",
    f"{PREFIXES} SELECT ?x WHERE {{ {THING} dcterms:title ?x }}",
    f"{PREFIXES} SELECT ?x WHERE {{ {THING} dcterms:title ?x FILTER(LANG(?x) = 'en') }}",
    f'{PREFIXES} SELECT ?x WHERE {{ {THING} dcterms:title ?x . FILTER ( lang(?x) = "EN" ) }}',
    f'{PREFIXES} SELECT ?x WHERE {{ {THING} dcterms:title ?x . FILTER(langMatches(lang(?x), "DA")) }}',
    f'SELECT ?p ?x WHERE {{ {THING} ?p ?x . FILTER(LANG(?x) = "da") }}',
    f"PREFIX rdfs: <urn:x:>PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>SELECT ?x {{ {THING} rdfs:label ?x }}",
]
OTHERS = [
    f"SELECT DISTINCT ?o WHERE {{ {THING} ?p ?o }}", f"SELECT ?y WHERE {{ {THING} ?p ?o }}",
    f"SELECT ?x ?x WHERE {{ {THING} ?p ?x }}", f"SELECT ?o WHERE {{ {THING} ?p ?o }} LIMIT 1",
    f"SELECT ?x WHERE {{ {THING} ?x ?x }}", "SELECT ?o WHERE { <relative> ?p ?o }", "ASK { ?s ?p ?o }",
    f"SELECT ?o WHERE {{ {THING} ex:p ?o }}", f"PREFIX ex: <x> SELECT ?o WHERE {{ {THING} ex:p ?o }}",
    f"{PREFIXES} SELECT ?x WHERE {{ {THING} ?p ?x FILTER(LANG(?p) = 'en') }}",
    f"SELECT ?o WHERE {{ {THING} ?p ?o FILTER(isIRI(?o)) }}", "SELECT ?o WHERE { ?s ?p ?o }",
    "SELECT ?s WHERE { <https://w3id.org/sundgraf/id/source/src-0000> ^?p ?s }",
]  # fmt: skip


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    return store


def rows(body: bytes) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(body)["results"]["bindings"])


@pytest.fixture(scope="module")
def table(graph, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("look-ups") / "1.sqlite"
    write_table(said_in_store(graph, written_term), file)
    return file


@pytest.mark.parametrize("with_table", [False, True], ids=["store", "table"])
@pytest.mark.parametrize("text", LOOKUPS)
def test_lookup_is_what_the_engine_says(graph, table, text, with_table):
    here = Lookup(graph, table if with_table else None).answer(text)
    there = graph.query(text).serialize(format=ox.QueryResultsFormat.JSON)
    assert here is not None
    assert rows(here) == rows(there)
    assert json.loads(here)["head"] == json.loads(there)["head"]


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_query_goes_to_a_worker(graph, text):
    assert Lookup(graph).answer(text) is None


def test_table_says_of_every_thing_what_the_store_says(graph, table):
    read = LookUpTable(table)
    pairs = {(q.subject, q.predicate) for q in graph.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    found = 0
    for subject, predicate in sorted((s, p) for s, p in pairs if isinstance(s, ox.NamedNode))[::7]:
        terms = read.values(subject.value, predicate.value)
        if terms is not None:
            found += 1
            held = graph.quads_for_pattern(subject, predicate, None, ox.DefaultGraph())
            assert terms == [written_term(quad.object) for quad in held]
    assert found > 1000
    assert read.values("urn:nobody", "urn:p") is None
    assert read.pairs("urn:nobody") is None


def test_table_says_all_of_a_thing_as_the_store_does(graph, table):
    read = LookUpTable(table)
    things = {q.subject for q in graph.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    found = 0
    for subject in sorted(thing for thing in things if isinstance(thing, ox.NamedNode))[::7]:
        pairs = read.pairs(subject.value)
        if pairs is not None:
            found += 1
            held = graph.quads_for_pattern(subject, None, None, ox.DefaultGraph())
            said = sorted((quad.predicate.value, written_term(quad.object)) for quad in held)
            assert sorted((predicate, term) for predicate, terms in pairs for term in terms) == said
    assert found > 500


def test_table_of_a_state_is_made_beside_the_service_and_old_ones_go(tmp_path):
    state = tmp_path / "state"
    (tmp_path / "a.nt").write_text('<urn:a> <urn:p> "v"@da .\n<urn:a> <urn:p> "w"@en .\n')
    publish_files(state, [tmp_path / "a.nt"])
    make_table(state)
    make_table(state)
    publication = generations.current(state).publication
    old = state / "look-ups" / "000009-1.sqlite"
    old.touch()
    make_table(state)
    assert list((state / "look-ups").glob("*.sqlite")) == [table_file(state, publication)]
    lookup = Lookup(ox.Store(), table_file(state, publication))
    body = lookup.answer("SELECT ?x WHERE { <urn:a> <urn:p> ?x }")
    assert [row["x"]["value"] for row in json.loads(body)["results"]["bindings"]] == ["v", "w"]


def test_table_made_from_columns_says_what_one_made_from_the_store_says(tmp_path):
    state = tmp_path / "state"
    many = ", ".join(map(str, range(100)))
    odd = (
        '<urn:æ> <urn:p> "v", "w"@DA, 1, 2.50, <urn:b>; <urn:q> "\\"\\n\\\\"; <urn:r> _:b, <urn:c> . _:b <urn:p> "no" .'
    )
    (tmp_path / "odd.ttl").write_text(f"{odd} <urn:many> <urn:p> {many} .", "utf-8")
    publish_files(state, [tmp_path / "odd.ttl", *(ROOT / "data" / "ttl").glob("catalogue*/*.ttl")])
    file = table_file(state, generations.current(state).publication)
    said = []
    for with_columns in (False, True):
        if with_columns:
            make_columns(state)
            file.unlink()
        make_table(state)
        read = LookUpTable(file)
        said.append({
            (row[0], *row[1:2]): sorted(row[2:]) if row[1] else len(row[2:])
            for row in (terms.split("\0") for (terms,) in read._find("SELECT terms FROM value"))
        })  # fmt: skip
    assert said[0] == said[1]
    assert len(said[0]) > 5 and ("urn:many", "urn:p") not in said[0] and ("urn:æ", "urn:r") not in said[0]


def test_table_that_cannot_be_read_is_done_without(graph, tmp_path):
    (tmp_path / "1.sqlite").write_bytes(b"no table" * 200)
    assert rows(Lookup(graph, tmp_path / "1.sqlite").answer(LOOKUPS[0])) == rows(Lookup(graph).answer(LOOKUPS[0]))


def test_thing_with_many_values_goes_to_a_worker(graph):
    for number in range(100):
        graph.add(ox.Quad(ox.NamedNode("urn:many"), ox.NamedNode("urn:p"), ox.Literal(str(number))))
    assert as_lookup("SELECT ?x WHERE { <urn:many> <urn:p> ?x }")
    assert Lookup(graph).answer("SELECT ?x WHERE { <urn:many> <urn:p> ?x }") is None


HEADS = ["", "# of {<urn:a> or another\n", f"# {{ {THING} }}\n", "PREFIX x: <urn:a>\n"]
SUBJECTS = ["https://w3id.org/sundgraf/id/solution/s-0003", "https://example.org/nothing", "relative", "urn:a b",
            "urn:æ", "urn:a%3Eb", "urn:a+b", "urn:a&b",
            "https://w3id.org/sundgraf/id/solution/s-0002> <urn:b"]  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("text", LOOKUPS)
def test_lookup_of_a_shape_seen_before_is_the_one_that_is_read_anew(graph, text, head):
    seen = answers_from(graph)
    seen.answer(url(head + text), PLAIN)
    for other in [*SUBJECTS, THING[1:-1]]:
        asked = url((head + text).replace(THING, f"<{other}>"))
        assert seen.answer(asked, PLAIN) == answers_from(graph).answer(asked, PLAIN), other


def answers_from(graph: ox.Store) -> LookupAnswers:
    found = LookupAnswers(lambda: 1)
    found.use(Lookup(graph), 1, [])
    return found


def url(text: str) -> bytes:
    return f"/sparql?query={quote(text, safe='')}".encode()


@pytest.mark.parametrize("text", LOOKUPS)
def test_over_http_both_ways_agree_headers_and_all(server, text):
    at_once = httpx.get(server.sparql, params={"query": text}, headers={"Accept-Encoding": "identity"})
    by_worker = httpx.post(server.sparql, data={"query": text}, headers={"Accept-Encoding": "identity"})
    assert rows(at_once.content) == rows(by_worker.content)
    for name in ("content-type", "etag", "vary", "access-control-allow-origin", "sundgraf-row-limit", "cache-control"):
        assert at_once.headers[name] == by_worker.headers[name], name
    again = httpx.get(server.sparql, params={"query": text}, headers={"If-None-Match": at_once.headers["etag"]})
    assert again.status_code == 304
