"""Rows grouped and counted, made distinct, sorted and cut, from the numbers of terms alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sundgraf.domain.algebra import Aggregate, Order, Select
from sundgraf.store.columns import NOTHING, Columns, Ids
from sundgraf.store.columns_files import INTEGERS, IRIS, REST
from sundgraf.store.columns_joins import NotForColumns, Places, Rows

_LARGEST = 1 << 62
_ROOM = 1 << 16  # a table of so many entries, or of a few for each row, is filled sooner than rows are sorted
_ROOM_FOR_EACH = 4


def group(columns: Columns, rows: Rows, select: Select) -> Rows:
    """Return a row for each group of rows that agree in the keys, with what was counted. Raises NotForColumns."""
    keys = [_column(rows, name) for name in select.keys]
    if keys:
        codes, first = _codes(keys, rows.length)
        count = len(first)
    else:
        codes, first, count = np.zeros(rows.length, np.int64), np.empty(0, np.int64), 1
    ids = {name: rows.ids[name][first] for name in select.keys if name in rows.ids}
    numbers = {name: rows.numbers[name][first] for name in select.keys if name in rows.numbers}
    for name, aggregate in select.aggregates.items():
        if aggregate.name in ("MIN", "MAX"):
            ids[name] = _extreme(columns, rows, aggregate, codes, count)
        else:
            numbers[name] = _count(columns, rows, aggregate, codes, count)
    return Rows(count, ids, numbers, rows.open & ids.keys())


def make_distinct(rows: Rows, variables: Sequence[str]) -> Rows:
    """Return each different row once."""
    if not rows.length:
        return rows
    _, first = _codes([_column(rows, name) for name in variables if _is_there(rows, name)], rows.length)
    return rows.take(np.sort(first))


def sort_and_cut(columns: Columns, rows: Rows, select: Select) -> Rows:
    """Sort rows, and take those that were asked for.

    Raises NotForColumns where a cut goes between rows that are equal to the order but not to the reader: which of them
    come first is the engine's choice.
    """
    if not select.order:
        if select.limit is not None or select.offset:
            raise NotForColumns("a LIMIT without an order")
        return rows
    keys = [_sort_key(columns, rows, one) for one in select.order]
    order = np.lexsort(keys[::-1])
    start = min(select.offset, rows.length)
    end = rows.length if select.limit is None else min(start + select.limit, rows.length)
    for cut in {start, end} - {0, rows.length}:
        if all(key[order[cut - 1]] == key[order[cut]] for key in keys):
            raise NotForColumns("a cut between equals")
    return rows.take(order[start:end])


def _column(rows: Rows, name: str) -> Ids | Places:
    if name in rows.numbers:
        return rows.numbers[name]
    if name not in rows.ids:
        raise NotForColumns(name)
    return rows.ids[name]


def _is_there(rows: Rows, name: str) -> bool:
    return name in rows.ids or name in rows.numbers


def _codes(keys: Sequence[Ids | Places], length: int) -> tuple[Places, Places]:
    """Return for each row the number of its group, and for each group one of its rows."""
    codes = np.zeros(length, np.int64)
    size = 1
    for key in keys:
        low = int(key.min()) if length else 0
        span = int(key.max()) - low + 1 if length else 1
        if size * span >= _LARGEST:
            _, codes = np.unique(codes, return_inverse=True)
            size = int(codes.max()) + 1
        codes = codes * span + (key.astype(np.int64) - low)
        size *= span
    if size <= _ROOM + _ROOM_FOR_EACH * length:
        return _numbered(codes, size)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return inverse.reshape(-1), first


def _numbered(codes: Places, size: int) -> tuple[Places, Places]:
    """Return the same as _codes does, with any row of a group for its first, in time that grows with the rows alone."""
    there = np.zeros(size, np.bool_)
    there[codes] = True
    of_code = np.cumsum(there) - 1
    groups = of_code[codes]
    one = np.empty(int(of_code[-1]) + 1, np.int64)
    one[groups] = np.arange(len(codes))
    return groups, one


def _count_different(codes: Places, count: int, column: Ids | Places) -> Places:
    """Return how many different values each group has."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    span = high - low + 1
    if count * span <= _ROOM + _ROOM_FOR_EACH * len(column):
        there = np.zeros(count * span, np.bool_)
        there[codes * span + (column - low)] = True
        return np.asarray(np.count_nonzero(there.reshape(count, span), axis=1), np.int64)
    _, one = _codes([codes, column], len(codes))
    return np.bincount(codes[one], minlength=count).astype(np.int64)


def _count(columns: Columns, rows: Rows, aggregate: Aggregate, codes: Places, count: int) -> Places:
    if aggregate.name not in ("COUNT", "SUM"):
        raise NotForColumns(aggregate)
    if not aggregate.variable:
        return np.bincount(codes, minlength=count).astype(np.int64)
    column = _column(rows, aggregate.variable)
    if aggregate.variable in rows.open:
        there = column != NOTHING
        column, codes = column[there], codes[there]
        if aggregate.name == "SUM":
            raise NotForColumns("a sum with gaps")
    if aggregate.distinct and aggregate.name == "COUNT":
        return _count_different(codes, count, column)
    if aggregate.distinct:
        _, first = _codes([codes, column], len(codes))
        column, codes = column[first], codes[first]
    if aggregate.name == "COUNT":
        return np.bincount(codes, minlength=count).astype(np.int64)
    values = column if aggregate.variable in rows.numbers else _whole_numbers(columns, column)
    if len(values) and float(np.abs(values).max()) * len(values) > _LARGEST:
        raise NotForColumns("a large sum")
    sums = np.zeros(count, np.int64)
    np.add.at(sums, codes, values)
    return sums


def _whole_numbers(columns: Columns, column: npt.NDArray[np.signedinteger]) -> Places:
    kinds = columns.kinds_in(column.astype(np.int32))
    if any(kind.name != INTEGERS for kind in kinds):
        raise NotForColumns("a sum of what are no whole numbers")
    return columns.whole_numbers(kinds[0])[column - kinds[0].start] if kinds else np.empty(0, np.int64)


def _extreme(columns: Columns, rows: Rows, aggregate: Aggregate, codes: Places, count: int) -> Ids:
    """Return the least or greatest of each group: of one kind only, where the numbers' order is that of the values."""
    column = rows.bound(aggregate.variable)
    if column is None or not rows.length:
        raise NotForColumns(aggregate)
    kinds = columns.kinds_in(column)
    if len(kinds) != 1 or kinds[0].name == REST or kinds[0].language:
        raise NotForColumns("the least of several kinds")
    order = np.lexsort((column, codes))
    bounds = np.flatnonzero(np.diff(codes[order], prepend=-1))
    if aggregate.name == "MAX":
        bounds = np.append(bounds[1:], len(order)) - 1
    assert len(bounds) == count
    return column[order[bounds]]


def _sort_key(columns: Columns, rows: Rows, one: Order) -> Places:
    column = _column(rows, one.variable).astype(np.int64)
    if one.variable in rows.ids:
        there = rows.ids[one.variable]
        kinds = columns.kinds_in(there[there != NOTHING] if one.variable in rows.open else there)
        if len([kind for kind in kinds if kind.name != IRIS]) > 1 or any(kind.name == REST for kind in kinds):
            raise NotForColumns("an order of several kinds")
    return -column if one.descending else column
