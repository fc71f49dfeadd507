"""What grew out of what: families of records, each generation a column, the oldest first."""

from __future__ import annotations

from collections import defaultdict, deque

from markupsafe import Markup

from sundgraf.http.pictures.drawing import Row, Work, anchor, join, picture, tag
from sundgraf.http.pictures.lettering import fit, written

_BOX, _HIGH, _APART, _GAP = 340, 48, 120, 10  # pixels: width and height of a record, between columns and rows
_MOST = 200  # families, the largest, and records of one; the table and the query have them all


def draw(work: Work) -> Markup:
    """Return the families, largest first. Parts: later, earlier (with their titles), relation; both lead to records."""
    names: dict[str, str] = {}
    edges: list[tuple[str, str, str]] = []
    for row in work.rows:
        later, earlier = str(row[work.part("later")]), str(row[work.part("earlier")])
        names |= {later: str(row["laterTitle"]), earlier: str(row["earlierTitle"])}
        edges.append((earlier, later, _relation(work, row)))
    drawn: list[Markup] = []
    top = width = 0.0
    families = _families(edges)
    of = {one: number for number, family in enumerate(families) for one in family}
    within: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for edge in edges:
        within[of[edge[0]]].append(edge)
    for number in sorted(range(len(families)), key=lambda number: -len(families[number]))[:_MOST]:
        family, kept = families[number][:_MOST], set(families[number][:_MOST])
        inside = [edge for edge in within[number] if edge[0] in kept and edge[1] in kept]
        places, high = _place(family, inside)
        drawn.extend(_edge(places, edge, top) for edge in inside)
        drawn.extend(_box(work, iri, names[iri], places[iri], top) for iri in family)
        width = max(width, *(x + _BOX for x, _ in places.values()))
        top += high + 28
    said = work.question.summary[work.language]
    return tag(
        "div", picture(width + 8, max(top, 10), said, *drawn, class_="lineage"),
        class_="wide", tabindex="0", role="region", aria_label=said,
    )  # fmt: skip


def _relation(work: Work, row: Row) -> str:
    return work.text(row, "relation")


def _families(edges: list[tuple[str, str, str]]) -> list[list[str]]:
    near: dict[str, list[str]] = defaultdict(list)
    for earlier, later, _ in edges:
        near[earlier].append(later)
        near[later].append(earlier)
    found: list[list[str]] = []
    seen: set[str] = set()
    for start in near:
        if start in seen:
            continue
        family, ahead = [], deque([start])
        while ahead:
            one = ahead.popleft()
            if one not in seen:
                seen.add(one)
                family.append(one)
                ahead.extend(near[one])
        found.append(family)
    return found


def _place(family: list[str], edges: list[tuple[str, str, str]]) -> tuple[dict[str, tuple[float, float]], float]:
    places: dict[str, tuple[float, float]] = {}
    depth = dict.fromkeys(family, 0)
    for _ in family:  # as many rounds as there are records ends also where the edges go in a circle
        before = dict(depth)
        for earlier, later, _relation in edges:
            depth[later] = min(max(depth[later], depth[earlier] + 1), len(family))
        if depth == before:
            break
    columns: dict[int, list[str]] = defaultdict(list)
    for one in family:
        columns[depth[one]].append(one)
    high: float = max(len(column) for column in columns.values()) * (_HIGH + _GAP)
    for number, column in columns.items():
        above = (high - len(column) * (_HIGH + _GAP)) / 2
        for at, one in enumerate(column):
            places[one] = (number * (_BOX + _APART), above + at * (_HIGH + _GAP))
    return places, high


def _edge(places: dict[str, tuple[float, float]], edge: tuple[str, str, str], top: float) -> Markup:
    (x, y), (to_x, to_y) = places[edge[0]], places[edge[1]]
    x, y, to_y = x + _BOX, y + top + _HIGH / 2, to_y + top + _HIGH / 2
    bend = (to_x - x) / 2
    return join([
        tag("path", d=f"M{x:g} {y:g}C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}", class_="edge"),
        tag("text", edge[2], x=to_x - 6, y=to_y - 6, class_="tiny end word"),
    ])  # fmt: skip


def _box(work: Work, iri: str, name: str, place: tuple[float, float], top: float) -> Markup:
    x, y = place[0] + 1, place[1] + top + 1
    path = iri.removeprefix("https://w3id.org/sundgraf/id/")
    said, size = fit(name, _BOX - 20, [(14, 2), (12, 3)])
    lines = written(said, x + 10, y + _HIGH / 2 - 1, size, f"label n{size}")
    return anchor(
        f"/doc/{path}?lang={work.language}", name,
        tag("rect", x=x, y=y, width=_BOX - 2, height=_HIGH - 2, rx=5, class_="box"), *lines,
    )  # fmt: skip
