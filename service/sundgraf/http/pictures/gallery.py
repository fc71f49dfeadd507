"""Which kinds of pictures there are, and the picture of a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from sundgraf.http.pictures import lineage, matrix, regions, tiles, timeline
from sundgraf.http.pictures.drawing import Work

KINDS: Mapping[str, Callable[[Work], Markup]] = {
    "matrix": matrix.draw,
    "tiles": tiles.draw,
    "regions": regions.draw,
    "timeline": timeline.draw,
    "lineage": lineage.draw,
}


def draw(work: Work) -> Markup:
    """Return the picture that the question's front matter asks for."""
    return KINDS[work.question.picture["kind"]](work)
