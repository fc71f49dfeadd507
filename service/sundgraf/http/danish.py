"""What errors say, in Danish, for pages: the texts are in queries/problems.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from sundgraf.domain.readable import write_number

_PLACE = re.compile(r"\\\{(\w+)\\\}")
_HINT = re.compile(r" ?Did you mean ([^?]+)\?")
_COUNTS = {"n", "m", "most", "number"}  # places for what we counted, never for what somebody wrote
_ENGLISH = re.compile(r"\d{1,3}(,\d{3})+|\d+\.\d+")
_LONGEST = 4000  # characters; a longer text is not gone through


class Danish:
    """Knows the Danish for what errors say in English."""

    def __init__(self, texts: Path) -> None:
        said = tomllib.loads(texts.read_text("utf-8")) if texts.is_file() else {}
        self._known: Sequence[tuple[re.Pattern[str], str]] = [
            (re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), danish)
            for english, danish in said.items()
        ]

    def say(self, english: str) -> str:
        """Return the Danish text, "" where nobody wrote one."""
        text = english[:_LONGEST]
        hint = _HINT.search(text)
        text = _HINT.sub("", text).strip()
        for pattern, danish in self._known:
            match = pattern.fullmatch(text)
            if match:
                said = danish.format(**{name: _as_danish(name, value) for name, value in match.groupdict().items()})
                return f"{said} Mente du {hint[1]}?" if hint else said
        return ""


def _as_danish(place: str, value: str) -> str:
    if place in _COUNTS and _ENGLISH.fullmatch(value):
        return write_number(value.replace(",", ""), "da")
    return value
