"""What everything is called, by IRI and language."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from sundgraf.domain.packed import Keys, Strings

_LANGUAGES = ("da", "en", "")


class Labels:
    """The first name of each thing in each language; made once, then only read."""

    def __init__(self, rows: Iterable[tuple[str, str, str]] = ()) -> None:
        """Take (IRI, language, name) in any order."""
        things: dict[str, int] = {}
        names: dict[str, int] = {}
        said: dict[str, dict[int, int]] = {}
        for iri, language, name in rows:
            first = said.setdefault(language, {})
            first.setdefault(things.setdefault(iri, len(things)), names.setdefault(name, len(names)))
        self._things = Keys(things)
        self._names = Strings(names)
        self._said = {  # by language and thing: the number of the name, from 1; 0 for none
            language: memoryview(array("I", (first.get(thing, -1) + 1 for thing in range(len(things)))))
            for language, first in said.items()
        }

    def find(self, iri: str, language: str) -> str:
        """Return what an IRI is called in a language, else in Danish, in English or without one; "" for no name."""
        thing = self._things.number(iri)
        if thing is None:
            return ""
        for wanted in (language, *_LANGUAGES):
            said = self._said.get(wanted)
            if said is not None and said[thing]:
                return self._names[said[thing] - 1]
        return ""
