"""The property sg:searchText in a query: what it asks is looked up in an index, and stands there as VALUES instead.

    ?thing sg:searchText "breast cancer" .             things that the words are said of
    (?thing ?score) sg:searchText "breast cancer" .    and how well they fit, 0 to 1

So a search is plain SPARQL by the time an engine sees it, and means the same on every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sundgraf.domain.errors import MalformedQuery
from sundgraf.domain.sparql import tokens_of
from sundgraf.domain.terms import IRI, XSD, Literal, ntriples

PROPERTY = "https://w3id.org/sundgraf/def/searchText"
_LOCAL = PROPERTY.rsplit("/", 1)[1]
_STARTS = frozenset("{}.)")  # what a pattern of its own may follow
_NEVER_PREDICATE = frozenset({"a", ","})


class Search(NamedTuple):
    """A search in a query: where it stands in the text, its variables ("" for no score), and the words."""

    start: int
    end: int
    thing: str
    score: str
    words: str
    goes_on: bool


class _Token(NamedTuple):
    text: str
    start: int
    end: int


def find_searches(query: str) -> list[Search]:
    """Return the searches in a query, in order. Raises MalformedQuery for one in a form that cannot be answered."""
    if _LOCAL not in query and f"<{PROPERTY[: -len(_LOCAL) + 1]}" not in query:  # a prefix may hold part of it
        return []
    tokens, place = [], 0
    for text in tokens_of(query):
        if not text.isspace() and not text.startswith("#"):
            tokens.append(_Token(text, place, place + len(text)))
        place += len(text)
    names = _names(tokens)
    found = []
    for at, token in enumerate(tokens):
        if (token.text in names or token.text.rstrip(".") in names) and _is_predicate(tokens, at):
            found.append(_read(query, tokens, at))
    return found


def write_found(query: str, found: Iterable[tuple[Search, Sequence[tuple[str, float]]]]) -> str:
    """Return a query with what was found, (IRI, score) pairs, in place of each search."""
    parts, place = [], 0
    for search, things in found:
        names, rows = f"{search.thing} {search.score}".strip(), []
        for iri, score in things:
            terms = [ntriples(IRI(iri))]
            written = f"{score:.3f}".rstrip("0").removesuffix(".")  # Jena gives a number back as it was written
            terms += [ntriples(Literal(written, f"{XSD}decimal"))] if search.score else []
            rows.append(f"({' '.join(terms)})")
        goes_on = f" {search.thing}" if search.goes_on else ""
        parts += [query[place : search.start], f"VALUES ({names}) {{ {' '.join(rows)} }}{goes_on}"]
        place = search.end
    return "".join([*parts, query[place:]])


def _names(tokens: Sequence[_Token]) -> set[str]:
    """Return the ways in which a query may write the property."""
    names = {f"<{PROPERTY}>"}
    for word, prefix, iri in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if word.text.upper() == "PREFIX" and prefix.text.endswith(":") and PROPERTY.startswith(iri.text.strip("<>")):
            names.add(prefix.text + PROPERTY.removeprefix(iri.text.strip("<>")))
    return names


def _is_predicate(tokens: Sequence[_Token], at: int) -> bool:
    """Say whether the property stands where a query asks by it, not where it asks about it."""
    before = tokens[at - 1].text if at else ""
    if before in ";^|/!" and before:
        return True
    if before.startswith(("?", "$")):  # a subject, unless this is the object of a variable predicate
        return at < 2 or _starts(tokens[at - 2].text)
    if before in (")", "]"):
        return at + 1 < len(tokens) and not _starts(tokens[at + 1].text)
    if before.startswith("<") or (":" in before and before not in _NEVER_PREDICATE):
        return at < 2 or _starts(tokens[at - 2].text)
    return False


def _read(query: str, tokens: Sequence[_Token], at: int) -> Search:
    if tokens[at - 1].text == ")":
        subject = [token.text for token in tokens[max(0, at - 4) : at]]
        first = at - 4
        legal = len(subject) == 4 and subject[0] == "(" and all(name[0] in "?$" for name in subject[1:3])
        variables = (subject[1], subject[2]) if legal else ("", "")
    else:
        first, subject_text = at - 1, tokens[at - 1].text
        legal = subject_text[0] in "?$" and (first == 0 or _starts(tokens[first - 1].text))
        variables = (subject_text, "")
    following = tokens[at + 1 : at + 3]
    if not legal or not following:
        raise _unanswerable(query, tokens[at].start)
    said, end = following[0], following[0].end
    words = _words(tokens, said.text)
    after = following[1] if len(following) > 1 else None
    if after is not None and after.text.startswith("@"):
        end = after.end
        after = tokens[at + 3] if at + 3 < len(tokens) else None
    if words is None or (after is not None and after.text in (",", "^")):
        raise _unanswerable(query, said.start)
    goes_on = after is not None and after.text == ";"
    if goes_on and after is not None:
        end = after.end
        rest = next((token.text for token in tokens if token.start >= end), "}")
        goes_on = rest not in (".", "}", ";")
    return Search(tokens[first].start, end, *variables, words, goes_on)


def _words(tokens: Sequence[_Token], said: str) -> str | None:
    """Return the words that a string, or a variable with one value, stands for; None for anything else."""
    if said[0] in "\"'":
        quotes = 3 if said.startswith(('"""', "'''")) else 1
        return _unescape(said[quotes:-quotes])
    if said[0] not in "?$":
        return None
    for at, token in enumerate(tokens):
        if token.text.upper() != "VALUES":
            continue
        texts = [one.text for one in tokens[at + 1 :]]
        if texts[:1] == [said] and texts[1] == "{" and texts[3] == "}":  # VALUES ?words { "sepsis" }
            return _words((), texts[2]) if texts[2][0] in "\"'" else None
        if texts[:1] == ["("] and said in (names := texts[1 : texts.index(")")]):
            values = texts[texts.index("{") + 2 :]
            values = [value for value in values[: values.index(")")] if not value.startswith("@")]
            if len(values) == len(names):
                return _words((), values[names.index(said)]) if values[names.index(said)][0] in "\"'" else None
    return None


def _starts(text: str) -> bool:
    return text in _STARTS or text.endswith(".")


def _unanswerable(query: str, offset: int) -> MalformedQuery:
    return MalformedQuery(
        'sg:searchText cannot be asked like this; write it as a pattern of its own: ?thing sg:searchText "words" . or '
        '(?thing ?score) sg:searchText "words" . The words are a text, or a variable that VALUES gives one text.',
        query.count("\n", 0, offset) + 1,
        offset - query.rfind("\n", 0, offset),
    )


def _unescape(text: str) -> str:
    for escaped, plain in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ('\\"', '"'), ("\\'", "'"), ("\\\\", "\\")):
        text = text.replace(escaped, plain)
    return text
