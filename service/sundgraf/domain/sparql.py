"""What can be read off a SPARQL text without evaluating it: its form, whom it calls, and whether it is a look-up."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sundgraf.domain.errors import MalformedQuery, Refused
from sundgraf.domain.terms import Term, ntriples

Bound = Term | tuple[Term, ...]  # what a variable is bound to: one term, or any of several
QUERY_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
UPDATE_FORMS = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      |(?P<string>\"{3}(?:[^"\\]|\\.|\"{1,2}(?!\"))*\"{3}|'{3}(?:[^'\\]|\\.|'{1,2}(?!'))*'{3}
                 |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      |(?P<name>[A-Za-z][\w.-]*?:[\w.:%-]*|:[\w.:%-]*|[?$]\w+|@[\w-]+)
      |(?P<word>[A-Za-z_]\w*)
      |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
# Anywhere in the text, strings and comments too: what hides a call from one reader must not open it to another. The
# workers cannot open a connection in any case (store/worker.py).
_GAP = r"(?:\s|#[^\n]*\n)"
_SERVICE = re.compile(
    rf"\bSERVICE(?:{_GAP}+SILENT)?(?:{_GAP}*(<[^>]*>|[?$]\w+)|{_GAP}+([\w.-]*:[\w.-]*))", re.IGNORECASE
)
_GROUP_START = re.compile(r"\bWHERE\s*\{")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_NATIVE = ("bif:", "sql:")
_VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})
_IRI = r"<([^<>\"{}|^`\\\x00-\x20]+)>"
_SHAPE_CHARACTERS = 8_000  # of a query that tell its shape
_SPACE = r"(?:\s|\#[^\n]*\n)"
_DECLARATION = re.compile(rf"{_SPACE}*PREFIX\s+([A-Za-z][\w-]*|):\s*{_IRI}", re.IGNORECASE)
_LOOKUP = re.compile(
    rf"{_SPACE}*SELECT\s+(\*|\?\w+(?:\s+\?\w+)?)\s*(?:WHERE\s*)?"
    rf"\{{\s*{_IRI}\s*(?:{_IRI}|\?(\w+)|([A-Za-z][\w-]*:[A-Za-z][\w-]*))\s*\?(\w+)\s*\.?\s*"
    r"""(?:FILTER\s*\(\s*(?:LANG\s*\(\s*\?(\w+)\s*\)\s*=\s*(?:"([a-z]+)"|'([a-z]+)')"""
    r"""|LANGMATCHES\s*\(\s*LANG\s*\(\s*\?(\w+)\s*\)\s*,\s*(?:"([a-z]+)"|'([a-z]+)')\s*\))\s*\)\s*)?\}\s*""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says of itself. `services` holds the words after SERVICE: an IRI in < >, a variable or a name.

    `native` holds names of what an engine has built in and that is not SPARQL's (Virtuoso's `bif:` and `sql:`).
    """

    form: str
    services: tuple[str, ...]
    volatile: bool
    native: tuple[str, ...] = ()


class Lookup(NamedTuple):
    """A query for the values of one thing: of one property (`predicate`), or of all (then it is None).

    Where `language` is given, only for values in it; `ranges` says that it stands for its variants too (en: en-GB).
    """

    variables: tuple[str, ...]
    subject: str
    predicate: str | None
    value_variable: str
    language: str | None
    ranges: bool


class Ordering(NamedTuple):
    """How a SELECT sorts its rows: by which conditions, whether a LIMIT or OFFSET follows, and its prologue."""

    conditions: tuple[str, ...]
    limited: bool
    prologue: str


@lru_cache(maxsize=1024)
def read(text: str) -> Reading:
    """Return what a query text says of itself.

    Raises MalformedQuery where it has no query form, or is an update. Only the engine's parser says whether all of it
    is SPARQL.
    """
    form = ""
    plain = _ESCAPE.sub(_unescape, text)
    services = tuple(match[1] or match[2] for match in _SERVICE.finditer(plain))
    volatile = bool(services)  # what others answer is not ours to date
    native = []
    for kind, token in _tokens(plain):
        if kind in ("iri", "name") and token.lstrip("<").lower().startswith(_NATIVE):
            native.append(token)
        if kind != "word":
            continue
        word = token.upper()
        if not form and word == "DEFINE":
            raise MalformedQuery("DEFINE is an order to one engine and no SPARQL 1.1; leave it out.", 1, 1)
        if not form and word in QUERY_FORMS:
            form = word
        elif not form and word in UPDATE_FORMS:
            raise MalformedQuery(
                f"This is an update ({word}), not a query. The graph changes by publications only; see /.", 1, 1
            )
        elif word in _VOLATILE:
            volatile = True
    if not form:
        raise MalformedQuery("There is no SELECT, ASK, CONSTRUCT or DESCRIBE in this text.", 1, 1)
    return Reading(form, services, volatile, tuple(native))


def refuse_calls(reading: Reading, allowed: frozenset[str]) -> None:
    """Raise Refused where the query makes the server call an endpoint that is not in `allowed`, or an engine's own."""
    if reading.native:
        raise Refused(f"{reading.native[0]} is refused: bif: and sql: reach into one engine; use what SPARQL 1.1 has.")
    for called in reading.services:
        if called.strip("<>") not in allowed:
            raise Refused(
                f"SERVICE {called} is refused: this server calls no other endpoint for its readers"
                + (f" but {', '.join(sorted(allowed))}." if allowed else ". Ask both and join the answers yourself.")
            )


