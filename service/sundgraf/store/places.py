"""Where in a document a statement stands, whatever its format: exact in Turtle, found by its words elsewhere."""

from __future__ import annotations

from sundgraf.store.turtle_text import Place, StatementLines

_TURTLE = frozenset({"turtle", "ntriples", "nquads", "trig", "n3"})
_NOWHERE = Place(0, 0)


class Places:
    """Knows where the subjects, properties and values of a document stand."""

    def __init__(self, text: str, format: str) -> None:
        self._text = text
        self._lines = StatementLines(text) if format in _TURTLE else None

    def locate(self, focus: str, path: str = "", value: str = "") -> Place:
        """Return line and column of a value, else of its property, else of its subject; (0, 0) where none is found."""
        if self._lines is not None:
            for asked in ((focus, path, value), (focus, path), (focus,)):
                place = self._lines.locate(*asked)
                if place is not None:
                    return place
        start = self._find(focus, 0)
        if start < 0:
            return _NOWHERE
        for word in (value, path):
            found = self._find(word, start) if word else -1
            if found >= 0:
                return self._place(found)
        return self._place(start)

    def _find(self, word: str, start: int) -> int:
        for name in (word, word.replace("#", "/").rstrip("/").rsplit("/", 1)[-1]):
            found = self._text.find(name, start) if name else -1
            if found >= 0:
                return found
        return -1

    def _place(self, position: int) -> Place:
        return Place(self._text.count("\n", 0, position) + 1, position - self._text.rfind("\n", 0, position))
