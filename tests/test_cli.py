"""The command: every verb has help with an example, and bad input is one line and exit code 2."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
from pathlib import Path

import pytest

from server import command, environment, run

ROOT = Path(__file__).resolve().parent.parent
VERBS = [
    "serve",
    "load",
    "check",
    "validate",
    "ask",
    "query",
    "report",
    "fmt",
    "export",
    "backup",
    "restore",
    "version",
]
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> }"


@pytest.fixture(scope="module")
def state(fill, tmp_path_factory) -> Path:
    return fill(tmp_path_factory.mktemp("cli") / "state")


def test_help_names_every_verb(tmp_path):
    said = run(tmp_path, "--help").stdout
    for verb in VERBS:
        assert f"  {verb}" in said


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_ends_in_an_example(tmp_path, verb):
    done = run(tmp_path, verb, "--help")
    assert done.returncode == 0
    assert "Example:" in done.stdout
    assert f"sundgraf {verb}" in done.stdout


def test_query_answers_in_every_format(state):
    assert run(state, "query", COUNT, "--format", "csv").stdout.splitlines() == ["n", "38"]
    for said in (("--format", "json"), ("--json",)):
        assert json.loads(run(state, "query", COUNT, *said).stdout)["head"]["vars"] == ["n"]
    assert "38" in run(state, "query", COUNT).stdout
    assert run(state, "query", "ASK { ?s ?p ?o }").stdout == "yes\n"
    assert "prefix" in run(state, "query", "CONSTRUCT WHERE { ?s a ?c }", "--format", "turtle").stdout
    assert json.loads(run(state, "query", "CONSTRUCT WHERE { ?s a ?c } LIMIT 1", "--json").stdout)[0]["@id"]


def test_query_is_read_from_a_file_and_from_standard_input(state, tmp_path):
    (tmp_path / "q.rq").write_text(f"\ufeff{COUNT}", "utf-8")
    assert "38" in run(state, "query", f"@{tmp_path / 'q.rq'}").stdout
    done = subprocess.run(
        command("query", "-"), env=environment(state), input=COUNT, capture_output=True, text=True, check=False
    )
    assert "38" in done.stdout


def test_query_of_another_endpoint_goes_through_sparqlwrapper(server, tmp_path):
    done = run(tmp_path, "query", COUNT, "--endpoint", server.sparql, "--format", "csv")
    assert done.stdout.splitlines() == ["n", "38"]
    bad = run(tmp_path, "query", "SELECT * WHERE {", "--endpoint", server.sparql)
    assert bad.returncode == 2
    absent = run(tmp_path, "query", COUNT, "--endpoint", "http://127.0.0.1:9/")
    assert absent.returncode == 2
    assert "did not answer" in absent.stderr


def test_ask_lists_the_questions_and_answers_them(state):
    listed = json.loads(run(state, "ask", "--json").stdout)
    assert {"technology-by-maturity", "search"} <= {question["name"] for question in listed}
    rows = list(csv.DictReader(run(state, "ask", "search", "--word", "chatbot", "--format", "csv").stdout.splitlines()))
    assert {row["solution"].rsplit("/", 1)[1] for row in rows} == {"s-0017", "s-0018"}
    danish = run(state, "ask", "search", "--word=chatbot", "--language", "da")
    assert "Kunstig intelligens i chatbots" in danish.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["query", "SELECT * WHERE {"], "error at 1:"),
        (["query", "INSERT DATA { <urn:a> <urn:b> <urn:c> }"], "update"),
        (["query", "SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"], "refused"),
        (["query", "@/nowhere/q.rq"], "cannot be read"),
        (["query", COUNT, "--format", "turtle"], "no format 'turtle'"),
        (["ask", "nothing"], "`sundgraf ask` lists them"),
        (["ask", "search"], "needs 'word'"),
        (["ask", "search", "--wrod", "x"], "Did you mean 'word'?"),
        (["ask", "search", "--word"], "--word needs a value"),
        (["load", "/nowhere.ttl"], "There is no file"),
        (["load", "--graph", "not an iri", "x.nt"], "not an absolute IRI"),
        (["fmt", "/nowhere.ttl"], "There is no file"),
        (["restore", "/nowhere.tar.gz", "--force"], "no whole backup"),
        (["export", "--output", "/nowhere/x.nq"], "cannot be written"),
        (["backup", "/nowhere/x.tar.gz"], "cannot be written"),
        (["nothing"], "No such command"),
        (["--nothing"], "No such option"),
        (["load", "--colour"], "Try 'sundgraf load --help'"),
        (["ask", "solutions", "--format", "odt"], "is not one of 'table'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(state, arguments, says):
    done = run(state, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.startswith("sundgraf: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_wrong_setting_is_exit_code_2(state):
    wrong = run(state, "load", SUNDGRAF_WORKERS="many")
    assert wrong.returncode == 2
    assert "SUNDGRAF_WORKERS" in wrong.stderr


def test_nothing_published_says_what_to_do(tmp_path):
    done = run(tmp_path / "empty", "query", COUNT)
    assert done.returncode == 2
    assert "sundgraf load" in done.stderr


def test_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path / "state", "serve", "--port", str(port))
    assert done.returncode == 2
    assert (
        done.stderr
        == f"sundgraf: Port {port} on 127.0.0.1 is in use; stop what runs there or name another with --port.\n"
    )


def test_results_are_printed_for_machines_too(state, tmp_path):
    archive = tmp_path / "b.tar.gz"
    assert json.loads(run(state, "backup", str(archive), "--json").stdout) == {"publication": 1, "file": str(archive)}
    assert json.loads(run(tmp_path / "other", "restore", str(archive), "--json").stdout) == {"publication": 1}
    (tmp_path / "a.ttl").write_text("<urn:a>   a <urn:b> .\n")
    done = run(state, "fmt", "--check", "--json", str(tmp_path / "a.ttl"))
    assert (done.returncode, json.loads(done.stdout)) == (1, [str(tmp_path / "a.ttl")])
