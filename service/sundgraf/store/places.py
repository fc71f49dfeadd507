"""Where in a document a statement stands, whatever its format: exact in Turtle, found by its words elsewhere."""

from __future__ import annotations

import re

from sundgraf.store.turtle_text import Place, StatementLines

_TURTLE = frozenset({"turtle", "ntriples", "nquads", "trig", "n3"})
_NOWHERE = Place(0, 0)


class Places:
    """Knows where the subjects, properties and values of a document stand; relative names stand under `base`."""

    def __init__(self, text: str, format: str, base: str = "") -> None:
        self._text = text
        self._lines = StatementLines(text, base) if format in _TURTLE else None

    def locate(self, focus: str, path: str = "", value: str = "") -> Place:
        """Return line and column of a value, else of its property, else of its subject; (0, 0) where none is found."""
        if self._lines is not None:
            nameless = "" if focus.startswith("_:") else focus  # the first node without a name, where it has none
            for name in (focus, nameless):
                for asked in ((name, path, value), (name, path)):
                    place = self._lines.locate(*asked)
                    if place is not None:
                        return place
                place = (self._lines.locate_value(name, value) if value and not path else None) or self._lines.locate(
                    name
                )
                if place is not None:
                    return place
            return _NOWHERE
        start = self._find(focus, 0)
        if start < 0:
            return _NOWHERE
        found = self._find(path, start) if path and value else start if value else -1
        if found >= 0:
            inner = self._find(value, found)
            return self._place(inner if inner >= 0 else found)
        return self._place(start)

    def _find(self, word: str, start: int) -> int:
        for name in (word, word.replace("#", "/").rstrip("/").rsplit("/", 1)[-1]):
            found = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])").search(self._text, start) if name else None
            if found:
                return found.start()
        return -1

    def _place(self, position: int) -> Place:
        return Place(self._text.count("\n", 0, position) + 1, position - self._text.rfind("\n", 0, position))
