"""Answers of different engines made comparable: the same rows, however each writes numbers and types."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox
from tests.bench.measure import NTRIPLES

_XSD = "http://www.w3.org/2001/XMLSchema#"


def rows_of(body: bytes, accept: str) -> list[str]:
    """Return the rows (or statements) of an answer, sorted."""
    if accept == NTRIPLES:
        return sorted({str(quad.triple) for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES)})
    return sorted(
        json.dumps({name: _cell(cell) for name, cell in row.items()}, sort_keys=True)
        for row in json.loads(body)["results"]["bindings"]
    )


def _cell(cell: dict[str, str]) -> list[str]:
    if cell["type"] == "uri":
        return ["uri", cell["value"]]
    datatype = cell.get("datatype", "").removeprefix(_XSD)
    value = cell["value"]
    if datatype in ("integer", "int", "decimal", "double", "nonNegativeInteger"):
        try:
            return ["number", str(Decimal(value).normalize() + 0)]
        except InvalidOperation:
            pass
    return ["literal", value, cell.get("xml:lang", ""), "" if datatype == "string" else datatype]
