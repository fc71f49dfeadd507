"""The terms of the graph as their files say: classes, properties and concept schemes, for the pages about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.load import room_files
from sundgraf.store.load import read_store
from sundgraf.store.shacl_shapes import Path as PropertyPath
from sundgraf.store.shacl_shapes import Shapes, sh
from sundgraf.store.view import Object, View

BASE = "https://w3id.org/sundgraf/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
Texts = dict[str, str]
_MATCHES = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
_LABELS = (f"{RDFS}label", f"{SKOS}prefLabel", "http://purl.org/dc/terms/title")


@dataclass(frozen=True, slots=True)
class Term:
    """A class, property or concept. `matches` are (relation, IRI) of other vocabularies; texts are by language."""

    iri: str
    kind: str
    label: Texts
    definition: Texts
    notes: tuple[Texts, ...] = ()
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    matches: tuple[tuple[str, str], ...] = ()
    replaced_by: str = ""
    deprecated: bool = False

    @property
    def name(self) -> str:
        """The last part of the IRI."""
        return self.iri.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept with the narrower ones below it."""

    term: Term
    below: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme with its concepts as trees, in the order of their rank, then their name."""

    term: Term
    trees: tuple[Branch, ...]
    size: int


@dataclass
class Vocabulary:
    """All that the folders ontology/ and shapes/ say, to be asked term by term."""

    graph: View
    shapes: Shapes
    classes: dict[str, Term] = field(default_factory=dict)
    properties: dict[str, Term] = field(default_factory=dict)
    schemes: dict[str, Scheme] = field(default_factory=dict)

    def label(self, iri: str, language: str) -> str:
        """Return what an IRI is called, its last part where nobody says."""
        texts = next((texts for name in _LABELS if (texts := self.texts(iri, name))), {})
        return texts.get(language) or texts.get("en") or iri.rstrip("/").replace("#", "/").rsplit("/", 1)[-1]

    def texts(self, iri: str, predicate: str) -> Texts:
        """Return the texts of a property by language."""
        found = self.graph.objects(ox.NamedNode(iri), ox.NamedNode(predicate))
        return {term.language or "": term.value for term in found if isinstance(term, ox.Literal)}

    def used_in(self, iri: str) -> list[tuple[str, str]]:
        """Return the (class, property shape) pairs whose shapes have a property, by class."""
        found = []
        for node in self.graph.subjects(sh("path"), ox.NamedNode(iri)):
            for shape in self.graph.subjects(sh("property"), node):
                for class_ in self.graph.objects(shape, sh("targetClass")):
                    found.append((_iri(class_), _iri(node)))
        return sorted(set(found))

    def shapes_of(self, class_: str) -> list[str]:
        """Return the node shapes with IRIs that hold for a class."""
        found = self.graph.subjects(sh("targetClass"), ox.NamedNode(class_))
        return sorted(_iri(node) for node in found if isinstance(node, ox.NamedNode))

    def node_shapes(self) -> list[str]:
        """Return the node shapes with IRIs that something must fit by itself: those with a target."""
        return [node.value for node in self.shapes.targeted if isinstance(node, ox.NamedNode)]


@lru_cache(maxsize=4)
def read_vocabulary(root: Path) -> Vocabulary:
    """Return the vocabulary of the rooms below `root`, read once."""
    graph = View(read_store(file.path for file in room_files(root) if file.shapes or "ontology" in file.path.parts))
    known = Vocabulary(graph, Shapes(graph))
    for node in graph.instances(ox.NamedNode(f"{OWL}Class")):
        if _iri(node).startswith(BASE):
            known.classes[_iri(node)] = _term(graph, node, "class", f"{RDFS}subClassOf")
    for kind in ("ObjectProperty", "DatatypeProperty"):
        for node in graph.instances(ox.NamedNode(f"{OWL}{kind}")):
            if _iri(node).startswith(BASE):
                known.properties[_iri(node)] = _term(graph, node, kind, f"{RDFS}subPropertyOf")
    for node in graph.instances(ox.NamedNode(f"{SKOS}ConceptScheme")):
        known.schemes[_iri(node)] = _scheme(graph, node)
    known.schemes = dict(sorted(known.schemes.items()))
    return known


def name_path(vocabulary: Vocabulary, path: PropertyPath, language: str) -> str:
    """Return a property path in words."""
    words = {"inversePath": ("is pointed to by", "peges på af"), "alternativePath": ("or", "eller")}
    if path.predicate is not None:
        return vocabulary.label(path.predicate.value, language)
    parts = [name_path(vocabulary, part, language) for part in path.parts]
    if path.kind == "inversePath":
        return f"{words['inversePath'][language == 'da']} “{parts[0]}”"
    if path.kind == "alternativePath":
        return f" {words['alternativePath'][language == 'da']} ".join(parts)
    return " → ".join(parts)


def _term(graph: View, node: Object, kind: str, above: str) -> Term:
    def iris(predicate: str) -> tuple[str, ...]:
        found = graph.objects(node, ox.NamedNode(predicate))
        return tuple(sorted(value.value for value in found if isinstance(value, ox.NamedNode)))

    def texts(predicate: str) -> Texts:
        found = graph.objects(node, ox.NamedNode(predicate))
        return {value.language or "": value.value for value in found if isinstance(value, ox.Literal)}

    below = graph.subjects(ox.NamedNode(above), node)
    label = next((said for name in _LABELS if (said := texts(name))), {})
    return Term(
        _iri(node), kind, label, texts(f"{SKOS}definition") or texts("http://purl.org/dc/terms/description"),
        tuple(said for name in ("scopeNote", "example") if (said := texts(SKOS + name))), iris(above),
        tuple(sorted(_iri(other) for other in below if isinstance(other, ox.NamedNode))),
        iris(f"{RDFS}domain"), iris(f"{RDFS}range"),
        tuple((name, iri) for name in _MATCHES for iri in iris(SKOS + name)),
        next(iter(iris("http://purl.org/dc/terms/isReplacedBy")), ""), bool(texts(f"{OWL}deprecated")),
    )  # fmt: skip


def _scheme(graph: View, node: Object) -> Scheme:
    members = graph.subjects(ox.NamedNode(f"{SKOS}inScheme"), node)
    terms = {_iri(member): _term(graph, member, "concept", f"{SKOS}broader") for member in members}
    rank = {iri: _rank(graph, iri) for iri in terms}

    def branch(iri: str, passed: tuple[str, ...] = ()) -> Branch:
        below = [child for child in terms[iri].children if child in terms and child not in passed]
        return Branch(terms[iri], tuple(branch(child, (*passed, iri)) for child in sorted(below, key=order)))

    def order(iri: str) -> tuple[float, str]:
        return rank[iri], terms[iri].label.get("en", iri)

    tops = [iri for iri, term in terms.items() if not any(parent in terms for parent in term.parents)]
    trees = tuple(branch(iri) for iri in sorted(tops, key=order))
    return Scheme(_term(graph, node, "scheme", f"{SKOS}broader"), trees, len(terms))


def _rank(graph: View, iri: str) -> float:
    found = graph.objects(ox.NamedNode(iri), ox.NamedNode(f"{BASE}def/rank"))
    return next((float(value.value) for value in found if isinstance(value, ox.Literal)), 0.0)


def _iri(node: Object) -> str:
    return node.value if isinstance(node, ox.NamedNode) else ""
