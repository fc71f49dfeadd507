"""Every number and cell on a page is what the query behind it answers: all of them are walked."""

from __future__ import annotations

import asyncio
import html
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

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
LANGUAGES = ["en", "da"]
NUMBERS = ("integer", "decimal", "double", "float")
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_each_cell_of_a_picture_counts_what_it_leads_to(server, things, name, language):
    cells = walk_cells(page(server, f"/pictures/{name}?lang={language}"), things)
    assert cells == sum(1 for row in rows_with_number(server, name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_cell_of_the_first_page_counts_what_it_leads_to(server, things, language):
    assert walk_cells(page(server, f"/?lang={language}"), things) > 100


def walk_cells(text: str, things) -> int:
    """Return how many cells of drawings there are; each counts what it leads to."""
    cells = 0
    for match in _LINK.finditer(text):
        title = _TITLE.search(match["inside"])
        number = title and re.search(r"([\d.,]+) (?:records?|post|poster)\b", html.unescape(title["text"]))
        if number:
            cells += 1
            assert things(*asked(match["href"])) == read_number(number[1]), match["href"]
    return cells


def read_number(text: str, language: str = "") -> float:
    """Return a number as written for readers of a language; without one it is a whole number."""
    point = {"en": ".", "da": ","}.get(language, "")
    whole, _, rest = text.partition(point) if point else (text, "", "")
    return float(f"{re.sub('[.,]', '', whole)}.{rest or 0}")


def rows_with_number(server, name: str) -> list[dict[str, object]]:
    answer = httpx.get(f"{server.url}/ask/{name}.json", timeout=60).json()["results"]["bindings"]
    return [row for row in answer if QUESTIONS[name].picture["number"] in row]


@pytest.mark.parametrize(("chosen", "language"), [*((chosen, "en") for chosen in CATALOGUE), ("", "da")])
def test_each_count_of_a_facet_is_what_its_question_answers(server, things, chosen, language):
    text = page(server, f"/catalogue?{chosen}&lang={language}")
    total = re.search(r'id="total">([\d.,]+)<', text)
    assert total
    shown = read_number(total[1])
    assert shown == things(*asked(f"/catalogue?{chosen}"))
    counted = Counter[str]()
    for match in _LINK.finditer(text):
        number = re.search(r'class="count">(\+?)([\d.,]+)</span>', match["inside"])
        if number and 'aria-current="true" data-facet' not in match[0]:
            counted[urlsplit(match["href"]).path] += 1
            before = shown if number[1] else 0  # beside a value of the same facet: how many come on top
            assert things(*asked(match["href"])) == before + read_number(number[2]), match["href"]
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
        found = re.search(r'id="total">([\d.,]+)<', page(server, f"/catalogue?{chosen}&lang=en"))
        assert found
        return int(read_number(found[1]))

    one, other, both = (total(f"country={value}") for value in ("pl-0000", "pl-0017", "pl-0000,pl-0017"))
    assert max(one, other) < both <= one + other
    assert total("country=pl-0000&country=pl-0017") == both  # as a form would send it
    assert total("country=pl-0000,pl-0017&stage=pilot") < both
    rows = httpx.get(f"{server.url}/ask/browse.csv?country=pl-0000,pl-0017").text.splitlines()[1:]
    assert len(rows) == both  # each record once, though some are in both
    wrong = httpx.get(f"{server.url}/catalogue?country=pl-0000,pl-9999", headers={"Accept": "application/json"})
    assert wrong.status_code == 400
    assert "'pl-9999' is nothing that the graph knows" in wrong.json()["detail"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_count_of_the_first_page_is_what_it_leads_to(server, things, language):
    classes = {row["class"]["value"].rsplit("/", 1)[-1]: int(row["things"]["value"]) for row in select_classes(server)}
    shown = re.findall(
        r'<a href="([^"]+)" data-class="(\w+)"><strong>([\d.,]+)</strong>', page(server, f"/?lang={language}")
    )
    assert len(shown) >= 7
    for address, class_, number in shown:
        assert read_number(number) == classes[class_] == things(*asked(address))
    statements = re.search(
        r'<a href="(/sparql[^"]+)">([\d.,]+) (?:statements|udsagn)', page(server, f"/?lang={language}")
    )
    assert statements
    assert numbers_of(server, statements[1]) == [read_number(statements[2])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_count_beside_a_class_is_what_it_leads_to(server, things, language):
    shown = re.findall(r'<td class="number"><a href="([^"]+)">([\d.,]+)</a>', page(server, f"/def/?lang={language}"))
    assert len(shown) > 25
    for address, number in shown:
        if "Publication" in address:  # what only a running service has
            rows = httpx.get(server.url + html.unescape(address), headers={"Accept": "text/csv"}).text.splitlines()
            assert len(rows) - 1 == read_number(number)
        else:
            assert things(*asked(address)) == read_number(number), address


def test_each_number_of_the_report_is_what_its_query_answers(server):
    danish, english = [page(server, f"/report?lang={language}").split("<h2 ")[1:] for language in ("da", "en")]
    assert len(danish) >= 4
    for part, same in zip(danish, english, strict=True):
        address = re.search(r'class="behind"><a href="(/sparql[^"]+)"', part)
        assert address
        shown = shown_numbers(part, "da")
        assert shown == numbers_of(server, address[1])
        assert sorted(shown) == sorted(shown_numbers(same, "en"))


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_number_on_the_page_of_a_question_is_what_it_answers(server, name):
    given = QUESTIONS[name].examples()
    text = page(server, f"/ask/{name}?{urlencode({**given, 'lang': 'da'})}")
    file = re.search(rf'href="/ask/{name}\.csv([^"]*)"', text)
    assert file
    table = text.partition('<table class="answer">')[2].partition("</table>")[0]
    assert shown_numbers(table, "da") == numbers_of(
        server, f"/ask/{name}{file[1]}", {p.name for p in QUESTIONS[name].parameters}
    )


def shown_numbers(text: str, language: str) -> list[float]:
    cells = (re.findall(r'<td class="number">([^<]+)</td>', row) for row in text.split("<tr>"))
    return [number for row in cells for number in sorted(read_number(cell, language) for cell in row)]


def numbers_of(server, address: str, given: Collection[str] = ("language",)) -> list[float]:
    """Return the numbers of the answer at an address, row by row, but those of parameters."""
    parts = urlsplit(html.unescape(address))
    asked = {**dict(parse_qsl(parts.query)), "format": "json"}
    for _ in range(3):  # on a busy machine a query of the report may need more than the ten seconds that it has
        answer = httpx.get(f"{server.url}{parts.path}", params=asked, timeout=60)
        if answer.is_success:
            break
    said = answer.json()
    rows, names = said["results"]["bindings"], [name for name in said["head"]["vars"] if name not in given]
    terms = ([row[name] for name in names if name in row] for row in rows)
    return [number for row in terms for number in sorted(float(term["value"]) for term in row if is_number(term))]


def is_number(term: dict[str, str]) -> bool:
    return term.get("datatype", "").rpartition("#")[2] in NUMBERS


def select_classes(server) -> list[dict[str, dict[str, str]]]:
    text = (ROOT / "queries" / "page" / "classes.rq").read_text("utf-8")
    answer = httpx.get(server.sparql, params={"query": text}, headers={"Accept": "application/json"}, timeout=60)
    return answer.json()["results"]["bindings"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_beside_a_record_are_what_they_lead_to(server, things, language):
    for path in (
        "/doc/solution/s-0003",
        "/doc/place/pl-0003",
        "/doc/place/pl-0000",
        "/concept/use-case/ambient-scribe",
        "/doc/source/src-0000",
    ):
        counts = re.findall(
            r'<a href="(/catalogue\?[^"]+)"><strong>([\d,.]+)</strong>', page(server, f"{path}?lang={language}")
        )
        assert counts, path
        for address, number in counts:
            assert things(*asked(address)) == read_number(number), address
