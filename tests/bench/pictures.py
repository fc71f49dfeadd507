"""Results as SVG, without a library: times per query as dots on a logarithmic scale, and growth as lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

Spread = Sequence[float]  # median, lowest, highest; seconds
_COLOURS = ("#0b6e4f", "#c8553d", "#e9a23b", "#3d5a98", "#8a5a83")
_ROW, _LEFT, _WIDTH, _TOP = 22, 190, 900, 70
_STYLE = "font-family='system-ui, sans-serif' font-size='12' fill='#222'"


def write_picture(file: Path, title: str, values: Mapping[str, Mapping[str, Spread]]) -> None:
    """Draw one row for each query, a dot for each server, a thin line from the lowest to the highest."""
    servers = list(dict.fromkeys(server for taken in values.values() for server in taken))
    every = [seconds * 1000 for taken in values.values() for spread in taken.values() for seconds in spread]
    scale = _Scale(min(every), max(every), _LEFT, _WIDTH - 20)
    height = _TOP + _ROW * len(values) + 40
    parts = [*_head(title, height, servers), *_grid(scale, height)]
    for place, (query, taken) in enumerate(values.items()):
        y = _TOP + _ROW * place + _ROW / 2
        parts.append(f"<text x='{_LEFT - 8}' y='{y + 4:.1f}' text-anchor='end'>{escape(query)}</text>")
        for server, spread in taken.items():
            colour = _COLOURS[servers.index(server) % len(_COLOURS)]
            median, low, high = (scale.at(seconds * 1000) for seconds in spread)
            parts.append(f"<path d='M{low:.1f} {y:.1f}H{high:.1f}' stroke='{colour}' stroke-opacity='.5'/>")
            parts.append(
                f"<circle cx='{median:.1f}' cy='{y:.1f}' r='4.5' fill='{colour}'>"
                f"<title>{escape(f'{query}, {server}: {spread[0] * 1000:.2f} ms')}</title></circle>"
            )
    file.write_text("\n".join([*parts, "</svg>\n"]), "utf-8")


def write_growth(file: Path, title: str, medians: Mapping[str, Mapping[int, Mapping[str, float]]]) -> None:
    """Draw a small chart for each query: time against triples, both logarithmic, a line for each server."""
    servers = list(dict.fromkeys(s for sizes in medians.values() for taken in sizes.values() for s in taken))
    every = [v * 1000 for sizes in medians.values() for taken in sizes.values() for v in taken.values()]
    counts = sorted({size for sizes in medians.values() for size in sizes})
    columns, cell, tall = 4, 222, 150
    height = _TOP + math.ceil(len(medians) / columns) * (tall + 34) + 20
    parts = _head(title, height, servers)
    for place, (query, sizes) in enumerate(medians.items()):
        left, top = 10 + place % columns * cell, _TOP + place // columns * (tall + 34)
        across = _Scale(counts[0], counts[-1], left + 34, left + cell - 16)
        up = _Scale(min(every), max(every), top + tall - 4, top + 18)
        parts.append(f"<text x='{left + 34}' y='{top + 10}'>{escape(query)}</text>")
        for value in up.tens():
            parts.append(f"<path d='M{left + 34} {up.at(value):.1f}H{left + cell - 16}' stroke='#ddd'/>")
            parts.append(
                f"<text x='{left + 30}' y='{up.at(value) + 3:.1f}' font-size='9' text-anchor='end'>{_say(value)}</text>"
            )
        for value in across.tens():
            parts.append(
                f"<text x='{across.at(value):.1f}' y='{top + tall + 8}' font-size='9' text-anchor='middle'>"
                f"{_count(value)}</text>"
            )
        for number, server in enumerate(servers):
            dots = [
                (across.at(n), up.at(taken[server] * 1000)) for n, taken in sorted(sizes.items()) if server in taken
            ]
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
            colour = _COLOURS[number % len(_COLOURS)]
            parts.append(f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='1.6'/>")
            parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.4' fill='{colour}'/>" for x, y in dots]
    file.write_text("\n".join([*parts, "</svg>\n"]), "utf-8")


class _Scale:
    """A logarithmic scale from values to places."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._high = math.log10(low), math.log10(high) or 1.0
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        """Return the place of a value."""
        share = (math.log10(value) - self._low) / max(self._high - self._low, 1e-9)
        return self._start + share * (self._end - self._start)

    def tens(self) -> list[float]:
        """Return the powers of ten in it."""
        return [10.0**n for n in range(math.ceil(self._low - 1e-9), math.floor(self._high + 1e-9) + 1)]


def _head(title: str, height: float, servers: Sequence[str]) -> list[str]:
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height:.0f}' {_STYLE} role='img'>",
        f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='#fff'/>",
        f"<text x='10' y='22' font-size='15' font-weight='600'>{escape(title)}</text>",
    ]
    x = 10
    for number, server in enumerate(servers):
        parts.append(f"<circle cx='{x + 5}' cy='42' r='5' fill='{_COLOURS[number % len(_COLOURS)]}'/>")
        parts.append(f"<text x='{x + 14}' y='46'>{escape(server)}</text>")
        x += 30 + 7 * len(server)
    return parts


def _grid(scale: _Scale, height: float) -> list[str]:
    parts = []
    for value in scale.tens():
        parts.append(f"<path d='M{scale.at(value):.1f} {_TOP}V{height - 30}' stroke='#ddd'/>")
        parts.append(f"<text x='{scale.at(value):.1f}' y='{height - 12}' text-anchor='middle'>{_say(value)}</text>")
    return parts


def _say(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"


def _count(value: float) -> str:
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k"
