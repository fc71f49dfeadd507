"""The W3C SHACL test suite: its cases, what they expect, and what is found. Data is read where it lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from sundgraf.store.shacl import validate
from sundgraf.store.shacl_reference import validate_by_reference
from sundgraf.store.shacl_result import severity_of
from sundgraf.store.view import View

ROOT = Path(__file__).resolve().parent.parent.parent
SUITE = Path(os.environ.get("SUNDGRAF_CONFORMANCE", ROOT.parent / "shared" / "conformance")) / "data/w3c-shacl/tests"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"
SH = "http://www.w3.org/ns/shacl#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Case:
    """One validation test: where it is written, its data and its shapes."""

    name: str
    node: str
    path: Path
    data: Path
    shapes: Path


def _load(path: Path) -> ox.Store:
    store = ox.Store()
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri()):
        store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    return store


def _cases() -> list[Case]:
    found = []
    for path in sorted(SUITE.rglob("*.ttl")):
        view = View(_load(path))
        for test in view.subjects(TYPE, ox.NamedNode(f"{SHT}Validate")):
            action = view.objects(test, ox.NamedNode(f"{MF}action"))[0]
            graphs = [view.objects(action, ox.NamedNode(SHT + part))[0] for part in ("dataGraph", "shapesGraph")]
            data, shapes = (path.parent / str(graph.value).rsplit("/", 1)[-1] for graph in graphs)
            found.append(Case(path.relative_to(SUITE).as_posix(), str(test.value), path, data, shapes))
    return found


CASES = _cases()


def expected(case: Case) -> set[Row] | str:
    """Return the rows of the report the suite gives, or "failure"."""
    view = View(_load(case.path))
    (test,) = view.subjects(TYPE, ox.NamedNode(f"{SHT}Validate"))
    result = view.objects(test, ox.NamedNode(f"{MF}result"))[0]
    if result == ox.NamedNode(f"{SHT}Failure"):
        return "failure"

    def one(node: ox.NamedNode | ox.BlankNode, name: str) -> str:
        term = next(iter(view.objects(node, ox.NamedNode(SH + name))), None)
        return "_" if isinstance(term, ox.BlankNode) else "" if term is None else str(term.value)

    return {
        (
            one(node, "focusNode"), one(node, "resultPath"), one(node, "value"), one(node, "sourceConstraintComponent"),
            severity_of(one(node, "resultSeverity")),
        )
        for node in view.objects(result, ox.NamedNode(f"{SH}result"))
    }  # fmt: skip


def found(case: Case) -> set[Row]:
    """Return what we find."""
    data, shapes = _load(case.data), _load(case.shapes)
    blanks = {
        q.value
        for s in (data, shapes)
        for quad in s
        for q in (quad.subject, quad.object)
        if isinstance(q, ox.BlankNode)
    }
    return {
        (*("_" if text in blanks else text for text in (r.focus, r.path, r.value)), r.component, r.severity)
        for r in validate(data, shapes)
    }


def reference_found(case: Case) -> set[Row] | str:
    """Return what pySHACL finds."""
    try:
        results = validate_by_reference(_load(case.data), _load(case.shapes))
    except Exception:
        return "failure"
    return {
        (
            *("_" if len(text) > 20 and text.isalnum() else text for text in (r.focus, r.path, r.value)),
            r.component,
            r.severity,
        )
        for r in results
    }
