"""Health, readiness, metrics, logs, reload and the end of the service, each on a running one."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from server import run, running
from sundgraf.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def metrics(url: str, **headers: str) -> dict[str, float]:
    answer = httpx.get(f"{url}/metrics", headers=headers)
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def wait_for(condition, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            found = condition()
            if found:
                return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def test_a_running_service_is_up_and_ready(server):
    assert httpx.get(f"{server.url}/health").json()["status"] == "up"
    ready = httpx.get(f"{server.url}/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready", "checks": {"store": "well", "inbox": "well", "disk": "well", "stopping": "well"},
    }  # fmt: skip


def test_metrics_are_in_the_format_of_prometheus(server):
    httpx.get(f"{server.url}/doc/solution/s-0002", headers={"Accept": "text/turtle"})
    answer = httpx.get(f"{server.url}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? -?[0-9.e+-]+')
    for line in answer.text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line
    families = set(re.findall(r"# TYPE (\w+)", answer.text))
    assert {
        "sundgraf_request_seconds", "sundgraf_requests_total", "sundgraf_queries_killed_total", "sundgraf_workers",
        "sundgraf_publication_lag_seconds", "sundgraf_web_processes",
    } <= families  # fmt: skip


def test_buckets_of_a_route_grow_and_end_with_its_count(server):
    httpx.get(f"{server.url}/ask/solutions")
    said = metrics(server.url)
    buckets = [value for name, value in said.items() if name.startswith('sundgraf_request_seconds_bucket{route="/ask"')]
    assert buckets == sorted(buckets)
    assert buckets[-1] == said['sundgraf_request_seconds_count{route="/ask"}'] > 0


def test_every_request_is_counted_by_whichever_process_answers(server):
    name = 'sundgraf_requests_total{route="/suggest",status="2xx"}'
    before = metrics(server.url)[name]
    for _ in range(20):
        httpx.get(f"{server.url}/suggest?q=radiolog")  # a new connection each, so that both processes get some
    assert metrics(server.url)[name] == before + 20
    assert metrics(server.url)["sundgraf_web_processes"] >= 1


def test_answers_at_once_are_counted_too(server):
    query = (
        "SELECT ?o WHERE { <https://w3id.org/sundgraf/id/solution/s-0002> <http://purl.org/dc/terms/identifier> ?o }"
    )
    before = metrics(server.url)["sundgraf_answered_at_once_total"]
    with httpx.Client() as client:
        for _ in range(5):
            client.get(server.sparql, params={"query": query})
    assert metrics(server.url)["sundgraf_answered_at_once_total"] > before


def test_a_killed_query_is_counted(server):
    name = 'sundgraf_queries_killed_total{reason="deadline"}'
    before = metrics(server.url)[name]
    assert httpx.get(server.sparql, params={"query": SLOW, "timeout": "0.2"}, timeout=20).status_code == 504
    assert metrics(server.url)[name] == before + 1


@pytest.fixture(scope="module")
def watched(fill, tmp_path_factory):
    settings = {
        "SUNDGRAF_LOG": "requests", "SUNDGRAF_METRICS_TOKEN": "a-token-of-ours", "SUNDGRAF_DRAIN": "1.5",
        "SUNDGRAF_WEB_PROCESSES": "1", "SUNDGRAF_TRUSTED_PROXIES": "127.0.0.0/8",
        "SUNDGRAF_VALIDATIONS_PER_MINUTE": "3",
    }  # fmt: skip
    with running(fill(tmp_path_factory.mktemp("watched") / "state"), **settings) as started:
        yield started


def test_metrics_may_ask_for_a_token(watched):
    assert httpx.get(f"{watched.url}/metrics").status_code == 401
    assert httpx.get(f"{watched.url}/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert metrics(watched.url, Authorization="Bearer a-token-of-ours")


def test_readers_behind_a_proxy_have_limits_of_their_own(watched):
    def status(chain: str) -> int:
        return httpx.post(f"{watched.url}/validate", headers={"X-Forwarded-For": chain}).status_code

    assert [status("203.0.113.7") for _ in range(4)] == [400, 400, 400, 429]
    assert status("203.0.113.8") == 400
    assert status("203.0.113.8, 203.0.113.7, 127.0.0.9") == 429  # what the reader wrote before it counts for nothing


def test_scheme_is_the_one_that_a_trusted_proxy_tells(watched, server):
    headers = {"Accept": "text/turtle", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    for service, scheme in ((watched, "https"), (server, "http")):
        said = httpx.get(service.url, headers=headers).text
        assert f"<{scheme}://{service.url.removeprefix('http://')}/sparql>" in said


def test_log_lines_are_json_without_queries_addresses_or_tokens(watched):
    httpx.get(f"{watched.url}/search", params={"q": "hemmelig\n{}"}, headers={"Authorization": "Bearer s3cret"})
    httpx.get(watched.sparql, params={"query": "SELECT * WHERE { ?hemmelig ?p ?o } LIMIT 1"})
    wait_for(lambda: '"/search"' in watched.said())
    lines = [line for line in watched.said().splitlines() if not line.startswith("sundgraf is at")]
    said = [json.loads(line) for line in lines]
    assert {"time", "level", "event", "process"} <= set(said[0])
    request = next(entry for entry in said if entry.get("path") == "/search")
    assert (request["event"], request["status"], request["method"]) == ("request", 200, "GET")
    for secret in ("hemmelig", "127.0.0.1", "203.0.113.", "s3cret"):
        assert not any(secret in line for line in lines), secret


def test_log_line_cannot_be_forged(watched):
    forged = '\n{"event": "publication-served", "publication": 666}\n'
    httpx.get(f"{watched.url}/doc/{quote(forged)}", headers={"User-Agent": "x", "Referer": quote(forged)})
    wait_for(lambda: "%0A%7B" in watched.said())
    said = [json.loads(line) for line in watched.said().splitlines() if not line.startswith("sundgraf is at")]
    assert not any(entry.get("publication") == 666 for entry in said)


def test_reload_replaces_the_web_processes_and_drops_nothing(watched):
    failed: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                if httpx.get(f"{watched.url}/suggest?q=a", timeout=10).status_code != 200:
                    failed.append("status")
            except httpx.HTTPError as error:
                failed.append(error)

    count = 'sundgraf_requests_total{route="/suggest",status="2xx"}'
    before = metrics(watched.url, Authorization="Bearer a-token-of-ours")[count]
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    pids = {json.loads(line)["process"] for line in watched.said().splitlines() if '"event": "request"' in line}
    os.kill(watched.pid, signal.SIGHUP)
    new = wait_for(
        lambda: (
            {json.loads(line)["process"] for line in watched.said().splitlines() if '"event": "request"' in line} - pids
        )
    )
    wait_for(lambda: not any(_alive(pid) for pid in pids))
    stop.set()
    for thread in threads:
        thread.join()
    assert new
    assert not failed
    assert metrics(watched.url, Authorization="Bearer a-token-of-ours")[count] >= before


def test_a_query_that_runs_is_answered_before_the_service_stops(watched):
    """Runs last: it ends the service of this module."""
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(
            httpx.get(watched.sparql, params={"query": SLOW, "timeout": "4"}, timeout=30).status_code
        )
    )
    thread.start()
    time.sleep(0.5)
    os.kill(watched.pid, signal.SIGTERM)
    refused = wait_for(lambda: httpx.get(f"{watched.url}/ready").status_code == 503, 1.5)
    thread.join()
    watched.process.wait(20)
    assert refused
    assert answers == [504]  # stopped by its own deadline, not by the end of the service
    assert watched.process.returncode == 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_doctor_finds_nothing_wrong_with_a_fresh_service(server):
    done = run(server.state, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    said = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert said["Agreement"]["state"] == said["Publication"]["state"] == "well"


def test_doctor_says_what_is_wrong_and_what_to_do(tmp_path):
    state = tmp_path / "state"
    (state / "generations" / "000001").mkdir(parents=True)
    (state / "current.json").write_text('{"generation": "000001"}', "utf-8")
    done = run(state, "doctor", SUNDGRAF_DEADLIEN="3")
    assert done.returncode == 1
    assert "fault  Settings: SUNDGRAF_DEADLIEN: there is no such setting" in done.stdout
    assert "fault  Publication: " in done.stdout
    assert "sundgraf load --rebuild" in done.stdout


def test_every_setting_is_on_the_page_for_operators():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`SUNDGRAF_{name.upper()}`" not in page]
    assert not missing


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_takes_the_unit(tmp_path):
    text = (ROOT / "docs" / "deploy" / "sundgraf.service").read_text("utf-8")
    unit = tmp_path / "sundgraf.service"
    unit.write_text(text.replace("/opt/sundgraf/bin/sundgraf", sys.executable), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "sundgraf.service" in line]) == (0, [])


def test_an_engine_builds_the_container():
    """Only where one is there that answers, and the images that ours begins with are to be had: it takes minutes."""
    engine = next((name for name in ("podman", "buildah", "docker") if shutil.which(name)), "")
    if not engine or subprocess.run([engine, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine that answers; see Containerfile")
    begins_with = re.findall(r"^FROM (\S+)", (ROOT / "Containerfile").read_text("utf-8"), re.MULTILINE)
    for image in sorted(set(begins_with)):
        if subprocess.run([engine, "pull", image], capture_output=True, check=False).returncode:
            pytest.skip(f"{engine} cannot get {image}; see Containerfile")
    done = subprocess.run(
        [engine, "build", "-f", "Containerfile", "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
