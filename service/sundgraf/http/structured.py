"""What pages tell search engines of themselves, in the words of schema.org (JSON-LD)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sundgraf.domain.names import BASE, Name
from sundgraf.http.links import LICENCE
from sundgraf.http.record import Fact, local_name

DATASET = f"{BASE}dataset"
_TITLES = {
    "en": "sundgraf: an open knowledge graph of AI in healthcare",
    "da": "sundgraf: en åben vidensgraf over AI i sundhed",
}  # fmt: skip
_TEXTS = {
    "en": "Solutions, projects, deployments and effects of AI and other new technology in healthcare, in Denmark and "
    "abroad. Every statement leads to its source.",
    "da": "Løsninger, projekter, ibrugtagninger og effekter af AI og anden ny teknologi i sundhedsvæsenet, i Danmark "
    "og udlandet. Hvert udsagn fører til sin kilde.",
}
# What the classes of our identifiers are in schema.org; any other is a Thing with our class as additionalType.
_TYPES = {
    "project": "ResearchProject", "initiative": "Project", "organisation": "Organization", "place": "Place",
    "product": "Product", "regulation": "Legislation", "source": "CreativeWork", "recommendation": "CreativeWork",
}  # fmt: skip
_SAME = ("sameAs", "exactMatch")
_DOWNLOADS = (("sundgraf.nq.gz", "application/n-quads"), ("sundgraf.ttl.gz", "text/turtle"))


def as_script(*things: dict[str, Any]) -> str:
    """Return JSON-LD that can stand in a script element: nothing in it can end the element."""
    said = {"@context": "https://schema.org/", "@graph": list(things)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def tell_dataset(language: str, published: str) -> dict[str, Any]:
    """Return the whole graph as a schema:Dataset; `published` is when it was last (RFC 3339)."""
    return {
        "@type": "Dataset", "@id": DATASET, "name": _TITLES[language], "description": _TEXTS[language],
        "url": BASE, "license": LICENCE, "isAccessibleForFree": True, "inLanguage": ["da", "en"],
        "dateModified": published, "creator": {"@type": "Organization", "name": "sundgraf", "url": BASE},
        "keywords": ["AI", "healthcare", "sundhedsvæsen", "linked data", "RDF", "SPARQL"],
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": f"{BASE}catalog", "url": f"{BASE}catalog"},
        "distribution": [
            {"@type": "DataDownload", "contentUrl": f"{BASE}dump/{name}", "encodingFormat": media_type}
            for name, media_type in _DOWNLOADS
        ],
    }  # fmt: skip


def tell_site(language: str) -> dict[str, Any]:
    """Return the site with its search."""
    return {
        "@type": "WebSite", "@id": BASE, "url": BASE, "name": "sundgraf", "inLanguage": language,
        "potentialAction": {
            "@type": "SearchAction", "target": f"{BASE}search?q={{words}}", "query-input": "required name=words",
        },
    }  # fmt: skip


def tell_question(name: str, summary: str, text: str, language: str) -> dict[str, Any]:
    """Return the answer to a stored question as a schema:Dataset of its own."""
    address = f"{BASE}ask/{name}"
    return {
        "@type": "Dataset", "@id": address, "url": address, "name": summary, "description": text or summary,
        "license": LICENCE, "isAccessibleForFree": True, "inLanguage": language, "isPartOf": {"@id": DATASET},
        "distribution": [
            {"@type": "DataDownload", "contentUrl": f"{address}.{ending}", "encodingFormat": media_type}
            for ending, media_type in (("csv", "text/csv"), ("srj", "application/sparql-results+json"))
        ],
    }  # fmt: skip


def tell_terms(name: Name, title: str, text: str, language: str) -> dict[str, Any]:
    """Return a concept scheme as a schema:DefinedTermSet."""
    return {
        "@type": "DefinedTermSet", "@id": name.iri, "url": name.iri, "name": title, "description": text or title,
        "license": LICENCE, "inLanguage": language, "isPartOf": {"@id": DATASET},
    }  # fmt: skip


def tell_record(
    name: Name, title: str, texts: Sequence[str], facts: Iterable[Fact], class_: str, language: str
) -> dict[str, Any]:
    """Return what a record or concept is about; `class_` is the IRI of its class, "" if it is not known."""
    kind = name.rest.partition("/")[0] if name.room == "id" else ""
    concept = name.room == "concept"
    said: dict[str, Any] = {
        "@type": "DefinedTerm" if concept else _TYPES.get(kind, "Thing"), "@id": name.iri, "url": name.iri,
        "identifier": name.rest.rsplit("/", 1)[-1], "name": title, "inLanguage": language,
    }  # fmt: skip
    if not concept and said["@type"] not in ("CreativeWork", "Legislation"):
        said.pop("inLanguage")
    if texts:
        said["description"] = texts[0]
    if class_:
        said["additionalType"] = class_
    if concept and "/" in name.rest:
        said["inDefinedTermSet"] = f"{BASE}concept/{name.rest.partition('/')[0]}"
    same = [value.iri for fact in facts if local_name(fact.iri) in _SAME for value in fact.values if value.iri]
    if same:
        said["sameAs"] = same
    said["subjectOf"] = {"@type": "Dataset", "@id": DATASET, "name": _TITLES[language], "license": LICENCE,
                         "description": _TEXTS[language]}  # fmt: skip
    return said
