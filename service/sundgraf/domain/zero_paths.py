"""Find the patterns in which a path of no length leads from a term to itself (SPARQL 1.1 section 18.5).

The engine gives no row for `<a> <p>* ?x` where <a> is not in the graph; the standard gives <a>. What is found is told
with a text that says the same and holds on the engine too. Lists (`;`, `,`, `[ ]`, `( )`) are not gone into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from sundgraf.domain.sparql import tokens_of

_NULLABLE = re.compile(r"[*?](?=[\s)/|#<\"'?$])")
_TERM = re.compile(r"<[^<>]*>\Z|[A-Za-z]?[\w.-]*:[\w.:%-]*\Z|[\"']|\d+\Z")
_VARIABLE = re.compile(r"[?$]\w+\Z")
_LONGEST = 20_000  # characters


class ZeroPath(NamedTuple):
    """A pattern from `start` to `end` of a text: `test` is a group that holds where the engine knows the term."""

    start: int
    end: int
    test: str
    instead: str


class _Token(NamedTuple):
    text: str
    start: int
    end: int


@lru_cache(maxsize=256)
def find_zero_paths(text: str) -> tuple[ZeroPath, ...]:
    """Return such patterns in the order of the text; none in a text that is very long."""
    if len(text) > _LONGEST or not _NULLABLE.search(text):
        return ()
    tokens = list(_significant(text))
    found, at = [], 1
    while at < len(tokens):
        pattern = _read_pattern(text, tokens, at) if tokens[at - 1].text in ("{", ".", "}") else None
        if pattern is not None:
            found.append(pattern)
        at += 1
    return tuple(found)


def mend(text: str, patterns: list[ZeroPath]) -> str:
    """Return a text with patterns put in other words."""
    for pattern in reversed(patterns):
        text = f"{text[: pattern.start]}{pattern.instead}{text[pattern.end :]}"
    return text


def _significant(text: str) -> Iterator[_Token]:
    place = 0
    for token in tokens_of(text):
        if token.strip() and not token.startswith("#"):
            yield _Token(token, place, place + len(token))
        place += len(token)


def _read_pattern(text: str, tokens: list[_Token], at: int) -> ZeroPath | None:
    try:
        path, nullable = _alternatives(tokens, at + 1)
        last, after = tokens[path], tokens[path + 1].text
    except (IndexError, ValueError):
        return None
    first = tokens[at]
    known = [token.text for token in (first, last) if _TERM.match(token.text)]
    variables = [token.text for token in (first, last) if _VARIABLE.match(token.text)]
    if not nullable or not known or len(known) + len(variables) != 2 or after in (",", ";", "^") or after[0] == "@":
        return None
    if len(known) == 2 and known[0] != known[1]:
        return None
    steps = text[tokens[at + 1].start : last.start]
    itself = f"{known[0]} {steps} {known[0]}"
    bound = f"BIND({known[0]} AS {variables[0]})" if variables else ""
    whole = text[first.start : last.end]
    instead = f"{{ {whole} }} UNION {{ FILTER NOT EXISTS {{ {itself} }} {bound} }}"
    return ZeroPath(first.start, last.end, itself, instead)


def _alternatives(tokens: list[_Token], at: int) -> tuple[int, bool]:
    """Return where a path ends, and whether it may have no length. Raises ValueError or IndexError for no path."""
    return _joined(tokens, at, "|", _sequence, any)


def _sequence(tokens: list[_Token], at: int) -> tuple[int, bool]:
    return _joined(tokens, at, "/", _step, all)


def _joined(
    tokens: list[_Token], at: int, sign: str, read: Callable[[list[_Token], int], tuple[int, bool]],
    together: Callable[[list[bool]], bool],
) -> tuple[int, bool]:  # fmt: skip
    """Read parts with a sign between them; `together` says of theirs whether the whole may have no length."""
    at, nullable = read(tokens, at)
    each = [nullable]
    while tokens[at].text == sign:
        at, nullable = read(tokens, at + 1)
        each.append(nullable)
    return at, together(each)


def _step(tokens: list[_Token], at: int) -> tuple[int, bool]:
    while tokens[at].text in ("^", "!"):
        at += 1
    if tokens[at].text == "(":
        at, nullable = _alternatives(tokens, at + 1)
        if tokens[at].text != ")":
            raise ValueError
    elif tokens[at].text == "a" or (_TERM.match(tokens[at].text) and tokens[at].text[0] not in "\"'0123456789"):
        nullable = False
    else:
        raise ValueError
    at += 1
    if tokens[at].text in ("*", "?"):
        return at + 1, True
    return (at + 1, nullable) if tokens[at].text == "+" else (at, nullable)
