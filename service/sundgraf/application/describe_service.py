"""What the service says of itself: SPARQL service description and VoID (the catalogue: describe_catalogue.py).

Identifiers and addresses are those of the canonical base, which redirects to the host in use: a description must not
change with the host it was fetched from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sundgraf.domain.media import GRAPHS, SOLUTIONS, Format
from sundgraf.domain.terms import Literal
from sundgraf.store.base import Publication
from sundgraf.store.statements import Document, Subject

BASE = "https://w3id.org/sundgraf/"
DATASET = f"{BASE}dataset"
CATALOG = f"{BASE}catalog"
SERVICE = f"{BASE}sparql"
PUBLISHER = f"{BASE}id/organisation/o-0000"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
AUTHORITY = "http://publications.europa.eu/resource/authority/"
_W3C_FORMATS = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV", "turtle": "Turtle", "ntriples": "N-Triples", "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD", "trig": "TriG", "nquads": "N-Quads", "n3": "N3",
}  # fmt: skip
PREFIXES = {
    "formats": "http://www.w3.org/ns/formats/", "dct": "http://purl.org/dc/terms/", "eu": AUTHORITY,
    "dcatap": "http://data.europa.eu/r5r/",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph that is published: its IRI, titles and descriptions by language, and size in triples."""

    iri: str
    titles: tuple[Literal, ...] = ()
    descriptions: tuple[Literal, ...] = ()
    triples: int = 0

    def titled(self, language: str) -> str:
        """Return the title in a language, else in any, else ""."""
        found = [title.value for title in self.titles if title.language == language]
        return next(iter(found or [title.value for title in self.titles]), "")


@dataclass(frozen=True, slots=True)
class Download:
    """A file with the whole graph: its name under /dump/, format, and once it is made size in bytes and SHA-256."""

    name: str
    format: Format
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Linkset:
    """How many statements lead to a partner's things, by property; `target` is what the partner's dataset is called."""

    partner: str
    target: str
    space: str
    titles: tuple[Literal, ...]
    counts: tuple[tuple[str, int], ...]


def describe_service(publication: Publication, graphs: Sequence[Graph], triples: int, address: str) -> Document:
    """Return the SPARQL 1.1 service description, with the VoID figures of what it serves.

    `address` is where this very service was asked: the one address that must be that of the host in use.
    """
    document = Document(PREFIXES)
    service = document.add(SERVICE).has("rdf:type", "sd:Service", "dcat:DataService")
    service.has("sd:endpoint", address).has("sd:supportedLanguage", "sd:SPARQL11Query")
    service.has("sd:feature", "sd:EmptyGraphs")
    for format in (*SOLUTIONS, *GRAPHS):
        service.has("sd:resultFormat", f"formats:{_W3C_FORMATS[format.name]}")
    service.has("dcterms:title", Literal("SPARQL endpoint of sundgraf", language="en"),
                Literal("SPARQL-adgang til sundgraf", language="da"))  # fmt: skip
    default, dataset = document.blank(), document.blank()
    service.has("sd:defaultDataset", dataset)
    described = document.add(dataset).has("rdf:type", "sd:Dataset").has("sd:defaultGraph", default)
    document.add(default).has("rdf:type", "sd:Graph").has("void:triples", triples)
    for graph in graphs:
        named, inner = document.blank(), document.blank()
        described.has("sd:namedGraph", named)
        document.add(named).has("rdf:type", "sd:NamedGraph").has("sd:name", graph.iri).has("sd:graph", inner)
        document.add(inner).has("rdf:type", "sd:Graph").has("void:triples", graph.triples)
    _add_void(document, publication, triples)
    return document


def describe_dataset(
    publication: Publication,
    triples: int,
    classes: Sequence[tuple[str, int]],
    properties: Mapping[str, Sequence[tuple[str, int, int]]],
    linksets: Sequence[Linkset],
) -> Document:
    """Return the VoID description: figures for the whole, per class and property, and the links to each partner.

    `properties` are (property, statements, subjects) for each class, and for all things under "".
    """
    document = Document(PREFIXES)
    dataset = _add_void(document, publication, triples)
    document.add(f"{BASE}.well-known/void").has("rdf:type", "void:DatasetDescription").has("foaf:topic", DATASET)
    dataset.has("void:classes", len(classes)).has("void:properties", len(properties.get("", ())))
    _add_properties(document, dataset, properties.get("", ()))
    for iri, count in classes:
        part = document.blank()
        dataset.has("void:classPartition", part)
        said = document.add(part).has("void:class", iri).has("void:entities", count)
        _add_properties(document, said, properties.get(iri, ()))
    for linkset in linksets:
        address = f"{BASE}mappings/{linkset.partner}"
        for predicate, count in linkset.counts:
            part = document.blank()
            dataset.has("void:subset", part)
            said = document.add(part).has("rdf:type", "void:Linkset").has("dcterms:title", *linkset.titles)
            said.has("void:linkPredicate", predicate).has("void:triples", count).has("foaf:page", address)
            said.has("void:subjectsTarget", DATASET).has("void:objectsTarget", linkset.target)
        document.add(linkset.target).has("rdf:type", "void:Dataset").has("void:uriSpace", Literal(linkset.space))
        document.add(linkset.target).has("dcterms:title", *linkset.titles)
    return document


def _add_properties(document: Document, of: Subject, properties: Sequence[tuple[str, int, int]]) -> None:
    for iri, count, subjects in properties:
        part = document.blank()
        of.has("void:propertyPartition", part)
        said = document.add(part).has("void:property", iri).has("void:triples", count)
        said.has("void:distinctSubjects", subjects)


def _add_void(document: Document, publication: Publication, triples: int) -> Subject:
    dataset = document.add(DATASET).has("rdf:type", "void:Dataset").has("void:sparqlEndpoint", SERVICE)
    dataset.has("dcterms:title", Literal("sundgraf", language="en")).has("dcterms:license", LICENCE)
    dataset.has("void:triples", triples).has("void:uriSpace", Literal(BASE)).has("dcterms:publisher", PUBLISHER)
    dataset.has("dcterms:modified", Literal(publication.time, "xsd:dateTime"))
    dataset.has("void:exampleResource", f"{BASE}id/solution/s-0001")
    dataset.has("void:dataDump", f"{BASE}dump/sundgraf.nq.gz", f"{BASE}dump/sundgraf.ttl.gz")
    dataset.has("foaf:homepage", BASE)
    return dataset
