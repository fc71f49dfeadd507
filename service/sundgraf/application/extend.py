"""Give the values that things have in chosen properties, as cells of somebody else's table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sundgraf.application.comparable import Property
from sundgraf.domain.names import BASE
from sundgraf.domain.terms import IRI, XSD, Literal, Term

_WHOLE = frozenset(f"{XSD}{name}" for name in ("integer", "int", "long", "nonNegativeInteger"))
_BROKEN = frozenset(f"{XSD}{name}" for name in ("decimal", "double", "float"))
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def cells_of(
    one: Property, thing: str, rows: Sequence[Mapping[str, Term]], settings: Mapping[str, Any], language: str
) -> list[dict[str, Any]]:
    """Return the values of a thing in a property, each once, named in the language where it can be.

    `settings` may give a `limit` (0 for none) and `content`: "id" gives IRIs as text, anything else names them.
    """
    cells: dict[str, dict[str, Any]] = {}
    ranks: dict[str, int] = {}
    texts = [row["value"] for row in rows if str(row["property"]) in one.paths and isinstance(row["value"], Literal)]
    translated = any(isinstance(text, Literal) and text.language == language for text in texts)
    for row in rows:
        value, label = row["value"], row.get("label")
        if str(row["thing"]) != thing or str(row["property"]) not in one.paths:
            continue
        if isinstance(value, Literal) and translated and value.language not in ("", language):
            continue
        rank = 0 if isinstance(label, Literal) and label.language == language else 1
        if str(value) not in cells or rank < ranks[str(value)]:
            cells[str(value)] = _cell(value, label, settings.get("content") == "id")
            ranks[str(value)] = rank
    limit = _number(settings.get("limit"))
    return list(cells.values())[: limit or None]


def _cell(value: Term, label: Term | None, bare: bool) -> dict[str, Any]:
    if isinstance(value, IRI):
        if bare or not value.value.startswith(BASE):
            return {"str": value.value}
        return {"id": value.value.removeprefix(BASE), "name": str(label) if label is not None else value.value}
    if isinstance(value, Literal):
        if value.datatype in _WHOLE:
            return {"int": int(value.value)}
        if value.datatype in _BROKEN:
            return {"float": float(value.value)}
        if value.datatype == f"{XSD}date" and _DAY.fullmatch(value.value):
            return {"date": f"{value.value}T00:00:00Z"}
    return {"str": str(value)}


def _number(said: Any) -> int:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
