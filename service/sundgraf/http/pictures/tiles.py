"""A map of countries in which each is a tile of the same size, about where it lies: small ones are not lost."""

from __future__ import annotations

from markupsafe import Markup

from sundgraf.http.pictures.drawing import Row, Work, anchor, disc, picture, shade, tag
from sundgraf.http.pictures.lettering import fit, written

_TILE, _GAP = 100, 6  # pixels
# Column and row of each country, by Wikidata identifier. Own layout: neighbours stay neighbours where they can.
PLACES = {
    "Q189": (0, 0), "Q20": (2, 0), "Q34": (3, 0), "Q33": (4, 0), "Q27": (0, 2), "Q145": (1, 2), "Q35": (3, 1),
    "Q22": (1, 1), "Q55": (2, 2), "Q183": (3, 2), "Q36": (4, 2), "Q25": (0, 3), "Q31": (2, 3), "Q40": (4, 3),
    "Q21": (1, 3), "Q142": (2, 4), "Q39": (3, 3), "Q214": (5, 3), "Q45": (0, 5), "Q29": (1, 5), "Q38": (3, 4),
    "Q30": (6, 0), "Q16": (7, 0), "Q801": (6, 2), "Q17": (7, 1), "Q884": (6, 1), "Q408": (7, 2),
}  # fmt: skip


# Countries that the graph gives no Wikidata identifier for.
_OURS = {
    "pl-0021": "Q39", "pl-0022": "Q31", "pl-0023": "Q189", "pl-0024": "Q38", "pl-0025": "Q40", "pl-0026": "Q29",
    "pl-0027": "Q27", "pl-0028": "Q45", "pl-0029": "Q30", "pl-0030": "Q801", "pl-0031": "Q408", "pl-0032": "Q16",
    "pl-0033": "Q214", "pl-0034": "Q884", "pl-0035": "Q17", "pl-0011": "Q21", "pl-0019": "Q22", "pl-0020": "Q25",
}  # fmt: skip


def draw(work: Work) -> Markup:
    """Return the map. Parts: place (with its label), code (a Wikidata IRI), rank, number; link."""
    spare = iter((column, 6) for column in range(100))
    places = []
    for row in work.rows:
        code = _last(row, work.part("code")) or _OURS.get(_last(row, work.part("place")), "")
        places.append(PLACES.get(code) or next(spare))
    columns = {column: at for at, column in enumerate(sorted({column for column, _ in places}))}
    lines = {line: at for at, line in enumerate(sorted({line for _, line in places}))}
    step = _TILE + _GAP
    most = max((work.number(row, "number") for row in work.rows), default=1)
    drawn = [
        _tile(work, row, most, columns[column] * step, lines[line] * step)
        for row, (column, line) in zip(work.rows, places, strict=True)
    ]
    said = work.question.summary[work.language]
    return tag(
        "div", picture(len(columns) * step, len(lines) * step, said, *drawn, class_="tiles"),
        class_="wide", tabindex="0", role="region", aria_label=said,
    )  # fmt: skip


def _tile(work: Work, row: Row, most: int, x: float, y: float) -> Markup:
    number, rank = work.number(row, "number"), str(row.get(work.part("rank"), "0"))
    tone = shade(number, most)
    name = work.text(row, "place")
    lines, size = fit(name, _TILE - 16, [(12, 1), (11, 1), (11, 2)])
    counted = f"{work.figure(number)} {work.say('records', 'poster') if number != 1 else work.say('record', 'post')}"
    return anchor(
        work.link(row), f"{name}: {counted}, {work.say('furthest', 'længst')}: {row.get('stageLabel', '?')}",
        tag("rect", x=x, y=y, width=_TILE, height=_TILE, rx=6, class_=f"ground g{tone}"),
        *written(lines, x + 9, y + 16 + 6 * (len(lines) - 1), size, f"n{size}"),
        tag("text", work.figure(number), x=x + 9, y=y + _TILE - 12, class_="large"),
        disc(rank, x + _TILE - 18, y + _TILE - 21, 8), class_=f"on{tone}",
    )  # fmt: skip


def _last(row: Row, name: str) -> str:
    return str(row.get(name, "")).rsplit("/", 1)[-1]
