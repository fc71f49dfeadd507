"""The DCAT-AP 3.0.1 catalogue: the whole graph with its downloads, and a dataset for every named graph.

Values from the European authority tables come with a stub (class, label, scheme), since a validator may not fetch them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sundgraf.application.describe_service import (
    AUTHORITY,
    BASE,
    CATALOG,
    DATASET,
    LICENCE,
    PREFIXES,
    PUBLISHER,
    SERVICE,
    Download,
    Graph,
)
from sundgraf.domain.terms import Literal
from sundgraf.store.base import Publication
from sundgraf.store.statements import Document, Subject

_IANA = "https://www.iana.org/assignments/media-types/"
_EU_FILE_TYPES = {"nquads": "RDF_N_QUADS", "turtle": "RDF_TURTLE", "jsonld": "JSON_LD"}
_PROTOCOL = "http://www.w3.org/TR/sparql11-protocol/"
_CONTACT = f"{BASE}catalog#contact"
_ADMS = "http://purl.org/adms/"
# DCAT-AP's code lists want SPDX's IRIs with https, SPDX itself writes http: a stub says that they are the same.
_SHA_256 = "//spdx.org/rdf/terms#checksumAlgorithm_sha256"
# Which table, which value, its class and its label.
_STUBS = (
    ("language", "DAN", "dct:LinguisticSystem", "Danish"), ("language", "ENG", "dct:LinguisticSystem", "English"),
    ("data-theme", "HEAL", "skos:Concept", "Health"),
    ("file-type", "RDF_TURTLE", "dct:MediaTypeOrExtent", "RDF Turtle"),
    ("file-type", "RDF_N_QUADS", "dct:MediaTypeOrExtent", "RDF N-Quads"),
    ("planned-availability", "STABLE", "skos:Concept", "Stable"),
)  # fmt: skip
_KEYWORDS = {"en": ("artificial intelligence", "healthcare"), "da": ("kunstig intelligens", "sundhedsvæsen")}


def describe_catalogue(publication: Publication, graphs: Sequence[Graph], downloads: Sequence[Download]) -> Document:
    """Return the DCAT-AP 3.0.1 catalogue: the whole graph with its downloads, and a dataset for every named graph."""
    document = Document(PREFIXES)
    made = Literal(publication.time, "xsd:dateTime")
    catalogue = document.add(CATALOG).has("rdf:type", "dcat:Catalog")
    catalogue.has("dcterms:title", Literal("sundgraf", language="en"), Literal("sundgraf", language="da"))
    catalogue.has(
        "dcterms:description",
        Literal("Open knowledge graph of AI and other new technology in healthcare.", language="en"),
        Literal("Åben vidensgraf om kunstig intelligens og anden ny teknologi i sundhedsvæsenet.", language="da"),
    ).has("dcterms:publisher", PUBLISHER).has("dcterms:license", LICENCE).has("dcterms:modified", made)
    catalogue.has("dcat:dataset", DATASET).has("dcat:service", SERVICE).has("foaf:homepage", BASE)
    catalogue.has("dcterms:language", f"{AUTHORITY}language/DAN", f"{AUTHORITY}language/ENG")
    catalogue.has("dcat:themeTaxonomy", f"{AUTHORITY}data-theme")
    catalogue.has("dcterms:issued", Literal("2026-11-20", "xsd:date"))
    document.add(PUBLISHER).has("rdf:type", "foaf:Agent").has("foaf:name", Literal("sundgraf")).has(
        "dcterms:type", f"{_ADMS}publishertype/NonProfitOrganisation"
    )
    document.add(BASE).has("rdf:type", "foaf:Document")
    document.add(LICENCE).has("rdf:type", "dcterms:LicenseDocument").has(
        "dcterms:type", f"{_ADMS}licencetype/Attribution"
    )
    document.add(SERVICE).has("rdf:type", "dcat:DataService").has("dcat:endpointURL", SERVICE).has(
        "dcterms:title", Literal("SPARQL endpoint of sundgraf", language="en")
    ).has("dcat:servesDataset", DATASET).has("dcat:endpointDescription", f"{BASE}openapi.json").has(
        "dcterms:license", LICENCE
    )
    _add_recommended(document.add(SERVICE).has("dcterms:publisher", PUBLISHER).has("dcterms:conformsTo", _PROTOCOL))
    document.add(_PROTOCOL).has("rdf:type", "dcterms:Standard")
    whole = document.add(DATASET).has("rdf:type", "dcat:Dataset")
    whole.has("dcterms:title", Literal("The whole sundgraf graph", language="en"),
              Literal("Hele sundgraf-grafen", language="da"))  # fmt: skip
    whole.has(
        "dcterms:description",
        Literal("Every published statement with the source it comes from, one named graph per source.", language="en"),
        Literal("Alle udgivne udsagn med den kilde, de kommer fra; én navngiven graf pr. kilde.", language="da"),
    ).has("dcterms:publisher", PUBLISHER).has("dcterms:modified", made)
    _add_recommended(whole)
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
        ).has("dcterms:license", LICENCE).has("dcterms:format", f"{AUTHORITY}file-type/RDF_TURTLE")
        _add_recommended(part)
        _say_of_file(
            document.add(address), {"en": "The named graph as Turtle.", "da": "Den navngivne graf som Turtle."}
        )
    _add_stubs(document)
    return document


def _add_recommended(said: Subject) -> None:
    """Add what DCAT-AP recommends of a dataset or service."""
    said.has("dcat:contactPoint", _CONTACT)
    for language, words in _KEYWORDS.items():
        said.has("dcat:keyword", *(Literal(word, language=language) for word in words))
    said.has("dcat:theme", f"{AUTHORITY}data-theme/HEAL")


def _say_of_file(file: Subject, texts: Mapping[str, str]) -> None:
    file.has("dcterms:description", *(Literal(text, language=language) for language, text in texts.items()))
    file.has("dcatap:availability", f"{AUTHORITY}planned-availability/STABLE")


def _add_stubs(document: Document) -> None:
    contact = document.add(_CONTACT).has("rdf:type", "vcard:Organization", "vcard:Kind")
    contact.has("vcard:fn", Literal("sundgraf")).has("vcard:hasURL", BASE)
    for table, name, class_, label in _STUBS:
        scheme = f"{AUTHORITY}{table}"
        document.add(f"{scheme}/{name}").has("rdf:type", class_).has("skos:inScheme", scheme).has(
            "skos:prefLabel", Literal(label, language="en")
        )
        document.add(scheme).has("rdf:type", "skos:ConceptScheme").has("dcterms:title", Literal(table, language="en"))
    for table, name, label in (
        ("licencetype", "Attribution", "Attribution"),
        ("publishertype", "NonProfitOrganisation", "Non-Profit Organisation"),
    ):  # fmt: skip
        document.add(f"{_ADMS}{table}/{name}").has("rdf:type", "skos:Concept").has(
            "skos:prefLabel", Literal(label, language="en")
        ).has("skos:inScheme", f"{_ADMS}{table}/1.0")
        document.add(f"{_ADMS}{table}/1.0").has("rdf:type", "skos:ConceptScheme").has(
            "dcterms:title", Literal(table, language="en")
        )
    document.add(f"https:{_SHA_256}").has("rdf:type", "spdx:ChecksumAlgorithm").has("owl:sameAs", f"http:{_SHA_256}")
    for name in ("text/turtle", "application/n-quads", "application/gzip"):
        document.add(f"{_IANA}{name}").has("rdf:type", "dct:MediaType").has(
            "skos:prefLabel", Literal(name, language="en")
        )


def _add_distribution(document: Document, dataset: Subject, download: Download) -> None:
    address = f"{BASE}dump/{download.name}"
    dataset.has("dcat:distribution", address)
    said = document.add(address).has("rdf:type", "dcat:Distribution").has("dcat:accessURL", address)
    said.has("dcat:downloadURL", address).has("dcterms:license", LICENCE)
    said.has("dcat:mediaType", f"{_IANA}{download.format.media_type}").has(
        "dcat:compressFormat", f"{_IANA}application/gzip"
    )
    _say_of_file(said, {"en": "The whole graph, compressed.", "da": "Hele grafen, komprimeret."})
    said.has("dcterms:format", f"{AUTHORITY}file-type/{_EU_FILE_TYPES[download.format.name]}")
    if not download.sha256:
        return
    checksum = document.blank()
    said.has("dcat:byteSize", Literal(str(download.size), "xsd:nonNegativeInteger")).has("spdx:checksum", checksum)
    document.add(checksum).has("rdf:type", "spdx:Checksum").has("spdx:algorithm", f"https:{_SHA_256}").has(
        "spdx:checksumValue", Literal(download.sha256, "xsd:hexBinary")
    )
