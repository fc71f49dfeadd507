"""Statements as a table, for those who read with a spreadsheet."""

from __future__ import annotations

import csv
import io

import pyoxigraph as ox

COLUMNS = ("subject", "property", "value", "language", "datatype")


def tabulate(document: bytes) -> bytes:
    """Return N-Triples as CSV with the columns COLUMNS, a row for each statement, in the order of the document."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for quad in ox.parse(document, format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=False):
        value = quad.object
        if isinstance(value, ox.Literal):
            kind = "" if value.language else value.datatype.value
            writer.writerow([_cell(quad.subject), quad.predicate.value, value.value, value.language or "", kind])
        else:
            writer.writerow([_cell(quad.subject), quad.predicate.value, _cell(value), "", ""])
    return text.getvalue().encode()


def _cell(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)
