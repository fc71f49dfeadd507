"""The pages in a real browser: what a reader does, in both languages, on a wide screen and on a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import COLOURS, NODE, dressed, faults_of, needs_chromium, started, wait_for, wait_until
from server import running
from stewards import make_token, wait_for_publication
from test_every_page import assert_valid

SAMPLE = Path(__file__).parent / "import" / "pstw" / "edition-1.csv"
FIGURE = "https%3A//w3id.org/sundgraf/id/figure/fg-1001"
SCREENSHOTS = Path(__file__).parent / "screenshots"
PAGES = [
    "/", "/catalogue?type=practice&country=pl-0000", "/compare?record=solution/s-0002&record=solution/s-0003",
    "/pictures", "/pictures/use-case-by-country", "/pictures/timeline", "/pictures/records-by-region",
    "/neighbourhood/solution/s-0003", "/ask", "/ask/published-totals", "/ask/search?word=chatbot", "/sparql",
    "/doc/solution/s-0002", "/doc/source/src-0000", "/def/Solution", "/concept/technology", "/shape/Solution",
    "/doc/solution/s-9999", "/submit", "/submit/Project", "/validate", "/templates", "/search?q=sepsis",
    "/publications", "/history/solution/s-0002?from=0&to=1", "/sign-in", "/report", "/pictures/lineage", "/imports",
    "/pictures/solution-by-region", "/mappings", "/mappings/dpv", "/catalog", "/concept/use-case", "/reconcile",
]  # fmt: skip
_CUT_LABELS = """
return [...document.querySelectorAll(".matrix .sides text")].filter((text) => {
  const box = text.getBoundingClientRect();
  return box.width && box.right > text.ownerSVGElement.getBoundingClientRect().right;
}).map((text) => text.textContent)"""  # headings of rows that stick out of their column
pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    """A browser of these tests' own: they sign in and change its window."""
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_reader_goes_from_the_front_page_to_the_sources_of_a_solution(server, browser):
    browser.get(f"{server.url}/?lang=en")
    SCREENSHOTS.mkdir(exist_ok=True)
    browser.save_screenshot(str(SCREENSHOTS / "home.png"))
    cell = browser.find_element(
        By.CSS_SELECTOR, "a[href*='technology=ai-image-processing'][href*='maturity=in-operation']"
    )
    browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", cell)
    wait_for(browser, "2 records")
    browser.find_element(By.PARTIAL_LINK_TEXT, "mammography").click()
    wait_for(browser, "takes the place of one of the two specialists")
    browser.save_screenshot(str(SCREENSHOTS / "record.png"))
    assert browser.current_url.startswith(f"{server.url}/doc/solution/s-0002")
    assert "frigøre arbejdskraft blandt mammaradiologer" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.PARTIAL_LINK_TEXT, "MAGIC").click()
    wait_for(browser, "cai-x.com")


def test_reader_switches_language_and_stays_on_the_page(server, browser):
    browser.get(f"{server.url}/catalogue?type=solution&lang=en&maturity=idea")
    browser.find_element(By.LINK_TEXT, "Dansk").click()
    wait_for(browser, "6 poster")
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "da"


def test_reader_asks_a_question_through_its_form(server, browser):
    browser.get(f"{server.url}/ask/search?lang=da")
    browser.find_element(By.NAME, "word").send_keys("robot")
    browser.find_element(By.CSS_SELECTOR, "main form button").click()
    wait_for(browser, "rækker")
    browser.save_screenshot(str(SCREENSHOTS / "question.png"))
    assert "Robot til dispensering" in browser.find_element(By.TAG_NAME, "main").text
    assert "SELECT" in browser.find_elements(By.TAG_NAME, "pre")[-1].text


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("path", PAGES)
def test_page_fits_a_telephone_and_logs_nothing(server, browser, path, language):
    browser.set_window_size(390, 844)
    try:
        browser.get(f"{server.url}{path}{'&' if '?' in path else '?'}lang={language}")
        width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1]
        assert len(browser.find_elements(By.TAG_NAME, "h1")) == 1
        assert browser.execute_script(_CUT_LABELS) == []
        wrong = [e for e in browser.get_log("browser") if "404" not in e["message"] or "s-9999" not in e["message"]]
        assert wrong == []
    finally:
        browser.set_window_size(1200, 900)


def sign_in(browser, server, secret: str) -> None:
    browser.delete_all_cookies()
    browser.get(f"{server.url}/sign-in?lang=en")
    browser.find_element(By.ID, "token").send_keys(secret)
    browser.find_element(By.CSS_SELECTOR, "main form button").click()
    wait_for(browser, "You are signed in as")


