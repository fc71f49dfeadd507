"""SHACL validation by pySHACL, the reference (literals are not normalised: shared findings, "SHACL engines")."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH, URIRef
from rdflib.term import Node

from sundgraf.store.shacl_result import Result, in_order, severity_of
from sundgraf.store.shacl_shapes import BadShapes


def validate_by_reference(data: ox.Store, shapes: ox.Store) -> list[Result]:
    """Validate the default graph of `data`. Raises BadShapes for shapes that cannot be used."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        rules = _graph(shapes)
        _, report, text = pyshacl.validate(_graph(data), shacl_graph=rules, advanced=False, inference="none")
    except (ReportableRuntimeError, NotImplementedError) as error:
        raise BadShapes(str(error)) from error
    finally:
        rdflib.NORMALIZE_LITERALS = before
    if not isinstance(report, rdflib.Graph):  # a validation failure (SHACL, section 3.4)
        raise BadShapes(text)
    return in_order(_result(report, rules, node) for node in report.subjects(rdflib.RDF.type, SH.ValidationResult))


def _graph(store: ox.Store) -> rdflib.Graph:
    """Hand a store's default graph over to rdflib; its own parsers are slower and not for what strangers send."""
    graph = rdflib.Graph()
    triples = (quad.triple for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    graph.parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="ntriples")
    return graph


def _result(report: rdflib.Graph, rules: rdflib.Graph, node: Node) -> Result:
    def one(name: URIRef) -> str:
        term = report.value(node, name)
        return "" if term is None else str(term)  # 0 and "" are values too

    said = _by_language(report.objects(node, SH.resultMessage))
    if not said:  # pySHACL 0.40 drops the language tags of messages in results of sh:sparql
        said = _by_language(rules.objects(report.value(node, SH.sourceShape), SH.message))
    messages = said or {"en": one(SH.resultMessage)}
    return Result(
        one(SH.focusNode), one(SH.sourceShape), one(SH.resultPath), one(SH.value),
        severity_of(one(SH.resultSeverity)), messages,
        one(SH.sourceConstraintComponent),
    )  # fmt: skip


def _by_language(messages: Iterable[Node]) -> dict[str, str]:
    return {text.language: str(text) for text in messages if isinstance(text, rdflib.Literal) and text.language}
