"""Find things by what they are called: whole names first, then beginnings, words within, and names with a slip.

Letters are compared without case and accents, with æ, ø and å as ae, oe and aa, so that either way of typing works.
Completion (`find`) wants what goes on as was typed; a register that is compared (`rank`) wants what is called the same.
"""

from __future__ import annotations

import heapq
import itertools
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sundgraf.domain.packed import Groups, KeyedGroups, Keys, Strings, encode
from sundgraf.domain.words import Words, abbreviations, triples

ABBREVIATED = 0.8  # how well initials fit
_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"})
_LEAST_ALIKE = 0.45  # how alike a name must be that does not hold what was typed
_LONGEST = 200  # characters
_MOST_WORDS = 24
_MOST = 2000  # names that are looked at
_MOST_CLOSELY = 30  # names that are compared letter by letter
_MOST_STANDING = 3000  # places of a text's words that are looked up, the rarest words first
_MENDED = 0.9  # of the score of a text without its slips
_ALL_BUT_SAME = 0.97  # of a name that differs
_LAST = "\U0010ffff"  # comes after every letter
_Best = dict[int, tuple[float, bool, int]]  # thing -> score, whether in the language asked for, and the entry


class Name(NamedTuple):
    """What a thing of a class is called in a language ("" for none); an alias is what it is called besides."""

    iri: str
    class_: str
    text: str
    language: str
    alias: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found: its IRI, its classes, the name that matched and its language, and how well, 0 to 1."""

    iri: str
    classes: tuple[str, ...]
    name: str
    language: str
    score: float


class Finder:
    """An index of names; made once, then only read. Each name of a thing in a language is an entry, with a number."""

    def __init__(
        self,
        names: Iterable[Name],
        stems: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        """Take names in any order, and what gives the stems of a folded word."""
        same: dict[str, str] = {}  # each IRI and name once, however many names and things have it
        held: dict[tuple[str, str, str], tuple[set[str], bool]] = {}
        for iri, class_, text, language, alias in names:
            key = same.setdefault(iri, iri), same.setdefault(text, text), language
            classes, only_alias = held.get(key, (set(), True))
            classes.add(class_)
            held[key] = classes, only_alias and alias
        folded = sorted((fold(key[1]), place, key) for place, key in enumerate(held))
        self._names = Strings(name for name, _, _ in folded)
        self._written = Strings(key[1] for _, _, key in folded)
        things = {iri: number for number, iri in enumerate(dict.fromkeys(key[0] for _, _, key in folded))}
        self._things = Keys(things)
        self._thing = memoryview(array("I", (things[key[0]] for _, _, key in folded)))
        languages = {language: number for number, language in enumerate(dict.fromkeys(key[2] for key in held))}
        self._languages = list(languages)
        self._language = memoryview(array("H", (languages[key[2]] for _, _, key in folded)))
        kinds: dict[frozenset[str], int] = {}
        numbered = (kinds.setdefault(frozenset(held[key][0]), len(kinds)) for _, _, key in folded)
        self._kind = memoryview(array("H", numbered))
        self._kinds = list(kinds)
        self._alias = memoryview(bytes(held[key][1] for _, _, key in folded))
        self._of_thing = Groups(((thing, number) for number, thing in enumerate(self._thing)), len(things))
        words = [name.split() for name, _, _ in folded]
        self._words = Words(Counter(w for each in words for w in set(each)), len(words), stems)
        numbers = [[self._words.number(word) or 0 for word in dict.fromkeys(each)] for each in words]
        self._standing = Groups(  # by word: the entries that it stands in
            ((word, entry) for entry, each in enumerate(numbers) for word in each), len(self._words)
        )
        weights = (sum(self._words.weight(word) for word in each) for each in words)
        self._weights = memoryview(array("f", weights))  # by entry: how much its words tell together
        self._by_initials = KeyedGroups(
            (short, entry) for entry, each in enumerate(words) for short in abbreviations(each, self._words)
        )

    def find(self, text: str, classes: Sequence[str] = (), language: str = "", limit: int = 10) -> list[Hit]:
        """Return the best hits for what was typed so far, each thing once, names in `language` before equal ones."""
        wanted = fold(text[:_LONGEST])
        if not wanted:
            return []
        best: _Best = {}
        ways = (
            self._beginning(wanted), self._with_word(wanted), self._mended(wanted), self._alike(wanted, set(classes))
        )  # fmt: skip
        for scored in ways:
            if len(best) >= limit:  # whatever comes later is worse than all of these
                break
            self._keep_best(best, scored, set(classes), language)
        return self._hits(best, limit)

    def rank(self, text: str, classes: Sequence[str] = (), language: str = "", limit: int = 10) -> list[Hit]:
        """Return the things that are called most like a whole name: score 1 where it is the very name."""
        wanted = fold(text[:_LONGEST])
        if not wanted:
            return []
        allowed = set(classes)
        best: _Best = {}
        self._keep_best(best, ((number, 1.0) for number in self._same(wanted)), allowed, language)
        self._keep_best(best, self._resembling(wanted, allowed), allowed, language)
        self._keep_best(best, ((n, ABBREVIATED) for n in self._abbreviated(wanted)), allowed, language)
        return self._hits(best, limit)

    def named(self, text: str) -> set[str]:
        """Return the things that have the very name, in any language."""
        return {self._things[self._thing[number]] for number in self._same(fold(text[:_LONGEST]))}

    def label(self, iri: str, language: str) -> str:
        """Return what a thing is called, in the language where it can be, else in English; "" where nobody says."""
        order = {language: 0, "": 1, "en": 2}
        named = [
            (self._alias[number], order.get(self._languages[self._language[number]], 3), self._written[number])
            for number in self._entries(iri)
        ]
        return min(named)[2] if named else ""

    def classes(self, iri: str) -> set[str]:
        """Return the classes of a thing that has a name."""
        return set().union(*(self._kinds[self._kind[number]] for number in self._entries(iri)))

    def _entries(self, iri: str) -> Sequence[int]:
        thing = self._things.number(iri)
        return () if thing is None else self._of_thing[thing]

    def _keep_best(self, best: _Best, scored: Iterable[tuple[int, float]], allowed: set[str], language: str) -> None:
        for number, score in scored:
            if allowed and allowed.isdisjoint(self._kinds[self._kind[number]]):
                continue
            rank = (score, self._languages[self._language[number]] in (language, ""))
            thing = self._thing[number]
            if thing not in best or rank > best[thing][:2]:
                best[thing] = (*rank, number)

    def _hits(self, best: _Best, limit: int) -> list[Hit]:
        found = [
            (-score, not fits, len(name := self._written[number]), name, self._things[thing], number)
            for thing, (score, fits, number) in best.items()
        ]
        hits = []
        for less, _, _, name, iri, number in heapq.nsmallest(limit, found):
            language, classes = self._languages[self._language[number]], self._kinds[self._kind[number]]
            hits.append(Hit(iri, tuple(sorted(classes)), name, language, -less))
        return hits

    def _same(self, wanted: str) -> range:
        """Return the very names."""
        start = bisect_left(self._names, wanted)
        end = start
        while end < len(self._names) and self._names[end] == wanted:
            end += 1
        return range(start, end)

    def _beginning(self, wanted: str) -> Iterator[tuple[int, float]]:
        """Yield the names that begin with the text."""
        start = bisect_left(self._names, wanted)
        for number in range(start, bisect_left(self._names, wanted + _LAST))[:_MOST]:
            yield number, 1.0 if self._names[number] == wanted else 0.9

    def _with_word(self, wanted: str) -> Iterator[tuple[int, float]]:
        """Yield names within which a word begins with the text."""
        *whole, last = wanted.split()
        words: Iterable[int] = self._words.beginning(last)
        if whole:  # a name that holds the text holds each of these, so the rarest will do
            known = [number for word in whole if (number := self._words.number(word)) is not None]
            words = (min(known, key=lambda word: len(self._standing[word])),) if len(known) == len(whole) else ()
        inside = encode(f" {wanted}")
        within = ((n, 0.8) for word in words for n in self._standing[word] if self._names.has_within(n, inside))
        return itertools.islice(within, _MOST)

    def _mended(self, wanted: str) -> Iterator[tuple[int, float]]:
        """Yield the names that begin with the text once its words have no slips, and those within which a word does."""
        mended = " ".join(self._words.mend(word) for word in wanted.split()[:_MOST_WORDS])
        if mended != wanted:
            again = itertools.chain(self._beginning(mended), self._with_word(mended))
            yield from ((number, score * _MENDED) for number, score in again)

    def _alike(self, wanted: str, allowed: set[str]) -> Iterator[tuple[int, float]]:
        """Yield names that are like the text, or hold it."""
        for number, alike in self._resembling(wanted, allowed):
            if wanted in self._names[number]:
                yield number, 0.7
            elif alike >= _LEAST_ALIKE:
                yield number, alike * 0.65

    def _abbreviated(self, wanted: str) -> Sequence[int]:
        """Return the names whose first letters a single short word may be, where they are few."""
        found = self._by_initials[wanted] if 2 <= len(wanted) <= 8 else ()
        return found if len(found) <= _MOST_CLOSELY else ()

    def _resembling(self, wanted: str, allowed: set[str]) -> Iterator[tuple[int, float]]:
        """Yield the names that share most of what the words of a text tell, each with how alike it is, 0 to 1.

        The rarest words are looked up first. What is found is compared word by word, and by letter triples without
        regard to spaces, since compounds are written together in one language and apart in another.
        """
        words = self._join(wanted.split()[:_MOST_WORDS])
        told = [(self._words.weight(word), self._words.close(word)) for word in words]
        whole = sum(weight for weight, _ in told)
        gained: dict[int, float] = defaultdict(float)
        looked_up = 0
        for weight, close in sorted(told, key=lambda pair: -pair[0]):
            for word, closeness in close.items():
                standing = self._standing[word]
                looked_up += len(standing)
                for number in standing[:_MOST_STANDING]:
                    gained[number] += weight * closeness
            if looked_up > _MOST_STANDING:
                break
        weights = self._weights
        enough = max(gained.values(), default=0.0) / 2
        likely = [(gain / (whole + weights[number]), number) for number, gain in gained.items() if gain >= enough]
        likely.sort(reverse=True)
        fitting = (n for _, n in likely if not allowed or not allowed.isdisjoint(self._kinds[self._kind[n]]))
        letters = triples(wanted.replace(" ", ""))
        for number in itertools.islice(fitting, _MOST_CLOSELY):
            name = self._names[number]
            if name == wanted:
                yield number, 1.0
                continue
            by_words = self._gain(told, name) / (whole + weights[number])
            others = triples(name.replace(" ", ""))
            by_letters = 2 * len(letters & others) / (len(letters) + len(others))
            yield number, min(_ALL_BUT_SAME, max(by_words, 0.95 * by_letters))

    def _join(self, words: list[str]) -> list[str]:
        """Return words with those written together that stand together in names: universitets hospital."""
        joined: list[str] = []
        for word in words:
            if joined and not joined[-1].isdigit() and joined[-1] + word in self._words:
                joined[-1] += word
            else:
                joined.append(word)
        return joined

    def _gain(self, told: list[tuple[float, dict[int, float]]], name: str) -> float:
        """Return what the words of a text and those of a name that are close to them tell together."""
        left = [self._words.number(word) or 0 for word in name.split()]
        gain = 0.0
        for weight, close in told:
            best, chosen = 0.0, -1
            for number in left:
                closeness = close.get(number, 0.0)
                if closeness > best:
                    best, chosen = closeness, number
            if chosen >= 0:
                left.remove(chosen)
                gain += best * (weight + self._words.weights[chosen])
        return gain


def fold(text: str) -> str:
    """Return text as it is compared: lower case, without accents, one space between words."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())
