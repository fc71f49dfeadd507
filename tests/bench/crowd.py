"""Those who use the service while everything happens to it: readers, submitters and a reviewer."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from urllib.parse import urlencode

import httpx
from tests.bench.validation import SUBMISSION

_RECORDS = 5  # in each submission, with a value each
_WHOLE = """PREFIX sg: <https://w3id.org/sundgraf/def/>
SELECT ?publication (COUNT(DISTINCT ?record) AS ?records) (COUNT(DISTINCT ?value) AS ?values) WHERE {
  ?publication sg:submission ?submission ; sg:changedRecord ?record .
  OPTIONAL { ?record sg:value ?value }
} GROUP BY ?publication"""
_PAGES = (
    "/", "/catalogue", "/doc/solution/s-0002", "/doc/solution/s-0003?format=turtle", "/ask/technology-by-maturity",
    "/search?q=sepsis", "/publications", "/health",
)  # fmt: skip
_PATIENCE = 60.0  # seconds
_BETWEEN = 2.0  # seconds between two submissions of one submitter
_PAUSE = 0.25  # seconds between two requests of one reader


class Crowd:
    """Runs while the block runs. `acknowledged` and `accepted` are what was promised; `faults` what must never be."""

    def __init__(self, url: str, submitters: list[str], reviewer: str) -> None:
        self.acknowledged: dict[str, str] = {}  # client key -> id
        self.accepted: dict[str, int] = {}  # id -> publication
        self.outcomes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()  # what was said where the service could not
        self.faults: list[str] = []
        self.looks = 0  # at all publications at once
        self._url = url
        # Made once, for that takes 20 ms; each request has a connection of its own, as those of many people would.
        self._client = httpx.Client(timeout=_PATIENCE, limits=httpx.Limits(max_keepalive_connections=0))
        self._over = threading.Event()
        self._numbers = itertools.count(1000)
        self._threads = [
            *(threading.Thread(target=self._submit, args=(secret,)) for secret in submitters),
            threading.Thread(target=self._review, args=(reviewer,)),
            threading.Thread(target=self._read), threading.Thread(target=self._read),
            threading.Thread(target=self._look_for_halves),
        ]  # fmt: skip

    @property
    def told(self) -> str:
        """What was promised so far, in words."""
        return f"{len(self.acknowledged)} acknowledged, {len(self.accepted)} published"

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _submit(self, secret: str) -> None:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/turtle", "Accept": "application/json"}
        while not self._over.is_set():
            number = next(self._numbers)
            key = f"key-{number}"
            text = SUBMISSION.replace("hihg", "high").replace("Scans a year", f"Scans a year {number}")
            text = text.replace("sg:value 1 ", f"sg:value {number} ")
            while not self._over.is_set() and key not in self.acknowledged:
                answer = self._ask("POST", "/submissions?reason=storm", {**headers, "Idempotency-Key": key}, text)
                if answer is None or answer.status_code >= 500:
                    time.sleep(0.2)
                elif answer.status_code in (200, 201):
                    self.acknowledged[key] = answer.json()["id"]
                else:
                    self.faults.append(f"a submission was answered {answer.status_code}: {answer.text[:300]}")
                    time.sleep(1)
            time.sleep(_BETWEEN)

    def _review(self, secret: str) -> None:
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        while not self._over.is_set():
            waiting = self._ask("GET", "/submissions", headers)
            for one in (waiting.json()["submissions"] if waiting is not None and waiting.is_success else [])[:2]:
                path = f"/submissions/{one['id']}/decision"
                answer = self._ask("POST", path, headers, {"decision": "accept"})
                if answer is not None and answer.is_success:
                    self.accepted[one["id"]] = answer.json()["publication"]
                elif answer is not None and answer.status_code not in (409, 500, 503, 507):
                    self.faults.append(f"a decision was answered {answer.status_code}: {answer.text[:300]}")
            time.sleep(_PAUSE)

    def _read(self) -> None:
        chance = random.Random()
        while not self._over.is_set():
            path = chance.choice(_PAGES)
            answer = self._ask("GET", path, {"Cache-Control": "no-cache"})
            if answer is not None and answer.status_code not in (200, 303, 503, 504):
                self.faults.append(f"{path} was answered {answer.status_code}: {answer.text[:300]}")
            time.sleep(_PAUSE)

    def _look_for_halves(self) -> None:
        """Ask for every publication and its records: all of them, with all their values, or none."""
        for number in itertools.count():
            if self._over.wait(_PAUSE):
                return
            query = urlencode({"query": f"{_WHOLE} # {number}"})
            answer = self._ask("GET", f"/sparql?{query}", {"Accept": "application/sparql-results+json"})
            if answer is None or not answer.is_success:
                continue
            self.looks += 1
            for row in answer.json()["results"]["bindings"]:
                counts = {int(row[name]["value"]) for name in ("records", "values")}
                if counts != {_RECORDS}:
                    self.faults.append(f"half a publication was seen: {row}")

    def _ask(self, method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response | None:
        """Return an answer, None where there was none."""
        content = {"content": body.encode()} if isinstance(body, str) else {"json": body} if body else {}
        try:
            answer = self._client.request(method, f"{self._url}{path}", headers=headers, **content)
        except (httpx.HTTPError, OSError):
            self.outcomes["no answer"] += 1
            return None
        self.outcomes[str(answer.status_code)] += 1
        if answer.status_code >= 500:
            self.errors[f"{method} {path.partition('?')[0]} {answer.status_code} {answer.text[:300]}"] += 1
        return answer
