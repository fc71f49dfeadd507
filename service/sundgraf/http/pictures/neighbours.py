"""What is around a thing: what points to it on the left, what it points to on the right, by property."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from sundgraf.http.pictures.drawing import anchor, join, picture, tag
from sundgraf.http.pictures.lettering import fit, wrap, written

_BOX, _HIGH, _GAP, _CENTRE, _ACROSS = 340, 26, 4, 250, 90  # pixels
_SEEN = 210  # pixels from the top


@dataclass(frozen=True, slots=True)
class Node:
    """A thing beside the one in the middle, and the page that walking on leads to."""

    label: str
    page: str


@dataclass(slots=True)
class Group:
    """The things at the other end of one property; `more` says how many are not drawn."""

    label: str
    nodes: list[Node] = field(default_factory=list)
    more: int = 0


def draw(title: str, incoming: list[Group], outgoing: list[Group], language: str) -> Markup:
    """Return the picture."""
    left, right = _height(incoming), _height(outgoing)
    height = max(left, right, 120)
    middle = min(height / 2, _SEEN)  # a tall picture has its middle where the page opens
    centre, lines = _BOX + _ACROSS, wrap(title, _CENTRE - 20, 14, 5)
    deep = 16 * len(lines) + 28
    drawn = [
        *_column(incoming, 0, max(0, middle - left / 2), centre, middle, True, language),
        *_column(
            outgoing, centre + _CENTRE + _ACROSS, max(0, middle - right / 2), centre + _CENTRE, middle, False, language
        ),
        tag("rect", x=centre, y=middle - deep / 2, width=_CENTRE, height=deep, rx=8, class_="fill s6"),
        *written(lines, centre + _CENTRE / 2, middle, 15, "middle on6"),
    ]
    said = f"Omkring {title}" if language == "da" else f"Around {title}"
    return tag(
        "div", picture(2 * _BOX + 2 * _ACROSS + _CENTRE, height, said, *drawn, class_="neighbours"),
        class_="wide", tabindex="0", role="region", aria_label=said,
    )  # fmt: skip


def _column(
    groups: list[Group], x: float, top: float, to_x: float, to_y: float, left: bool, language: str
) -> list[Markup]:  # fmt: skip
    drawn = []
    y = top
    for group in groups:
        begin = y
        inner = [tag("text", group.label, x=x + (_BOX if left else 0), y=y + 16, class_="tiny end" if left else "tiny")]
        y += 22
        for node in group.nodes:
            lines, size, high = _box(node.label)
            box = tag("rect", x=x, y=y, width=_BOX, height=high, rx=4, class_="box")
            text = written(lines, x + 8, y + high / 2, size, f"label n{size}")
            inner.append(anchor(f"{node.page}?lang={language}", node.label, box, *text))
            y += high + _GAP
        if group.more:
            inner.append(tag("text", f"+{group.more}", x=x + 8, y=y + 14, class_="tiny"))
            y += 18
        at, edge = (begin + y) / 2 + 8, x + (_BOX if left else 0)
        bend = (to_x - edge) / 2
        rail = tag("path", d=f"M{edge:g} {begin + 24:g}V{y - _GAP:g}", class_="rail")
        curve = f"M{edge:g} {at:g}C{edge + bend:g} {at:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"
        drawn.append(tag("g", tag("path", d=curve, class_="edge"), rail, join(inner)))
        y += 12
    return drawn


def _height(groups: list[Group]) -> float:
    return sum(
        34 + sum(_box(node.label)[2] + _GAP for node in group.nodes) + (18 if group.more else 0) for group in groups
    )


def _box(label: str) -> tuple[list[str], int, int]:
    """Return the lines of a box, the size of their letters, and how high it is."""
    lines, size = fit(label, _BOX - 16, [(14, 1), (12, 2)])
    return lines, size, _HIGH + (8 if len(lines) > 1 else 0)
