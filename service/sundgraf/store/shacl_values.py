"""Literals as SHACL looks at them: whether they fit their datatype, and how they compare."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

XSD = "http://www.w3.org/2001/XMLSchema#"
LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_YEAR = r"-?(?:[1-9]\d{3,}|0\d{3})"
_TIME = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
_LEXICAL = {
    "integer": re.compile(r"[+-]?\d+"),
    "decimal": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"),
    "double": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN"),
    "boolean": re.compile(r"true|false|1|0"),
    "date": re.compile(rf"{_YEAR}-\d\d-\d\d{_ZONE}"),
    "dateTime": re.compile(rf"{_YEAR}-\d\d-\d\dT{_TIME}{_ZONE}"),
    "time": re.compile(rf"{_TIME}{_ZONE}"),
    "gYear": re.compile(rf"{_YEAR}{_ZONE}"),
    "gYearMonth": re.compile(rf"{_YEAR}-(?:0[1-9]|1[0-2]){_ZONE}"),
    "gMonth": re.compile(rf"--(?:0[1-9]|1[0-2]){_ZONE}"),
    "gDay": re.compile(rf"---(?:0[1-9]|[12]\d|3[01]){_ZONE}"),
    "gMonthDay": re.compile(rf"--(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]){_ZONE}"),
    "duration": re.compile(r"-?P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"),
    "hexBinary": re.compile(r"(?:[0-9A-Fa-f]{2})*"),
    "language": re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"),
}
_LEXICAL["float"] = _LEXICAL["double"]
_RANGES = {
    "byte": (-128, 127), "short": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1),
    "unsignedByte": (0, 255), "unsignedShort": (0, 2**16 - 1), "unsignedInt": (0, 2**32 - 1),
    "unsignedLong": (0, 2**64 - 1), "nonNegativeInteger": (0, None), "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1),
}  # fmt: skip
_NUMERIC = {"integer", "decimal", "double", "float", *_RANGES}
Comparable = tuple[str, object]


def well_formed(literal: ox.Literal) -> bool:
    """Say whether a literal's text is one of its datatype; a datatype nobody knows has any text."""
    name = literal.datatype.value.removeprefix(XSD)
    text = literal.value.strip(" \t\r\n")
    if name in _RANGES:
        if not _LEXICAL["integer"].fullmatch(text):
            return False
        low, high = _RANGES[name]
        return (low is None or int(text) >= low) and (high is None or int(text) <= high)
    pattern = _LEXICAL.get(name)
    if pattern is not None and not pattern.fullmatch(text):
        return False
    return name not in ("date", "dateTime") or _is_day(text.lstrip("-").split("T")[0][:10])


def order_of(term: object) -> Comparable | None:
    """Return what a literal is compared by, None for what has no order; only equal kinds compare."""
    if not isinstance(term, ox.Literal) or not well_formed(term):
        return None
    name = term.datatype.value.removeprefix(XSD)
    text = term.value.strip(" \t\r\n")
    if name in _NUMERIC:
        return _number(name, text)
    if name in ("dateTime", "date"):
        return _moment(name, text)
    if name in ("string", "gYear", "gYearMonth", "time"):
        return (name, text)
    return ("boolean", text in ("true", "1")) if name == "boolean" else None


def _number(name: str, text: str) -> Comparable | None:
    if name in ("double", "float"):
        value = float(text.replace("INF", "inf"))
        return None if math.isnan(value) else ("number", value)
    try:
        return ("number", Decimal(text))
    except InvalidOperation:
        return None


def _moment(name: str, text: str) -> Comparable | None:
    try:
        if name == "date":
            return ("date", date.fromisoformat(text[:10]).isoformat() + text[10:].replace("Z", "+00:00"))
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return ("zoned", moment.astimezone(UTC)) if moment.tzinfo else ("moment", moment)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
