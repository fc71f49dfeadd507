"""What robots, feed readers and people who went astray are given."""

from __future__ import annotations

import ast
import asyncio
import html
import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sundgraf.domain import errors
from sundgraf.http.danish import Danish
from sundgraf.http.routes.sparql import NO_WRITES
from sundgraf.store.base import QueryRequest
from sundgraf.store.lane import Connection
from sundgraf.store.query_clock import QueryClock

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "service" / "sundgraf"
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)} - {"StoreUnusable", "MalformedData"}
NOT_FOR_READERS = {  # they speak to who runs a command, or to programs alone
    *(f"application/{name}.py" for name in (
        "answer_locally", "backup", "comparable", "dump", "export_accepted", "format_files", "load", "replay",
        "propose", "template")),
    *(f"http/{name}.py" for name in ("serve", "listening", "pushing", "matching", "reconciling", "routes/reconcile")),
}  # fmt: skip

HTML = {"Accept": "text/html"}
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def page_of(server, path: str, status: int = 200) -> str:
    answer = httpx.get(server.url + path, headers=HTML, timeout=60)
    assert answer.status_code == status, path
    return answer.text


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/", "Dataset"), ("/ask/lineage", "Dataset"), ("/doc/project/p-1001", "ResearchProject"),
        ("/doc/solution/s-0002", "Thing"), ("/doc/place/pl-0005", "Place"), ("/doc/source/src-0000", "CreativeWork"),
        ("/concept/stage/pilot", "DefinedTerm"), ("/concept/stage", "DefinedTermSet"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["da", "en"])
def test_page_tells_what_it_is_about_in_schema_org(server, path, type, language):
    page = page_of(server, f"{path}?lang={language}")
    said = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert said["@context"] == "https://schema.org/"
    thing = said["@graph"][-1]
    assert thing["@type"] == type
    assert thing["@id"].startswith("https://w3id.org/sundgraf/")
    assert thing["name"]
    title = html.unescape(re.search(r'<meta property="og:title" content="([^"]+)"', page)[1])
    assert title == html.unescape(re.search(r"<title>(.*?)</title>", page)[1])
    assert len(html.unescape(re.search(r'<meta name="description" content="([^"]+)"', page)[1])) >= 10


def test_every_address_of_the_site_map_is_a_page(server):
    assert f"Sitemap: {server.url}/sitemap.xml" in httpx.get(f"{server.url}/robots.txt").text
    index = ET.fromstring(httpx.get(f"{server.url}/sitemap.xml").text)
    addresses = [
        place.text or ""
        for part in index.iter(f"{MAP}loc")
        for place in ET.fromstring(httpx.get(part.text or "").text).iter(f"{MAP}loc")
    ]
    assert len(addresses) == len(set(addresses)) > 2000
    assert {f"{server.url}{path}" for path in ("/", "/ask/lineage", "/def/Solution", "/doc/solution/s-0002")} <= {
        *addresses
    }
    with httpx.Client(headers=HTML, timeout=60) as client:
        for address in [*random.Random(4).sample(addresses, 40)]:
            assert client.get(address).status_code == 200, address
    assert httpx.get(f"{server.url}/sitemap-99.xml").status_code == 404


def test_feed_tells_every_publication(server):
    answer = httpx.get(f"{server.url}/feed.atom?lang=da")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.text)
    entry = feed.find(f"{ATOM}entry")
    for part in ("id", "title", "updated"):
        assert feed.find(ATOM + part).text
        assert entry.find(ATOM + part).text
    assert "udsagn tilføjet" in entry.find(f"{ATOM}summary").text
    page = entry.find(f"{ATOM}link").attrib["href"]
    assert httpx.get(page, headers=HTML).status_code == 200


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/def/Solutoin", "/def/Solution"), ("/ask/lineag", "/ask/lineage"), ("/catalouge", "/catalogue"),
        ("/Concept", "/concept/"), ("/concept/stages", "/concept/stage"),
        ("/doc/place/region-nordjyland", "/doc/place/pl-0005"),
    ],
)  # fmt: skip
def test_lost_reader_is_shown_what_was_meant(server, asked, meant):
    page = page_of(server, f"{asked}?lang=da", 404)
    assert f'href="{meant}?lang=da"' in page.split("Mente du")[1]
    assert 'action="/search"' in page


def test_every_error_of_the_service_is_said_in_danish_too():
    """Each message in the modules that answer readers, with what differs replaced by a word."""
    danish = Danish(ROOT / "queries" / "problems.toml")
    missing = [
        (path.relative_to(PACKAGE).as_posix(), english)
        for room in ("http", "domain", "application")
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in NOT_FOR_READERS
        for english in messages_in(path)
        if ".rq" not in english and not danish.say(english)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("deadline", "expired", "said"),
    [
        (1, True, "1 sekund. Gør"),
        (2, True, "2 sekunder. Gør"),
        (2.5, True, "efter 2,5 sekunder. Gør"),
        (9, False, "hukommelse"),
    ],
)
def test_store_says_in_danish_why_a_query_was_stopped(deadline, expired, said):
    async def stop() -> str:
        clock = QueryClock(Connection(), QueryRequest("ASK {}", "json", deadline=deadline))
        if expired:
            clock._expire()
        clock.stop()
        return str(clock.reason())

    assert said in Danish(ROOT / "queries" / "problems.toml").say(asyncio.run(stop()))


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("1,250 searches in a query; ask at most 2.", "1.250 søgninger i en forespørgsel; højst 2 ad gangen."),
        ("limit=2.5 is not a number from 1 to 10,000.", "limit=2.5 er ikke et tal fra 1 til 10.000."),
    ],
)
def test_numbers_in_errors_are_written_as_danes_do_but_not_what_somebody_gave(english, said):
    assert Danish(ROOT / "queries" / "problems.toml").say(english) == said


def messages_in(path: Path) -> Iterator[str]:
    """Yield the messages that errors are raised with, as far as they stand in the code as texts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
            message = node.args[0]
            if isinstance(message, ast.Constant):
                yield str(message.value)
            elif isinstance(message, ast.JoinedStr):
                yield "".join(p.value if isinstance(p, ast.Constant) else str(fill(p)) for p in message.values)


def fill(part: ast.AST) -> str:
    """Return what may stand in a message for what differs."""
    said = ast.unparse(part)
    if "told_seconds" in said:
        return "2 seconds"
    return "" if "hint" in said else NO_WRITES if "NO_WRITES" in said else "word"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/ask/lacking-in-region?region=pl-9999&lang=da", "region=&#39;pl-9999&#39; er ikke noget, grafen kender."),
        ("/ask/solutions?maturity=in-operaton&lang=da", "Mente du &#39;in-operation&#39;?"),
        ("/catalogue?sort=size&lang=da", "sort=&#39;size&#39; er ingen af title, stage, start."),
        ("/sparql?query=x&format=html&lang=da", "Der er hverken SELECT, ASK, CONSTRUCT eller DESCRIBE"),
    ],
)
def test_danish_pages_say_in_danish_what_is_wrong(server, path, said):
    page = page_of(server, path, 400)
    assert said in page


def test_problem_pages_say_it_in_the_language_of_the_reader(server):
    assert "Der er intet på denne adresse" in page_of(server, "/doc/solution/s-9999?lang=da", 404)
    assert "Forespørgslen kan ikke bruges" in page_of(server, "/search?limit=x&lang=da", 400)
    assert '<meta name="robots" content="noindex">' in page_of(server, "/nothing", 404)
    assert httpx.get(f"{server.url}/favicon.ico").headers["content-type"] == "image/svg+xml"
