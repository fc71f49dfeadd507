"""What holds of every page type, in both languages and schemes: accessible, valid, light, whole without scripts."""

from __future__ import annotations

import html.parser
import json
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from selenium.webdriver.common.by import By
from starlette.requests import Request

from browser import ALL_BUT_COLOURS, COLOURS, dressed, faults_of, needs_chromium, needs_node, wait_for
from sundgraf.http.pages import Pages
from sundgraf.http.problems import respond_to_error

QUERIES = Path(__file__).resolve().parent.parent / "queries"
MOST_BYTES = 60_000  # transferred for a page with all it needs, the editor aside
SPARQL = (
    "/sparql?format=html&query=SELECT+%3Fclass+%28COUNT%28*%29+AS+%3Fn%29+%7B+%3Fs+a+%3Fclass+%7D+GROUP+BY+%3Fclass"
)
PAGES = [
    "/", "/catalogue", "/catalogue?type=practice&country=pl-0000&sort=stage", "/pictures", "/pictures/timeline",
    "/compare?record=solution/s-0002&record=solution/s-0003", "/pictures/use-case-by-country",
    "/pictures/solution-by-region", "/pictures/records-by-country", "/pictures/records-by-region",
    "/pictures/effects-by-evidence", "/pictures/lineage", "/neighbourhood/solution/s-0003", "/search?q=sepsis",
    "/report", "/publications", "/templates", "/submit", "/submit/Project", "/validate", "/sign-in",
    "/mappings", "/mappings/dpv", "/imports", "/catalog", "/submissions", "/compare", "/search?q=zzzzqq",
    "/history/solution/s-0002?from=0&to=1", "/doc/publication/pb-0001", "/ask/lacking-in-region",
    "/catalogue?country=pl-9999", "/catalogue?type=solution&country=pl-0017&technology=generative-ai&stage=ended",
    "/history/solution/s-0002", "/doc/solution/s-0002?version=1", "/doc/solution/s-0002", "/doc/project/p-1001",
    "/doc/source/src-0000", "/ask", "/ask/use-cases-across-countries", "/ask/lacking-in-region?region=pl-0004",
    "/ask/technology-by-maturity", "/ask/search", "/sparql", SPARQL, "/def/", "/def/Solution", "/def/useCase",
    "/concept/", "/shape/", "/concept/technology", "/concept/use-case",
    "/concept/stage/pilot", "/shape/Solution", "/shape/Project-title",
    "/reconcile/preview?id=id/project/p-1001", "/reconcile",
    "/query/ask/lineage", "/graph/catalogue/2024", "/dump/", "/doc/solution/s-9999", "/doc/project/p-2002",
    "/nothing/here",
]  # fmt: skip


def in_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@cache
def fetch(url: str) -> httpx.Response:
    return httpx.get(url, headers={"Accept": "text/html", "Accept-Encoding": "br"}, timeout=60)


@needs_node
@needs_chromium
@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_fault_that_axe_finds(server, chromium, web, path, language):
    with dressed(chromium):
        chromium.get(server.url + in_language(path, language))
        found = faults_of(chromium, web, **({} if language == "en" else ALL_BUT_COLOURS))
    if language == "en":  # of all rules only this one sees the colour scheme
        with dressed(chromium, dark=True):
            found += faults_of(chromium, web, **COLOURS)
    assert found == []


@needs_node
def test_pages_are_valid_html(server, web, tmp_path):
    # The tags are the same in both languages; half the pages are in each.
    texts = {path: fetch(server.url + in_language(path, ("en", "da")[at % 2])).text for at, path in enumerate(PAGES)}
    texts |= {f"500 {language}": page_of_a_fault(language) for language in ("en", "da")}
    assert_valid(texts, web, tmp_path)


def assert_valid(texts: dict[str, str], web: Path, folder: Path) -> None:
    """Have html-validate look at pages, given by what they are."""
    names = list(texts)
    for number, text in enumerate(texts.values()):
        (folder / f"{number}-.html").write_text(text, "utf-8")
    rules = {"no-trailing-whitespace": "off", "aria-label-misuse": ["error", {"allowAnyNamable": True}]}
    asked = {"root": True, "extends": ["html-validate:standard"], "rules": rules}
    (folder / ".htmlvalidate.json").write_text(json.dumps(asked))
    command = [str(web / "node_modules/.bin/html-validate"), "--formatter", "json=said.json", "*.html"]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    faults = {
        f"{names[int(Path(file['filePath']).name.split('-')[0])]} line {fault['line']}: {fault['message']}"
        for file in json.loads((folder / "said.json").read_text("utf-8"))
        for fault in file["messages"]
    }
    assert not faults, "\n".join(sorted(faults))


