"""Find things by the words of their names and descriptions, whatever their endings, accents and slips."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sundgraf.domain.finder import fold
from sundgraf.domain.packed import Groups, KeyedGroups, Strings
from sundgraf.domain.words import SMALL, Words

_IN_TEXT = 0.5  # what a word in a description counts, beside one in a name
_ALL_BUT_SAME = 0.99
_LONGEST, _MOST_WORDS = 500, 24


class Found(NamedTuple):
    """A thing that was found, and how well it fits, 0 to 1; 1 is the very name."""

    iri: str
    score: float


class Texts:
    """An index of what is said in words of each thing; made once, then only read."""

    def __init__(
        self,
        names: Iterable[tuple[str, str]],
        texts: Iterable[tuple[str, str]],
        stems: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        """Take (IRI, name) and (IRI, text) in any order and any language."""
        numbers: dict[str, int] = {}
        known: dict[str, int] = {}  # words
        called: list[tuple[str, int]] = []
        counts: Counter[str] = Counter()
        standing = array("I"), array("I"), array("I"), array("I")  # words and things, in names; then in texts
        for place, said in enumerate((names, texts)):
            for iri, text in said:
                number = numbers.setdefault(iri, len(numbers))
                folded = fold(text)
                if place == 0:
                    called.append((folded, number))
                words = set(folded.split())
                counts.update(words)
                for word in words:
                    standing[2 * place].append(known.setdefault(word, len(known)))
                    standing[2 * place + 1].append(number)
        self._things = Strings(numbers)
        self._named = KeyedGroups(called)
        self._words = Words(counts, len(called), stems)
        order = array("I", (self._words.number(word) or 0 for word in known))
        self._standing = [
            Groups(((order[word], thing) for word, thing in zip(*standing[at : at + 2], strict=True)), len(known))
            for at in (0, 2)
        ]

    def find(self, text: str, limit: int = 1000) -> list[Found]:
        """Return the things in whose names and descriptions all words of a text stand, best first.

        Things that fit as well come in the order in which they were given. Small words (of, og, the) are asked for only
        where there are no others. A word stands for itself, for words of the same stem in Danish or English and for
        those that it begins; one that stands nowhere also for those with a slip, from eight letters on with two.
        """
        folded = fold(text[:_LONGEST])
        words = list(dict.fromkeys(folded.split()))[:_MOST_WORDS]
        words = [word for word in words if word not in SMALL] or words
        told = [(self._words.weight(word), self._words.close(word)) for word in words]
        whole = sum(weight for weight, _ in told)
        told.sort(key=lambda pair: sum(len(self._standing[place][word]) for word in pair[1] for place in (0, 1)))
        found: dict[int, float] | None = None
        for weight, close in told:
            fitting: dict[int, float] = {}
            by_closeness = sorted(close.items(), key=lambda pair: pair[1])
            for place, part in ((1, _IN_TEXT), (0, 1.0)):  # what fits best is written last
                for word, closeness in by_closeness:
                    fitting.update(dict.fromkeys(self._standing[place][word], closeness * part))
            if found is None:
                found = {number: weight * fits for number, fits in fitting.items()}
            else:
                found = {n: gain + weight * fitting[n] for n, gain in found.items() if n in fitting}
        same = set(self._named[folded])
        ranked = heapq.nsmallest(limit, ((n not in same, -gain, n) for n, gain in (found or {}).items()))
        return [
            Found(self._things[n], round(min(_ALL_BUT_SAME, -loss / whole), 3) if other else 1.0)
            for other, loss, n in ranked
        ]
