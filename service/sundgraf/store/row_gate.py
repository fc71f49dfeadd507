"""How an answer that the engine writes is cut at a number of rows, and stays well-formed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class CutShort(Exception):
    """A limit was reached; what was written up to here is whole rows."""


class Sink(Protocol):
    """Where pieces of a body go."""

    def write(self, piece: bytes, /) -> int:
        """Take a piece. Raises CutShort when it wants no more."""
        ...

    def flush(self) -> None:
        """Nothing is held back."""
        ...


class RowGate:
    """Counts rows in the engine's output and lets no more than `limit` through.

    The mark of a row cannot occur inside one: a quote in a JSON string is escaped, so is `<` in XML and a line break
    in TSV. (A JSON row in which nothing is bound goes uncounted.)
    """

    # format -> the mark, how many marks beyond `limit` show that there is a row too many, and what closes the body
    _MARKS: Mapping[str, tuple[bytes, int, bytes]] = {
        "json": (b'}},{"', 0, b"}}]}}"),
        "xml": (b"<result>", 1, b"</results></sparql>"),
        "tsv": (b"\n", 1, b"\n"),
    }

    def __init__(self, sink: Sink, name: str, limit: int) -> None:
        self._sink = sink
        self._mark, beyond, self._tail = self._MARKS[name]
        self._left = limit + beyond
        self._line_ends = name == "tsv"
        self._held = b""
        self.full = False

    def write(self, piece: bytes) -> int:
        """Let whole rows through. Raises CutShort at the first row too many."""
        if self.full:  # the engine offers once more what was refused
            return len(piece)
        window = self._held + piece
        if self._held == self._mark or window.count(self._mark) >= self._left:
            self._stop(window)
        self._left -= window.count(self._mark)
        keep = 0
        for size in range(min(len(self._mark) - 1, len(window)), 0, -1):
            if self._mark.startswith(window[-size:]):
                keep = size
                break
        out, self._held = (window[:-keep], window[-keep:]) if keep else (window, b"")
        if out:
            self._sink.write(out)
        return len(piece)

    def _stop(self, window: bytes) -> None:
        position = -1
        for _ in range(self._left):
            position = window.index(self._mark, position + 1)
        if self._line_ends and position == len(window) - 1:  # the last row that may pass; is there another?
            self._sink.write(window[:position])
            self._held, self._left = self._mark, 0
            return
        self._sink.write(window[: max(position, 0)])
        self._held, self.full = b"", True
        raise CutShort

    def flush(self) -> None:
        """Let through what was held back to see whether it is part of a mark."""
        if self._held:
            self._sink.write(self._held)
            self._held = b""

    def close_body(self) -> None:
        """Write what closes a cut body."""
        self._sink.write(self._tail)
