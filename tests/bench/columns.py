"""Columns against the engine they stand in for, in process, at growing sizes: the same answers, and how times grow."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping

import pyoxigraph as ox
from tests.bench.answers import rows_of
from tests.bench.contestants import Workplace
from tests.bench.measure import JSON, Figures
from tests.bench.mix import QUERIES
from tests.bench.report import Section

from sundgraf.domain.select_text import read_select
from sundgraf.store import generations
from sundgraf.store.columns_answers import ColumnAnswers

_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_SECONDS = 0.5  # a short query is asked more often, up to this time
_STEEPEST = 1.1


def run(place: Workplace, triples: int, *, quick: bool) -> Section:
    """Measure each query that columns answer, at each size up to `triples`."""
    sizes = [size for size in _SIZES if size <= triples]
    ours: dict[str, dict[int, Figures]] = {}
    engine: dict[str, dict[int, Figures]] = {}
    matched: dict[str, dict[int, int]] = {}
    for size in sizes:
        generation = generations.current(place.kept_columns(size))
        assert generation is not None
        columns, store = ColumnAnswers(generation.columns), ox.Store.read_only(str(generation.store))
        with place.quiet.alone():
            for path in QUERIES:
                text = path.read_text("utf-8")
                if "\nCONSTRUCT" in text:
                    continue
                found = _columns(columns, text)
                if found is not None:
                    body = _engine(store, text)
                    assert rows_of(found, JSON) == rows_of(body, JSON), f"{path.stem} differs at {size:,}"
                    ours.setdefault(path.stem, {})[size] = _time(lambda t=text, c=columns: _columns(c, t), 50)
                    matched.setdefault(path.stem, {})[size] = _count_matches(columns, text)
                engine.setdefault(path.stem, {})[size] = _time(
                    lambda t=text, s=store: _engine(s, t), 1 if size > 2e6 else 3
                )
                place.quiet.breathe()
    return _report(sizes, ours, engine, matched)


def _columns(columns: ColumnAnswers, text: str) -> bytes | None:
    sink = io.BytesIO()
    return sink.getvalue() if columns.write(text, "json", sink, 0) else None


def _count_matches(columns: ColumnAnswers, text: str) -> int:
    """Return the rows before grouping, DISTINCT and LIMIT."""
    select = read_select(text)
    assert select is not None
    return columns._solver.solve(select.group).length


def _engine(store: ox.Store, text: str) -> bytes:
    answer = store.query(text)
    assert isinstance(answer, ox.QuerySolutions)
    return answer.serialize(format=ox.QueryResultsFormat.JSON) or b""


def _time(task: Callable[[], object], most: int) -> Figures:
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while not times or (time.perf_counter() < end and len(times) < most):
        began = time.process_time()
        task()
        times.append(time.process_time() - began)
    return Figures(tuple(times))


def _report(
    sizes: list[int],
    ours: dict[str, dict[int, Figures]],
    engine: dict[str, dict[int, Figures]],
    matched: dict[str, dict[int, int]],
) -> Section:
    section = Section("columns", f"Columns against the engine on disk, in process, to {sizes[-1]:,} triples")
    section.header = (
        "query", *(f"columns ms at {size:,}" for size in sizes), *(f"engine ms at {size:,}" for size in sizes),
        f"times faster at {sizes[-1]:,}", "exponent of columns, last tenfold", "of the rows that match",
        "of the engine, all sizes",
    )  # fmt: skip
    steepest, ratios = 0.0, []
    for query, figures in engine.items():
        mine = ours.get(query, {})
        slope = _slope({size: mine[size].median for size in sizes[-2:] if size in mine})
        rows = _slope({size: matched[query][size] for size in sizes[-2:] if size in mine} if mine else {})
        if slope is not None and rows is not None:
            steepest = max(steepest, slope / max(1.0, rows))
        ratio = figures[sizes[-1]].median / mine[sizes[-1]].median if sizes[-1] in mine else None
        ratios += [ratio] if ratio else []
        section.rows.append(
            (
                query,
                *(f"{mine[size].median * 1000:,.2f}" if size in mine else "engine" for size in sizes),
                *(f"{figures[size].median * 1000:,.2f}" for size in sizes),
                f"{ratio:,.0f}" if ratio else "",
                f"{slope:.2f}" if slope is not None else "",
                f"{rows:.2f}" if rows is not None else "",
                f"{_slope({size: figures[size].median for size in sizes}) or 0:.2f}",
            )
        )
    section.at_most(
        "steepest exponent of a query answered from columns, divided by that of the rows that match where those grow "
        "faster than the data", steepest, _STEEPEST, "",
    )  # fmt: skip
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    section.at_least(f"geometric mean of {len(ratios)} at {sizes[-1]:,} against the engine on disk", mean, 1.6)
    section.notes = [
        "No HTTP and no worker; processor time, which a busy machine lengthens least; medians, the engine's of one to "
        "three rounds. The answers were compared first. Rows that match: before grouping, DISTINCT and LIMIT. "
        "`engine` stands where a query begins at so few statements that it is left to the engine."
    ]
    return section


def _slope(times: Mapping[int, float]) -> float | None:
    if len(times) < 2:
        return None
    points = [(math.log(size), math.log(seconds)) for size, seconds in times.items()]
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _ in points)
