"""How XML that the engine writes reaches an XML reader as it was meant.

The engine writes characters that no XML document may hold (XML 1.0 section 2.2) and carriage returns as they are,
which readers take for line feeds (section 2.11).
"""

from __future__ import annotations

from sundgraf.domain.errors import NotAcceptable
from sundgraf.store.row_gate import Sink

_CONTROLS = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D))
_NO_CHARACTERS = {b"\xef\xbf\xbe": "U+FFFE", b"\xef\xbf\xbf": "U+FFFF"}


class XMLGate:
    """Passes XML on with its carriage returns as references; raises NotAcceptable for what XML cannot hold."""

    def __init__(self, sink: Sink, instead: str) -> None:
        self._sink = sink
        self._instead = instead
        self._held = b""
        self._refused = False

    def write(self, piece: bytes) -> int:
        """Pass a piece on. Raises NotAcceptable."""
        if self._refused:  # the engine offers once more what was refused
            return len(piece)
        window = self._held + piece
        character = _forbidden(window)
        if character:
            self._refused = True
            raise NotAcceptable(f"XML has no way to write the character {character}; ask for {self._instead} instead.")
        keep = 2 if window.endswith(b"\xef\xbf") else int(window.endswith(b"\xef"))
        self._held = window[len(window) - keep :]
        self._sink.write(window[: len(window) - keep].replace(b"\r", b"&#13;"))
        return len(piece)

    def flush(self) -> None:
        """Nothing to do: what is held back is part of a character."""


def _forbidden(window: bytes) -> str:
    if len(window.translate(None, _CONTROLS)) != len(window):
        return f"U+{next(code for code in window if code in _CONTROLS):04X}"
    if b"\xef\xbf" in window:
        return next((said for bytes_, said in _NO_CHARACTERS.items() if bytes_ in window), "")
    return ""
