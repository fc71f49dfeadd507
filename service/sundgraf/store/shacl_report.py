"""Violations as an RDF validation report (SHACL section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from sundgraf.store.shacl_core import Violation
from sundgraf.store.shacl_shapes import SH, Path, sh

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = (ox.NamedNode(_RDF + name) for name in ("type", "first", "rest", "nil"))


def report_of(violations: Iterable[Violation]) -> list[ox.Triple]:
    """Return the report's triples. It conforms where there is no violation of severity sh:Violation or lower."""
    report = ox.BlankNode()
    triples: list[ox.Triple] = [ox.Triple(report, _TYPE, sh("ValidationReport"))]
    found = False
    for violation in violations:
        found = True
        result = ox.BlankNode()
        triples.append(ox.Triple(report, sh("result"), result))
        triples += _result(result, violation)
    triples.append(ox.Triple(report, sh("conforms"), ox.Literal(not found)))
    return triples


def _result(result: ox.BlankNode, violation: Violation) -> Iterator[ox.Triple]:
    yield ox.Triple(result, _TYPE, sh("ValidationResult"))
    yield ox.Triple(result, sh("focusNode"), violation.focus)
    yield ox.Triple(result, sh("sourceShape"), violation.shape)
    yield ox.Triple(result, sh("sourceConstraintComponent"), ox.NamedNode(violation.component))
    severity = violation.severity if violation.severity.startswith("http") else SH + violation.severity
    yield ox.Triple(result, sh("resultSeverity"), ox.NamedNode(severity))
    if violation.value is not None:
        yield ox.Triple(result, sh("value"), violation.value)
    if violation.source is not None:
        yield ox.Triple(result, sh("sourceConstraint"), violation.source)
    for language, text in violation.messages.items():
        message = ox.Literal(text, language=language) if language else ox.Literal(text)
        yield ox.Triple(result, sh("resultMessage"), message)
    if violation.path is not None:
        node, said = _path(violation.path)
        yield ox.Triple(result, sh("resultPath"), node)
        yield from said


def _path(path: Path) -> tuple[ox.NamedNode | ox.BlankNode, list[ox.Triple]]:
    if path.predicate is not None:
        return path.predicate, []
    parts = [_path(part) for part in path.parts]
    said = [triple for _, triples in parts for triple in triples]
    if path.kind in ("sequence", "alternativePath"):
        head, members = _list([node for node, _ in parts])
        said += members
        if path.kind == "sequence":
            return head, said
        inner: ox.NamedNode | ox.BlankNode = head
    else:
        inner = parts[0][0]
    node = ox.BlankNode()
    return node, [*said, ox.Triple(node, sh(path.kind), inner)]


def _list(members: list[ox.NamedNode | ox.BlankNode]) -> tuple[ox.BlankNode, list[ox.Triple]]:
    nodes = [ox.BlankNode() for _ in members]
    triples = []
    for position, (node, member) in enumerate(zip(nodes, members, strict=True)):
        triples.append(ox.Triple(node, _FIRST, member))
        triples.append(ox.Triple(node, _REST, nodes[position + 1] if position + 1 < len(nodes) else _NIL))
    return nodes[0], triples
