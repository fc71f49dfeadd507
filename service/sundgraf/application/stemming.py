"""The stems of a word: what remains of it in Danish and in English when its endings are taken off (Snowball)."""

from __future__ import annotations

from functools import cache

import snowballstemmer

_LANGUAGES = ("danish", "english")


def stems_of(word: str) -> tuple[str, ...]:
    """Return the stems of a folded word (domain/finder.py), which may be of either language, each marked with its own.

    The endings that are taken off have no letters that folding changes but one: Danish -løs is not taken off.
    """
    return tuple(f"{language[0]}:{_stemmer(language).stemWord(word)}" for language in _LANGUAGES)


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(language)
