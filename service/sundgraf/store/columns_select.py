"""The solutions of a group of patterns, from columns: the smallest part first, then what multiplies the rows least.

Only what gives the very rows that SPARQL 1.1 section 18 gives is done; NotForColumns leaves the rest to the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sundgraf.domain.algebra import (
    Bind,
    Call,
    Exists,
    Filter,
    Group,
    Minus,
    Node,
    Optional,
    Part,
    Pattern,
    Reach,
    Union,
    Values,
    Var,
    read_by,
    variables_of,
)
from sundgraf.store.columns import NOTHING, Columns, Ids, Table
from sundgraf.store.columns_filters import keep, years
from sundgraf.store.columns_joins import (
    MOST_ROWS,
    UNIT,
    NotForColumns,
    Rows,
    Waiting,
    estimate,
    join,
    join_values,
    narrow,
    stack,
    table_of,
)

_ROW = " row"  # a variable that no query can have: which row of those that a group is asked for
_FEW = 64  # statements to begin with; the engine walks from so few faster than arrays are set up


class Solver:
    """Answers groups from the columns of one publication."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def solve(self, group: Group, rows: Rows = UNIT) -> Rows:
        """Return the solutions of a group, joined with `rows`. Raises NotForColumns."""
        waiting: list[Pattern | Reach] = []
        filters = [part for part in group.parts if isinstance(part, Filter)]
        for part in group.parts:
            if isinstance(part, Pattern | Reach):
                waiting.append(part)
            elif isinstance(part, Values):
                rows = self._join_values(rows, part)
            elif isinstance(part, Optional | Minus | Union | Bind):
                rows = self._join_all(rows, waiting, filters)
                waiting = []
                rows = self._add(rows, part)
        rows = self._join_all(rows, waiting, filters)
        for one in filters:
            rows = keep(self._columns, rows, one.expression)
        for part in group.parts:
            if isinstance(part, Exists):
                there = self._places_with(rows, part.group)
                rows = rows.take(~there if part.negated else there)
        return rows

    def is_worthwhile(self, group: Group) -> bool:
        """Say whether there is enough to read that columns are the faster way."""
        if any(isinstance(part, Values | Reach | Union) for part in group.parts):
            return True
        patterns = [part for part in group.parts if isinstance(part, Pattern)]
        return bool(patterns) and all(
            estimate(UNIT, self._columns.table(part.predicate), *self._ends(part)) >= _FEW for part in patterns
        )

    def _join_all(self, rows: Rows, waiting: Sequence[Pattern | Reach], filters: list[Filter]) -> Rows:
        """Join with patterns, in the order that keeps rows few; use up the filters that can be judged on the way."""
        left: list[Waiting] = [(self._table(part), *self._ends(part)) for part in waiting]
        rows = self._judge_early(rows, filters)
        while left:
            connected = [place for place, one in enumerate(left) if not rows.ids or _touches(rows, one[1:])]
            costs = {place: estimate(rows, *left[place]) for place in connected or range(len(left))}
            left = narrow(rows, left, min(costs, key=lambda place: costs[place]))
            rows = join(rows, *left.pop(0))
            if rows.length > MOST_ROWS:
                raise NotForColumns(rows.length)
            rows = self._judge_early(rows, filters)
        return rows

    def _judge_early(self, rows: Rows, filters: list[Filter]) -> Rows:
        for one in list(filters):
            names = read_by(one.expression)
            if names and names <= (rows.ids.keys() | rows.numbers.keys()) - rows.open:
                rows = keep(self._columns, rows, one.expression)
                filters.remove(one)
        return rows

    def _add(self, rows: Rows, part: Part) -> Rows:
        if isinstance(part, Optional):
            return self._add_optional(rows, part.group)
        if isinstance(part, Minus):
            patterns = _only_patterns(part.group, own_filters=True)
            shared = patterns & (rows.ids.keys() | rows.numbers.keys())
            return rows.take(~self._places_with(rows, part.group)) if shared else rows
        if isinstance(part, Union):
            unit = not rows.ids and not rows.numbers
            for group in part.groups:
                if not unit:
                    _only_patterns(group, own_filters=True)
            return stack([self.solve(group, rows) for group in part.groups])
        assert isinstance(part, Bind)
        return self._bind(rows, part)

    def _add_optional(self, rows: Rows, group: Group) -> Rows:
        _only_patterns(group, own_filters=False)
        found = self.solve(group, _numbered(rows))
        without = np.ones(rows.length, np.bool_)
        without[found.ids[_ROW]] = False
        found = Rows(found.length, {n: c for n, c in found.ids.items() if n != _ROW}, found.numbers, found.open)
        if rows.numbers:
            raise NotForColumns("computed values before OPTIONAL")
        return stack([found, rows.take(without)])

    def _places_with(self, rows: Rows, group: Group) -> np.ndarray:
        """Say for each row whether a group has a solution that agrees with it."""
        _only_patterns(group, own_filters=False)
        there = np.zeros(rows.length, np.bool_)
        there[self.solve(group, _numbered(rows)).ids[_ROW]] = True
        return there

    def _bind(self, rows: Rows, part: Bind) -> Rows:
        if part.variable in rows.ids or part.variable in rows.numbers:
            raise NotForColumns(part.variable)
        expression = part.expression
        if isinstance(expression, Call):
            argument = expression.arguments[0]
            column = rows.bound(argument.name) if isinstance(argument, Var) else None
            if expression.name != "YEAR" or column is None:
                raise NotForColumns(expression)
            numbers = {**rows.numbers, part.variable: years(self._columns, column)}
            return Rows(rows.length, rows.ids, numbers, rows.open)
        if isinstance(expression, Var):
            raise NotForColumns(expression)
        return rows.also(part.variable, np.full(rows.length, self._known(expression), np.int32))

    def _join_values(self, rows: Rows, part: Values) -> Rows:
        numbers = [[self._known(term) for term in row] for row in part.rows]
        given = np.array(numbers, np.int32).reshape(len(part.rows), len(part.variables))
        return join_values(rows, part.variables, [given[:, place] for place in range(len(part.variables))])

    def _known(self, term: object) -> int:
        number = self._columns.find(term) if term is not None else NOTHING
        if number == NOTHING:  # open, or said nowhere: it may still be part of an answer
            raise NotForColumns(term)
        return number

    def _ends(self, part: Pattern | Reach) -> tuple[str | int, str | int]:
        return self._end(part.subject), self._end(part.object)

    def _end(self, node: Node) -> str | int:
        return node.name if isinstance(node, Var) else self._columns.find(node)

    def _table(self, part: Pattern | Reach) -> Table:
        table = self._columns.table(part.predicate)
        if isinstance(part, Pattern):
            return table
        subject, object_ = self._ends(part)
        if isinstance(subject, int) == isinstance(object_, int):
            raise NotForColumns("a path between variables")
        if isinstance(subject, int):
            reached = _reached(table.subjects, table.objects, subject)
            return table_of(np.full(len(reached), subject, np.int32), reached)
        assert isinstance(object_, int)
        reached = _reached(table.by_object, table.by_object_subjects, object_)
        return table_of(reached, np.full(len(reached), object_, np.int32))


