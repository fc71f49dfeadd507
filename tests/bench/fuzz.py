"""Ask a running service what its OpenAPI document describes, and much that nobody would: no fault may be ours.

    python -m tests.bench.fuzz --examples 3000        # thousands of requests, also with tokens, against its own service

A few hundred of both kinds run with the tests (tests/test_fuzz.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from tests import server as service

DELIBERATE = (503, 504)  # busy, and stopped at the deadline: with a problem document
_RESERVED = "".join(chr(code) for code in range(0x20)) + "\x7f\u2028\ufeff\u202e\\\"'<>{}|^`%;,&=#?/:@"
_CONTROLS = bytes(range(0x20)) + b"\x7f"  # which the client itself refuses in a header
_HOSTILE = st.sampled_from(
    [
        "../../../../etc/passwd", "%2e%2e%2f", "\r\nSet-Cookie: a=b", "javascript:alert(1)", "<script>x</script>",
        "'; DROP TABLE submissions --", "\x00", "{{7*7}}", "${jndi:ldap://x}", "a" * 5000, "é" * 900, "٣", "1e999",
        "-0", "NaN", "9" * 40, "SERVICE <http://127.0.0.1:9/>", "\u202etxt.ttl",
        "https://w3id.org/sundgraf/id/solution/s-0002",
        "s-0002", "solution/s-0002", "*", "q=0;q=1", "da;q=x", "text/html;q=-1", "../", "//", "??", "a,b,,c",
    ]
)  # fmt: skip
_TEXT = st.one_of(
    _HOSTILE, st.text(max_size=40), st.text(alphabet=_RESERVED, max_size=12), st.integers().map(str), st.just("")
)
_PATHS = (
    "/", "/sparql", "/catalogue", "/catalogue.csv", "/catalogue.ttl", "/compare", "/search", "/suggest", "/ask",
    "/ask/browse", "/ask/search", "/ask/lacking-in-region", "/ask/browse.", "/pictures/", "/pictures/timeline",
    "/neighbourhood/", "/doc/", "/doc/solution/s-0002", "/id/", "/def/", "/concept/", "/shape/", "/query/", "/graph/",
    "/history/", "/publications", "/templates/", "/validate", "/submissions", "/submissions/", "/submit", "/submit/",
    "/sign-in", "/sign-out", "/static/", "/sitemap.xml", "/sitemap-", "/feed.atom", "/terms", "/reconcile", "/feed/",
    "/linkset/", "/timegate/doc/", "/timemap/doc/", "/reconcile/v1/match", "/catalog", "/.well-known/void", "/",
)  # fmt: skip
_POSTED = ("/sparql", "/validate", "/submissions", "/submissions/x", "/submissions/x/comments", "/sign-in", "/sign-out",
           "/submissions/x/decision", "/reconcile", "/reconcile/v1/match", "/reconcile/v1/extend")  # fmt: skip
_NAMES = (
    "q", "query", "format", "lang", "page", "sort", "type", "record", "version", "limit", "class", "start", "correct",
    "draft", "state", "kind", "timeout", "default-graph-uri", "named-graph-uri", "country", "stage", "region", "word",
    "name", "key", "queries", "extend", "callback", "update", "edit", "example", "from", "to", "language", "reason",
)  # fmt: skip
_HEADERS = ("Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "Content-Type", "Range", "Cookie",
            "Authorization", "X-Forwarded-For", "Host", "Idempotency-Key", "Content-Encoding", "Accept-Datetime",
            "If-Modified-Since", "Prefer", "Origin")  # fmt: skip
_TYPES = (
    "text/turtle", "application/trig", "application/n-triples", "application/n-quads", "application/ld+json",
    "application/rdf+xml", "text/csv", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=unicode_escape", "application/json", "application/sparql-query",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/html", "application/pdf",
)  # fmt: skip
SEEDS = (
    b"<https://w3id.org/sundgraf/new/x> a <https://w3id.org/sundgraf/def/Figure> ; "
    b'<http://purl.org/dc/terms/title> "x"@en .',
    b'{"@context": {"sg": "https://w3id.org/sundgraf/def/"}, "@id": "x", "sg:value": {"@value": "1"}}',
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="x"/></rdf:RDF>',
    b"class;record;title (en)\nFigure;x;A title\n",
    b"SELECT * WHERE { ?s ?p ?o } LIMIT 1",
    b'{"decision": "accept", "reason": "\\ud800"}',
    b'{"queries": [{"conditions": [{"matchType": "name", "propertyValue": "x"}]}]}',
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n<a> <b> "\\ud800" .\r\n--x--\r\n',
    b"text=%3Ca%3E+%3Cb%3E+%3Cc%3E+.&format=ttl&form_key=x",
)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes] = SEEDS) -> bytes:
    """Draw something like what is really sent: a seed, cut, doubled, or with something else in the middle."""
    body = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(body)))
        end = draw(st.integers(at, min(len(body), at + 12)))
        body = (
            body[:at]
            + draw(st.one_of(st.binary(max_size=6), st.sampled_from([b"", body[:20], b"(" * 50])))
            + body[end:]
        )
    return body


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a request: a path that there is, maybe with more behind it, parameters and headers we know, any values."""
    method = draw(
        st.sampled_from(["GET", "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"])
    )
    path = draw(st.sampled_from(_POSTED if method == "POST" else _PATHS))
    path += quote(draw(_TEXT) if draw(st.integers(0, 3)) == 0 else "", safe="/%:")
    pairs = draw(st.lists(st.tuples(st.one_of(st.sampled_from(_NAMES), st.text(max_size=8)), _TEXT), max_size=4))
    headers = {
        name: draw(_TEXT).encode("utf-8", "replace").translate(None, _CONTROLS)[:2000].strip()
        for name in draw(st.lists(st.sampled_from(_HEADERS), unique=True, max_size=3))
    }
    body = draw(mutated()) if method in ("POST", "PUT") else b""
    if body:
        headers["Content-Type"] = draw(st.sampled_from(_TYPES)).encode()
    headers.setdefault("Accept", draw(st.sampled_from([b"text/html", b"application/json", b"text/turtle", b"*/*"])))
    query = (
        urlencode(pairs, errors="replace") if draw(st.booleans()) else quote("&".join(map("=".join, pairs)), safe="=&")
    )
    return {"method": method, "path": f"{path}?{query}" if query else path, "headers": headers, "body": body}


