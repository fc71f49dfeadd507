"""What errors say, in Danish, for pages: the texts are in queries/problems.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

_PLACE = re.compile(r"\\\{(\w+)\\\}")
_HINT = re.compile(r" ?Did you mean ([^?]+)\?")
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
                said = danish.format(**match.groupdict())
                return f"{said} Mente du {hint[1]}?" if hint else said
        return ""