def _only_patterns(group: Group, *, own_filters: bool) -> set[str]:
    """Return the variables of a group. Raises NotForColumns unless it has but patterns and filters.

    With `own_filters` its filters may read only what its patterns bind: they are judged inside it, whatever is outside.
    """
    bound: set[str] = set()
    for part in group.parts:
        if isinstance(part, Pattern | Reach):
            bound |= variables_of(part)
        elif not isinstance(part, Filter):
            raise NotForColumns(part)
    for part in group.parts:
        if own_filters and isinstance(part, Filter) and not read_by(part.expression) <= bound:
            raise NotForColumns(part)
    return bound


def _numbered(rows: Rows) -> Rows:
    if _ROW in rows.ids:
        raise NotForColumns("a group in a group")
    return rows.also(_ROW, np.arange(rows.length, dtype=np.int32))


def _touches(rows: Rows, ends: Iterable[object]) -> bool:
    return any(isinstance(end, str) and end in rows.ids for end in ends)


def _reached(starts: Ids, ends: Ids, start: int) -> Ids:
    """Return what one comes to from `start` by one step or more along sorted pairs."""
    seen = np.empty(0, np.int32)
    edge = np.array([start], np.int32)
    while len(edge):
        low, high = np.searchsorted(starts, edge, "left"), np.searchsorted(starts, edge, "right")
        pieces = [ends[a:b] for a, b in zip(low.tolist(), high.tolist(), strict=True) if b > a]
        next_ones = np.unique(np.concatenate(pieces)) if pieces else np.empty(0, np.int32)
        edge = np.setdiff1d(next_ones, seen, assume_unique=True)
        seen = np.union1d(seen, edge)
    return seen.astype(np.int32)
