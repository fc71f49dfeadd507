"""The one way to write Turtle says the same as before, and says it the same way each time."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import run
from sundgraf.application.format_files import format_files
from sundgraf.domain.errors import MalformedData
from sundgraf.store.turtle import format_turtle, write_turtle

ROOT = Path(__file__).resolve().parent.parent
IRIS = st.sampled_from(
    [f"https://w3id.org/sundgraf/{part}" for part in ("def/a", "def/b-c", "id/x/s-1", "id/x/s-10", "shape/X-y", "def/")]
    + ["urn:x:1", "http://purl.org/dc/terms/title", "https://example.org/a#", "https://example.org/æ"]
).map(ox.NamedNode)
BLANKS = st.sampled_from("abcd").map(ox.BlankNode)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LITERALS = st.one_of(
    TEXTS.map(ox.Literal),
    st.tuples(TEXTS, st.sampled_from(["da", "en-GB"])).map(lambda t: ox.Literal(t[0], language=t[1])),
    st.sampled_from(["1", "01", "+1", "1.50", ".5", "true", "1e3"]).flatmap(
        lambda text: st.sampled_from(["integer", "decimal", "boolean", "double", "int"]).map(
            lambda kind: ox.Literal(text, datatype=ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{kind}"))
        )
    ),
)
TRIPLES = st.lists(st.builds(ox.Triple, st.one_of(IRIS, BLANKS), IRIS, st.one_of(IRIS, BLANKS, LITERALS)), max_size=14)


def canonical(text: str) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@given(TRIPLES)
def test_formatting_keeps_the_graph_and_is_idempotent(triples):
    source = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES).decode()
    written = write_turtle(triples)
    assert canonical(written) == canonical(source)
    assert format_turtle(format_turtle(written)) == format_turtle(written)


def test_order_of_the_source_does_not_matter():
    path = ROOT / "data" / "ttl" / "reference" / "places.ttl"
    triples = [quad.triple for quad in ox.parse(path=str(path))]
    assert write_turtle(reversed(triples)) == write_turtle(triples) == path.read_text("utf-8")


def test_every_file_of_the_repository_is_formatted():
    assert (
        format_files([ROOT / "ontology", ROOT / "shapes", ROOT / "data" / "ttl", ROOT / "tests" / "shapes"], check=True)
        == []
    )


def test_file_with_a_syntax_error_is_left_alone_and_named(tmp_path):
    path = tmp_path / "bad.ttl"
    path.write_text("<urn:a> <urn:b> .\n")
    with pytest.raises(MalformedData, match=r"bad\.ttl:1:"):
        format_files([path])
    assert path.read_text() == "<urn:a> <urn:b> .\n"


def test_command_formats_and_checks(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_text("# a comment that stays\n<urn:b>   a <urn:c>. <urn:a> a <urn:c> .")
    assert run(tmp_path, "fmt", "--check", str(path)).returncode == 1
    assert run(tmp_path, "fmt", str(path)).returncode == 0
    assert path.read_text() == "# a comment that stays\n\n<urn:a> a <urn:c> .\n\n<urn:b> a <urn:c> .\n"
    assert run(tmp_path, "fmt", "--check", str(path)).returncode == 0