def limits(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the settings of a run: the same requests each time, quickly made."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, verbosity=Verbosity.quiet,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def ask_described(url: str, examples: int, token: str = "") -> Counter[int]:
    """Ask what the OpenAPI document describes, of all operations by turns; return how often each status came."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    seen: Counter[int] = Counter()
    operations = [found.ok() for found in schema.get_all_operations()]
    every = st.one_of([operation.as_strategy() for operation in operations if operation.path != "/dump/{name}"])

    @limits(examples)
    @given(case=every)
    def ask(case: Any) -> None:
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = case.call(headers=headers)
        judge(answer.status_code, answer.headers.get("content-type", [""]), answer.content, case.as_curl_command())
        seen[answer.status_code] += 1

    ask()
    return seen


def ask_anything(url: str, examples: int, token: str = "") -> Counter[int]:
    """Ask what nobody would; return how often each status came."""
    seen: Counter[int] = Counter()
    with httpx.Client(base_url=url, timeout=60) as client:

        @limits(examples)
        @given(asked=requests())
        def ask(asked: dict[str, Any]) -> None:
            headers = dict(asked["headers"])
            if token:
                headers["Authorization"] = f"Bearer {token}".encode()
            request = client.build_request(asked["method"], "/", headers=headers, content=asked["body"])
            request.url = request.url.copy_with(raw_path=asked["path"].encode("ascii", "replace"))
            try:
                answer = client.send(request)
            except httpx.RemoteProtocolError as error:
                raise AssertionError(f"the connection was dropped ({error}): {asked!r}") from error
            judge(answer.status_code, [answer.headers.get("content-type", "")], answer.content, repr(asked))
            assert "a=b" not in answer.headers.get("set-cookie", ""), asked
            seen[answer.status_code] += 1

        ask()
    return seen


def judge(status: int, content_type: Sequence[str], body: bytes, asked: str) -> None:
    """Raise AssertionError where an answer is a fault of ours, or an error is not said as a problem."""
    deliberate = status in DELIBERATE and "application/problem+json" in content_type[0]
    assert status < 500 or deliberate, f"{status} for {asked}: {body[:300]!r}"
    if status >= 400 and body and content_type[0].startswith("application/problem+json"):
        said = json.loads(body)
        assert said["status"] == status and said["title"] and said["detail"], f"{status} says too little: {asked}"


def main() -> None:
    """Run both kinds against a service of its own, once as a visitor and once with a token for each role."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--examples", type=int, default=1000, help="requests of each kind")
    examples = parser.parse_args().examples
    with (
        tempfile.TemporaryDirectory() as folder,
        service.running(
            Path(folder) / "state", SUNDGRAF_VALIDATIONS_PER_MINUTE="1000000", SUNDGRAF_SUBMISSIONS_PER_HOUR="1000000"
        ) as started,
    ):
        for role in ("", "submitter", "reviewer"):
            token = ""
            if role:
                made = service.run(
                    started.state, "token", "new", "--role", role, "--shown-as", f"fuzz, {role}", "--json"
                )
                token = json.loads(made.stdout)["token"]
            for kind in (ask_described, ask_anything):
                seen = kind(started.url, examples, token)
                print(f"{kind.__name__}, {role or 'visitor'}: {sum(seen.values())} requests, "
                      + ", ".join(f"{count} x {status}" for status, count in sorted(seen.items())))  # fmt: skip
                sys.stdout.flush()
        assert '"event": "log", ' not in started.said() or "Traceback" not in started.said(), started.said()[-3000:]


if __name__ == "__main__":
    main()
