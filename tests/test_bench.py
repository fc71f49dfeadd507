"""What the benches rest on: data that is the same each time, and queries that it answers."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyoxigraph as ox
import pytest

from bench.generate import generate

QUERIES = sorted((Path(__file__).resolve().parent / "bench" / "queries").glob("*.rq"))
TRIPLES = 120_000


@pytest.fixture(scope="module")
def registry() -> ox.Store:
    store = ox.Store()
    store.load("".join(generate(TRIPLES)), format=ox.RdfFormat.N_TRIPLES)
    return store


def test_a_size_and_a_seed_always_give_the_same_lines():
    assert list(generate(10_000, seed=3)) == list(generate(10_000, seed=3))
    assert list(generate(10_000, seed=3)) != list(generate(10_000, seed=4))


def test_every_line_is_a_statement_of_its_own(registry: ox.Store):
    assert len(registry) == TRIPLES


def test_lines_are_made_as_they_are_read():
    assert len(list(itertools.islice(generate(10_000_000), 10))) == 10


def test_there_are_twenty_one_queries():
    assert len(QUERIES) == 21


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_each_query_has_an_answer(registry: ox.Store, path: Path):
    assert next(iter(registry.query(path.read_text("utf-8"))), None) is not None
