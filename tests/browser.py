"""A real Chromium for tests, one per session, and what node has to be there for.

def test_page(server, chromium):                     # the fixture, from tests/conftest.py
    chromium.get(server.url)
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "service" / "web"
NODE = shutil.which("node") and shutil.which("npm")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
needs_node = pytest.mark.skipif(not NODE, reason="no node with npm: install Node.js 20 or later")
needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium with chromedriver: apt install chromium chromium-driver"
)


_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = """const done = arguments[1];
let moved = 0;
new PerformanceObserver((list) => list.getEntries().forEach((one) => (moved += one.value))).observe(
  {type: 'layout-shift', buffered: true});
axe.run(document, {resultTypes: ['violations'], ...arguments[0]}).then((found) => done([
  ...found.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 3).map(
    (node) => node.html.slice(0, 200)).join(' | ')),
  ...(moved > 0.01 ? ['layout shift: ' + moved] : [])]));"""
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# No colour depends on the language, and looking at colours takes most of the time.
ALL_BUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}


@contextlib.contextmanager
def started(profile: Path) -> Iterator[webdriver.Chrome]:
    """Start a browser with its profile in an empty folder, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--window-size=1200,900",
                     f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser with a fresh profile; use `dressed` for another screen, scheme or no scripts."""
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@contextlib.contextmanager
def dressed(
    browser: webdriver.Chrome, *, width: int = 0, dark: bool = False, scripts: bool = True
) -> Iterator[webdriver.Chrome]:
    """Give the browser another width (pixels), the dark scheme or no scripts, for a while."""
    try:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}  # a colour on its way is no colour to judge
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
        if width:
            screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield browser
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def wait_until(browser: webdriver.Chrome, condition: Callable[[webdriver.Chrome], object], seconds: float = 15) -> None:
    """Wait until a condition holds. While one page gives way to the next, Chromium says several kinds of error."""
    WebDriverWait(browser, seconds, ignored_exceptions=[WebDriverException]).until(condition)


def wait_for(browser: webdriver.Chrome, text: str, place: str = "main") -> None:
    """Wait until what a selector finds first shows a text."""
    wait_until(browser, lambda shown: text in shown.find_element(By.CSS_SELECTOR, place).text)


def faults_of(browser: webdriver.Chrome, web: Path, **asked: object) -> list[str]:
    """Return what axe finds on the page, of its rules or those asked for, and whether anything moved on loading."""
    browser.execute_script((web / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    found: list[str] = browser.execute_async_script(_AXE, {"runOnly": {"type": "tag", "values": _TAGS}, **asked})
    return found


@pytest.fixture(scope="session")
def web() -> Path:
    """The folder with what npm brings; made where it is not there yet."""
    if not (WEB / "node_modules" / "axe-core" / "axe.min.js").is_file():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WEB, check=True, timeout=240)
    if not (ROOT / "service/sundgraf/http/static/vendor/editor.js").is_file():
        subprocess.run(["node", "build.mjs"], cwd=WEB, check=True, timeout=120)
    return WEB
