"""A matrix: rows against columns, each cell coloured by stage or by number, and a link."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from sundgraf.http.pictures.drawing import Row, Work, anchor, disc, join, picture, tag
from sundgraf.http.pictures.lettering import LETTER_WIDTH, cut, row_height, side_label, wrap

CELL, ROW = 44, 30  # pixels
_WIDE = 112
_MOST_ROWS = 150  # of a very large graph; the table and the query have them all
_TALL, _LINE = 116, 17  # pixels for the headings of columns: slanted ones, and each line of others
_NARROW, _BROAD = 170, 430  # pixels for the headings of rows
_SHADES = 5


def draw(work: Work, most_rows: int = 0) -> Markup:
    """Return the matrix; with `most_rows` only those rows that have most cells.

    Parts: row, column, rank (of a stage) or number; order = "size" puts the fullest rows and columns first,
    "given" leaves both as the answer has them. The headings of the rows are a picture of their own, which stays in
    sight while the cells are moved sideways.
    """
    cells: dict[tuple[str, str], Row] = {}
    first: dict[str, Row] = {}
    for row in work.rows:
        first.setdefault(work.text(row, "row"), row)
        if work.text(row, "column"):
            cells.setdefault((work.text(row, "row"), work.text(row, "column")), row)
    rows, columns = _ordered(work, cells, "row"), _ordered(work, cells, "column")
    rows = rows[: most_rows or _MOST_ROWS]
    wide = _WIDE if work.question.picture.get("column_width") == "wide" else CELL
    most = max((work.number(row, "number") for row in work.rows), default=1)
    lying = max((len(wrap(name, wide - 6, 13, 3)) for name in columns), default=1)
    head = _LINE * lying + 16 if wide > CELL else _TALL
    side = min(_BROAD, max(_NARROW, max((len(name) for name in rows), default=0) * 14 * LETTER_WIDTH + 12))
    sides, lines = [], [join(_heading(name, wide * position, wide, head) for position, name in enumerate(columns))]
    y = head
    for at, name in enumerate(rows):
        high = row_height(name, ROW)
        found = [(position, cells[name, column]) for position, column in enumerate(columns) if (name, column) in cells]
        sides.append(_side(work, name, first[name], side, (y, high), at))
        lines.append(_band(wide * len(columns), (y, high), at))
        lines.extend(_cell(work, row, (wide * position, y, wide, high), most) for position, row in found)
        y += high
    said = work.question.summary[work.language]
    return tag(
        "div", picture(side, y + 2, work.say("Rows", "Rækker"), *sides, class_="sides", slice_=True),
        picture(wide * len(columns) + (0 if wide > CELL else 60), y + 2, said, *lines, class_="cells"),
        class_="matrix wide", tabindex="0", role="region", aria_label=said,
    )  # fmt: skip


def _side(work: Work, name: str, row: Row, width: float, lane: tuple[int, int], at: int) -> Markup:
    label = side_label(name, *lane, width)
    address = work.link(row, "row_link")
    return join([_band(width, lane, at), anchor(address, name, label) if address else label])


def _band(width: float, lane: tuple[int, int], at: int) -> Markup:
    return tag("rect", x=0, y=lane[0], width=width, height=lane[1], class_="band") if at % 2 == 0 else Markup("")


def _cell(work: Work, row: Row, place: tuple[int, int, int, int], most: int) -> Markup:
    x, y, wide, high = place
    number = work.number(row, "number")
    where = f"{work.text(row, 'row')}, {work.text(row, 'column')}"
    counted = f"{work.figure(number)} {work.say('records', 'poster') if number != 1 else work.say('record', 'post')}"
    middle = y + high / 2
    if work.part("rank"):
        rank = str(row.get(work.part("rank"), "0"))
        stage = str(row.get("stageLabel", ""))
        title = f"{where}: {stage}, {counted}" if stage else f"{where}: {counted}"
        ground = tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=high - 2, rx=4, class_=f"ground g{rank}")
        many = tag("text", work.figure(number), x=x + wide / 2 + 5, y=middle + 5, class_="many") if number > 1 else ""
        shown = disc(rank, x + wide / 2 - (6 if many else 0), middle, 6)
        return anchor(work.link(row), title, ground, shown, many, class_=f"on{rank}")
    shade = 2 + min(_SHADES - 1, int((_SHADES - 1) * number / max(1, most) + 0.5))
    ground = tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=high - 2, rx=4, class_=f"fill s{shade}")
    return anchor(
        work.link(row), f"{where}: {counted}", ground,
        tag("text", work.figure(number), x=x + wide / 2, y=middle + 5, class_=f"on{shade} tally"),
    )  # fmt: skip


def _heading(name: str, x: float, wide: float, head: float) -> Markup:
    if wide > CELL:
        lines = wrap(name, wide - 6, 13, 3)
        ends = [head - 8 - _LINE * (len(lines) - 1 - at) for at in range(len(lines))]
        return join(
            tag("text", line, x=x + wide / 2, y=end, class_="head middle")
            for line, end in zip(lines, ends, strict=True)
        )
    middle, y = x + wide / 2 + 4, head - 8
    return tag("text", cut(name, head, 13), x=middle, y=y, class_="head", transform=f"rotate(-60 {middle:g} {y:g})")


def _ordered(work: Work, cells: dict[tuple[str, str], Row], part: str) -> list[str]:
    """Return the names of rows or columns: fullest first, by a rank in the answer, or as the answer has them."""
    side = 0 if part == "row" else 1
    names = list(dict.fromkeys(text for row in work.rows if (text := work.text(row, part))))
    rank = work.part(f"{part}_order")
    if work.question.picture.get("order") == "size":
        sizes = Counter(key[side] for key in cells)
        names.sort(key=lambda name: (-sizes[name], name))
    elif rank:
        ranks = {work.text(row, part): str(row.get(rank, "")) for row in work.rows}
        names.sort(key=lambda name: ranks[name], reverse=part == "row")
    return names
