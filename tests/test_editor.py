"""The SPARQL editor in a real browser, and the words that it completes."""

from __future__ import annotations

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import ROOT, dressed, needs_chromium, needs_node, wait_until

HTML = {"Accept": "text/html"}
SCREENSHOTS = ROOT / "tests" / "screenshots"


def write(browser, text: str) -> None:
    """Put a query into the editor as its own API does."""
    script = "document.querySelector('.yasqe .CodeMirror').CodeMirror.setValue(arguments[0])"
    browser.execute_script(script, text)


def answer(browser) -> str:
    return browser.find_element(By.ID, "answer").text


@needs_node
@needs_chromium
@pytest.mark.browser
def test_query_is_run_edited_and_kept_as_a_link(server, web, chromium):
    with dressed(chromium):
        chromium.get_log("browser")  # what other tests' pages said
        chromium.get(f"{server.url}/sparql?lang=en&example=countries")
        wait_until(chromium, lambda b: b.find_elements(By.CSS_SELECTOR, ".yasqe .CodeMirror"))
        run = chromium.find_element(By.CSS_SELECTOR, "#ask button[value=html]")
        run.click()
        wait_until(chromium, lambda b: "Finland" in answer(b))
        write(chromium, "SELECT ?n WHERE { VALUES ?n { 41 1 } }")
        run.click()
        wait_until(chromium, lambda b: "41" in answer(b) and "Finland" not in answer(b))
        SCREENSHOTS.mkdir(exist_ok=True)
        chromium.save_screenshot(str(SCREENSHOTS / "sparql.png"))
        for view, seen in (("chart", "svg.answer-chart rect"), ("response", ".CodeMirror"), ("table", "table")):
            chromium.find_element(By.CSS_SELECTOR, f".select_{view}").click()
            wait_until(chromium, lambda b, seen=seen: b.find_elements(By.CSS_SELECTOR, f".yasr_results {seen}"))
        link = chromium.current_url
        chromium.get(f"{server.url}/ask")
        chromium.get(link)
        wait_until(chromium, lambda b: "41" in answer(b) and b.find_elements(By.CSS_SELECTOR, ".yasr table"))
        assert chromium.execute_script("return localStorage.length") == 0
        wrong = [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
        assert wrong == []


@needs_node
@needs_chromium
@pytest.mark.browser
def test_editor_completes_terms_of_the_graph_and_says_what_is_wrong(server, web, chromium):
    with dressed(chromium):
        chromium.get(f"{server.url}/sparql?lang=da&edit=SELECT+*+WHERE+%7B+%3Fs+")
        wait_until(chromium, lambda b: b.find_elements(By.CSS_SELECTOR, ".yasqe .CodeMirror"))
        chromium.execute_script("const e = document.querySelector('.CodeMirror').CodeMirror;"
                                "e.focus(); e.setCursor(e.lineCount(), 0); e.execCommand('goDocEnd')")  # fmt: skip
        typing = chromium.switch_to.active_element
        typing.send_keys("brugssc", Keys.CONTROL, Keys.SPACE)
        wait_until(chromium, lambda b: b.find_elements(By.CSS_SELECTOR, ".CodeMirror-hints li"))
        assert "sg:useCase" in chromium.find_element(By.CSS_SELECTOR, ".CodeMirror-hints").text
        hints = chromium.find_elements(By.CSS_SELECTOR, ".CodeMirror-hints li")
        next(hint for hint in hints if hint.text.startswith("sg:useCase ")).click()
        text = chromium.execute_script("return document.querySelector('.CodeMirror').CodeMirror.getValue()")
        assert "?s sg:useCase" in text
        assert "PREFIX sg: <https://w3id.org/sundgraf/def/>" in text
        write(chromium, "SELECT ?a WHERE { ?a ")
        chromium.find_element(By.CSS_SELECTOR, "#ask button[value=html]").click()
        wait_until(chromium, lambda b: b.find_elements(By.CSS_SELECTOR, "#answer .fault"))
        assert "Linje 1, tegn 22: herfra" in answer(chromium)


def test_words_of_the_graph_have_names_in_both_languages(server):
    known = httpx.get(f"{server.url}/terms").json()
    assert known["prefixes"]["stage"] == "https://w3id.org/sundgraf/concept/stage/"
    terms = {(term["kind"], term["iri"]): term for term in known["terms"]}
    solution = terms["class", "https://w3id.org/sundgraf/def/Solution"]
    assert (solution["da"], solution["en"]) == ("Løsning", "Solution")
    assert ("property", "https://w3id.org/sundgraf/def/useCase") in terms
    assert ("concept", "https://w3id.org/sundgraf/concept/stage/pilot") in terms


@pytest.mark.parametrize(
    ("query", "status", "seen"),
    [
        ("ASK {}", 200, "<strong>Ja."),
        ("SELECT ?x WHERE { VALUES ?x { '<b>&' } }", 200, "&lt;b&gt;&amp;"), ("SELECT *", 400, "fault"),
        ("SELECT * WHERE {\n ?a ", 400, "Linje 2, tegn 5: herfra kan"),
        ("ASK { ?x foo:b 1 }", 400, "Begynd forespørgslen med PREFIX"),
        ("SELECT * WHERE { ?s a <https://w3id.org/sundgraf/def/Nothing> }", 200, "intet i grafen"),
        ("CONSTRUCT { <a:a> <a:b> 'c' } WHERE {}", 200, "&lt;a:a&gt; &lt;a:b&gt;"),
        ("SELECT * WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 403, "fault"),
    ],
)  # fmt: skip
def test_plain_form_shows_the_answer_as_a_page(server, query, status, seen):
    for ask in (httpx.get, httpx.post):
        given = {"params" if ask is httpx.get else "data": {"query": query, "format": "html", "lang": "da"}}
        page = ask(
            f"{server.url}/sparql?lang=da" if ask is httpx.post else f"{server.url}/sparql", headers=HTML, **given
        )
        assert page.status_code == status
        assert seen in page.text
