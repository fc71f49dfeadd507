"""The stems of a word: what remains of it in Danish and in English when its endings are taken off (Snowball)."""

from __future__ import annotations

import threading

import snowballstemmer

_LANGUAGES = ("danish", "english")


class _Stemmers(threading.local):
    """A stemmer holds the word that it works on, so each thread has its own."""

    def __init__(self) -> None:
        self.each = [(language[0], snowballstemmer.stemmer(language).stemWord) for language in _LANGUAGES]


_stemmers = _Stemmers()


def stems_of(word: str) -> tuple[str, ...]:
    """Return the stems of a folded word (domain/finder.py), which may be of either language, each marked with its own.

    The endings that are taken off have no letters that folding changes but one: Danish -løs is not taken off.
    """
    return tuple(f"{mark}:{stem(word)}" for mark, stem in _stemmers.each)
