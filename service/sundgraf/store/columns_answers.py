"""Answer a query from columns, and write it; None where the engine has to."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyoxigraph as ox

from sundgraf.domain.algebra import Select, variables_of
from sundgraf.domain.select_text import read_select
from sundgraf.domain.terms import XSD
from sundgraf.store.columns import NOTHING, Columns
from sundgraf.store.columns_groups import group, make_distinct, sort_and_cut
from sundgraf.store.columns_joins import NotForColumns, Rows
from sundgraf.store.columns_select import Solver
from sundgraf.store.row_gate import Sink
from sundgraf.store.writers import write_solutions

_ROWS_AT_ONCE = 2048
_INTEGER = f'","datatype":"{XSD}integer"}}'


class ColumnAnswers:
    """Answers from the columns of one publication. Raises OSError or ValueError where they cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._columns = Columns(folder)
        self._solver = Solver(self._columns)

    def write(self, text: str, format: str, sink: Sink, row_limit: int) -> bool:
        """Write the answer to a query, unless the engine has to; say whether it was written."""
        select = read_select(text)
        if select is None:
            return False
        try:
            if not self._solver.is_worthwhile(select.group):
                return False
            rows = self._rows(select)
        except (NotForColumns, LookupError, MemoryError, RecursionError):
            return False
        if row_limit and rows.length > row_limit:
            return False
        if format == "json":
            self._write_json(rows, select.variables, sink)
        else:
            whole = io.BytesIO()
            self._write_json(rows, select.variables, whole)
            read = ox.parse_query_results(whole.getvalue(), format=ox.QueryResultsFormat.JSON)
            assert isinstance(read, ox.QuerySolutions)
            write_solutions(read, format, sink, 0)
        return True

    def _rows(self, select: Select) -> Rows:
        known = variables_of(select.group)
        if select.aggregates.keys() & known:
            raise NotForColumns("a name used twice")
        rows = self._solver.solve(select.group)
        if select.grouped:
            rows = group(self._columns, rows, select)
        if select.distinct:
            if any(one.variable not in select.variables for one in select.order):
                raise NotForColumns("an order by what is not selected")
            rows = make_distinct(rows, select.variables)
        return sort_and_cut(self._columns, rows, select)

    def _write_json(self, rows: Rows, variables: tuple[str, ...], sink: Sink | io.BytesIO) -> None:
        names = ",".join(f'"{name}"' for name in variables)
        sink.write(f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":['.encode())
        cells = [self._cells(rows, name) for name in variables if name in rows.ids or name in rows.numbers]
        gaps = any(name in rows.open for name in variables)
        for start in range(0, rows.length, _ROWS_AT_ONCE):
            some = [column[start : start + _ROWS_AT_ONCE] for column in cells]
            if gaps:
                lines = [",".join(filter(None, row)) for row in zip(*some, strict=True)]
            else:
                lines = [",".join(row) for row in zip(*some, strict=True)]
            if not cells:
                lines = [""] * min(_ROWS_AT_ONCE, rows.length - start)
            sink.write(f"{',' if start else ''}{{{'},{'.join(lines)}}}".encode())
        sink.write(b"]}}")

    def _cells(self, rows: Rows, name: str) -> list[str]:
        """Return a column as results JSON has it; "" for what is open."""
        start = f'"{name}":'
        if name in rows.numbers:
            return [f'{start}{{"type":"literal","value":"{value}{_INTEGER}' for value in rows.numbers[name].tolist()]
        found, places = np.unique(rows.ids[name], return_inverse=True)
        cell = self._columns.cell
        written = [start + cell(number) if number != NOTHING else "" for number in found.tolist()]
        return [written[place] for place in places.tolist()]
