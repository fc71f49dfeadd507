"""The shape of our IRIs: which paths name something, which never could, and that names survive the round trip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sundgraf.domain.errors import BadInput, NotFound
from sundgraf.domain.names import BASE, name_of, parse_path


@pytest.mark.parametrize(
    ("room", "rest", "iri", "document"),
    [
        ("id", "solution/s-0001", "id/solution/s-0001", "/doc/solution/s-0001"),
        ("doc", "solution/s-0001", "id/solution/s-0001", "/doc/solution/s-0001"),
        ("doc", "status-report/st-0001", "id/status-report/st-0001", "/doc/status-report/st-0001"),
        ("def", "", "def/", "/def/"),
        ("def", "technologyType", "def/technologyType", "/def/technologyType"),
        ("concept", "technology", "concept/technology", "/concept/technology"),
        ("concept", "evidence-level/1", "concept/evidence-level/1", "/concept/evidence-level/1"),
        ("shape", "Solution-title", "shape/Solution-title", "/shape/Solution-title"),
        ("query", "ask/solutions", "query/ask/solutions", "/query/ask/solutions"),
        ("graph", "ontology/vocab/technology", "graph/ontology/vocab/technology", "/graph/ontology/vocab/technology"),
    ],
)
def test_path_names_an_iri_and_its_document(room, rest, iri, document):
    name, extension = parse_path(room, rest)
    assert (name.iri, name.document, extension) == (BASE + iri, document, "")
    assert name_of(name.iri) == name


@pytest.mark.parametrize("extension", ["ttl", "jsonld", "nt", "rdf", "nq", "trig", "n3", "html", "csv"])
def test_extension_is_cut_off(extension):
    name, found = parse_path("doc", f"solution/s-0001.{extension}")
    assert (name.iri, found) == (f"{BASE}id/solution/s-0001", extension)


@pytest.mark.parametrize("rest", ["solution/s 1", 'solution/"', "solution/\x00", "solution/<x>", "a\\b", "x" * 301])
def test_what_can_stand_in_no_iri_is_bad_input(rest):
    with pytest.raises(BadInput):
        parse_path("doc", rest)


@pytest.mark.parametrize(
    ("room", "rest"),
    [("doc", "solution"), ("doc", "solution/../x"), ("doc", "Solution/s-0001"), ("doc", "solution/s-0001.exe"),
     ("graph", "../etc/passwd"), ("query", "ask/../x"), ("query", "other/x"), ("shape", "solution"), ("other", "x")],
)  # fmt: skip
def test_shape_that_is_never_minted_is_not_found(room, rest):
    with pytest.raises(NotFound):
        parse_path(room, rest)


@pytest.mark.parametrize("iri", ["https://example.org/id/solution/s-0001", f"{BASE}sparql", f"{BASE}id/solution/s.ttl"])
def test_other_iris_are_no_names_of_ours(iri):
    assert name_of(iri) is None


@given(st.sampled_from(["id", "doc", "def", "concept", "shape", "query", "graph", "x"]), st.text(max_size=320))
def test_any_text_is_a_name_or_one_of_two_errors(room, rest):
    try:
        name, _ = parse_path(room, rest)
    except (BadInput, NotFound):
        return
    assert name_of(name.iri) == name
    assert ".." not in name.document
