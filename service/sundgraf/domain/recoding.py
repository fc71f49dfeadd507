"""What the values of another register become: looked up in declared tables, counted, and never guessed silently."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from sundgraf.domain.imported import Recoding
from sundgraf.domain.names import BASE
from sundgraf.domain.register import Line

_OPTION = re.compile(r"^[a-z]\)\s*")  # as in "b) Pilot"
_BETWEEN = re.compile(r"[^\w&+]+")
_LONG = 80  # characters of an original that a report shows


class Recoder:
    """Looks values up in the tables of a register, its own lines first, and counts what it was asked to recode."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.counted: Counter[Recoding] = Counter()
        self.missed: list[tuple[str, str, str]] = []  # table, reference and value, since somebody emptied it
        self._exact: dict[tuple[str, str], Line] = {}
        self._rest: dict[str, list[tuple[str, Line]]] = defaultdict(list)
        self._known: dict[tuple[str, str], Line | None] = {}
        self._tables: set[str] = set()
        for line in lines:
            self._tables.add(line.table)
            plain = _plain(line.value)
            if line.how == "is":
                self._exact.setdefault((line.table, plain), line)
            else:
                self._rest[line.table].append((f" {plain}", line))

    def has_table(self, table: str) -> bool:
        """Say whether there is a table of that name."""
        return table in self._tables

    def find(self, table: str, text: str) -> Line | None:
        """Return the line of a table that fits a text, the exact ones first, then in the order of the table."""
        key = table, text
        if key not in self._known:
            self._known[key] = self._find(table, _plain(text))
        return self._known[key]

    def recode(self, table: str, said: Sequence[tuple[str, str]], *, count: bool = True) -> list[Line]:
        """Return the lines that say what the values (reference, text) of a row become, and count it.

        The first reference with a value that fits decides; all of its values that fit count.
        """
        first = said[0][0] if said else ""
        for reference in dict.fromkeys(reference for reference, _ in said):
            found: dict[str, Line] = {}
            for text in (text for r, text in said if r == reference):
                line = self.find(table, text)
                if line is not None:
                    found.setdefault(line.target, line)
                    if count:
                        self._count(reference, text, table, line)
            if found:
                return list(found.values())
        for reference, text in said:
            if count and reference == first:
                self.missed.append((table, reference, text[:_LONG]))
                self.counted[Recoding(reference, text[:_LONG], "", f"{table}: nothing fits")] += 1
        return []

    def _find(self, table: str, plain: str) -> Line | None:
        exact = self._exact.get((table, plain))
        if exact is not None:
            return exact
        within = f" {plain}"
        for part, line in self._rest.get(table, ()):
            if within.startswith(part) if line.how == "begins" else part in within:
                return line
        return None

    def _count(self, reference: str, text: str, table: str, line: Line) -> None:
        original = f"… {line.value} …" if line.how == "has" else text[:_LONG]
        rule = f"{table}: {line.how} {line.value!r} ({line.predicate}, {line.confidence:g})"
        self.counted[Recoding(reference, original, line.target.removeprefix(BASE), rule)] += 1


def _plain(text: str) -> str:
    return _BETWEEN.sub(" ", _OPTION.sub("", text.casefold())).strip()
