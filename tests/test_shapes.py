"""Every shape lets its valid examples through, and every constraint trips on one of its invalid ones."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SH, SKOS, XSD
from rdflib.collection import Collection

from sundgraf.store.load import read_store
from sundgraf.store.shacl import validate

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "tests" / "shapes").rglob("*.ttl"))
VALID = [path for path in EXAMPLES if path.name.startswith("valid-")]
INVALID = [path for path in EXAMPLES if path.name.startswith("invalid-")]
SHAPE = "https://w3id.org/sundgraf/shape/"
DESCRIPTIVE = {
    RDF.type, RDFS.label, SH.name, SH.message, SH.order, SH.severity, SH.path, SH.property,
    SH.targetClass, SH.targetSubjectsOf, SH.ignoredProperties, SH.qualifiedValueShape,
}  # fmt: skip
TEXTS = {XSD.string, RDF.langString}


class Result(NamedTuple):
    """What a report says of one of the example's own nodes."""

    shape: str
    component: str
    messages: frozenset[tuple[str, str]]


@pytest.fixture(scope="module", autouse=True)
def literals_as_written():
    """Literals that rdflib makes canonical hide what is wrong with them (shared findings, "SHACL engines")."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    yield
    rdflib.NORMALIZE_LITERALS = before


@pytest.fixture(scope="module")
def shapes(literals_as_written) -> dict[str, rdflib.Graph]:
    return {path.stem: rdflib.Graph().parse(path) for path in sorted((ROOT / "shapes").glob("*.ttl"))}


@pytest.fixture(scope="module")
def ontology(literals_as_written) -> rdflib.Graph:
    graph = rdflib.Graph().parse(ROOT / "ontology" / "core.ttl")
    for path in sorted((ROOT / "ontology" / "vocab").glob("*.ttl")):
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def results_of():
    """A function from an example to its results, which validates each example once, with the ontology around it.

    By our own engine: that pySHACL says the same of every example is what test_shacl_core looks at.
    """
    known: dict[Path, frozenset[Result]] = {}
    base = read_store([ROOT / "ontology" / "core.ttl", *sorted((ROOT / "ontology" / "vocab").glob("*.ttl"))])
    compiled = {path.stem: read_store([path]) for path in sorted((ROOT / "shapes").glob("*.ttl"))}

    def results(example: Path) -> frozenset[Result]:
        if example not in known:
            own = read_store([example])
            focuses = [one for one in dict.fromkeys(quad.subject for quad in own) if not isinstance(one, ox.Triple)]
            found = validate(own, compiled[example.parent.name], focuses, base)
            known[example] = frozenset(
                Result(
                    result.shape.removeprefix(SHAPE),
                    result.component.removeprefix(str(SH)),
                    frozenset(result.messages.items()),
                )
                for result in found
            )
        return known[example]

    return results


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _named_shapes(example: Path) -> list[str]:
    """The shapes of the leading comments: first the one the example is for, then those that trip with it."""
    return [line.partition("shape:")[2] for line in example.read_text("utf-8").splitlines() if line.startswith("# ")]


def _inner(graph: rdflib.Graph) -> set[rdflib.term.Node]:
    """Shapes that only serve inside another, and so are never named in a report."""
    inner = {shape for predicate in (SH["not"], SH.qualifiedValueShape) for shape in graph.objects(None, predicate)}
    return inner.union(*(Collection(graph, members) for members in graph.objects(None, SH["or"])))


def _constraints(graph: rdflib.Graph) -> set[tuple[str, str]]:
    """The shape and component of every constraint that a report can name."""
    inner = _inner(graph)
    return {
        (str(shape).removeprefix(SHAPE), _component(predicate))
        for kind in (SH.NodeShape, SH.PropertyShape)
        for shape in graph.subjects(RDF.type, kind)
        for predicate in graph.predicates(shape)
        if shape not in inner and predicate not in DESCRIPTIVE
    }


def _component(parameter: rdflib.term.Node) -> str:
    name = str(parameter).removeprefix(str(SH))
    return "SPARQLConstraintComponent" if name == "sparql" else f"{name[0].upper()}{name[1:]}ConstraintComponent"


def _screened(privacy: rdflib.Graph, shape: str) -> set[rdflib.term.Node]:
    path = privacy.value(rdflib.URIRef(f"{SHAPE}{shape}"), SH.path)
    return set(Collection(privacy, privacy.value(path, SH.alternativePath)))


@pytest.mark.parametrize("example", VALID, ids=_name)
def test_valid_example_passes(example, results_of):
    assert results_of(example) == frozenset()


@pytest.mark.parametrize("example", INVALID, ids=_name)
def test_invalid_example_trips_the_shapes_it_names_and_no_other(example, results_of):
    first = example.read_text("utf-8").splitlines()[0]
    assert first.startswith("# trips shape:")
    assert {result.shape for result in results_of(example)} == set(_named_shapes(example))


def test_every_shapes_file_has_a_valid_example(shapes):
    assert {path.parent.name for path in VALID} == set(shapes)


def test_every_constraint_has_an_example_that_trips_it(shapes, results_of):
    tripped = {(result.shape, result.component) for example in INVALID for result in results_of(example)}
    declared = set().union(*(_constraints(graph) for graph in shapes.values()))
    assert sorted(declared - tripped) == []


def test_every_result_says_what_to_do_in_both_languages(shapes, results_of):
    for example in INVALID:
        for result in results_of(example):
            messages = set(shapes[example.parent.name].objects(rdflib.URIRef(f"{SHAPE}{result.shape}"), SH.message))
            assert {message.language for message in messages} == {"da", "en"}, result.shape
            assert {language for language, _ in result.messages} == {"da", "en"}, _name(example)
            if "{" not in "".join(messages):
                assert result.messages == {(message.language, str(message)) for message in messages}, _name(example)


def test_every_shape_has_an_iri_and_is_named_in_both_languages(shapes):
    for graph in shapes.values():
        for kind, predicates in ((SH.NodeShape, [RDFS.label]), (SH.PropertyShape, [RDFS.label, SH.name, SH.message])):
            for shape in graph.subjects(RDF.type, kind):
                assert str(shape).startswith(SHAPE)
                for predicate in predicates:
                    languages = {text.language for text in graph.objects(shape, predicate)}
                    assert languages == {"da", "en"}, (shape, predicate)


def test_every_sparql_constraint_declares_the_prefixes_it_uses(shapes):
    for graph in shapes.values():
        for constraint in graph.objects(None, SH.sparql):
            declared = {
                str(graph.value(declaration, SH.prefix))
                for header in graph.objects(constraint, SH.prefixes)
                for declaration in graph.objects(header, SH.declare)
            }
            used = {word.partition(":")[0] for word in str(graph.value(constraint, SH.select)).split() if ":" in word}
            assert {prefix for prefix in used if prefix.isalpha()} <= declared


def test_privacy_screens_every_text_that_a_shape_or_the_ontology_allows(shapes, ontology):
    ours = {p for p in ontology.subjects(RDF.type, OWL.DatatypeProperty) if ontology.value(p, RDFS.range) in TEXTS}
    allowed = set()
    for graph in shapes.values():
        for shape in graph.subjects(RDF.type, SH.PropertyShape):
            is_text = graph.value(shape, SH.datatype) in TEXTS or graph.value(shape, SH.languageIn) is not None
            if is_text and isinstance(path := graph.value(shape, SH.path), rdflib.URIRef):
                allowed.add(path)
    for shape in ("Privacy-email", "Privacy-civilNumber", "Privacy-telephone"):
        assert sorted((ours | allowed | {SKOS.prefLabel}) - _screened(shapes["Privacy"], shape)) == []


def test_the_words_of_a_sparql_constraint_reach_the_steward_in_both_languages():
    example = ROOT / "tests" / "shapes" / "Reconciliation" / "invalid-difference-adjusted.ttl"
    results = validate(read_store([example]), read_store([ROOT / "shapes" / "Reconciliation.ttl"]))
    said = next(result.messages for result in results if result.shape == f"{SHAPE}Reconciliation-arithmetic")
    assert said["da"].startswith("Regn forskellen ud igen")
    assert said["en"].startswith("Work the difference out again")