def test_steward_corrects_a_record_and_somebody_else_publishes_it(request, fill, tmp_path, browser):
    web = request.getfixturevalue("web") if NODE else None
    with running(fill(tmp_path / "state")) as server:
        steward, reviewer = make_token(server, "submitter", "steward"), make_token(server, "reviewer", "reviewer")
        sign_in(browser, server, steward)
        browser.get(f"{server.url}/doc/figure/fg-1001?lang=en")
        browser.find_element(By.LINK_TEXT, "Correct this record").click()
        text = browser.find_element(By.ID, "text")
        assert "sg:Figure" in text.get_attribute("value")
        browser.execute_script("arguments[0].value = arguments[0].value.replace('85000', '85001')", text)
        browser.find_element(By.ID, "reason").send_keys("Counted anew")
        browser.find_element(By.CSS_SELECTOR, "form.document button[type=submit]").click()
        wait_for(browser, "waiting")
        browser.save_screenshot(str(SCREENSHOTS / "submission.png"))
        address = browser.current_url
        assert not browser.find_elements(By.CSS_SELECTOR, "button[value=accept]")
        pages = [address, f"{server.url}/submit?correct={FIGURE}", f"{server.url}/submit/Project?record=project/p-1001"]
        judge(browser, [*pages, f"{server.url}/imports", f"{server.url}/sign-in"], web, tmp_path / "steward")
        judge_reports(browser, server, web)
        sign_in(browser, server, reviewer)
        browser.get(address)
        assert {row.text.split()[1] for row in browser.find_elements(By.CSS_SELECTOR, ".diff tbody tr")} == {
            "added", "removed"
        }  # fmt: skip
        judge(browser, [address, f"{server.url}/submissions"], web, tmp_path / "reviewer")
        browser.get(address.partition("?")[0] + "?lang=en")
        browser.find_element(By.CSS_SELECTOR, "button[value=accept]").click()
        wait_for(browser, "accepted")
        wait_for_publication(server, 2)
        browser.get(f"{server.url}/history/figure/fg-1001?lang=en")
        wait_for(browser, "Counted anew")
        browser.get(f"{server.url}/doc/figure/fg-1001?lang=en")
        wait_for(browser, "85,001")
        sign_in(browser, server, steward)
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            correct_in_its_form(browser, server, "project/p-1001")
        finally:
            browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.delete_all_cookies()


def judge(browser, addresses: list[str], web: Path | None, folder: Path) -> None:
    """Have axe and html-validate look at pages as who is signed in sees them, in English and, dark, in Danish."""
    if web is None:
        return
    texts = {}
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.get_cookies()}
    for address in addresses:
        plain = re.sub(r"[?&]lang=\w+", "", address)
        for language in ("en", "da"):
            with dressed(browser, dark=language == "da"):
                browser.get(f"{plain}{'&' if '?' in plain else '?'}lang={language}")
                assert faults_of(browser, web, **(COLOURS if language == "da" else {})) == [], browser.current_url
        texts[plain] = httpx.get(browser.current_url, headers={"Accept": "text/html"}, cookies=cookies).text
        assert len(texts[plain]) > 3000
    folder.mkdir()
    assert_valid(texts, web, folder)


def judge_reports(browser, server, web: Path | None) -> None:
    """What comes of a record that does not pass, and of an import that is only tried."""
    browser.get(f"{server.url}/validate?lang=da")
    browser.find_element(By.ID, "text").send_keys("<x> a <https://w3id.org/sundgraf/def/Figure> .")
    browser.find_element(By.CSS_SELECTOR, "main form button[type=submit]").click()
    wait_until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".findings li"), 30)
    assert web is None or faults_of(browser, web) == []
    browser.get(f"{server.url}/imports?lang=da")
    browser.find_element(By.ID, f"file-{SAMPLE.parent.name}").send_keys(str(SAMPLE))
    browser.find_element(By.CSS_SELECTOR, f"form[action^='/imports/{SAMPLE.parent.name}'] button[name=dry_run]").click()
    wait_until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, "dl.counts"), 60)
    assert web is None or faults_of(browser, web) == []


def correct_in_its_form(browser, server, record: str) -> None:
    """From the record's page to a submission that waits, with links, fields and buttons alone."""
    browser.get(f"{server.url}/doc/{record}?lang=en")
    browser.find_element(By.LINK_TEXT, "Correct this record").click()
    wait_for(browser, "form")
    browser.find_element(By.CSS_SELECTOR, "main a[href*='/submit/Project?record=']").click()
    wait_for(browser, "title (en)")
    title = browser.find_element(By.ID, "Project.title.en")
    title.clear()
    title.send_keys("MAGIC, mammography with artificial intelligence")
    browser.find_element(By.ID, "reason").send_keys("The title as the project writes it now")
    browser.find_element(By.CSS_SELECTOR, "form.document button[type=submit]").click()
    wait_for(browser, "waiting")
    assert "MAGIC, mammography" in browser.find_element(By.CSS_SELECTOR, ".diff").text


def test_name_is_completed_while_it_is_typed(server, browser):
    browser.get(f"{server.url}/?lang=da")
    browser.find_element(By.ID, "q").send_keys("region nordjyl")
    wait_until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, ".completions:not([hidden]) a"), 10)
    browser.find_element(By.ID, "q").send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    wait_for(browser, "Region Nordjylland")
    assert "/doc/" in browser.current_url


def test_cell_of_the_flagship_leads_to_its_records_and_their_sources(server, browser):
    browser.get(f"{server.url}/?lang=en")
    cell = browser.find_element(By.CSS_SELECTOR, ".flagship .cells a[href*='useCase=ambient-scribe']")
    said = cell.find_element(By.TAG_NAME, "title").get_attribute("textContent")
    records = int(said.split(", ")[-1].split()[0])
    browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", cell)
    wait_for(browser, f"{records} record")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".records > li")) == records
    browser.find_element(By.CSS_SELECTOR, ".records h3 a").click()
    wait_for(browser, "What is said, and where from")
    assert browser.find_elements(By.CSS_SELECTOR, "main .on a[href*='/doc/source/']")


def test_reader_compares_two_records_of_the_catalogue(server, browser):
    browser.get(f"{server.url}/catalogue?type=solution&maturity=idea&lang=da")
    for box in browser.find_elements(By.CSS_SELECTOR, ".records input")[:2]:
        box.click()
    browser.find_element(By.CSS_SELECTOR, ".compare button").click()
    wait_for(browser, "Side om side")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".compared thead th")) == 2
    assert "Idéstadie" in browser.find_element(By.CSS_SELECTOR, ".compared .same").find_element(By.XPATH, "..").text
