"""SHACL validation by pySHACL, the reference (literals are not normalised: shared findings, "SHACL engines")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import rdflib
from rdflib import SH, URIRef
from rdflib.term import Node


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result: the focus node, the shape, the offending value ("" for none), messages by language."""

    focus: str
    shape: str
    path: str
    value: str
    severity: str
    messages: dict[str, str]


def validate(data: Sequence[Path], shapes: Sequence[Path]) -> list[Result]:
    """Validate all data files as one graph against all shape files. Raises ReportableRuntimeError for bad shapes."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        rules = _graph(shapes)
        _, report, _ = pyshacl.validate(_graph(data), shacl_graph=rules, advanced=False, inference="none")
    finally:
        rdflib.NORMALIZE_LITERALS = before
    assert isinstance(report, rdflib.Graph)
    return sorted(
        (_result(report, rules, node) for node in report.subjects(rdflib.RDF.type, SH.ValidationResult)),
        key=lambda result: (result.focus, result.shape, result.value),
    )


def _graph(paths: Sequence[Path]) -> rdflib.Graph:
    """Parse by the engine and hand over to rdflib: several times faster, and safe for what strangers send."""
    graph = rdflib.Graph()
    for path in paths:
        quads = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        document = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
        graph.parse(data=document, format="ntriples")
    return graph


def _result(report: rdflib.Graph, rules: rdflib.Graph, node: Node) -> Result:
    def one(name: URIRef) -> str:
        return str(report.value(node, name) or "")

    said = _by_language(report.objects(node, SH.resultMessage))
    if not said:  # pySHACL 0.40 drops the language tags of messages in results of sh:sparql
        said = _by_language(rules.objects(report.value(node, SH.sourceShape), SH.message))
    messages = said or {"en": one(SH.resultMessage)}
    return Result(
        one(SH.focusNode), one(SH.sourceShape), one(SH.resultPath), one(SH.value),
        one(SH.resultSeverity).rsplit("#", 1)[-1].lower(), messages,
    )  # fmt: skip


def _by_language(messages: Iterable[Node]) -> dict[str, str]:
    return {text.language: str(text) for text in messages if isinstance(text, rdflib.Literal) and text.language}
