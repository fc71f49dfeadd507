"""Find things by what they are called: whole names first, then beginnings, words within, and names with a slip.

Letters are compared without case and accents, with æ, ø and å as ae, oe and aa, so that either way of typing works.
"""

from __future__ import annotations

import itertools
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"})
_LEAST_ALIKE = 0.4  # share of letter triples that a name with a slip has in common with what was typed
_LONGEST = 200  # characters
_MOST = 2000  # names that are looked at closely
_LAST = "\U0010ffff"  # comes after every letter


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
        self._entries = sorted(entries.values(), key=lambda entry: entry.folded)
        self._names = [entry.folded for entry in self._entries]
        self._by_triple: dict[str, array[int]] = defaultdict(lambda: array("L"))
        by_word: dict[str, array[int]] = defaultdict(lambda: array("L"))
        for number, entry in enumerate(self._entries):
            for triple in _triples(entry.folded):
                self._by_triple[triple].append(number)
            for word in set(entry.folded.split()):
                by_word[word].append(number)
        self._by_word = dict(by_word)
        self._words = sorted(by_word)

    def find(self, text: str, classes: Sequence[str] = (), language: str = "", limit: int = 10) -> list[Hit]:
        """Return the best hits, each thing once, names in `language` before others that are as good."""
        wanted = fold(text[:_LONGEST])
        if not wanted:
            return []
        allowed = set(classes)
        best: dict[str, tuple[float, bool, _Entry]] = {}
        looked_at: set[int] = set()
        for numbers in (self._beginning(wanted), self._with_word(wanted), self._alike(wanted)):
            if len(best) >= limit:  # whatever comes later is worse than all of these
                break
            for number in numbers:
                entry = self._entries[number]
                if number in looked_at or (allowed and allowed.isdisjoint(entry.classes)):
                    continue
                looked_at.add(number)
                rank = (_score(wanted, entry.folded), entry.language == language)
                if rank[0] and (entry.iri not in best or rank > best[entry.iri][:2]):
                    best[entry.iri] = (*rank, entry)
        found = sorted(best.values(), key=lambda hit: (-hit[0], not hit[1], len(hit[2].name), hit[2].name, hit[2].iri))
        return [Hit(e.iri, tuple(sorted(e.classes)), e.name, e.language, score) for score, _, e in found[:limit]]

    def _beginning(self, wanted: str) -> Iterable[int]:
        """Return the names that begin with the text."""
        return range(bisect_left(self._names, wanted), bisect_left(self._names, wanted + _LAST))[:_MOST]

    def _with_word(self, wanted: str) -> Iterator[int]:
        """Return names within which a word begins with the text."""
        first, *others = wanted.split()
        if others:
            words = [first]
        else:
            words = self._words[bisect_left(self._words, first) : bisect_left(self._words, first + _LAST)]
        inside = f" {wanted}"
        within = (number for word in words for number in self._by_word.get(word, ()) if inside in self._names[number])
        return itertools.islice(within, _MOST)

    def _alike(self, wanted: str) -> list[int]:
        """Return the names with most of the text's letter triples, looking only at those with one of its rarer ones.

        A name that is alike enough has about half of them, so it has one of the rarer half.
        """
        triples = sorted(_triples(wanted), key=lambda triple: len(self._by_triple.get(triple, ())))
        counts: Counter[int] = Counter()
        for triple in triples[: len(triples) // 2 + 1]:
            if len(counts) > _MOST * 10:
                break
            counts.update(self._by_triple.get(triple, ()))
        return [number for number, _ in counts.most_common(_MOST // 5)]


def _score(wanted: str, name: str) -> float:
    """Return how well a name fits: whole, at its beginning, at a word's, within, or alike in letters."""
    if name == wanted:
        return 1.0
    if name.startswith(wanted):
        return 0.9
    if f" {wanted}" in name:
        return 0.8
    if wanted in name:
        return 0.7
    own, other = _triples(wanted), _triples(name)
    shared = len(own & other)
    alike = max(2 * shared / (len(own) + len(other)), 0.75 * shared / max(1, len(own)))
    return alike * 0.65 if alike >= _LEAST_ALIKE else 0.0


def fold(text: str) -> str:
    """Return text as it is compared: lower case, without accents, one space between words."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def _triples(folded: str) -> set[str]:
    padded = f"  {folded} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}
