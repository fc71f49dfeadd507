"""What an RDF term is, as plain values, and how it is written in N-Triples."""

from __future__ import annotations

import re
from dataclasses import dataclass

XSD = "http://www.w3.org/2001/XMLSchema#"
_ILLEGAL_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True)
class IRI:
    """An absolute IRI."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal; `datatype` is empty for plain and language-tagged strings."""

    value: str
    datatype: str = ""
    language: str = ""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class BlankNode:
    """A blank node, named within one answer only."""

    value: str

    def __str__(self) -> str:
        return f"_:{self.value}"


Term = IRI | Literal | BlankNode


def legal_iri(text: str) -> bool:
    """Say whether `text` can stand between < and > as an absolute IRI (RFC 3987 characters, scheme present)."""
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text)) and not _ILLEGAL_IN_IRI.search(text)


def last_part(iri: str) -> str:
    """Return what stands behind the last slash or number sign of an IRI."""
    return iri.replace("#", "/").rsplit("/", 1)[-1]


def ntriples(term: Term) -> str:
    """Return the N-Triples form of `term`. Raises ValueError for an IRI that cannot be written."""
    if isinstance(term, IRI):
        if not legal_iri(term.value):
            raise ValueError(f"not an absolute IRI: {term.value!r}")
        return f"<{term.value}>"
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    quoted = f'"{term.value.translate(_ESCAPES)}"'
    if term.language:
        return f"{quoted}@{term.language}"
    if term.datatype and term.datatype != f"{XSD}string":
        return f"{quoted}^^<{term.datatype}>"
    return quoted
