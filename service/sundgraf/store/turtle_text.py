"""Where things stand in a Turtle file: its comments, and the line and column of each statement.

Parsers give triples without their places. This reads the tokens of Turtle 1.1 (W3C Recommendation, section 6.5) of a
text that is known to parse, and keeps no more of the grammar than it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LOCAL = r"(?:[\w:]|%[0-9A-Fa-f]{2}|\\.|-|\.(?=[.\w:%\\-]))*"
_TOKEN = re.compile(
    rf"""(?P<skip>\s+)
      |(?P<comment>\#[^\n]*)
      |(?P<string>\"{{3}}(?:[^"\\]|\\.|\"{{1,2}}(?!\"))*\"{{3}}|'{{3}}(?:[^'\\]|\\.|'{{1,2}}(?!'))*'{{3}}
                 |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |(?P<iri><[^<>"{{}}|^`\x00-\x20]*>)
      |(?P<directive>@(?:prefix|base)\b|(?i:prefix|base)\b(?=\s))
      |(?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^)
      |(?P<number>[+-]?(?:[0-9]*\.[0-9]+|[0-9]+(?:\.[0-9]*(?=[eE]))?)(?:[eE][+-]?[0-9]+)?)
      |(?P<name>_:[\w](?:[\w.-]*[\w-])?|(?:[^\W\d_](?:[\w.-]*[\w-])?)?:{_LOCAL})
      |(?P<word>[A-Za-z]+)
      |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


class Place(NamedTuple):
    """Line and column of a token, both from 1; of a cell, row and column, and the sheet it is in."""

    line: int
    column: int
    sheet: str = ""


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


def leading_comments(source: str) -> list[str]:
    """Return the comment lines before the first statement."""
    comments = []
    for token in _tokens(source):
        if token.kind == "comment":
            comments.append(token.text.rstrip())
        elif token.kind != "skip":
            break
    return comments


def later_comments(source: str) -> list[int]:
    """Return the lines of the comments that stand after the first token of a statement."""
    lines, begun = [], False
    for token in _tokens(source):
        if token.kind == "comment" and begun:
            lines.append(source.count("\n", 0, token.start) + 1)
        begun = begun or token.kind not in ("skip", "comment")
    return lines


class StatementLines:
    """Knows where each subject, property and value of a Turtle, TriG, N-Triples or N-Quads text stands."""

    def __init__(self, source: str, base: str = "") -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]
        self._places: dict[tuple[str, ...], int] = {}
        self._values: dict[tuple[str, str], tuple[str, ...]] = {}
        self._prefixes: dict[str, str] = {}
        self._base = base
        self._read([token for token in _tokens(source) if token.kind not in ("skip", "comment")])

    def find(self, *what: str) -> int:
        """Return the line of a subject; of its property; of a value of that. 0 where there is none."""
        place = self.locate(*what)
        return place.line if place else 0

    def locate(self, *what: str) -> Place | None:
        """Return line and column of a subject; of its property; of a value of that, also one in a nested node."""
        start = self._places.get(what)
        if start is None:
            return None
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= start else (low, middle)
        return Place(low + 1, start - self._starts[low] + 1)

    def locate_value(self, subject: str, value: str) -> Place | None:
        """Return line and column of a value of a subject, whatever its property is."""
        if not self._values:
            for what in self._places:
                if len(what) == 3:
                    self._values.setdefault((what[0], what[2]), what)
        what = self._values.get((subject, value), ())
        return self.locate(*what) if what else None

    def _read(self, tokens: list[_Token]) -> None:
        said: list[str] = []  # subject, then property
        depth = position = 0
        while position < len(tokens):
            kind, text, start = tokens[position]
            position += 1
            if kind == "directive":
                position = self._declare(tokens, position)
            elif kind == "sign":
                depth += (text in "[(") - (text in "])")
                if depth == 0 and text in "])" and not said:
                    said = [""]  # a node without a name is the subject
                    self._places.setdefault(("",), start)
                elif text in "{}":
                    said = []  # what stood before is the name of a graph
                elif depth == 0 and text == ";":
                    said = said[:1]
                elif depth == 0 and text == ".":
                    said = []
            elif kind == "tag":
                position += text == "^^"  # the datatype is no value
            elif kind == "word" and text.upper() == "GRAPH" and not said:
                continue
            elif depth == 0 and len(said) < 2:
                said.append(_TYPE if said and text == "a" else self._value(kind, text))
                self._places.setdefault(tuple(said), start)
            elif len(said) == 2:
                self._places.setdefault((*said, self._value(kind, text)), start)

    def _declare(self, tokens: list[_Token], position: int) -> int:
        if tokens[position].kind == "iri":
            self._base = urljoin(self._base, tokens[position].text[1:-1])
            end = position + 1
        else:
            iri = self._value("iri", tokens[position + 1].text)
            self._prefixes[tokens[position].text[:-1]] = iri
            end = position + 2
        return end + (end < len(tokens) and tokens[end].text == ".")

    def _value(self, kind: str, text: str) -> str:
        if kind == "iri":
            iri = _ESCAPE.sub(_unescape, text[1:-1])
            return urljoin(self._base, iri) if self._base else iri
        if kind == "name" and not text.startswith("_:"):
            prefix, _, local = text.partition(":")
            return self._prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
        if kind == "string":
            width = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
            return _ESCAPE.sub(_unescape, text[width:-width])
        return text


def _tokens(source: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(source):
        yield _Token(match.lastgroup or "sign", match[0], match.start())


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _LETTERS.get(match[3], match[3])
