"""Describe the stored queries as RDF, in SHACL's terms for executables, so that they are found by SPARQL too."""

from __future__ import annotations

from pathlib import Path

from sundgraf.domain.question import BASE, parse_question
from sundgraf.domain.sparql import read
from sundgraf.domain.terms import Literal
from sundgraf.store.statements import Document

_KINDS = {
    "SELECT": ("sh:SPARQLSelectExecutable", "sh:select"),
    "ASK": ("sh:SPARQLAskExecutable", "sh:ask"),
    "CONSTRUCT": ("sh:SPARQLConstructExecutable", "sh:construct"),
}


def describe_queries(folder: Path) -> Document:
    """Return statements about every stored query below `folder`: kind, labels, descriptions and text."""
    document = Document()
    for path in sorted(folder.rglob("*.rq")):
        question = parse_question(path.stem, path.read_text("utf-8"))
        kind, text = _KINDS[read(question.text).form]
        subject = document.add(f"{BASE}query/{path.parent.name}/{path.stem}").has("rdf:type", kind)
        for language, summary in question.summary.items():
            subject.has("rdfs:label", Literal(summary, language=language))
        for language, description in question.description.items():
            subject.has("dcterms:description", Literal(description, language=language))
        subject.has(text, Literal(question.text))
    return document