def page_of_a_fault(language: str) -> str:
    """Return the page that readers see where the fault is ours."""
    scope = {
        "type": "http", "method": "GET", "path": "/catalogue", "query_string": f"lang={language}".encode(),
        "headers": [(b"accept", b"text/html"), (b"host", b"example.org")], "server": ("example.org", 80),
    }  # fmt: skip
    answer = respond_to_error(Request(scope), Pages(problems=QUERIES / "problems.toml"), RuntimeError("inside"))
    assert answer.status_code == 500
    return bytes(answer.body).decode()


@needs_node
@needs_chromium
@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "da"])
def test_page_of_a_fault_of_ours_is_for_people(server, chromium, web, language):
    text = page_of_a_fault(language)
    assert {"en": "It is not your fault", "da": "Det er ikke din skyld"}[language] in text
    assert "inside" not in text
    chromium.get(f"{server.url}/nothing/here")
    for dark in (False, True):
        with dressed(chromium, dark=dark):
            chromium.execute_script("document.documentElement.innerHTML = arguments[0]", text.partition("<head>")[2])
            chromium.execute_script("document.documentElement.lang = arguments[0]", language)
            assert faults_of(chromium, web, **(COLOURS if dark else {})) == []
    assert chromium.find_elements(By.CSS_SELECTOR, f"main a[href='/catalogue?lang={language}']")


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/sparql")])
def test_page_is_light(server, path):
    page = fetch(server.url + in_language(path, "da"))
    parts = Parts(page.text)
    assert len(parts.sheets) == 1
    sizes = {part: weigh(urljoin(server.url, part)) for part in {*parts.sheets, *parts.others}}
    sizes["the page"] = int(page.headers["content-length"])
    assert sum(sizes.values()) <= MOST_BYTES, sizes


@cache
def weigh(url: str) -> int:
    with httpx.stream("GET", url, headers={"Accept-Encoding": "br"}) as answer:
        assert answer.status_code == 200, url
        return sum(len(piece) for piece in answer.iter_raw())


class Parts(html.parser.HTMLParser):
    """Collects what a browser fetches for a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sheets: list[str] = []
        self.others: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "link" and said.get("rel") == "stylesheet":
            self.sheets.append(said["href"] or "")
        elif tag == "link" and "icon" in (said.get("rel") or ""):
            self.others.append(said["href"] or "")
        elif tag in ("script", "img") and said.get("src"):
            self.others.append(said["src"] or "")


@pytest.mark.parametrize("path", PAGES)
def test_page_names_no_other_host_and_keeps_its_policy(server, path):
    page = fetch(server.url + in_language(path, "en"))
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "set-cookie" not in page.headers
    parts = Parts(page.text)
    assert all(part.startswith("/") for part in parts.sheets + parts.others)


@needs_chromium
@pytest.mark.browser
def test_reader_without_scripts_searches_asks_and_queries(server, chromium):
    with dressed(chromium, scripts=False):
        chromium.get(f"{server.url}/?lang=en")
        chromium.find_element(By.CSS_SELECTOR, "main input[name=q], header input[name=q]").send_keys("mammography")
        chromium.find_element(By.CSS_SELECTOR, "main form[role=search] button, header form[role=search] button").click()
        wait_for(chromium, "ammography")
        chromium.get(f"{server.url}/sparql?lang=en")
        area = chromium.find_element(By.ID, "query")
        area.clear()
        area.send_keys("SELECT ?name WHERE { <https://w3id.org/sundgraf/id/place/pl-0005> "
                       "<http://www.w3.org/2000/01/rdf-schema#label> ?name }")  # fmt: skip
        chromium.find_element(By.CSS_SELECTOR, "#ask button[formmethod]").click()
        wait_for(chromium, "Region Nordjylland", "#answer")
        kept = chromium.current_url
        chromium.get(kept)
        wait_for(chromium, "Region Nordjylland", "#answer")


@needs_chromium
@pytest.mark.browser
def test_reader_without_scripts_follows_a_cell_compares_and_switches_language(server, chromium):
    with dressed(chromium, scripts=False):
        chromium.get(f"{server.url}/?lang=en")
        cell = chromium.find_element(By.CSS_SELECTOR, ".flagship .cells a[href*='useCase=ambient-scribe']")
        chromium.get(urljoin(server.url, cell.get_dom_attribute("href")))
        chromium.find_element(By.CSS_SELECTOR, ".records h3 a").click()
        wait_for(chromium, "What is said, and where from")
        chromium.find_element(By.LINK_TEXT, "Dansk").click()
        wait_for(chromium, "Hvad der siges, og hvor det er fra")
        chromium.get(f"{server.url}/catalogue?type=solution&maturity=idea&lang=da")
        for box in chromium.find_elements(By.CSS_SELECTOR, ".records input")[:2]:
            box.click()
        chromium.find_element(By.CSS_SELECTOR, ".compare button").click()
        wait_for(chromium, "Side om side")
