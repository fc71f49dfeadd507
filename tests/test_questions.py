"""The stored questions: their form, their parameters, and their answers on the real graph."""

from __future__ import annotations

import asyncio
import csv
import json
import random
import re
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from server import run
from sundgraf.application.ask import ask, load_questions
from sundgraf.application.load import fill_with_rooms
from sundgraf.application.query import rows_of
from sundgraf.application.replay import add_log
from sundgraf.application.search import with_search
from sundgraf.domain.errors import BadInput, InvalidParameter
from sundgraf.domain.media import JSON
from sundgraf.domain.question import bind, parse_question
from sundgraf.domain.terms import IRI, Literal
from sundgraf.store.base import Publication
from sundgraf.store.direct import DirectStore
from sundgraf.store.journal import Change, log_statements

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "ask"
QUESTIONS = load_questions(ROOT / "queries" / "ask")
AREA = """#+ summary.en = "Which?"
#+ [params.area]
#+ type = "concept"
#+ scheme = "area"
#+ example = "psychiatry"
#+ [params.year]
#+ type = "year"
#+ optional = true
SELECT ?area ?year WHERE { ?s ?p ?area } ORDER BY ?area
"""


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    add_log(store, log_statements(1, "2026-11-20T08:00:00Z", "sundgraf load", Change(reason="our own files")))
    return store


def answer(store: ox.Store, name: str) -> list[dict[str, str]]:
    question = QUESTIONS[name]
    asked = with_search(DirectStore(store, Publication(1, "")), ROOT / "queries" / "page")
    found = asyncio.run(ask(asked, question, question.examples(), JSON))
    return [{key: str(value) for key, value in row.items()} for row in rows_of(found.body)]


def test_there_are_enough_questions():
    assert len(QUESTIONS) >= 45


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_answers_as_recorded(graph, name, request):
    rows = answer(graph, name)
    assert rows, "the example of every question gives rows"
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--rewrite-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert rows == json.loads(path.read_text("utf-8"))


def test_order_is_total(graph):
    quads = list(graph)
    random.Random(7).shuffle(quads)
    shuffled = ox.Store()
    shuffled.extend(quads)
    for name in QUESTIONS:
        assert answer(shuffled, name) == answer(graph, name), name


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_is_an_address_a_page_a_verb_and_an_openapi_path(server, name):
    question = QUESTIONS[name]
    url = f"{server.url}/ask/{name}"
    rows = httpx.get(url, params=question.examples(), headers={"Accept": JSON.media_type}).json()["results"]["bindings"]
    assert len(rows) == len(json.loads((GOLDEN / f"{name}.json").read_text("utf-8")))
    table = httpx.get(f"{url}.csv", params=question.examples())
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(table.text.splitlines()))) >= len(rows) + 1
    for language in ("en", "da"):
        page = httpx.get(url, params={**question.examples(), "lang": language}, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert question.summary[language].replace("'", "&#39;") in page.text
        assert "SELECT" in page.text
    described = httpx.get(f"{server.url}/openapi.json").json()["paths"][f"/ask/{name}"]["get"]
    assert described["summary"] == question.summary["en"]
    assert {p["name"] for p in described.get("parameters", [])} == {p.name for p in question.parameters}


def test_verb_gives_what_the_address_gives(server):
    done = run(server.state, "ask", "solutions", "--maturity", "idea", "--format", "csv")
    assert done.returncode == 0
    assert done.stdout.splitlines() == httpx.get(f"{server.url}/ask/solutions.csv?maturity=idea").text.splitlines()


def test_short_names_stand_for_iris():
    question = parse_question("which", AREA)
    assert bind(question, {"area": "psychiatry"}) == {"area": IRI("https://w3id.org/sundgraf/concept/area/psychiatry")}
    assert bind(question, {"area": "https://example.org/x", "year": "2024"}) == {
        "area": IRI("https://example.org/x"),
        "year": Literal("2024", "http://www.w3.org/2001/XMLSchema#gYear"),
    }


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "needs 'area', for example 'psychiatry'"),
        ({"aera": "x"}, "Did you mean 'area'?"),
        ({"area": "with spaces"}, "'with spaces' is not a concept's short name or IRI"),
        ({"area": "psychiatry", "year": "last"}, "'last' is not a value of type year"),
        ({"area": 'x"> <y'}, "is not a concept"),
        ({"area": "a" * 3000}, "longer than"),
    ],
)
def test_wrong_parameter_says_what_would_be_right(given, says):
    with pytest.raises(InvalidParameter, match=says.replace("?", r"\?")):
        bind(parse_question("which", AREA), given)


