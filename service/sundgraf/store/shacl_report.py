"""Violations, and what else was found, as an RDF validation report (SHACL section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from sundgraf.domain.report import Finding
from sundgraf.domain.terms import legal_iri
from sundgraf.store.document import NEW
from sundgraf.store.shacl_core import Violation
from sundgraf.store.shacl_shapes import SH, Path, sh
from sundgraf.store.writers import write_graph

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = (ox.NamedNode(_RDF + name) for name in ("type", "first", "rest", "nil"))

_REPORT = ox.BlankNode("report")


def results_of(violations: Iterable[Violation]) -> list[ox.Triple]:
    """Return the results of a report, without the report itself."""
    triples: list[ox.Triple] = []
    for violation in violations:
        result = ox.BlankNode()
        triples.append(ox.Triple(_REPORT, sh("result"), result))
        triples += _result(result, violation)
    return triples


def write_report(results: bytes, remarks: Iterable[Finding], format: str) -> bytes:
    """Return a report in the format called `format`: results in N-Triples, and what rules of submission found.

    It conforms where nothing at all was found (section 3.6.1.1), whatever its severity. The component of a remark is
    the page of its rule.
    """
    triples = [triple for remark in remarks for triple in _remark(remark)]
    triples.append(ox.Triple(_REPORT, _TYPE, sh("ValidationReport")))
    triples.append(ox.Triple(_REPORT, sh("conforms"), ox.Literal(not results and len(triples) == 1)))
    text = results + b"".join(f"{triple} .\n".encode() for triple in triples)
    return write_graph([quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)], format)


def _remark(remark: Finding) -> Iterator[ox.Triple]:
    result = ox.BlankNode()
    subject = remark.subject.partition(" ")[0]
    focus = _node(subject) or ox.NamedNode(f"{NEW}document")
    yield ox.Triple(_REPORT, sh("result"), result)
    yield ox.Triple(result, _TYPE, sh("ValidationResult"))
    yield ox.Triple(result, sh("focusNode"), focus)
    yield ox.Triple(result, sh("sourceConstraintComponent"), ox.NamedNode(remark.shape))
    yield ox.Triple(result, sh("resultSeverity"), sh(remark.severity.capitalize()))
    yield ox.Triple(result, sh("resultMessage"), ox.Literal(remark.english, language="en"))
    yield ox.Triple(result, sh("resultMessage"), ox.Literal(remark.danish, language="da"))
    if remark.property:
        yield ox.Triple(result, sh("resultPath"), ox.NamedNode(remark.property))
    if remark.value:
        yield ox.Triple(result, sh("value"), _node(remark.value) or ox.Literal(remark.value))


def _node(text: str) -> ox.NamedNode | ox.BlankNode | None:
    if text.startswith("_:"):
        return ox.BlankNode(f"n{text[2:].encode().hex()}")
    return ox.NamedNode(text) if legal_iri(text) else None


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
