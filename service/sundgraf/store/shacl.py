"""SHACL validation: where the data is (shacl_core), and by pySHACL for what that does not cover.

pySHACL is the reference; tests/test_shacl_core.py holds the two against each other. It is run with literals as written,
not normalised (shared findings, "SHACL engines").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyoxigraph as ox

from sundgraf.store.shacl_core import Validator, Violation
from sundgraf.store.shacl_result import Result, in_order, severity_of
from sundgraf.store.shacl_shapes import SH, BadShapes, Shapes
from sundgraf.store.view import Node, View

_PARAMETER = ox.NamedNode(f"{SH}parameter")
_SELECT = ox.NamedNode(f"{SH}select")
# Where pre-binding (SHACL, appendix A) is more than binding a variable: nested groups, and what it forbids.
_NEEDS_CARE = re.compile(
    r"\bMINUS\b|\bVALUES\b|\bSERVICE\b|\bAS\s+[?$]this\b|\bBIND\s*\(\s*[?$]this\b|\bSELECT\b.*\bSELECT\b"
    r"|[$?](?:shapesGraph|currentShape)\b|\{\s*\{",
    re.IGNORECASE | re.DOTALL,
)


def validate(
    data: ox.Store, shapes: ox.Store, focuses: Iterable[Node] | None = None, base: ox.Store | None = None
) -> list[Result]:
    """Validate the default graph of `data` against shapes; with `base`, as if it were added to that.

    With `focuses` only those nodes are looked at, whatever lies beside them. Raises ReportableRuntimeError or BadShapes
    for shapes that cannot be used.
    """
    if needs_reference(shapes):
        from sundgraf.store.shacl_reference import validate_by_reference  # noqa: PLC0415  it takes a second to import

        results = validate_by_reference(data if base is None else union(data, base), shapes)
        wanted = None if focuses is None else {_text(node) for node in focuses}
        return [result for result in results if wanted is None or result.focus in wanted]
    read = Shapes(View(shapes))
    stores = (data,) if base is None else (data, base)
    view = View(*stores)
    nodes = None if focuses is None else list(focuses)
    sparql = data if base is None else around(nodes or [], view)
    validator = Validator(read, view, sparql=sparql)
    found = validator.all() if nodes is None else validator.some(nodes)
    return in_order(_result(violation) for violation in found)


def needs_reference(shapes: ox.Store) -> bool:
    """Say whether shapes use something that only pySHACL evaluates here."""
    if next(shapes.quads_for_pattern(None, _PARAMETER, None, None), None) is not None:
        return True  # a constraint component of somebody's own
    texts = (quad.object for quad in shapes.quads_for_pattern(None, _SELECT, None, None))
    return any(isinstance(text, ox.Literal) and _NEEDS_CARE.search(text.value) for text in texts)


def union(*stores: ox.Store) -> ox.Store:
    """Return the default graphs of stores as one store."""
    whole = ox.Store()
    for store in stores:
        whole.bulk_extend(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    return whole


def around(nodes: Iterable[Node], view: View, steps: int = 2) -> ox.Store:
    """Return what is said of some nodes, of what they point to, and of what points to them, as a store of its own."""
    store = ox.Store()
    seen: set[object] = set()
    edge: list[object] = list(nodes)
    for step in range(steps):
        following: list[object] = []
        for node in edge:
            if node in seen or isinstance(node, (ox.Literal, ox.Triple)):
                continue
            seen.add(node)
            for predicate, value in view.about(node):  # type: ignore[arg-type]
                store.add(ox.Quad(node, predicate, value))  # type: ignore[arg-type]
                following.append(value)
            if step == 0:
                following += view.subjects(None, node)  # type: ignore[arg-type]
        edge = following
    return store


def _result(violation: Violation) -> Result:
    messages = {language: text for language, text in violation.messages.items() if language}
    if not messages:
        said = violation.messages.get("") or violation.component.rsplit("#", 1)[-1].removesuffix("ConstraintComponent")
        messages = {"en": said}
    return Result(
        _text(violation.focus), _text(violation.shape), _text(violation.path.node) if violation.path else "",
        _text(violation.value), severity_of(violation.severity), messages, violation.component,
    )  # fmt: skip


def _text(term: object) -> str:
    return "" if term is None else str(getattr(term, "value", term))


__all__ = ["BadShapes", "Result", "around", "needs_reference", "union", "validate"]
