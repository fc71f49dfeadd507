"""Solutions as columns, and how they are joined with the statements of a property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sundgraf.store.columns import NOTHING, Ids, Mask, Table

_MULTIPLIED = 20_000  # rows that a join gives, from which it is worth a look whether most of them are for nothing
_FEWER = 4  # times fewer statements to join with, from which that pays
MOST_ROWS = 4_000_000  # in between; what needs more is the engine's, which needs them one at a time
Places = npt.NDArray[np.int64]


class NotForColumns(Exception):
    """This query, or its answer on these data, is left to the engine."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Solutions: a column of term numbers for each variable, and one of whole numbers for each computed one.

    `open` are the variables that have no value in some row (their number is NOTHING there).
    """

    length: int
    ids: Mapping[str, Ids] = field(default_factory=dict)
    numbers: Mapping[str, Places] = field(default_factory=dict)
    open: frozenset[str] = frozenset()

    def take(self, which: Places | Mask) -> Rows:
        """Return some of the rows, by place or by mask."""
        ids = {name: column[which] for name, column in self.ids.items()}
        numbers = {name: column[which] for name, column in self.numbers.items()}
        length = int(np.count_nonzero(which)) if which.dtype == np.bool_ else len(which)
        return Rows(length, ids, numbers, self.open)

    def also(self, name: str, column: Ids) -> Rows:
        """Return the rows with a column more."""
        return Rows(self.length, {**self.ids, name: column}, self.numbers, self.open)

    def bound(self, name: str) -> Ids | None:
        """Return the column of a variable, None where it has none. Raises NotForColumns for one that may be open."""
        if name in self.open or name in self.numbers:
            raise NotForColumns(name)
        return self.ids.get(name)


UNIT = Rows(1)
Waiting = tuple[Table, str | int, str | int]  # the statements of a pattern, and its ends


def join(rows: Rows, table: Table, subject: str | int, object_: str | int) -> Rows:
    """Join with the statements of a property; each end is a variable's name or a term's number."""
    if subject == object_:
        raise NotForColumns(subject)
    flipped = _flip(table)
    if isinstance(subject, int) and isinstance(object_, int):
        raise NotForColumns("no variable")
    if isinstance(subject, int):
        return _join_with(rows, _values_at(table, subject), str(object_))
    if isinstance(object_, int):
        return _join_with(rows, _values_at(flipped, object_), subject)
    left, right = rows.bound(subject), rows.bound(object_)
    if left is None and right is None:
        return _cross(rows, {subject: table.subjects, object_: table.objects})
    if right is None:
        return _extend(rows, table, left, object_)
    if left is None:
        return _extend(rows, flipped, right, subject)
    if _fan(table) <= _fan(flipped):
        return _agreeing(_extend(rows, table, left, " end"), " end", object_)
    return _agreeing(_extend(rows, flipped, right, " end"), " end", subject)


def estimate(rows: Rows, table: Table, subject: str | int, object_: str | int) -> float:
    """Return by what joining with these statements multiplies the rows, about."""
    size = len(table.subjects)
    if not size:
        return 0.0
    if isinstance(subject, int) or isinstance(object_, int):
        ends = (table.subjects, subject) if isinstance(subject, int) else (table.by_object, object_)
        low, high = np.searchsorted(ends[0], np.array([ends[1], int(ends[1]) + 1], np.int32))
        other, count = (object_, table.object_count) if isinstance(subject, int) else (subject, table.subject_count)
        return float(high - low) / (count if other in rows.ids else 1)
    by_subject, by_object = size / table.subject_count, size / table.object_count
    known = (subject in rows.ids, object_ in rows.ids)
    if all(known):
        return min(by_subject, by_object) / 10
    return by_subject if known[0] else by_object if known[1] else float(size)


def narrow(rows: Rows, left: list[Waiting], place: int) -> list[Waiting]:
    """Return what is left to join with, the one at `place` first and with the fewest statements that will do.

    What two things share with one another, such as a popular use case, grows with the square of the data. Where other
    patterns say which new things count ("in Denmark"), these are looked up first, and nothing is made to be dropped.
    """
    table, subject, object_ = left[place]
    others = [one for position, one in enumerate(left) if position != place]
    first = [left[place], *others]
    new, known = (subject, object_) if object_ in rows.ids else (object_, subject)
    if not isinstance(new, str) or new in rows.ids or not isinstance(known, str) or known not in rows.ids:
        return first
    choices = [one for one in others if _fixes(one, new)]
    by_new, by_known = (table, _flip(table)) if new == subject else (_flip(table), table)
    if not choices or known in rows.open:
        return first
    low, high = (np.searchsorted(by_known.subjects, rows.ids[known], side) for side in ("left", "right"))
    made = int((high - low).sum())
    if made < _MULTIPLIED:
        return first
    chosen = sorted((_values_at(*_from_number(one)) for one in choices), key=len)
    values = chosen[0]
    for more in chosen[1:]:
        values = values[among(values, more)]
    if len(values) * _fan(by_new) * _FEWER > made:
        return first
    repeated, places = _matches(by_new.subjects, values)
    pair = values[repeated], by_new.objects[places]
    fewer = table_of(*(pair if new == subject else pair[::-1]))
    return [(fewer, subject, object_), *(one for one in others if not _fixes(one, new))]


def table_of(subjects: Ids, objects: Ids) -> Table:
    """Return pairs as a table."""
    one, other = np.lexsort((objects, subjects)), np.lexsort((subjects, objects))
    return Table(
        subjects[one], objects[one], objects[other], subjects[other], len(np.unique(subjects)), len(np.unique(objects))
    )


def join_values(rows: Rows, variables: Iterable[str], columns: Iterable[Ids]) -> Rows:
    """Join with rows that are given; of their variables at most one may have a value already."""
    given = dict(zip(variables, columns, strict=True))
    length = len(next(iter(given.values()))) if given else 0
    known = [name for name in given if rows.bound(name) is not None]
    if not known:
        return _cross(rows, given) if rows.length != 1 or rows.ids else Rows(length, given)
    if len(known) > 1:
        raise NotForColumns(known)
    order = np.argsort(given[known[0]], kind="stable")
    keys = given[known[0]][order]
    repeated, places = _matches(keys, rows.ids[known[0]])
    found = rows.take(repeated)
    for name in given:
        if name != known[0]:
            found = found.also(name, given[name][order][places])
    return found


def stack(parts: list[Rows]) -> Rows:
    """Return the rows of each, one after another."""
    names = list(dict.fromkeys(name for part in parts for name in part.ids))
    if any(part.numbers for part in parts):
        raise NotForColumns("computed values in an alternative")
    ids = {
        name: np.concatenate([part.ids.get(name, np.full(part.length, NOTHING, np.int32)) for part in parts])
        for name in names
    }
    loose = {name for part in parts for name in names if name not in part.ids or name in part.open}
    return Rows(sum(part.length for part in parts), ids, {}, frozenset(loose))


def _extend(rows: Rows, table: Table, keys: Ids | None, name: str) -> Rows:
    assert keys is not None
    repeated, places = _matches(table.subjects, keys, unique=table.subject_count == len(table.subjects))
    return rows.take(repeated).also(name, table.objects[places])


def _join_with(rows: Rows, values: Ids, name: str) -> Rows:
    """Join with a sorted set of values of one variable."""
    column = rows.bound(name)
    if column is None:
        return _cross(rows, {name: values})
    return rows.take(among(column, values))


def among(column: Ids, values: Ids) -> Mask:
    """Say for each of a column whether it is among sorted values."""
    if not len(values):
        return np.zeros(len(column), np.bool_)
    places = np.searchsorted(values, column)
    places[places == len(values)] = 0
    return np.asarray(values[places] == column)


def _values_at(table: Table, key: int) -> Ids:
    low, high = np.searchsorted(table.subjects, np.array([key, key + 1], np.int32))
    return table.objects[low:high]


def _matches(sorted_keys: Ids, wanted: Ids, *, unique: bool = False) -> tuple[Places, Places]:
    """Return for each match the place of what was wanted and the place where it was found."""
    low = np.searchsorted(sorted_keys, wanted, "left")
    if unique:
        there = sorted_keys.take(low, mode="clip") == wanted if len(sorted_keys) else np.zeros(len(wanted), np.bool_)
        return (np.arange(len(wanted)), low) if bool(there.all()) else (found := np.flatnonzero(there), low[found])
    high = np.searchsorted(sorted_keys, wanted, "right")
    counts = high - low
    total = int(counts.sum())
    if total > MOST_ROWS:
        raise NotForColumns(total)
    if total == len(wanted) and bool((counts == 1).all()):
        return np.arange(total), low
    repeated = np.repeat(np.arange(len(wanted)), counts)
    first = np.cumsum(counts) - counts
    return repeated, np.arange(total) - np.repeat(first - low, counts)


def _cross(rows: Rows, given: Mapping[str, Ids]) -> Rows:
    length = len(next(iter(given.values())))
    if rows.length == 1 and not rows.ids and not rows.numbers:
        return Rows(length, dict(given))
    if rows.length * length > MOST_ROWS // 20:
        raise NotForColumns(length)
    found = rows.take(np.repeat(np.arange(rows.length), length))
    for name, column in given.items():
        found = found.also(name, np.tile(column, rows.length))
    return found


def _agreeing(rows: Rows, made: str, name: str) -> Rows:
    kept = rows.take(np.asarray(rows.ids[made] == rows.ids[name]))
    return Rows(kept.length, {n: c for n, c in kept.ids.items() if n != made}, kept.numbers, kept.open)


def _flip(table: Table) -> Table:
    return Table(
        table.by_object, table.by_object_subjects, table.subjects, table.objects, table.object_count,
        table.subject_count,
    )  # fmt: skip


def _fixes(one: Waiting, name: str) -> bool:
    """Say whether a pattern has that variable at one end and a known term at the other."""
    return (one[1] == name and isinstance(one[2], int)) or (one[2] == name and isinstance(one[1], int))


def _from_number(one: Waiting) -> tuple[Table, int]:
    """Return statements by the end that is a number, and that number."""
    table, subject, object_ = one
    return (table, subject) if isinstance(subject, int) else (_flip(table), int(object_))


def _fan(table: Table) -> float:
    return len(table.subjects) / max(table.subject_count, 1)
