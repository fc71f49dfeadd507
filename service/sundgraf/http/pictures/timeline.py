"""Projects and deployments along the years, with the stages that sources report on the way."""

from __future__ import annotations

from markupsafe import Markup

from sundgraf.http.pictures.drawing import Row, Work, anchor, disc, join, picture, tag
from sundgraf.http.pictures.lettering import row_height, side_label

_SIDE, _ROW, _HEAD, _YEAR = 380, 30, 34, 64  # pixels
_NOW = 2027.0
_MOST = 500  # things of a very large graph; the table and the query have them all


def draw(work: Work) -> Markup:
    """Return the timeline. Parts: thing (with its title), start, end, date and rank of a report, now (rank); link."""
    things: dict[str, list[Row]] = {}
    for row in work.rows:
        things.setdefault(str(row[work.part("thing")]), []).append(row)
    things = dict(list(things.items())[:_MOST])
    starts = [_when(str(rows[0].get(work.part("start"), ""))) for rows in things.values()]
    first = int(min((start for start in starts if start), default=2015))
    first = max(first, 2008)
    years = range(first, int(_NOW) + 1)
    highs = [row_height(str(rows[0].get("title", "")), _ROW) for rows in things.values()]
    width, height = _YEAR * (len(years) - 1) + 40, _HEAD + sum(highs) + 8
    grid = join(
        join([
            tag("path", d=f"M{(year - first) * _YEAR + 8} {_HEAD - 8}V{height}", class_="grid"),
            tag("text", str(year), x=(year - first) * _YEAR + 12, y=18, class_="head"),
        ])
        for year in years[:-1]
    )  # fmt: skip
    sides, lines = [], [grid]
    y = _HEAD
    for rows, high in zip(things.values(), highs, strict=True):
        side, line = _lane(work, rows, first, y, high)
        y += high
        sides.append(side)
        lines.append(line)
    said = work.question.summary[work.language]
    return tag(
        "div",
        picture(_SIDE, height, work.say("What is shown", "Hvad der er vist"), *sides, class_="sides", slice_=True),
        picture(width, height, said, *lines, class_="cells"),
        class_="matrix timeline wide", tabindex="0", role="region", aria_label=said,
    )  # fmt: skip


def _lane(work: Work, rows: list[Row], first: int, y: float, high: int) -> tuple[Markup, Markup]:
    row = rows[0]
    title = str(row.get("title", ""))
    start, end = str(row.get(work.part("start"), "")), str(row.get(work.part("end"), ""))
    rank = str(row.get(work.part("now"), "0"))
    begin = max(_when(start), float(first))
    finish = _when(end, last=True) if end else _NOW
    x, length = (begin - first) * _YEAR + 8, max(6.0, (finish - begin) * _YEAR)
    span = f"{start}–{end}" if end else f"{start}–"
    bar = tag(
        "rect",
        x=x,
        y=y + high / 2 - 5,
        width=length,
        height=10,
        rx=5,
        class_=f"fill s{rank}" + ("" if end else " open"),
    )
    reports = [
        disc(
            str(each.get(work.part("rank"), "0")),
            (_when(str(each[work.part("date")])) - first) * _YEAR + 8,
            y + high / 2,
            7,
        )
        for each in rows
        if work.part("date") in each and _when(str(each[work.part("date")])) >= first
    ]
    label = side_label(title, y, high, _SIDE)
    told = f"{title}, {span}: {row.get('stageLabel', work.say('stage unknown', 'stadie ukendt'))}"
    return anchor(work.link(row), told, label), tag("g", tag("title", told), bar, *reports)


def _when(text: str, last: bool = False) -> float:
    """Return a year, month or day as a number of years; the end of it where it is the last."""
    parts = [int(part) for part in text.split("-") if part.isdigit()]
    if not parts or parts[0] < 1900:
        return 0.0
    month = parts[1] if len(parts) > 1 else (12 if last else 1)
    return min(_NOW, parts[0] + (month - (0 if last else 1)) / 12)
