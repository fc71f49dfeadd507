"""Every number and cell on a page is what the query behind it answers: all of them are walked."""

from __future__ import annotations

import asyncio
import html
import re
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyoxigraph as ox
import pytest

from sundgraf.application.ask import ask, load_questions
from sundgraf.application.load import fill_with_rooms
from sundgraf.application.query import rows_of
from sundgraf.domain.media import JSON
from sundgraf.store.base import Publication
from sundgraf.store.direct import DirectStore

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = load_questions(ROOT / "queries" / "ask")
PICTURES = [name for name, question in QUESTIONS.items() if question.picture.get("number")]
CATALOGUE = [
    "", "type=practice&country=pl-0000", "type=solution&technology=ai-image-processing",
    "type=practice&country=pl-0000,pl-0017&stage=pilot,in-operation",
]  # fmt: skip
_LINK = re.compile(r'<a [^>]*?href="(?P<href>[^"]+)"[^>]*>(?P<inside>.*?)</a>', re.DOTALL)
_TITLE = re.compile(r"<title>(?P<text>[^<]*)</title>")


@pytest.fixture(scope="module")
def graph() -> DirectStore:
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    return DirectStore(store, Publication(1, ""))


@pytest.fixture(scope="module")
def things(graph):
    """Return how many different things a question answers with, asked once for each choice of parameters."""
    known: dict[tuple[object, ...], int] = {}

    def count(name: str, given: dict[str, str]) -> int:
        key = (name, *sorted(given.items()))
        if key not in known:
            answer = asyncio.run(ask(graph, QUESTIONS[name], given, JSON))
            rows = rows_of(answer.body)
            counted = "claim" if name == "effect-claims" else "thing"
            known[key] = len({str(row[counted]) for row in rows})
        return known[key]

    return count


def page(server, path: str) -> str:
    answer = httpx.get(server.url + path, headers={"Accept": "text/html"}, timeout=60)
    assert answer.status_code == 200, path
    return answer.text


def asked(address: str) -> tuple[str, dict[str, str]]:
    """Return the question behind an address of the catalogue or of a question, and its parameters."""
    parts = urlsplit(html.unescape(address))
    name = "browse" if parts.path == "/catalogue" else parts.path.removeprefix("/ask/")
    parameters = {parameter.name for parameter in QUESTIONS[name].parameters}
    return name, {k: v for k, v in parse_qsl(parts.query) if k in parameters}


@pytest.mark.parametrize("name", PICTURES)
def test_each_cell_of_a_picture_counts_what_it_leads_to(server, things, name):
    cells = 0
    for match in _LINK.finditer(page(server, f"/pictures/{name}?lang=en")):
        title = _TITLE.search(match["inside"])
        number = title and re.search(r"(\d+) records?\b", html.unescape(title["text"]))
        if number:
            cells += 1
            assert things(*asked(match["href"])) == int(number[1]), match["href"]
    assert cells == sum(1 for row in rows_with_number(server, name))


def rows_with_number(server, name: str) -> list[dict[str, object]]:
    answer = httpx.get(f"{server.url}/ask/{name}.json", timeout=60).json()["results"]["bindings"]
    return [row for row in answer if QUESTIONS[name].picture["number"] in row]


@pytest.mark.parametrize("chosen", CATALOGUE)
def test_each_count_of_a_facet_is_what_its_question_answers(server, things, chosen):
    text = page(server, f"/catalogue?{chosen}&lang=en")
    total = re.search(r'id="total">(\d+)<', text)
    assert total and int(total[1]) == things(*asked(f"/catalogue?{chosen}"))
    counted = Counter[str]()
    for match in _LINK.finditer(text):
        number = re.search(r'class="count">(\+?)(\d+)</span>', match["inside"])
        if number and 'aria-current="true" data-facet' not in match[0]:
            counted[urlsplit(match["href"]).path] += 1
            before = int(total[1]) if number[1] else 0  # beside a value of the same facet: how many come on top
            assert things(*asked(match["href"])) == before + int(number[2]), match["href"]
    assert counted["/catalogue"] > 60


@pytest.mark.parametrize(
    "chosen",
    [
        "type=practice&country=pl-0017&stage=in-operation",
        "type=practice&country=pl-0000,pl-0017&stage=pilot,in-operation&effect=free-up-labour",
    ],
)
def test_catalogue_as_csv_and_turtle_holds_what_is_shown(server, things, chosen):
    number = things(*asked(f"/catalogue?{chosen}"))
    lines = httpx.get(f"{server.url}/catalogue.csv?{chosen}&sort=start", timeout=60).text.splitlines()
    turtle = httpx.get(f"{server.url}/catalogue.ttl?{chosen}", timeout=60).content
    described = {quad.subject for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}
    assert len(lines) - 1 == number == len([one for one in described if isinstance(one, ox.NamedNode)])
    assert {line.partition(",")[0] for line in lines[1:]} == {one.value for one in described if hasattr(one, "value")}


def test_values_of_a_facet_are_any_of_them_and_facets_are_all_of_them(server, things):
    def total(chosen: str) -> int:
        found = re.search(r'id="total">(\d+)<', page(server, f"/catalogue?{chosen}&lang=en"))
        assert found
        return int(found[1])

    one, other, both = (total(f"country={value}") for value in ("pl-0000", "pl-0017", "pl-0000,pl-0017"))
    assert max(one, other) < both <= one + other
    assert total("country=pl-0000&country=pl-0017") == both  # as a form would send it
    assert total("country=pl-0000,pl-0017&stage=pilot") < both
    rows = httpx.get(f"{server.url}/ask/browse.csv?country=pl-0000,pl-0017").text.splitlines()[1:]
    assert len(rows) == both  # each record once, though some are in both
    wrong = httpx.get(f"{server.url}/catalogue?country=pl-0000,pl-9999", headers={"Accept": "application/json"})
    assert wrong.status_code == 400
    assert "'pl-9999' is nothing that the graph knows" in wrong.json()["detail"]


def test_each_count_of_the_first_page_is_what_it_leads_to(server, things):
    classes = {row["class"]["value"].rsplit("/", 1)[-1]: int(row["things"]["value"]) for row in select_classes(server)}
    shown = re.findall(r'<a href="([^"]+)" data-class="(\w+)"><strong>([\d.,]+)</strong>', page(server, "/?lang=en"))
    assert len(shown) >= 7
    for address, class_, number in shown:
        assert int(number.replace(",", "")) == classes[class_] == things(*asked(address))


def select_classes(server) -> list[dict[str, dict[str, str]]]:
    text = (ROOT / "queries" / "page" / "classes.rq").read_text("utf-8")
    answer = httpx.get(server.sparql, params={"query": text}, headers={"Accept": "application/json"}, timeout=60)
    return answer.json()["results"]["bindings"]


def test_counts_beside_a_record_are_what_they_lead_to(server, things):
    for path in (
        "/doc/solution/s-0003",
        "/doc/place/pl-0003",
        "/concept/use-case/ambient-scribe",
        "/doc/source/src-0000",
    ):
        counts = re.findall(
            r'<a href="(/catalogue\?[^"]+)"><strong>([\d,.]+)</strong>', page(server, f"{path}?lang=en")
        )
        assert counts, path
        for address, number in counts:
            assert things(*asked(address)) == int(number.replace(",", "")), address
