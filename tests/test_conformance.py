"""The public suites, run against our own service: W3C SPARQL 1.0 to 1.2, and the SPARQL 1.1 Protocol."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server, environment

ROOT = Path(__file__).resolve().parent.parent
SUITE = Path(os.environ.get("SUNDGRAF_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
HERE = Path(__file__).resolve().parent / "conformance"
PYOXIGRAPH_PASSES = 1209  # of 1,242; baseline/sparql-pyoxigraph-0.5.13.txt
# What is about reading; the rest of the protocol suite writes, and /update and /store of the changing service are only
# there to bring the suite's data in.
ABOUT_QUERIES = r"^(protocol/(query_|bad_query|bad_multiple_queries)|service-description/|query/|dataset/|description/)"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(
        not (SUITE / "run_sparql11.py").is_file(),
        reason=f"no conformance suites in {SUITE}; set SUNDGRAF_CONFORMANCE to where they are",
    ),
]


@pytest.fixture(scope="module")
def changing_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of our query service over a dataset that the suites may change."""
    folder = tmp_path_factory.mktemp("changing")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "changing_service.py"), "--port", "0"],
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert process.stdout is not None
            said = process.stdout.readline().decode()
            assert said.startswith("ready at "), (folder / "log").read_text()
            yield said.removeprefix("ready at ").strip()
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def test_w3c_sparql_cases_pass_as_often_as_in_the_engine_itself(changing_service: str, tmp_path: Path):
    found = tmp_path / "sparql.json"
    report = _run(
        "run_sparql11.py",
        *("--engine", "http", "--wipe", *_addresses(changing_service)),
        *("--suite", "sparql10", "--suite", "sparql11", "--suite", "sparql12"),
        *("--known-failures", str(HERE / "known-failures.txt"), "--json", str(found)),
    )
    outcomes = {case["id"]: case["outcome"] for case in json.loads(found.read_text())}
    failed = {name for name, outcome in outcomes.items() if outcome in ("fail", "error")}
    known = _known("known-failures.txt")
    assert failed - known == set(), report
    assert known - failed == set(), "these pass now: take them out of known-failures.txt"
    assert sum(outcome.startswith("pass") for outcome in outcomes.values()) >= PYOXIGRAPH_PASSES


def test_protocol_cases_pass_on_the_running_service(server: Server, tmp_path: Path):
    found = tmp_path / "protocol.json"
    report = _run("run_protocol.py", "--query-url", server.sparql, "--json", str(found))
    _check_protocol(found, report)


def test_protocol_cases_that_need_data_pass(changing_service: str, tmp_path: Path):
    found = tmp_path / "protocol.json"
    arguments = ("--wipe", "--only", ABOUT_QUERIES, "--json", str(found))
    report = _run("run_protocol.py", *_addresses(changing_service), *arguments)
    ran = _check_protocol(found, report)
    assert {"protocol/query_dataset_full", "protocol/query_multiple_dataset"} <= ran


def _check_protocol(found: Path, report: str) -> set[str]:
    """Assert that everything passed but what is known, and all that passed in `oxigraph serve`; return what ran."""
    outcomes = {case["id"]: case["outcome"] for case in json.loads(found.read_text()) if case["outcome"] != "skip"}
    failed = {name for name, outcome in outcomes.items() if outcome != "pass"}
    known = _known("known-protocol-failures.txt")
    assert failed - known == set(), report
    assert known & (outcomes.keys() - failed) == set(), "these pass now: take them out of known-protocol-failures.txt"
    assert failed & _passed_by_oxigraph() == set(), report
    return set(outcomes)


def _passed_by_oxigraph() -> set[str]:
    text = (SUITE / "baseline" / "protocol-oxigraph-serve-0.5.13-cors.txt").read_text("utf-8")
    return set(re.findall(r"^pass +\w+ +\w+ +(.*)$", text, re.MULTILINE))


def _addresses(base: str) -> tuple[str, ...]:
    return ("--query-url", f"{base}/sparql", "--update-url", f"{base}/update", "--gsp-url", f"{base}/store")


def _known(name: str) -> set[str]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def _run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(SUITE / script), *arguments], capture_output=True, text=True, timeout=280, check=False
    )
    return done.stdout + done.stderr
