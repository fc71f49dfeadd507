"""A real OpenRefine reconciles a sheet with the service, over its own HTTP interface, as a user does in the browser."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import httpx
import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("openrefine") is None, reason="no OpenRefine on this machine: apt install openrefine"
)
PLACE = {"column": "place", "property": {"id": "place", "name": "place"}}
NAMES = """
    PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX org: <http://www.w3.org/ns/org#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX sg: <https://w3id.org/sundgraf/def/>
    SELECT ?thing (SAMPLE(?name) AS ?called) (SAMPLE(?country) AS ?place) WHERE {
      { ?thing a org:Organization ; sg:organisationKind <https://w3id.org/sundgraf/concept/organisation-kind/hospital> }
      UNION { ?thing a sg:Project ; sg:startDate ?date }
      ?thing rdfs:label ?name FILTER(LANG(?name) IN ("da", "")) .
      OPTIONAL { ?thing sg:country|<http://purl.org/dc/terms/spatial> ?where . ?where rdfs:label ?country .
        ?where sg:placeKind <https://w3id.org/sundgraf/concept/place-kind/country> FILTER(LANG(?country) = "da") }
    } GROUP BY ?thing ORDER BY ?called LIMIT 200"""


class OpenRefine:
    """The interface that OpenRefine's own pages use."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/command/core", timeout=60)

    def send(self, command: str, fields: dict[str, str] | None = None, **others: object) -> httpx.Response:
        token = self._client.get("/get-csrf-token").json()["token"]
        answer = self._client.post(f"/{command}", params={"csrf_token": token}, data=fields, **others)
        assert answer.status_code in (200, 302), answer.text
        return answer

    def open(self, sheet: str) -> str:
        """Make a project of a CSV sheet and return its number."""
        options = json.dumps({"separator": ",", "headerLines": 1, "guessCellValueTypes": False, "encoding": "UTF-8"})
        made = self.send(
            "create-project-from-upload",
            {"project-name": "names", "format": "text/line-based/*sv", "options": options},
            files={"project-file": ("names.csv", sheet.encode(), "text/csv")},
        )
        return made.headers["location"].rpartition("project=")[2]

    def run(self, project: str, command: str, **fields: str) -> None:
        """Start something long, and wait for its end."""
        engine = json.dumps({"facets": [], "mode": "row-based"})
        said = self.send(command, {"project": project, "engine": engine, **fields}).json()
        assert said["code"] in ("ok", "pending"), said
        end = time.monotonic() + 60
        while self._client.get("/get-processes", params={"project": project}).json()["processes"]:
            assert time.monotonic() < end, f"{command} takes too long"
            time.sleep(0.1)

    def rows(self, project: str) -> list[list[dict]]:
        """Return the cells of each row, judgements resolved."""
        engine = json.dumps({"facets": [], "mode": "row-based"})
        query = {"project": project, "start": "0", "limit": "1000", "engine": engine}
        said = self.send("get-rows", query).json()
        pool = said["pool"]["recons"]
        cells = [[cell or {} for cell in row["cells"]] for row in said["rows"]]
        return [[{**cell, "recon": pool.get(str(cell.get("r")), {})} for cell in row] for row in cells]


@pytest.fixture(scope="module")
def refine(tmp_path_factory):
    home = tmp_path_factory.mktemp("openrefine")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        ["openrefine", "-i", "127.0.0.1", "-p", str(port), "-d", str(home), "-m", "600M", "-x", "refine.headless=true"],
        env={**os.environ, "HOME": str(home)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 90
    try:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/command/core/get-version", timeout=5).is_success:
                    break
            assert time.monotonic() < end, "OpenRefine does not answer"
            assert process.poll() is None, "OpenRefine ended"
            time.sleep(0.2)
        yield OpenRefine(url)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def test_a_sheet_of_two_hundred_names_is_reconciled_and_extended(server, refine):
    answer = httpx.get(server.sparql, params={"query": NAMES}, headers={"Accept": "text/csv"}, timeout=60)
    meant = list(csv.reader(answer.text.splitlines()))[1:]
    assert len(meant) == 200
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["name", "place"])
    for number, (_, name, place) in enumerate(meant):  # every fifth has a slip, as typed in a hurry
        writer.writerow([name[:3] + name[4:] if number % 5 == 0 and len(name) > 9 else name, place])
    project = refine.open(sheet.getvalue())
    manifest = httpx.get(f"{server.url}/reconcile", params={"lang": "da"}, timeout=60).json()
    config = {
        "mode": "standard-service", "service": f"{server.url}/reconcile?lang=da", "autoMatch": True, "limit": 0,
        "identifierSpace": manifest["identifierSpace"], "schemaSpace": manifest["schemaSpace"],
        "type": None, "columnDetails": [PLACE],
    }  # fmt: skip
    refine.run(project, "reconcile", columnName="name", config=json.dumps(config))
    found = [cells[0] for cells in refine.rows(project)]
    assert len(found) == 200
    first, matched = 0, 0
    for (thing, _, _), cell in zip(meant, found, strict=True):
        iri, judged = thing.removeprefix(manifest["identifierSpace"]), cell["recon"]
        if judged.get("j") == "matched":
            matched += 1
            assert judged["m"]["id"] == iri, cell
        best = judged.get("m") or next(iter(judged.get("c", [])), {})
        first += best.get("id") == iri
    assert first >= 190
    assert matched >= 120
    extension = json.dumps({"properties": [{"id": "place", "name": "sted", "settings": {"limit": "1"}}]})
    refine.run(
        project, "extend-data", baseColumnName="name", endpoint=f"{server.url}/reconcile?lang=da",
        identifierSpace=manifest["identifierSpace"], schemaSpace=manifest["schemaSpace"], extension=extension,
        columnInsertIndex="1",
    )  # fmt: skip
    places = [cells[1].get("v") for cells in refine.rows(project)]
    assert sum(place is not None for place in places) >= 100
