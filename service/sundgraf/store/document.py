"""What somebody sends in: bytes in one of the formats that are read, and the statements in them.

Nothing is ever fetched: no remote JSON-LD context, no owl:imports, no XML entity (shared design, "SERVICE and LOAD").
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat

import pyoxigraph as ox

from sundgraf.domain.errors import MalformedData, UnsupportedMediaType
from sundgraf.domain.media import JSONLD, N3, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE, Format
from sundgraf.store.load import said_by

NEW = "https://w3id.org/sundgraf/new/"  # what relative names in a document stand under until it is accepted
_READ: dict[str, tuple[Format, ox.RdfFormat]] = {
    format.name: (format, engine)
    for format, engine in (
        (TURTLE, ox.RdfFormat.TURTLE),
        (TRIG, ox.RdfFormat.TRIG),
        (NTRIPLES, ox.RdfFormat.N_TRIPLES),
        (NQUADS, ox.RdfFormat.N_QUADS),
        (JSONLD, ox.RdfFormat.JSON_LD),
        (RDFXML, ox.RdfFormat.RDF_XML),
        (N3, ox.RdfFormat.TURTLE),
    )
}
_EXTENSIONS = {".xml": "rdfxml", ".json": "jsonld", ".owl": "rdfxml", ".csv": "csv", ".xlsx": "xlsx"}
_TABLES = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
TABLES = frozenset(_TABLES.values())
_MARK = "doc"
MARKED = re.compile(rf"(?<=^_:){_MARK}[0-9a-f]{{16}}x")  # in what a blank node of a document is called here
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_NOTHING_ELSE = "there is no statement in it; describe a record, or send another file."
_NOTHING = {
    "jsonld": "there is no statement in it; names in JSON-LD say something only where an @context explains them.",
}
_POSITION = re.compile(r"(?:line|at) (\d+)(?: ?(?:column|columns|:|between columns) ?(\d+))?")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as sent: a name to call it by, its bytes and the name of its format ("turtle", "jsonld", ...)."""

    name: str
    content: bytes
    format: str

    @property
    def text(self) -> str:
        """The text, decoded as UTF-8; what cannot be decoded is shown as �."""
        return self.content.decode("utf-8-sig", "replace")


def format_name(name: str, media_type: str = "") -> str:
    """Return the name of a document's format, from its file name or its media type. Raises UnsupportedMediaType."""
    dot = name.rfind(".")
    extension = name[dot:].lower() if dot >= 0 else ""
    if extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    wanted = media_type.partition(";")[0].strip().lower()
    if wanted in _TABLES:
        return _TABLES[wanted]
    for format, _ in _READ.values():
        if extension == f".{format.extension}" or wanted in (format.media_type, *format.aliases):
            return format.name
    known = ", ".join(f"{format.media_type} (.{format.extension})" for format, _ in list(_READ.values())[:-1])
    raise UnsupportedMediaType(
        f"{wanted or extension or name!r} is not read here; send one of {known}, or CSV or XLSX as in the template."
    )


def read_document(document: Document) -> list[ox.Quad]:
    """Return the statements of a document, relative names under NEW. Raises MalformedData with line and column."""
    content = document.content.removeprefix(b"\xef\xbb\xbf")
    mark = f"{_MARK}{secrets.token_hex(8)}x"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise MalformedData(
            f"{document.name}:{line}:{column}: this is not UTF-8 (it looks like {_likely(content)}); "
            "save the file as UTF-8 and send it again.", document.name, line, column,
        ) from error  # fmt: skip
    if document.format == "rdfxml" and b"<!ENTITY" in content:
        _refuse_entities(document.name, content)
    try:
        quads = [_apart(quad, mark) for quad in ox.parse(content, format=_READ[document.format][1], base_iri=NEW)]
    except SyntaxError as error:
        raise _unreadable(document, content, error) from error
    if not quads:
        raise MalformedData(f"{document.name}: {_NOTHING.get(document.format, _NOTHING_ELSE)}", document.name)
    return quads


def statements_of(quads: Iterable[ox.Quad]) -> ox.Store:
    """Return statements as the default graph of a store in memory; the graphs they came in do not count."""
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store


def shown_name(node: ox.NamedNode | ox.BlankNode) -> str:
    """Return a node as its document calls it."""
    return node.value if isinstance(node, ox.NamedNode) else MARKED.sub("", f"_:{node.value}")


def _apart(quad: ox.Quad, mark: str) -> ox.Quad:
    """Give the blank nodes of a document names that no other document and no published graph has."""

    def named(term: Term) -> Term:
        return ox.BlankNode(mark + term.value) if isinstance(term, ox.BlankNode) else term

    if not isinstance(quad.subject, ox.BlankNode) and not isinstance(quad.object, ox.BlankNode):
        return quad
    return ox.Quad(named(quad.subject), quad.predicate, named(quad.object), quad.graph_name)  # type: ignore[arg-type]


def _refuse_entities(name: str, content: bytes) -> None:
    for pattern, fault in (
        (rb"<!ENTITY[^>]*&\w+;", "XML entities that use other entities are not read here."),
        (rb"<!ENTITY[^>]*\s(?:SYSTEM|PUBLIC)\s", "XML entities from other files are never fetched; take the line out."),
    ):
        if found := re.search(pattern, content):
            line = content.count(b"\n", 0, found.start()) + 1
            raise MalformedData(f"{name}:{line}: {fault}", name, line)


def _unreadable(document: Document, content: bytes, error: SyntaxError) -> MalformedData:
    """Return what is wrong with a document that the parser refuses: where, and what to do."""
    text = " ".join(str(error).split())
    place, offset = error.lineno, error.offset
    if place is None and (position := _POSITION.search(text)):
        place, offset = int(position[1]), int(position[2] or 0) or None
    if place is None and document.format == "rdfxml":
        place, offset = _place_in_xml(content, text)
    if "LoadDocumentCallback" in text:
        text = "an @context at another address is never fetched; write into the document what it says"
        found = re.search(rb'"@context"|"@import"', content)
        place = content.count(b"\n", 0, found.start()) + 1 if found else None
        offset = found.start() - content.rfind(b"\n", 0, found.start()) if found else None
    else:
        text = said_by(error)
    where = ":".join([document.name, *(str(number) for number in (place, offset) if number)])
    return MalformedData(f"{where}: it cannot be read from here: {text}", document.name, place, offset)


def _place_in_xml(content: bytes, fault: str) -> tuple[int | None, int | None]:
    """Return line and column where XML is broken, which its parser does not tell; else of the name in the fault."""
    reader = expat.ParserCreate()
    reader.EntityDeclHandler = lambda *_: _no_entities()
    try:
        reader.Parse(content, True)
    except expat.ExpatError as broken:
        return broken.lineno, broken.offset + 1
    except _Entities:
        return None, None
    named = re.search(r"[\w.-]+:[\w.-]*", fault)
    start = content.find(named[0].encode()) if named else -1
    return (content.count(b"\n", 0, start) + 1, start - content.rfind(b"\n", 0, start)) if start >= 0 else (None, None)


class _Entities(Exception):
    """Entities are declared; a second parser is not to meet them."""


def _no_entities() -> None:
    raise _Entities


def _likely(content: bytes) -> str:
    return "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "Windows-1252"