def tokens_of(text: str) -> Iterator[str]:
    """Yield the tokens of a text with what stands between them; put together they are the text."""
    for match in _TOKEN.finditer(text):
        yield match[0]


def shape_of(text: str) -> str:
    """Return a query without what often varies from one to the next of a kind: numbers, texts, spaces and comments."""
    found = (token for kind, token in _tokens(text[:_SHAPE_CHARACTERS]) if kind != "string")
    return " ".join(token for token in found if not token.isdigit() and token != ".")


def undeclared_prefixes(text: str) -> dict[str, int]:
    """Return the prefixes that names have and nothing declares, each with the place of its first name."""
    found: dict[str, int] = {}
    declared, before = set(), ""
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "skip":
            continue
        if kind == "name" and token[0] not in "?$@":
            prefix = token.partition(":")[0]
            if before == "PREFIX":
                declared.add(prefix)
            elif before != "_":
                found.setdefault(prefix, match.start())
        before = token.upper() if kind == "word" else token
    return {prefix: place for prefix, place in found.items() if prefix not in declared}


@lru_cache(maxsize=1024)
def datasets_of(text: str) -> tuple[bool, bool]:
    """Say whether a query names its dataset itself (FROM), and whether it looks into named graphs (GRAPH)."""
    words = {token.upper() for kind, token in _tokens(text) if kind == "word"}
    return "FROM" in words, "GRAPH" in words


@lru_cache(maxsize=256)
def ordering_of(text: str) -> Ordering | None:
    """Return how the outermost SELECT sorts its rows, None where it does not."""
    depth, after, start = 0, 0, len(text)
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "word" and token.upper() == "SELECT" and start == len(text):
            start = match.start()
        if kind == "other" and token in "{}":
            depth += 1 if token == "{" else -1
            after = match.end()
    tail = text[after:] if depth == 0 else ""
    found = re.search(r"\bORDER\s+BY\b", tail, re.IGNORECASE)
    if found is None:
        return None
    end = re.search(r"\b(?:LIMIT|OFFSET|VALUES)\b", tail[found.end() :], re.IGNORECASE)
    clause = tail[found.end() : found.end() + end.start()] if end else tail[found.end() :]
    return Ordering(tuple(_conditions(clause)), end is not None, text[:start])


