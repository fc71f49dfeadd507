"""Which numbers of an answer are drawn, and where each bar goes; templates/chart.html draws them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.http.pages import Column

MOST_BARS = 40
_COUNTED = re.compile(r"\b(?:COUNT|SUM|AVG)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s+AS\s+\?(\w+)", re.IGNORECASE)
_MOST_NAMES = 3  # columns that name one bar


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: what it stands for, the IRI that its name leads to ("" for none), its number and its length (0 to 1)."""

    name: str
    iri: str
    value: str
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in the order of the answer. `value` heads the numbers; `left_out` says how many rows are not drawn."""

    value: str
    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    left_out: int


def draw_counts(query: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Term]]) -> Chart | None:
    """Return the chart of the first number that the query counts; None where there is none, or nothing to compare."""
    counted = _COUNTED.findall(query)
    value = next((column for column in columns if column.text in counted), None)
    names = [column for column in columns if not all(_is_number(row.get(column.text)) for row in rows)]
    years = [column for column in columns if "year" in column.text.lower() and column not in names]
    names = years + names
    if value is None or value in names or len(rows) < 2 or not 0 < len(names) <= _MOST_NAMES:
        return None
    numbers = [float(str(row[value.text])) if value.text in row else 0.0 for row in rows]
    most = max(numbers)
    if most <= 0:
        return None
    bars = tuple(
        Bar(
            " · ".join(text for column in names if (text := _text(row.get(column.text)))),
            next((str(row[c.link]) for c in names if isinstance(row.get(c.link), IRI)), ""),
            _text(row.get(value.text)) or "0",
            max(0.0, number) / most,
        )
        for row, number in zip(rows[:MOST_BARS], numbers, strict=False)
    )
    return Chart(value.label, tuple(column.label for column in names), bars, max(0, len(rows) - MOST_BARS))


def _is_number(term: Term | None) -> bool:
    return term is None or (isinstance(term, Literal) and bool(re.fullmatch(r"-?\d+(\.\d+)?", term.value)))


def _text(term: Term | None) -> str:
    if isinstance(term, IRI):
        return term.value.rsplit("/", 1)[-1]
    return "" if term is None else str(term)
