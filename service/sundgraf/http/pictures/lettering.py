"""How words fit into a picture: broken into lines, in letters small enough, cut only where nothing else helps."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sundgraf.http.pictures.drawing import join, tag

LETTER_WIDTH = 0.59  # of the size of the letters, on the average, in the sans-serif faces of most systems
_NARROW = 158  # pixels that the headings of rows have on a telephone
_MOST_LINES = 4  # of a heading of a row


def cut(text: str, width: float, size: float) -> str:
    """Return text that fits a width, with an ellipsis where something is left out."""
    room = int(width / (size * LETTER_WIDTH))
    return text if len(text) <= room else text[: max(1, room - 1)].rstrip(" ,;:–-") + "…"


def wrap(text: str, width: float, size: float, most: int) -> list[str]:
    """Return the lines of a text, at most so many; the last is cut where the text needs more."""
    room = max(2, int(width / (size * LETTER_WIDTH)))
    lines, words = [""], text.split()
    while words:
        word = words.pop(0)
        together = f"{lines[-1]} {word}".strip()
        if len(together) <= room:
            lines[-1] = together
        elif lines[-1] and len(lines) == most:
            return [*lines[:-1], cut(" ".join([together, *words]), width, size)]
        elif lines[-1]:
            lines.append("")
            words.insert(0, word)
        else:  # a word that is longer than a line
            lines[-1] = f"{word[: room - 1]}-" if len(lines) < most else cut(word, width, size)
            words.insert(0, word[room - 1 :])
            if len(lines) == most:
                return lines
            lines.append("")
    return lines


def fit(text: str, width: float, sizes: Sequence[tuple[int, int]]) -> tuple[list[str], int]:
    """Return lines and the size of their letters: the first (size, lines) that a text fits into, else the last, cut."""
    for size, most in sizes:
        lines = wrap(text, width, size, 99)
        if len(lines) <= most:
            return lines, size
    size, most = sizes[-1]
    return wrap(text, width, size, most), size


def row_height(name: str, least: int) -> int:
    """Return how high a row is whose heading a telephone can still show, in pixels."""
    lines, size = _narrow(name)
    return max(least, len(lines) * (size + 1) + 6)


def side_label(name: str, y: float, high: float, width: float) -> Markup:
    """Return the heading of a row: for a wide screen, and the narrower one that a telephone shows in its place."""
    broad, size = fit(name, width - 8, [(14, 1), (13, 2) if high >= 28 else (11, 2), (12, max(2, int(high) // 14))])
    narrow, small = _narrow(name)
    return join([
        *written(broad, 4, y + high / 2, size, f"label broad n{size}"),
        *written(narrow, 4, y + high / 2, small, f"narrow n{small}"),
    ])  # fmt: skip


def written(lines: Sequence[str], x: float, middle: float, size: int, class_: str) -> list[Markup]:
    """Return lines of text around a middle."""
    top = middle + size * 0.36 - (len(lines) - 1) * (size + 1) / 2
    return [tag("text", line, x=x, y=round(top + at * (size + 1), 1), class_=class_) for at, line in enumerate(lines)]


def _narrow(name: str) -> tuple[list[str], int]:
    return fit(name, _NARROW, [(12, 2), (11, 2), (11, _MOST_LINES)])
