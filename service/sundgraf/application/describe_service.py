"""What the service says of itself: SPARQL service description, VoID and a DCAT-AP 3.0.1 catalogue.

Identifiers and addresses are those of the canonical base, which redirects to the host in use: a description must not
change with the host it was fetched from.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_AUTHORITY = "http://publications.europa.eu/resource/authority/"
_W3C_FORMATS = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV", "turtle": "Turtle", "ntriples": "N-Triples", "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD", "trig": "TriG", "nquads": "N-Quads", "n3": "N3",
}  # fmt: skip
_EU_FILE_TYPES = {"nquads": "RDF_N_QUADS", "turtle": "RDF_TURTLE", "jsonld": "JSON_LD"}
_PREFIXES = {
    "formats": "http://www.w3.org/ns/formats/", "dct": "http://purl.org/dc/terms/", "eu": _AUTHORITY,
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


def describe_service(publication: Publication, graphs: Sequence[Graph], triples: int, address: str) -> Document:
    """Return the SPARQL 1.1 service description, with the VoID figures of what it serves.

    `address` is where this very service was asked: the one address that must be that of the host in use.
    """
    document = Document(_PREFIXES)
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


def describe_dataset(publication: Publication, triples: int, classes: Sequence[tuple[str, int]]) -> Document:
    """Return the VoID description: figures for the whole and per class."""
    document = Document(_PREFIXES)
    dataset = _add_void(document, publication, triples)
    document.add(f"{BASE}.well-known/void").has("rdf:type", "void:DatasetDescription").has("foaf:topic", DATASET)
    for iri, count in classes:
        part = document.blank()
        dataset.has("void:classPartition", part)
        document.add(part).has("void:class", iri).has("void:entities", count)
    return document


def describe_catalogue(publication: Publication, graphs: Sequence[Graph], downloads: Sequence[Download]) -> Document:
    """Return the DCAT-AP 3.0.1 catalogue: the whole graph with its downloads, and a dataset for every named graph."""
    document = Document(_PREFIXES)
    made = Literal(publication.time, "xsd:dateTime")
    catalogue = document.add(CATALOG).has("rdf:type", "dcat:Catalog")
    catalogue.has("dcterms:title", Literal("sundgraf", language="en"), Literal("sundgraf", language="da"))
    catalogue.has(
        "dcterms:description",
        Literal("Open knowledge graph of AI and other new technology in healthcare.", language="en"),
        Literal("Åben vidensgraf om kunstig intelligens og anden ny teknologi i sundhedsvæsenet.", language="da"),
    ).has("dcterms:publisher", PUBLISHER).has("dcterms:license", LICENCE).has("dcterms:modified", made)
    catalogue.has("dcat:dataset", DATASET).has("dcat:service", SERVICE).has("foaf:homepage", BASE)
    catalogue.has("dcterms:language", f"{_AUTHORITY}language/DAN", f"{_AUTHORITY}language/ENG")
    document.add(PUBLISHER).has("rdf:type", "foaf:Agent").has("foaf:name", Literal("sundgraf"))
    document.add(BASE).has("rdf:type", "foaf:Document")
    document.add(LICENCE).has("rdf:type", "dcterms:LicenseDocument")
    document.add(SERVICE).has("rdf:type", "dcat:DataService").has("dcat:endpointURL", SERVICE).has(
        "dcterms:title", Literal("SPARQL endpoint of sundgraf", language="en")
    ).has("dcat:servesDataset", DATASET).has("dcat:endpointDescription", f"{BASE}openapi.json").has(
        "dcterms:license", LICENCE
    )
    document.add(SERVICE).has("dcterms:publisher", PUBLISHER)
    whole = document.add(DATASET).has("rdf:type", "dcat:Dataset")
    whole.has("dcterms:title", Literal("The whole sundgraf graph", language="en"),
              Literal("Hele sundgraf-grafen", language="da"))  # fmt: skip
    whole.has(
        "dcterms:description",
        Literal("Every published statement with the source it comes from, one named graph per source.", language="en"),
        Literal("Alle udgivne udsagn med den kilde, de kommer fra; én navngiven graf pr. kilde.", language="da"),
    ).has("dcterms:publisher", PUBLISHER).has("dcterms:modified", made).has(
        "dcat:theme", f"{_AUTHORITY}data-theme/HEAL"
    )
    whole.has("dcat:version", Literal(str(publication.number)))
    for download in downloads:
        _add_distribution(document, whole, download)
    for graph in graphs:
        part = document.add(graph.iri).has("rdf:type", "dcat:Dataset").has("dcterms:isPartOf", DATASET)
        part.has("dcterms:title", *(graph.titles or (Literal(graph.iri.removeprefix(BASE), language="en"),)))
        part.has(
            "dcterms:description",
            *(graph.descriptions or (Literal(f"The named graph {graph.iri.removeprefix(BASE)}.", language="en"),)),
        ).has("dcterms:publisher", PUBLISHER)
        catalogue.has("dcat:dataset", graph.iri)
        address = f"{graph.iri}.ttl"
        part.has("dcat:distribution", address)
        document.add(address).has("rdf:type", "dcat:Distribution").has("dcat:accessURL", address).has(
            "dcat:downloadURL", address
        ).has("dcterms:license", LICENCE).has("dcterms:format", f"{_AUTHORITY}file-type/RDF_TURTLE")
    return document


def _add_distribution(document: Document, dataset: Subject, download: Download) -> None:
    address = f"{BASE}dump/{download.name}"
    dataset.has("dcat:distribution", address)
    said = document.add(address).has("rdf:type", "dcat:Distribution").has("dcat:accessURL", address)
    said.has("dcat:downloadURL", address).has("dcterms:license", LICENCE)
    said.has("dcat:mediaType", f"https://www.iana.org/assignments/media-types/{download.format.media_type}")
    said.has("dcat:compressFormat", "https://www.iana.org/assignments/media-types/application/gzip")
    said.has("dcterms:format", f"{_AUTHORITY}file-type/{_EU_FILE_TYPES[download.format.name]}")
    if not download.sha256:
        return
    checksum = document.blank()
    said.has("dcat:byteSize", Literal(str(download.size), "xsd:nonNegativeInteger")).has("spdx:checksum", checksum)
    document.add(checksum).has("rdf:type", "spdx:Checksum").has("spdx:algorithm", "spdx:checksumAlgorithm_sha256").has(
        "spdx:checksumValue", Literal(download.sha256, "xsd:hexBinary")
    )


def _add_void(document: Document, publication: Publication, triples: int) -> Subject:
    dataset = document.add(DATASET).has("rdf:type", "void:Dataset").has("void:sparqlEndpoint", SERVICE)
    dataset.has("dcterms:title", Literal("sundgraf", language="en")).has("dcterms:license", LICENCE)
    dataset.has("void:triples", triples).has("void:uriSpace", Literal(BASE)).has("dcterms:publisher", PUBLISHER)
    dataset.has("dcterms:modified", Literal(publication.time, "xsd:dateTime"))
    dataset.has("void:exampleResource", f"{BASE}id/solution/s-0001")
    dataset.has("void:dataDump", f"{BASE}dump/sundgraf.nq.gz", f"{BASE}dump/sundgraf.ttl.gz")
    dataset.has("foaf:homepage", BASE)
    return dataset
