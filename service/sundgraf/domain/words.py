"""The words of many names: how much each tells, and which are close to a word: with a slip, cut short, of one stem."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from sundgraf.domain.packed import KeyedGroups, Keys

SMALL = frozenset(
    (
        "a", "af", "and", "at", "by", "da", "de", "den", "der", "des", "det", "du", "et", "for", "fra", "fuer", "i",
        "in", "la", "med", "mod", "of", "og", "on", "paa", "the", "til", "to", "und", "van", "ved", "with",
    )
)  # fmt: skip  # words that an abbreviation leaves out
ONE_SLIP, TWO_SLIPS, SAME_STEM, CUT_SHORT = 0.88, 0.72, 0.95, 0.75  # how close a word is that is not the same
_SHORT = 6  # letters; with a slip, such a word has hardly a letter triple left, so it is found by what remains of it
_MOST_CUT, _MOST_ALIKE, _KEPT = 40, 20, 4000
_LAST = "\U0010ffff"


class Words:
    """An index of words; made once, then only read. A word has the number of its place in the alphabet.

    `counts` says in how many of `size` names each word stands, `stems` gives the stems of a word in each language.
    """

    def __init__(
        self, counts: Mapping[str, int], size: int, stems: Callable[[str], Iterable[str]] = lambda _: ()
    ) -> None:
        words = sorted(counts)
        self._words = Keys(words)
        self.weights = memoryview(array("f", (math.log1p(size / counts[word]) for word in words)))
        self.unknown = math.log1p(size)
        self._stems = stems
        told = [(number, word) for number, word in enumerate(words) if not word.isdigit()]
        # (another number is another thing)
        self._by_stem = KeyedGroups((stem, number) for number, word in told for stem in set(stems(word)))
        self._by_triple = KeyedGroups(
            (triple, number) for number, word in told if len(word) > _SHORT for triple in triples(word)
        )
        self._by_rest = KeyedGroups(
            (rest, number) for number, word in told if len(word) <= _SHORT for rest in _rests(word)
        )
        self._close: dict[str, dict[int, float]] = {}

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def number(self, word: str) -> int | None:
        """Return the number of a word, None for one that stands nowhere."""
        return self._words.number(word)

    def beginning(self, start: str) -> range:
        """Return the numbers of the words that begin with `start`."""
        return range(bisect_left(self._words, start), bisect_left(self._words, start + _LAST))

    def weight(self, word: str) -> float:
        """Return how much a word tells; one that stands nowhere tells as much as the closest that does."""
        number = self.number(word)
        if number is not None:
            return self.weights[number]
        close = self.close(word)
        return self.weights[max(close, key=close.__getitem__)] if close else self.unknown

    def mend(self, word: str) -> str:
        """Return the closest word, with its slips taken out; the word itself where it begins one, or none is close."""
        close = {} if self.beginning(word) else self.close(word)
        return self._words[max(close, key=close.__getitem__)] if close else word

    def close(self, word: str) -> dict[int, float]:
        """Return the words that may be meant by one, each with how close it is, 0 to 1."""
        known = self._close.get(word)
        if known is None:
            if len(self._close) >= _KEPT:
                self._close.clear()
            known = self._close[word] = self._find_close(word)
        return known

    def _find_close(self, word: str) -> dict[int, float]:
        number = self.number(word)
        if word.isdigit():
            return {} if number is None else {number: 1.0}
        found: dict[int, float] = {}
        if len(word) >= 3:
            found |= dict.fromkeys(self.beginning(word)[:_MOST_CUT], CUT_SHORT)
        if number is None and len(word) >= 4:  # with a slip in three letters it is another abbreviation
            for other in self._alike(word):
                slips = count_slips(word, self._words[other])
                if slips == 1:
                    found[other] = ONE_SLIP
                elif slips == 2 and len(word) >= 8:
                    found.setdefault(other, TWO_SLIPS)
        for stem in self._stems(word):
            found |= dict.fromkeys(self._by_stem[stem], SAME_STEM)
        if number is not None:
            found[number] = 1.0
        return found

    def _alike(self, word: str) -> Iterator[int]:
        """Yield words that may differ by a slip or two."""
        if len(word) <= _SHORT + 1:
            for rest in _rests(word):
                yield from self._by_rest[rest]
        if len(word) >= _SHORT:
            counts = Counter(number for triple in triples(word) for number in self._by_triple[triple])
            yield from (number for number, _ in counts.most_common(_MOST_ALIKE))


def count_slips(one: str, other: str, most: int = 2) -> int:
    """Return how many letters are wrong, missing, too many or swapped between two words; at most `most` + 1."""
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most:
        return most + 1
    shorter = min(len(one), len(other))
    start = ends = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    while ends < shorter - start and one[-1 - ends] == other[-1 - ends]:
        ends += 1
    one, other = one[start : len(one) - ends], other[start : len(other) - ends]
    if not one or not other:
        return min(len(one) + len(other), most + 1)
    if max(len(one), len(other)) > 4 * most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return min(last[-1], most + 1)


def triples(text: str) -> set[str]:
    """Return the letter triples of a text, its beginning and end counted as letters."""
    padded = f"  {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def abbreviations(words: list[str], known: Words) -> set[str]:
    """Return the abbreviations by first letters of a name: with the parts of its compounds (AUH) and without (AU)."""
    told = [word for word in words if word not in SMALL]
    if not 1 <= len(told) <= 8:
        return set()
    plain = "".join(word[0] for word in told)
    parts = "".join(letter for word in told for letter in (word[0], _second_part(word, known)))
    return {short for short in (plain, parts) if 2 <= len(short) <= 8}


def _second_part(word: str, known: Words) -> str:
    """Return the first letter of the last part of a compound whose last part is a word by itself, else ""."""
    if len(word) >= 10:
        for start in range(4, len(word) - 4):
            if word[start:] in known:
                return word[start]
    return ""


def _rests(word: str) -> set[str]:
    """Return a word and what remains of it when one letter is left out."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))} if len(word) > 2 else {word}
