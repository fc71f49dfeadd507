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
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from browser import dressed, needs_chromium, needs_node

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
    "/mappings", "/mappings/dpv", "/imports",
    "/history/solution/s-0002", "/doc/solution/s-0002?version=1", "/doc/solution/s-0002", "/doc/project/p-1001",
    "/doc/source/src-0000", "/ask", "/ask/use-cases-across-countries", "/ask/lacking-in-region?region=pl-0004",
    "/ask/technology-by-maturity", "/ask/search", "/sparql", SPARQL, "/def/", "/def/Solution", "/def/useCase",
    "/concept/", "/shape/", "/concept/technology", "/concept/use-case",
    "/concept/stage/pilot", "/shape/Solution", "/shape/Project-title",
    "/reconcile/preview?id=id/project/p-1001", "/reconcile",
    "/query/ask/lineage", "/graph/catalogue/2024", "/doc/solution/s-9999", "/doc/project/p-2002", "/nothing/here",
]  # fmt: skip
AXE = """const done = arguments[1];
axe.run(document, {resultTypes: ['violations'], ...arguments[0]}).then((found) => done(found.violations.map(
  (one) => one.id + ': ' + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | '))));"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# No colour depends on the language, and looking at colours takes most of the time.
ALL_BUT_COLOURS = {**EVERYTHING, "rules": {"color-contrast": {"enabled": False}}}


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
    axe = (web / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    with dressed(chromium):
        chromium.get(server.url + in_language(path, language))
        chromium.execute_script(axe)
        found = chromium.execute_async_script(AXE, EVERYTHING if language == "en" else ALL_BUT_COLOURS)
    if language == "en":  # of all rules only this one sees the colour scheme
        with dressed(chromium, dark=True):
            found += chromium.execute_async_script(AXE, COLOURS)
    assert found == []


@needs_node
def test_pages_are_valid_html(server, web, tmp_path):
    for number, path in enumerate(PAGES):  # the tags are the same in both languages; half the pages are in each
        page = tmp_path / f"{number}-.html"
        page.write_text(fetch(server.url + in_language(path, ("en", "da")[number % 2])).text, "utf-8")
    rules = {"no-trailing-whitespace": "off", "aria-label-misuse": ["error", {"allowAnyNamable": True}]}
    asked = {"root": True, "extends": ["html-validate:standard"], "rules": rules}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(asked))
    command = [str(web / "node_modules/.bin/html-validate"), "--formatter", "json=said.json", "*.html"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    faults = {
        f"{PAGES[int(Path(file['filePath']).name.split('-')[0])]} line {fault['line']}: {fault['message']}"
        for file in json.loads((tmp_path / "said.json").read_text("utf-8"))
        for fault in file["messages"]
    }
    assert not faults, "\n".join(sorted(faults))


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


def wait_for(browser, place: str, text: str) -> None:
    waiting = WebDriverWait(browser, 15, ignored_exceptions=[StaleElementReferenceException, NoSuchElementException])
    waiting.until(lambda b: text in b.find_element(By.CSS_SELECTOR, place).text)


@needs_chromium
@pytest.mark.browser
def test_reader_without_scripts_searches_asks_and_queries(server, chromium):
    with dressed(chromium, scripts=False):
        chromium.get(f"{server.url}/?lang=en")
        chromium.find_element(By.CSS_SELECTOR, "main input[name=q], header input[name=q]").send_keys("mammography")
        chromium.find_element(By.CSS_SELECTOR, "main form[role=search] button, header form[role=search] button").click()
        wait_for(chromium, "main", "ammography")
        chromium.get(f"{server.url}/sparql?lang=en")
        area = chromium.find_element(By.ID, "query")
        area.clear()
        area.send_keys("SELECT ?name WHERE { <https://w3id.org/sundgraf/id/place/pl-0005> "
                       "<http://www.w3.org/2000/01/rdf-schema#label> ?name }")  # fmt: skip
        chromium.find_element(By.CSS_SELECTOR, "#ask button[formmethod]").click()
        wait_for(chromium, "#answer", "Region Nordjylland")
        kept = chromium.current_url
        chromium.get(kept)
        wait_for(chromium, "#answer", "Region Nordjylland")
