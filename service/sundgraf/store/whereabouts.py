"""In which file of the rooms, and on which line, something is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sundgraf.store.load import GRAPHS
from sundgraf.store.turtle_text import StatementLines

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_PREFIX = re.compile(r"^@prefix\s+([\w-]*):\s*<([^>]*)>", re.MULTILINE)
_NOWHERE = ("data/ttl", 0)


class Whereabouts:
    """Knows where subjects, their properties and values stand in Turtle files, given by their short names."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._texts = {name: path.read_text("utf-8") for name, path in files.items()}
        self._read: dict[str, StatementLines] = {}
        self._among = lru_cache(maxsize=1000)(self._files_with)

    def where(self, subject: str, property: str = "", value: str = "") -> tuple[str, int]:
        """Return file and line of a value, else of the property, else of the subject where its class is said.

        What is never a subject is found where it is first used, a named graph where its file begins. The data room and
        0 stand for what is nowhere.
        """
        for wanted in ((subject, property, value), (subject, property), (subject, _TYPE), (subject,)):
            if not all(wanted):
                continue
            for name in self._among(subject):
                line = self._statements(name).find(*wanted)
                if line:
                    return name, line
        return self._first_use(subject)

    def _first_use(self, iri: str) -> tuple[str, int]:
        for name in self._among(iri):
            text = self._texts[name]
            forms = [f"<{iri}>"]
            for prefix, start in _PREFIX.findall(text):
                if start and iri.startswith(start):
                    forms.append(f"{prefix}:{iri.removeprefix(start)}")
            for form in forms:
                found = re.search(rf"(?<![\w:-]){re.escape(form)}(?![\w-])", text)
                if found:
                    return name, text.count("\n", 0, found.start()) + 1
        graph = iri.removeprefix(GRAPHS)
        return next(((name, 1) for name in self._texts if name.endswith(f"/{graph}.ttl")), _NOWHERE)

    def _files_with(self, iri: str) -> tuple[str, ...]:
        local = iri.rstrip("/#").replace("#", "/").rpartition("/")[2]
        return tuple(name for name, text in self._texts.items() if local in text)

    def _statements(self, name: str) -> StatementLines:
        held = self._read.get(name)
        if held is None:
            held = self._read[name] = StatementLines(self._texts[name])
        return held