def _conditions(clause: str) -> Iterator[str]:
    """Yield the conditions of an ORDER BY: a variable, or what ends with a closing bracket."""
    depth, gathered = 0, ""
    for match in _TOKEN.finditer(clause):
        token = match[0]
        depth += {"(": 1, ")": -1}.get(token, 0)
        gathered += token
        if depth == 0 and (token == ")" or (match.lastgroup == "name" and token[0] in "?$")):
            yield gathered.strip()
            gathered = ""


def as_lookup(text: str) -> Lookup | None:
    """Return the look-up that a query is, where it only asks for values of one thing; None for any other query."""
    start, prefixes = 0, {}
    if "PREFIX" in text or "prefix" in text:
        while declared := _DECLARATION.match(text, start):
            prefixes[declared[1]] = declared[2]
            start = declared.end()
    match = _LOOKUP.fullmatch(text, start)
    if match is None:
        return None
    projection, subject, predicate, property_variable, name, value_variable, *filtered = match.groups()
    variables = _projected(projection, property_variable, value_variable)
    tested, *languages = (filtered[0] or filtered[3], filtered[1], filtered[2], filtered[4], filtered[5])
    if variables is None or (tested or value_variable) != value_variable:
        return None
    if name is not None:
        prefix, _, local = name.partition(":")
        if prefix not in prefixes:
            return None
        predicate = prefixes[prefix] + local
    language = next(filter(None, languages), None)
    return Lookup(variables, subject, predicate, value_variable, language, filtered[3] is not None)


@lru_cache(maxsize=256)
def _projected(projection: str, property_variable: str | None, value_variable: str) -> tuple[str, ...] | None:
    """Return the variables that a look-up selects; None where it says what only the engine can answer."""
    if property_variable == value_variable:
        return None
    known = {value_variable} if property_variable is None else {value_variable, property_variable}
    variables = tuple(sorted(known)) if projection == "*" else tuple(projection.replace("?", "").split())
    return variables if set(variables) <= known and len(set(variables)) == len(variables) else None


def bind_values(text: str, bindings: Mapping[str, Bound]) -> str:
    """Return one of our own queries with a VALUES block for the bindings in its WHERE clause and those of subqueries.

    Values are written as N-Triples terms, so that none of them can be read as anything else. Our queries write WHERE
    before each such group, and nowhere else (tests/test_remote.py asks each of them on another engine). A variable with
    several values is not selected: a thing that has two of them is one row of a SELECT DISTINCT. Raises ValueError for
    an IRI that cannot be written.
    """
    if not bindings:
        return text
    names = " ".join(f"?{name}" for name in bindings)
    each = [term if isinstance(term, tuple) else (term,) for term in bindings.values()]
    rows = " ".join(f"({' '.join(ntriples(term) for term in row)})" for row in itertools.product(*each))
    block = f" VALUES ({names}) {{ {rows} }} "
    first = _GROUP_START.search(text)
    head = text[: first.start()] if first else ""
    for name, term in bindings.items():
        if isinstance(term, tuple) and "SELECT" in head:
            head = re.sub(rf"\?{name}\b", "", head)
    return head + _GROUP_START.sub(lambda start: start[0] + block, text[first.start() :] if first else text)


def slice_rows(text: str, offset: int, limit: int) -> str:
    """Return one of our own queries, which has no LIMIT of its own, for some of its rows."""
    return f"{text.rstrip()}\nOFFSET {offset:d} LIMIT {limit:d}\n"


def bind_rows(text: str, names: Sequence[str], rows: Iterable[Sequence[Term]]) -> str:
    """Return one of our own queries with a VALUES block of many rows, as `bind_values` does with one."""
    head = " ".join(f"?{name}" for name in names)
    body = " ".join(f"({' '.join(ntriples(term) for term in row)})" for row in rows)
    block = f" VALUES ({head}) {{ {body} }} "
    return _GROUP_START.sub(lambda start: start[0] + block, text)


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "skip":
            yield kind, match[0]
