"""The search index over HTTP: words whatever their endings, accents and slips, in pages and in SPARQL."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sundgraf.application.stemming import stems_of
from sundgraf.domain.searching import PROPERTY, find_searches, write_found

SG = "PREFIX sg: <https://w3id.org/sundgraf/def/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
http = httpx.Client(timeout=60)  # each web process makes its indexes first, on a busy machine too
JSON = {"Accept": "application/sparql-results+json"}


@pytest.fixture(scope="module")
def select(server):
    def run(query: str) -> list[dict[str, str]]:
        answer = http.get(server.sparql, params={"query": SG + query}, headers=JSON)
        assert answer.status_code == 200, answer.text
        return [{name: term["value"] for name, term in row.items()} for row in answer.json()["results"]["bindings"]]

    return run


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("brystkræft screening", "Brystkraeft SCREENING"), ("sepsis risk", "the risks of sepsis"),
        ("Rigshospitalet", "Rigshopitalet"), ("køn", "koen"), ("café", "CAFE"),
    ],
)  # fmt: skip
def test_accents_small_words_and_slips_make_no_difference(select, words, same):
    found = [{row["t"] for row in select(f'SELECT ?t {{ ?t sg:searchText "{text}" }}')} for text in (words, same)]
    assert found[0] == found[1]
    assert found[0] or words == "café"


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        ("indlæggelse", "indlæggelserne"),
        ("hospital", "hospitals"),
        ("algoritme", "algoritmerne"),
        ("prediction", "predict"),
    ],
)
def test_words_of_one_stem_are_found_in_either_form(select, words, ended):
    found = [{row["t"] for row in select(f'SELECT ?t {{ ?t sg:searchText "{text}" }}')} for text in (words, ended)]
    assert len(found[0] & found[1]) >= 3  # a word stands for those that it begins too, so the sets are not the same


def test_search_is_joined_like_any_pattern(select):
    whole = select('SELECT ?t ?s { (?t ?s) sg:searchText "sepsis" } ORDER BY DESC(?s) ?t')
    assert len(whole) > 10
    assert all(0 < float(row["s"]) <= 1 for row in whole)
    projects = {row["t"] for row in whole if "/id/project/" in row["t"]}
    for query in (
        'SELECT ?t { ?t sg:searchText "sepsis" ; a sg:Project }',
        'SELECT ?t { ?t sg:searchText "sepsis"@en . ?t a sg:Project }',
        'SELECT ?t { ?t a sg:Project . ?t sg:searchText "sepsis". }',
        'SELECT ?t { ?t a sg:Project OPTIONAL { ?t rdfs:label ?l } (?t ?s) sg:searchText """sepsis""" }',
        f'SELECT ?t {{ VALUES (?l ?w) {{ (1 "sepsis") }} ?t <{PROPERTY}> ?w FILTER EXISTS {{ ?t a sg:Project }} }}',
        f'PREFIX s: <{PROPERTY[:-4]}> SELECT ?t {{ VALUES ?w {{ "sepsis" }} ?t s:Text ?w ; a sg:Project . }}',
    ):
        assert {row["t"] for row in select(query)} == projects, query
    assert select('SELECT ?t { ?t sg:searchText "nosuchwordanywhere" }') == []
    assert select(f'SELECT ?l {{ <{PROPERTY}> rdfs:label ?l FILTER(LANG(?l) = "da") }}') == [{"l": "søgetekst"}]


@pytest.mark.parametrize(
    "pattern",
    ["?t sg:searchText ?w", '?t a sg:Project ; sg:searchText "x"', '?t sg:searchText "x", "y"', '?t ^sg:searchText "x"',
     '<https://example.org/> sg:searchText "x"', '?t rdfs:label|sg:searchText "x"', '(?t 1) sg:searchText "x"',
     "?t sg:searchText sg:Project", 'VALUES ?w { "x" "y" } ?t sg:searchText ?w'],
)  # fmt: skip
def test_search_in_another_form_is_refused_not_empty(server, pattern):
    answer = http.get(server.sparql, params={"query": f"{SG} SELECT * {{ {pattern} }}"}, headers=JSON)
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert "?thing sg:searchText" in problem["detail"]
    assert problem["line"] == 1


def test_too_many_searches_are_refused(server):
    patterns = " ".join(f'?t{n} sg:searchText "x" .' for n in range(9))
    answer = http.get(server.sparql, params={"query": f"{SG} SELECT * {{ {patterns} }}"}, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (400, "9 searches in a query; ask at most 5.")


def test_texts_stay_texts():
    query = "SELECT * { ?t <" + PROPERTY + '> "a \\"} <x> \\\\ { b" . ?t ?p "sg:searchText" }'
    (search,) = find_searches(query)
    assert search.words == 'a "} <x> \\ { b'
    said = write_found(query, [(search, [("https://example.org/a", 1.0)])])
    assert said == 'SELECT * { VALUES (?t) { (<https://example.org/a>) } . ?t ?p "sg:searchText" }'
    assert find_searches("SELECT * { ?s ?p <" + PROPERTY + "> }") == []


def test_question_and_page_find_by_descriptions_too(server):
    asked = {"words": "journaler tale", "language": "da"}
    rows = http.get(f"{server.url}/ask/find", params=asked, headers=JSON).json()["results"]["bindings"]
    assert rows
    found = http.get(f"{server.url}/search", params={"q": "sepsis ambulance"}, headers={"Accept": "application/json"})
    scores = [hit["score"] for hit in found.json()["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 1


def test_threads_do_not_take_each_others_word():
    words = ["hospitaler", "running", "screeningerne", "nationalities", "patienternes", "a"] * 400
    alone = [stems_of(word) for word in words]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(found == alone for found in threads.map(lambda _: [stems_of(word) for word in words], range(4)))
    finally:
        sys.setswitchinterval(before)


def test_hits_are_called_as_in_the_readers_language_beside_the_name_that_was_found(server):
    page = httpx.get(f"{server.url}/search?q=sepsis+prediction&lang=da", headers={"Accept": "text/html"}).text
    assert re.search(
        r'lang=da">Forudsigelse af sepsis</a> <span class="foreign" lang="en">Sepsis prediction</span>', page
    )


@pytest.mark.parametrize(("typed", "found"), [("mamografi", "mammografi"), ("brytskræft", "brystkræft")])
def test_slip_in_a_word_within_names_is_forgiven_while_typing(server, typed, found):
    hits = httpx.get(f"{server.url}/suggest", params={"q": typed, "lang": "da"}).json()
    assert len(hits) == 8
    assert all(found in hit["label"].lower() for hit in hits)
