"""The client for notebooks, and the examples in Python, JavaScript and R, against a running service."""

from __future__ import annotations

import shutil
import subprocess
import sys
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from sundgraf import connect
from sundgraf.domain.errors import BadInput, NotFound, Unreachable

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
SOLUTION = "https://w3id.org/sundgraf/id/solution/s-0002"


@pytest.fixture(scope="module")
def graph(server):
    return connect(server.url)


def test_stored_question_gives_a_table(graph):
    assert "technology-by-maturity" in {question["name"] for question in graph.questions()}
    table = graph.ask("lacking-in-region", region="pl-0004")
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns)
    assert len(frame) == len(table) > 0
    assert table.publication == 1
    assert not table.truncated


def test_query_gives_python_values(graph):
    (row,) = graph.query('SELECT (1 AS ?i) (1.5 AS ?d) (true AS ?b) ("x"@da AS ?s) ?none { }')
    assert row == {"i": 1, "d": Decimal("1.5"), "b": True, "s": "x", "none": None}
    assert graph.query("ASK { ?s ?p ?o }").rows == [{"answer": True}]
    assert len(graph.query("SELECT ?s { ?s ?p ?o } LIMIT 3 " + "# long\n" * 2000)) == 3


def test_polars_table_has_the_same_rows(graph):
    table = graph.ask("lacking-in-region", region="pl-0004")
    assert table.to_polars().shape == (len(table), len(table.columns))


def test_library_that_is_not_there_is_told(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(BadInput, match="pip install polars"):
        graph.query("ASK {}").to_polars()


def test_identifier_leads_to_what_is_said_of_it(graph):
    thing = graph.resolve(SOLUTION)
    assert thing.label("da") != thing.label("en") != SOLUTION
    assert all(source.startswith("https://w3id.org/sundgraf/id/source/") for source in thing.values("source"))
    assert "https://w3id.org/sundgraf/def/Solution" in thing.values("type")


def test_feed_is_paged_through(graph):
    first = list(islice(graph.events(), 450))
    assert [event.number for event in first] == list(range(1, 451))
    assert {event.what for event in first} <= {"Create", "Delete"}
    assert all(event.statements for event in first)
    assert next(graph.events(after=400)).number == 401


def test_bad_input_says_what_to_do(graph):
    with pytest.raises(BadInput, match="400"):
        graph.query("SELECT nonsense")
    with pytest.raises(NotFound, match="s-9999"):
        graph.resolve("https://w3id.org/sundgraf/id/solution/s-9999")
    with pytest.raises(NotFound):
        graph.ask("no-such-question")
    with pytest.raises(BadInput, match="none of our identifiers"):
        graph.resolve("https://example.org/x")
    with pytest.raises(BadInput, match="http"):
        connect("localhost:8000")
    with pytest.raises(Unreachable, match="does not answer"):
        connect("http://127.0.0.1:9").questions()


@pytest.mark.parametrize(("name", "command"), [("ask.py", sys.executable), ("ask.mjs", "node"), ("ask.R", "Rscript")])
def test_example_runs(server, name, command):
    if not shutil.which(command):
        pytest.skip(f"there is no {command} here")
    done = subprocess.run(
        [command, str(EXAMPLES / name), server.url], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "https://w3id.org/sundgraf/" in done.stdout
