"""What the store gives back in other letters than a file has: the values are the same, the forms are not.

The engine keeps numbers, dates and truth values by value, gives derived integer types as xsd:integer, and language tags
in lower case (shared findings, "Oxigraph and rdflib faults").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from sundgraf.store.load import format_of, malformed

LOOKED_AT = 100_000  # statements of a file; looking at all of a large one would take as long as loading it
_MOST_TAGS = 16 << 20  # bytes of a file that are searched for language tags
_XSD = "http://www.w3.org/2001/XMLSchema#"
_SAME = {  # forms that are known to come back as they are
    f"{_XSD}string": re.compile(r"", re.DOTALL),
    f"{_XSD}anyURI": re.compile(r"", re.DOTALL),
    f"{_XSD}integer": re.compile(r"(?:0|-?[1-9]\d{0,17})\Z"),
    f"{_XSD}date": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    f"{_XSD}gYear": re.compile(r"\d{4}\Z"),
    f"{_XSD}boolean": re.compile(r"(?:true|false)\Z"),
}
_TAG = re.compile(rb"""(?:["']@|xml:lang=["']|"@language"\s*:\s*")([A-Za-z]+(?:-[A-Za-z0-9]+)*)""")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """How many literals of a file the store writes differently, and the first of them, as written and as kept."""

    file: str
    count: int
    written: str
    kept: str


def find_rewritten(path: Path, most: int | None = LOOKED_AT) -> Rewritten | None:
    """Return what the store writes differently among the first `most` statements of a file, None for nothing.

    Raises MalformedData where these do not parse, or UnknownFormat.
    """
    count, first = 0, ("", "")
    for written, kept in (*_tags(path), *_literals(path, most)):
        count += 1
        first = first if first[0] else (written, kept)
    return Rewritten(path.name, count, *first) if count else None


def kept_form(literal: ox.Literal) -> ox.Literal:
    """Return a literal as the store gives it back."""
    same = _SAME.get(literal.datatype.value)
    if literal.language or (same is not None and same.match(literal.value)):
        return literal
    scratch = ox.Store()
    scratch.add(ox.Quad(ox.NamedNode("urn:x"), ox.NamedNode("urn:x"), literal))
    kept = next(iter(scratch)).object
    assert isinstance(kept, ox.Literal)
    return kept


def _literals(path: Path, most: int | None) -> Iterator[tuple[str, str]]:
    known: dict[ox.Literal, ox.Literal] = {}
    try:
        for quad in islice(ox.parse(path=str(path), format=format_of(path)), most):
            literal = quad.object
            if isinstance(literal, ox.Literal) and not literal.language:
                kept = known.get(literal)
                if kept is None:
                    kept = known[literal] = kept_form(literal)
                if kept != literal:
                    yield str(literal), str(kept)
    except SyntaxError as error:
        raise malformed(path, error) from error


def _tags(path: Path) -> Iterator[tuple[str, str]]:
    """Yield language tags that are not in lower case; the parser has made them so already."""
    with path.open("rb") as file:
        text = file.read(_MOST_TAGS)
    for match in _TAG.finditer(text):
        tag = match[1].decode("ascii")
        if tag != tag.lower():
            yield f"@{tag}", f"@{tag.lower()}"