def test_wrong_parameters_over_http_are_400_problems(server):
    unknown = httpx.get(f"{server.url}/ask/solutions", params={"maturty": "idea"}, headers={"Accept": JSON.media_type})
    assert unknown.status_code == 400
    assert unknown.headers["content-type"] == "application/problem+json"
    assert "Did you mean 'maturity'?" in unknown.json()["detail"]
    missing = httpx.get(f"{server.url}/ask/search", headers={"Accept": JSON.media_type})
    assert (missing.status_code, missing.json()["name"]) == (400, "word")
    absent = httpx.get(f"{server.url}/ask/solutions.csv", params={"maturity": "in-operaton"})
    assert absent.status_code == 400
    assert "Did you mean 'in-operation'?" in absent.json()["detail"]


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("pl-9999", "region='pl-9999' is nothing that the graph knows."),
        ("pl-00004", "Did you mean 'pl-0004' (Central Denmark Region)?"),
        ("region-midtjyland", "Did you mean 'pl-0004' (Region Midtjylland)?"),
        ("https://example.org/nowhere", "'https://example.org/nowhere' is nothing that the graph knows."),
    ],
)
def test_thing_that_is_not_in_the_graph_is_no_empty_answer(server, region, says):
    answer = httpx.get(f"{server.url}/ask/lacking-in-region.csv", params={"region": region})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert answer.json()["name"] == "region"
    twice = httpx.get(f"{server.url}/ask/solutions.csv?maturity=idea&maturity=pilot")
    assert (twice.status_code, twice.json()["name"]) == (400, "maturity")
    assert httpx.get(f"{server.url}/ask/nothing").status_code == 404
    assert httpx.get(f"{server.url}/ask/solutions.docx").status_code == 406


def test_value_cannot_change_the_query(server):
    word = '") } ; DROP ALL #'
    found = httpx.get(f"{server.url}/ask/search", params={"word": word}, headers={"Accept": JSON.media_type})
    assert found.json()["results"]["bindings"] == []


@pytest.mark.parametrize("source", ["#+ summary.en = \nSELECT * {}", '#+ [params.x]\n#+ type = "colour"\nSELECT ?x {}'])
def test_front_matter_that_cannot_be_used_is_named(source):
    with pytest.raises(BadInput, match=r"^odd\.rq: "):
        parse_question("odd", source)


def test_catalogue_totals_come_out_of_the_records(graph):
    by_technology = {}
    for row in rows_of(
        asyncio.run(ask(DirectStore(graph, Publication(1, "")), QUESTIONS["technology-by-maturity"], {}, JSON)).body
    ):
        key = str(row["technologyLabel"])
        by_technology[key] = by_technology.get(key, 0) + int(str(row["solutions"]))
    assert by_technology == {
        "AI for data analysis": 6, "AI for image processing": 12, "Generative AI": 6, "Simple automation": 3,
        "Video meetings and remote monitoring": 4, "Robots and other technologies": 7,
    }  # fmt: skip


def test_readme_tells_how_many_cases_and_countries_there_are(graph):
    said = re.search(
        r"(\d+) researched projects and deployments in\s+Denmark and (\d+) other countries",
        (ROOT / "README.md").read_text("utf-8"),
    )
    rows = graph.query(
        "PREFIX sg: <https://w3id.org/sundgraf/def/> SELECT DISTINCT ?graph ?case ?country { VALUES ?kind { sg:Project "
        "sg:Deployment } GRAPH ?graph { ?case a ?kind } OPTIONAL { GRAPH ?any { ?case sg:country ?country } } }"
    )
    found = [(row["graph"].value, row["case"], row["country"]) for row in rows]
    researched = {case for graph, case, _ in found if "/graph/research/" in graph}
    assert said is not None
    assert said.groups() == (str(len(researched)), str(len({country for *_, country in found if country}) - 1))


def made_by(rule: str, data: str) -> set[tuple[str, str]]:
    store = ox.Store()
    store.load(
        f"@prefix : <urn:x:> . @prefix sg: <https://w3id.org/sundgraf/def/> . {data}", format=ox.RdfFormat.TURTLE
    )
    text = parse_question(rule, (ROOT / "queries" / "derive" / f"{rule}.rq").read_text("utf-8")).text
    triples = store.query(text)
    assert isinstance(triples, ox.QueryTriples)
    return {(str(t.subject)[1:-1].rpartition(":")[2], str(t.object)[1:-1].rpartition(":")[2]) for t in triples}


@pytest.mark.parametrize(("records", "pairs"), [(3, 4), (50, 2 * 25 * 25), (51, 0)])
def test_use_case_that_very_many_records_have_makes_no_pairs(records, pairs):
    data = " ".join(f":p{n} a sg:Project ; sg:useCase :u ; sg:country :c{n % 2} ." for n in range(records))
    assert len(made_by("80-shares-use-case", data)) == pairs


def test_stage_is_that_of_the_newest_report_that_knows_it():
    said = [
        ("both", "old", "2023"), ("both", "new", "2024-05"), ("both", "undated", ""),
        ("tie", "one", "2024"), ("tie", "two", "2024"), ("without", "a", ""), ("without", "b", ""),
        ("unsure", "known", "2022"), ("unsure", "unknown", "2025"),
    ]  # fmt: skip
    stage = {"unknown": "<https://w3id.org/sundgraf/concept/stage/unknown>"}
    data = " ".join(
        f":r{n} a sg:StatusReport ; sg:about :{thing} ; sg:stage {stage.get(name, f':{name}')} "
        + (f'; <http://purl.org/dc/terms/date> "{date}" .' if date else ".")
        for n, (thing, name, date) in enumerate(said)
    )
    assert made_by("70-current-stage", data) == {
        ("both", "new"), ("tie", "one"), ("tie", "two"), ("without", "a"), ("without", "b"), ("unsure", "known"),
    }  # fmt: skip
