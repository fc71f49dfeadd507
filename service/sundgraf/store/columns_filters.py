"""Which rows an expression holds for: true, false or an error (SPARQL 1.1 section 17.2), from numbers of terms alone.

Comparisons are made within one kind of term, where the order of the numbers is that of the values; anything mixed is
left to the engine, which knows how it compares what.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from sundgraf.domain.algebra import Call, Expression, Var
from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.store.columns import Columns, Ids, Kind, Mask, kind_name, read_value
from sundgraf.store.columns_files import DATES, DECIMALS, INTEGERS, IRIS, REST, TEXTS
from sundgraf.store.columns_joins import NotForColumns, Places, Rows, among

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_NUMBERS = (INTEGERS, DECIMALS)


class Truth(NamedTuple):
    """For each row whether an expression is true, and whether it is an error."""

    true: Mask
    error: Mask


def keep(columns: Columns, rows: Rows, expression: Expression) -> Rows:
    """Return the rows that a filter keeps. Raises NotForColumns."""
    return rows.take(judge(columns, rows, expression).true)


def judge(columns: Columns, rows: Rows, expression: Expression) -> Truth:
    """Say for each row what an expression comes to. Raises NotForColumns."""
    if not isinstance(expression, Call):
        raise NotForColumns(expression)
    name, arguments = expression
    if name in ("&&", "||"):
        return _connect(name, judge(columns, rows, arguments[0]), judge(columns, rows, arguments[1]))
    if name == "!":
        inner = judge(columns, rows, arguments[0])
        return Truth(~inner.true & ~inner.error, inner.error)
    if name == "BOUND":
        return _sure(_column(rows, arguments[0], may_be_open=True) >= 0)
    if name in ("ISIRI", "ISLITERAL"):
        column = _column(rows, arguments[0])
        kinds = [kind for kind in columns.kinds_in(column) if kind.name == IRIS]
        if any(kind.name == REST for kind in columns.kinds_in(column)):
            raise NotForColumns(name)
        return _sure(_within(column, kinds) == (name == "ISIRI"))
    if name in ("CONTAINS", "STRSTARTS"):
        return _hold_text(columns, rows, arguments[0], arguments[1], at_start=name == "STRSTARTS")
    if name == "IN":
        return _among(columns, rows, arguments)
    if name in _FLIPPED:
        return _compare(columns, rows, name, arguments[0], arguments[1])
    raise NotForColumns(name)


def years(columns: Columns, column: Ids) -> Places:
    """Return the years of a column of dates. Raises NotForColumns where something else is in it."""
    kinds = columns.kinds_in(column)
    if any(kind.name != DATES for kind in kinds):
        raise NotForColumns("YEAR")
    return columns.whole_numbers(kinds[0])[column - kinds[0].start] if kinds else np.empty(0, np.int64)


def _connect(name: str, one: Truth, other: Truth) -> Truth:
    if name == "&&":
        false = (~one.true & ~one.error) | (~other.true & ~other.error)
        true = one.true & other.true
    else:
        true = one.true | other.true
        false = (~one.true & ~one.error) & (~other.true & ~other.error)
    return Truth(true, ~true & ~false)


def _compare(columns: Columns, rows: Rows, operator: str, left: Expression, right: Expression) -> Truth:
    if isinstance(left, IRI | Literal):
        left, right, operator = right, left, _FLIPPED[operator]
    if isinstance(left, Call) and left.name == "LANG" and isinstance(right, Literal):
        return _compare_language(columns, rows, operator, left.arguments[0], right)
    if not isinstance(left, Var):
        raise NotForColumns(left)
    if isinstance(right, IRI | Literal):
        if left.name in rows.numbers:
            return _sure(_ordered(operator, rows.numbers[left.name], _whole(right)))
        return _sure(_compare_with(columns, _column(rows, left), operator, right))
    if not isinstance(right, Var) or operator not in ("=", "!="):
        raise NotForColumns(right)
    pair = [_column(rows, left), _column(rows, right)]
    if any(kind.name != IRIS for column in pair for kind in columns.kinds_in(column)):
        raise NotForColumns("comparing literals")
    return _sure((pair[0] == pair[1]) == (operator == "="))


def _compare_with(columns: Columns, column: Ids, operator: str, term: Term) -> Mask:
    kinds = columns.kinds_in(column)
    wanted = kind_name(term)
    alike = _NUMBERS if wanted in _NUMBERS else (wanted,)
    languages = {kind.language for kind in kinds if kind.name == TEXTS}
    if wanted == REST or any(kind.name not in alike for kind in kinds) or (wanted == TEXTS and languages - {""}):
        raise NotForColumns("comparing what is of several kinds")
    if isinstance(term, Literal) and term.language:
        raise NotForColumns("comparing texts of a language")
    if operator not in ("=", "!=") and wanted == IRIS:
        raise NotForColumns("order of IRIs")
    value = read_value(term)
    mask = np.zeros(len(column), np.bool_)
    for kind in kinds:
        low, high = (columns.place_of(kind, value, after=after) for after in (False, True))
        inside = (column >= kind.start) & (column < kind.end)
        equal = (column >= low) & (column < high)
        chosen = {
            "=": equal, "!=": ~equal, "<": column < low, "<=": column < high, ">": column >= high, ">=": column >= low,
        }[operator]  # fmt: skip
        mask |= inside & chosen
    return mask


def _compare_language(columns: Columns, rows: Rows, operator: str, of: Expression, tag: Literal) -> Truth:
    """LANG(?x) = "da": false for a literal without a language, an error for what is none."""
    if operator not in ("=", "!=") or tag.language or tag.datatype:
        raise NotForColumns("LANG")
    column = _column(rows, of)
    kinds = columns.kinds_in(column)
    if any(kind.name == REST for kind in kinds):
        raise NotForColumns("LANG")
    spoken = _within(column, [kind for kind in kinds if kind.name != IRIS and kind.language == tag.value])
    error = _within(column, [kind for kind in kinds if kind.name == IRIS])
    return Truth((spoken == (operator == "=")) & ~error, error)


def _hold_text(columns: Columns, rows: Rows, text: Expression, needle: Expression, *, at_start: bool) -> Truth:
    """CONTAINS(LCASE(?x), "text") and STRSTARTS: an error for what is no text."""
    plain = isinstance(needle, Literal) and not needle.language and not needle.datatype
    if not (isinstance(text, Call) and text.name == "LCASE") or not isinstance(needle, Literal) or not plain:
        raise NotForColumns("text")
    if not needle.value or "\0" in needle.value:
        raise NotForColumns("an empty text")
    column = _column(rows, text.arguments[0])
    kinds = columns.kinds_in(column)
    is_text = _within(column, [kind for kind in kinds if kind.name == TEXTS])
    return Truth(among(column, columns.having_text(needle.value, at_start=at_start)) & is_text, ~is_text)


def _among(columns: Columns, rows: Rows, arguments: tuple[Expression, ...]) -> Truth:
    column = _column(rows, arguments[0])
    if any(kind.name != IRIS for kind in columns.kinds_in(column)):
        raise NotForColumns("IN of literals")
    numbers = []
    for choice in arguments[1:]:
        if not isinstance(choice, IRI):
            raise NotForColumns(choice)
        numbers.append(columns.find(choice))
    return _sure(among(column, np.unique(np.array(numbers, np.int32))))


def _column(rows: Rows, expression: Expression, *, may_be_open: bool = False) -> Ids:
    if not isinstance(expression, Var):
        raise NotForColumns(expression)
    if may_be_open and expression.name in rows.ids:
        return rows.ids[expression.name]
    column = rows.bound(expression.name)
    if column is None:
        raise NotForColumns(expression)
    return column


def _within(column: Ids, kinds: list[Kind]) -> Mask:
    mask = np.zeros(len(column), np.bool_)
    for kind in kinds:
        mask |= (column >= kind.start) & (column < kind.end)
    return mask


def _ordered(operator: str, column: Places, value: Decimal) -> Mask:
    if value != int(value):
        raise NotForColumns(value)
    whole = int(value)
    found: Mask = {
        "=": column == whole, "!=": column != whole, "<": column < whole,
        "<=": column <= whole, ">": column > whole, ">=": column >= whole,
    }[operator]  # fmt: skip
    return found


def _whole(term: IRI | Literal) -> Decimal:
    value = read_value(term)
    if not isinstance(value, Decimal):
        raise NotForColumns(term)
    return value


def _sure(mask: Mask) -> Truth:
    return Truth(mask, np.zeros(len(mask), np.bool_))
