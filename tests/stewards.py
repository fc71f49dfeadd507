"""What the tests of submissions share: tokens, a client, and records to send in."""

from __future__ import annotations

import json
import time

import httpx

from server import Server, run

ID = "https://w3id.org/sundgraf/id"
PREFIXES = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sg: <https://w3id.org/sundgraf/def/> .
"""
FIGURE = (
    PREFIXES
    + """
<scans> a sg:Figure ;
    dcterms:title "Skanninger om året i prøven"@da , "Scans a year in the test"@en ;
    dcterms:source <https://w3id.org/sundgraf/id/source/src-0000> ;
    sg:about <https://w3id.org/sundgraf/id/solution/s-0002> ;
    sg:basis <https://w3id.org/sundgraf/concept/basis/stated> ;
    sg:confidence <https://w3id.org/sundgraf/concept/confidence/high> ;
    sg:qualifier <https://w3id.org/sundgraf/concept/figure-qualifier/about> ;
    sg:unit "scans" ;
    sg:value 12 .
"""
)


def make_token(server: Server, role: str, shown_as: str) -> str:
    """Return the secret of a new token."""
    done = run(server.state, "token", "new", "--role", role, "--shown-as", shown_as, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["token"]


def client(server: Server, secret: str = "") -> httpx.Client:
    """Return a client that asks for JSON with a token."""
    headers = {"Accept": "application/json"}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    return httpx.Client(base_url=server.url, headers=headers, timeout=120)


def send(who: httpx.Client, text: str, **parameters: str) -> httpx.Response:
    """Send Turtle in."""
    headers = {"Content-Type": "text/turtle"}
    if "key" in parameters:
        headers["Idempotency-Key"] = parameters.pop("key")
    return who.post("/submissions", content=text.encode(), headers=headers, params=parameters)


def accept(who: httpx.Client, id: str, **fields: str) -> httpx.Response:
    """Accept a submission."""
    return who.post(f"/submissions/{id}/decision", json={"decision": "accept", **fields})


def wait_for_publication(server: Server, number: int, seconds: float = 30) -> None:
    """Wait until readers of every web process see a publication: each connection may come to another."""
    end, seen = time.monotonic() + seconds, 0
    while seen < 12:
        assert time.monotonic() < end, f"publication {number} was not served within {seconds} seconds"
        answer = httpx.get(f"{server.url}/sparql", params={"query": "ASK {}"}, headers={"Cache-Control": "no-cache"})
        seen = seen + 1 if int(answer.headers["sundgraf-publication"]) >= number else 0
        time.sleep(0.02 if seen else 0.1)
