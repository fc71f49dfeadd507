"""Every shape lets its valid examples through, and every constraint trips on its invalid ones."""

from __future__ import annotations

from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib import RDF, SH

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "shapes"
SHAPE = "https://w3id.org/sundgraf/shape/"
rdflib.NORMALIZE_LITERALS = False


def parse(*paths: Path) -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


@pytest.fixture(scope="module")
def vocabulary() -> rdflib.Graph:
    return parse(*sorted((ROOT / "ontology" / "vocab").glob("*.ttl")))


@pytest.fixture(scope="module")
def shapes() -> dict[str, rdflib.Graph]:
    return {path.stem: parse(path) for path in sorted((ROOT / "shapes").glob("*.ttl"))}


def tripped(example: Path, shapes: dict[str, rdflib.Graph], vocabulary: rdflib.Graph) -> set[str]:
    """The shapes that the example's own nodes trip."""
    own = parse(example)
    data = own + vocabulary
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes[example.parent.name], advanced=False)
    subjects = set(own.subjects())
    return {
        str(report.value(result, SH.sourceShape)).removeprefix(SHAPE)
        for result in report.subjects(RDF.type, SH.ValidationResult)
        if report.value(result, SH.focusNode) in subjects
    }


@pytest.mark.parametrize("example", sorted(EXAMPLES.rglob("valid-*.ttl")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_valid_example_passes(example, shapes, vocabulary):
    assert tripped(example, shapes, vocabulary) == set()


@pytest.mark.parametrize("example", sorted(EXAMPLES.rglob("invalid-*.ttl")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_invalid_example_trips_the_shape_it_names(example, shapes, vocabulary):
    first = example.read_text("utf-8").splitlines()[0]
    assert first.startswith("# trips shape:")
    assert first.removeprefix("# trips shape:") in tripped(example, shapes, vocabulary)


def test_every_shape_has_a_valid_example(shapes):
    for name in shapes:
        assert list((EXAMPLES / name).glob("valid-*.ttl")), name


def test_every_property_shape_has_an_example_that_trips_it(shapes):
    named = {path.read_text("utf-8").splitlines()[0].partition("shape:")[2] for path in EXAMPLES.rglob("invalid-*.ttl")}
    for graph in shapes.values():
        for shape in graph.objects(None, SH.property):
            name = str(shape).removeprefix(SHAPE)
            if "-by-" not in name:  # the inner shapes of qualified counts are tripped by their outer ones
                assert name in named


def test_every_property_shape_says_what_to_do_in_both_languages(shapes):
    for graph in shapes.values():
        for shape in graph.objects(None, SH.property):
            assert isinstance(shape, rdflib.URIRef)
            assert {message.language for message in graph.objects(shape, SH.message)} == {"da", "en"}, shape
