"""Find things by what they are called: whole names first, then beginnings, words within, and names with a slip.

Letters are compared without case and accents, with æ, ø and å as ae, oe and aa, so that either way of typing works.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"})
_LEAST_ALIKE = 0.4  # share of letter triples that a name with a slip has in common with what was typed
_LONGEST = 200  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found: its IRI, its classes, the name that matched and its language, and how well, 0 to 1."""

    iri: str
    classes: tuple[str, ...]
    name: str
    language: str
    score: float


@dataclass(slots=True)
class _Entry:
    iri: str
    name: str
    language: str
    folded: str
    classes: set[str] = field(default_factory=set)


class Finder:
    """An index of names; made once, then only read."""

    def __init__(self, names: Iterable[tuple[str, str, str, str]]) -> None:
        """Take (IRI, class, name, language), in any order."""
        entries: dict[tuple[str, str, str], _Entry] = {}
        for iri, class_, name, language in names:
            entry = entries.setdefault((iri, name, language), _Entry(iri, name, language, fold(name)))
            entry.classes.add(class_)
        self._entries = list(entries.values())
        self._by_triple: dict[str, list[int]] = defaultdict(list)
        self._sizes = []
        for number, entry in enumerate(self._entries):
            triples = _triples(entry.folded)
            self._sizes.append(len(triples))
            for triple in triples:
                self._by_triple[triple].append(number)

    def find(self, text: str, classes: Sequence[str] = (), language: str = "", limit: int = 10) -> list[Hit]:
        """Return the best hits, each thing once, names in `language` before others that are as good."""
        wanted = fold(text[:_LONGEST])
        if not wanted:
            return []
        allowed = set(classes)
        best: dict[str, tuple[float, bool, _Entry]] = {}
        for number, shared in self._candidates(wanted):
            entry = self._entries[number]
            if allowed and allowed.isdisjoint(entry.classes):
                continue
            rank = (self._score(wanted, entry, shared, self._sizes[number]), entry.language == language)
            if rank[0] and (entry.iri not in best or rank > best[entry.iri][:2]):
                best[entry.iri] = (*rank, entry)
        found = sorted(best.values(), key=lambda hit: (-hit[0], not hit[1], len(hit[2].name), hit[2].name, hit[2].iri))
        return [Hit(e.iri, tuple(sorted(e.classes)), e.name, e.language, score) for score, _, e in found[:limit]]

    def _candidates(self, wanted: str) -> Iterable[tuple[int, int]]:
        counts: Counter[int] = Counter()
        for triple in _triples(wanted):
            counts.update(self._by_triple.get(triple, ()))
        return counts.items()

    @staticmethod
    def _score(wanted: str, entry: _Entry, shared: int, size: int) -> float:
        name = entry.folded
        if name == wanted:
            return 1.0
        if name.startswith(wanted):
            return 0.9
        if f" {wanted}" in name:
            return 0.8
        if wanted in name:
            return 0.7
        alike = 2 * shared / (size + len(_triples(wanted)))
        within = shared / max(1, len(_triples(wanted)))
        return max(alike, 0.75 * within) * 0.65 if max(alike, 0.75 * within) >= _LEAST_ALIKE else 0.0


def fold(text: str) -> str:
    """Return text as it is compared: lower case, without accents, one space between words."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def _triples(folded: str) -> set[str]:
    padded = f"  {folded} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}
