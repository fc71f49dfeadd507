"""What stands against each threat of docs/threat-model.md, where no other file of tests shows it."""

from __future__ import annotations

import ast
import contextlib
import csv
import functools
import html
import http.server
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.audit import KEPT

from test_validate import GOOD

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "docs" / "threat-model.md"
asked, posted = (functools.partial(method, timeout=60) for method in (httpx.get, httpx.post))
TYPED = '"><script>alert(1)</script><a href="javascript:alert(2)">'
CALLS = {
    "text/turtle": "<x> a <http://x/y> ; <http://www.w3.org/2002/07/owl#imports> <{url}> .",
    "application/ld+json": '{{"@context": "{url}", "@id": "x", "http://x/p": 1}}',
    "application/rdf+xml": '<!DOCTYPE r SYSTEM "{url}"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
}


def test_every_threat_names_tests_that_there_are():
    known = {
        f"{path.stem}::{node.name}"
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    rows = [line for line in MODEL.read_text("utf-8").splitlines() if line.startswith("| ")]
    threats = [row for row in rows if "::" in row]
    assert len(threats) > 20
    for row in threats:
        named = re.findall(r"`(test_\w+::test_\w+)`", row)
        assert named
        assert set(named) <= known, row


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """Listen on the loopback, and yield the address and what came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection:
                        came.append(connection.recv(100))

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", came
        stop.set()
        thread.join()


def test_no_document_or_query_makes_the_service_call_anybody(server):
    with listening() as (url, came):
        for media_type, text in CALLS.items():
            answer = posted(
                f"{server.url}/validate", content=text.format(url=url), headers={"Content-Type": media_type}
            )
            assert answer.status_code in (200, 400)
        for query in (f"SELECT * FROM <{url}> WHERE {{ ?s ?p ?o }}", f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
                      f"LOAD <{url}>", f"DESCRIBE <{url}>"):  # fmt: skip
            assert asked(server.sparql, params={"query": query}).status_code in (200, 400, 403)
        for name in ("default-graph-uri", "named-graph-uri", "graph"):
            asked(server.sparql, params={"query": "SELECT * { ?s ?p ?o } LIMIT 1", name: url})
        asked(f"{server.url}/ask/portfolio-of-region", params={"region": url})
    assert came == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ('DEFINE get:soft "soft" SELECT * FROM <http://127.0.0.1/x> { ?s ?p ?o }', 400),
        ("define input:storage <urn:x> SELECT * { ?s ?p ?o }", 400),
        ("SELECT (bif:http_get('http://127.0.0.1/x') AS ?x) {}", 403),
        ("PREFIX b: <bif:> SELECT (b:file_to_string('x') AS ?x) {}", 403),
        ("SELECT (<\\u0073ql:x>(1) AS ?x) {}", 403),
        ("SELECT ('bif:x, DEFINE' AS ?x) { }  # sql:x", 200),
    ],
)
def test_orders_to_an_engine_that_are_no_sparql_are_refused(server, query, status):
    assert asked(server.sparql, params={"query": query}).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/search?q={}", "/ask?q={}", "/ask/search?word={}", "/sparql?query={}&format=html", "/sparql?edit={}",
        "/catalogue?country={}", "/catalogue?sort={}", "/compare?record={}", "/nothing/{}", "/doc/solution/{}",
        "/submit?correct={}", "/pictures/{}", "/templates/{}", "/history/{}", "/ask/browse?country={}", "/?lang={}",
        "/publications?page={}", "/sign-in?next={}",
    ],
)  # fmt: skip
def test_what_a_reader_typed_is_text_on_every_page(server, path):
    page = asked(server.url + path.format(str(httpx.QueryParams({"x": TYPED}))[2:]), headers={"Accept": "text/html"})
    assert page.status_code < 500
    assert "<script>" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    targets = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
    assert not [target for target in targets if html.unescape(target).lower().startswith("javascript:")]


@pytest.mark.parametrize("accept", ["application/rdf+xml", "application/sparql-results+xml", "text/turtle", "text/csv",
                                    "application/json"])  # fmt: skip
def test_answer_of_a_query_is_never_taken_for_a_page(server, accept):
    markup = "<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>"
    query = {
        "application/rdf+xml": f'CONSTRUCT {{ <urn:x> <http://x/p> "{markup}" }} WHERE {{}}',
        "text/turtle": f'CONSTRUCT {{ <urn:x> <http://x/p> "{markup}" }} WHERE {{}}',
    }.get(accept, f'SELECT ("{markup}" AS ?x) WHERE {{}}')
    answer = asked(server.sparql, params={"query": query}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert not answer.headers["content-type"].startswith("text/html")
    if accept.endswith("xml"):
        assert "<script" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/id/solution/s-0002?x={}", "/solutions?x={}", "/ask/solutions.csv?maturity={}",
        "/doc/solution/s-0002.ttl?page={}",
        "/search?q={}&lang=da", "/feed.atom?lang={}", "/catalogue.csv?sort={}", "/templates/{}.csv", "/dump/{}",
    ],
)  # fmt: skip
def test_no_parameter_becomes_a_header(server, path):
    injected = "a%0D%0ASet-Cookie:%20evil=1%0D%0AX-Evil:%201"
    answer = asked(server.url + path.format(injected))
    assert answer.status_code < 500
    assert "set-cookie" not in answer.headers
    assert "x-evil" not in answer.headers


def test_findings_as_csv_hold_no_formula(server):
    text = GOOD.replace('sg:unit "scans"', 'sg:untit "=HYPERLINK(1)"').replace("figure/fg-9001", "figure/fg-9001=1+1")
    answer = posted(
        f"{server.url}/validate", content=text.encode(), params={"name": "=cmd.ttl"},
        headers={"Content-Type": "text/turtle", "Accept": "text/csv"},
    )  # fmt: skip
    cells = [cell for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]


@pytest.mark.parametrize(
    "name", ["../../../../tmp/evil.ttl", "C:\\x\\evil.ttl", "/etc/evil.ttl", "evil\x00.ttl", "é" * 300 + ".ttl"]
)
def test_name_of_an_upload_is_only_a_name(server, name):
    answer = posted(
        f"{server.url}/validate", headers={"Accept": "application/json"}, files={"file": (name, GOOD.encode())}
    )
    assert answer.status_code in (200, 415)
    for finding in answer.json().get("findings", []):
        assert "/" not in finding["file"] and "\\" not in finding["file"]


def test_known_vulnerabilities_fail_the_check_and_silence_does_not():
    """Against a server on the loopback that speaks as the OSV database does: one that knows, one that is not there."""

    class Knowing(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            told = [{"vulns": [{"id": "OSV-1"}]} if q["package"]["name"] == "jinja2" else {} for q in asked]
            body = json.dumps({"results": told}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    kept = KEPT.read_bytes() if KEPT.exists() else b""

    def audit(address: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.audit"], cwd=ROOT, env={**os.environ, "SUNDGRAF_ADVISORIES": address},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Knowing) as knowing:
        threading.Thread(target=knowing.serve_forever, daemon=True).start()
        found = audit(f"http://127.0.0.1:{knowing.server_port}/")
        knowing.shutdown()
    assert found.returncode == 1
    assert re.search(r"^jinja2 \S+: OSV-1; raise it in pyproject.toml, then `make lock`.$", found.stdout, re.MULTILINE)
    silent = audit("http://127.0.0.1:9/")
    assert silent.returncode == 0
    assert silent.stdout.startswith("Dependencies were not audited: no advisories could be had")
    assert (KEPT.read_bytes() if KEPT.exists() else b"") == kept  # what another address said is not kept
