"""A short way to write statements in Python, for documents that are made and not stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from sundgraf.domain.terms import IRI, Literal
from sundgraf.store.writers import PREFIXES, write_graph

Value = IRI | Literal | str | int


class Document:
    """A graph in the making. Properties are written as `prefix:name`; subjects and plain strings are IRIs."""

    def __init__(self, prefixes: Mapping[str, str] | None = None) -> None:
        self._prefixes = {**PREFIXES, **(prefixes or {})}
        self._statements: list[ox.Triple] = []
        self._blanks = 0

    def add(self, subject: str) -> Subject:
        """Return a writer of statements about `subject`."""
        return Subject(self, ox.BlankNode(subject[2:]) if subject.startswith("_:") else ox.NamedNode(subject))

    def blank(self) -> str:
        """Return a new blank node's name."""
        self._blanks += 1
        return f"_:b{self._blanks}"

    def iri(self, name: str) -> ox.NamedNode:
        """Return the IRI of a prefixed name, or of an absolute IRI."""
        prefix, _, local = name.partition(":")
        return ox.NamedNode(self._prefixes[prefix] + local if prefix in self._prefixes else name)

    def state(self, subject: ox.NamedNode | ox.BlankNode, name: str, value: Value) -> None:
        """Add one statement."""
        self._statements.append(ox.Triple(subject, self.iri(name), self._term(value)))

    def write(self, format_name: str) -> bytes:
        """Return the document in the format called `format_name`, statements as written."""
        return write_graph(self._statements, format_name, self._prefixes)

    def __iter__(self) -> Iterator[ox.Triple]:
        return iter(self._statements)

    def _term(self, value: Value) -> ox.NamedNode | ox.BlankNode | ox.Literal:
        if isinstance(value, int):
            return ox.Literal(str(value), datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
        if isinstance(value, Literal):
            if value.language:
                return ox.Literal(value.value, language=value.language)
            if value.datatype:
                return ox.Literal(value.value, datatype=self.iri(value.datatype))
            return ox.Literal(value.value)
        text = value.value if isinstance(value, IRI) else value
        return ox.BlankNode(text[2:]) if text.startswith("_:") else self.iri(text)


class Subject:
    """Statements about one subject."""

    def __init__(self, document: Document, subject: ox.NamedNode | ox.BlankNode) -> None:
        self._document = document
        self._subject = subject

    def has(self, name: str, *values: Value) -> Subject:
        """Add statements with the property `name`; return this subject."""
        for value in values:
            self._document.state(self._subject, name, value)
        return self
