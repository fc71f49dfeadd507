"""The shape of every IRI we mint, and how a path on a server names one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sundgraf.domain.errors import BadInput, NotFound

BASE = "https://w3id.org/sundgraf/"
EXTENSIONS = ("ttl", "jsonld", "nt", "rdf", "nq", "trig", "n3", "html", "csv", "rq")
_SHAPES = {
    "id": re.compile(r"[a-z][a-z-]*/[A-Za-z0-9][A-Za-z0-9-]*"),
    "def": re.compile(r"([A-Za-z][A-Za-z0-9]*)?"),
    "concept": re.compile(r"[a-z][a-z0-9-]*(/[a-z0-9][a-z0-9.-]*)?"),
    "shape": re.compile(r"[A-Z][A-Za-z0-9]*(-[A-Za-z0-9-]+)?"),
    "query": re.compile(r"(ask|check|derive|page)/[a-z0-9][a-z0-9-]*"),
    "graph": re.compile(r"[a-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9-]*)*"),
}
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Name:
    """One of our IRIs: the room it is in ("id", "def", "concept", "shape", "query", "graph") and the rest."""

    room: str
    rest: str

    @property
    def iri(self) -> str:
        """The IRI itself."""
        return f"{BASE}{self.room}/{self.rest}"

    @property
    def document(self) -> str:
        """The path of the document about it, without extension."""
        return f"/doc/{self.rest}" if self.room == "id" else f"/{self.room}/{self.rest}"


def parse_path(room: str, rest: str) -> tuple[Name, str]:
    """Return the name at the path /<room>/<rest>, and its extension ("" for none).

    The rooms "id" and "doc" name the same things. Raises BadInput for what can be no name, NotFound for a shape that
    we never mint.
    """
    if len(rest) > _LONGEST:
        raise BadInput(f"{rest[:80]!r}... is no part of an IRI of ours: none has more than {_LONGEST} characters.")
    if any(ord(character) < 33 or character in '<>"{}|\\^`' for character in rest):
        raise BadInput(f"{rest[:80]!r} is no part of an IRI: spaces, quotes and brackets cannot stand in one.")
    stem, dot, extension = rest.rpartition(".")
    if not dot or "/" in extension or extension not in EXTENSIONS:
        stem, extension = rest, ""
    room = "id" if room == "doc" else room
    shape = _SHAPES.get(room)
    if shape is None or not shape.fullmatch(stem):
        known, _, unknown = stem.rpartition(".")
        hint = f"; .{unknown[:20]} is no format here" if shape is not None and shape.fullmatch(known) else ""
        raise NotFound(f"Nothing was ever minted as {BASE}{room}/{stem[:120]}{hint}")
    return Name(room, stem), extension


def name_of(iri: str) -> Name | None:
    """Return the name of one of our IRIs, None for anybody else's."""
    if not iri.startswith(BASE):
        return None
    room, _, rest = iri.removeprefix(BASE).partition("/")
    try:
        name, extension = parse_path(room, rest)
    except (BadInput, NotFound):
        return None
    return None if extension else name
