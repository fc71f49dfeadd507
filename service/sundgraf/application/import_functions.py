"""The functions that a mapping may call: recoding by tables, dates, organisations by name, and conditions.

Each is an IRI under https://w3id.org/sundgraf/function/, as FnO has it, and takes its parameters by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from sundgraf.application.yarrrml import Function, Said, Term
from sundgraf.domain.dates import read_date
from sundgraf.domain.errors import BadInput
from sundgraf.domain.finder import fold
from sundgraf.domain.imported import PLACEHOLDERS, Recoding, Row
from sundgraf.domain.names import BASE
from sundgraf.domain.recoding import Recoder
from sundgraf.domain.register import Register

FUNCTIONS = f"{BASE}function/"
_CONCEPT = f"{BASE}concept/"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DATATYPES = {4: "gYear", 7: "gYearMonth", 10: "date"}
_EXACT = "skos:exactMatch"


def functions_of(register: Register, recoder: Recoder, organisations: Mapping[str, str]) -> dict[str, Function]:
    """Return the functions for a register; `organisations` are IRIs of published ones by their folded names."""

    def recode(row: Row, said: Said) -> list[Term]:
        lines = recoder.recode(_table(said, recoder), list(_values(row, said)))
        return [ox.NamedNode(line.target) for line in lines]

    def confidence(row: Row, said: Said) -> list[Term]:
        lines = recoder.recode(_table(said, recoder), list(_values(row, said)), count=False)
        return [ox.NamedNode(f"{_CONCEPT}confidence/{_how_sure(line.confidence)}") for line in lines[:1]]

    def basis(row: Row, said: Said) -> list[Term]:
        lines = recoder.recode(_table(said, recoder), list(_values(row, said)), count=False)
        return [
            ox.NamedNode(f"{_CONCEPT}basis/{'stated' if line.how == 'is' and line.predicate == _EXACT else 'inferred'}")
            for line in lines[:1]
        ]

    def recodes(row: Row, said: Said) -> list[Term]:
        lines = recoder.recode(_table(said, recoder), list(_values(row, said)), count=False)
        wanted = {text for one in said.get("to", ()) for text in one.fill(row)}
        return [ox.Literal(True)] if any(not wanted or line.target in wanted for line in lines) else []

    def stands(row: Row, said: Said) -> list[Term]:
        return [ox.Literal(True)] if any(_values(row, said)) else []

    def date(row: Row, said: Said) -> list[Term]:
        for reference, text in _values(row, said):
            read, rule = read_date(text, register.dates)
            if read != text:
                recoder.counted[Recoding(reference, text[:80], read, rule or "date: not read")] += 1
            if read:
                return [ox.Literal(read, datatype=ox.NamedNode(_XSD + _DATATYPES[len(read)]))]
        return []

    def organisation(row: Row, said: Said) -> list[Term]:
        found: list[Term] = []
        for reference, text in _values(row, said, "name"):
            iri = organisations.get(fold(text), "")
            if iri:
                rule = "organisation: by its name"
                recoder.counted[Recoding(reference, text[:80], iri.removeprefix(BASE), rule)] += 1
            found.append(ox.NamedNode(iri or f"{PLACEHOLDERS}{register.name}/organisation/{_slug(text)}"))
        return found

    named = (recode, confidence, basis, recodes, stands, date, organisation)
    return {FUNCTIONS + function.__name__: function for function in named}


def _values(row: Row, said: Said, parameter: str = "value") -> Iterator[tuple[str, str]]:
    """Yield what the parameters of that name are for a row, each with the references that it was made of."""
    for text in said.get(parameter, ()):
        for filled in text.fill(row):
            yield " + ".join(text.references) or "(constant)", filled


def _table(said: Said, recoder: Recoder) -> str:
    table = "".join(part for text in said.get("table", ()) for part in text.parts)
    if not recoder.has_table(table):
        raise BadInput(f"The mapping asks for the recoding table {table!r}, which no line of the tables has.")
    return table


def _how_sure(confidence: float) -> str:
    return "high" if confidence >= 0.9 else "medium" if confidence >= 0.7 else "low"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", fold(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "x"
