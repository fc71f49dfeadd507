"""How the statements about a thing are laid out for readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sundgraf.domain.readable import is_number
from sundgraf.domain.terms import IRI, Literal, Term

LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://purl.org/dc/terms/title",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://xmlns.com/foaf/0.1/name",
)
_HIDDEN = frozenset({"http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"})
_FIRST = (
    "title", "prefLabel", "name", "altLabel", "description", "definition", "currentStage", "technologyType", "maturity",
    "useCase", "broaderUseCase", "area", "effect", "country", "region", "spatial", "operator", "leadOrganisation",
    "participant", "vendor", "uses", "realises", "startDate", "endDate",
)  # fmt: skip
_LAST = ("sharesUseCaseWith", "cites", "editorialNote", "source", "sourceSection", "sourcePage", "identifier")
Row = dict[str, Term]


@dataclass(frozen=True, slots=True)
class Value:
    """A value as shown: text, the IRI it leads to ("" for none), and its language where it is not the reader's.

    `rule` is the IRI of the rule that derived the statement, "" where a source states it; `counted` says that the text
    is a number.
    """

    text: str
    iri: str = ""
    language: str = ""
    rule: str = ""
    counted: bool = False


@dataclass
class Fact:
    """A property with its values."""

    iri: str
    label: str
    values: list[Value] = field(default_factory=list)


@dataclass
class Claim:
    """A record that speaks about the thing, and its facts by the local name of the property."""

    iri: str
    kind: str
    facts: list[Fact] = field(default_factory=list)

    def get(self, name: str) -> list[Value]:
        """Return the values of the property whose IRI ends in `name`."""
        return next((fact.values for fact in self.facts if local_name(fact.iri) == name), [])


def title_of(rows: Iterable[Row], language: str) -> str:
    """Return what the thing is called, in the reader's language where there is such a name."""
    names = [row["value"] for row in rows if str(row["property"]) in LABELS and isinstance(row["value"], Literal)]
    return pick([name for name in names if isinstance(name, Literal)], language)


class Called(Protocol):
    """Knows what things are called."""

    def find(self, iri: str, language: str) -> str:
        """Return what an IRI is called, in the language where it can be, "" where it has no name."""


def group_facts(rows: Sequence[Row], called: Called, language: str) -> list[Fact]:
    """Return the facts by property, values in order, texts in the reader's language first."""
    facts: dict[str, Fact] = {}
    for iri, group in _by(rows, "property").items():
        if iri in _HIDDEN:
            continue
        fact = facts.setdefault(iri, Fact(iri, called.find(iri, language) or local_name(iri)))
        for same in _by(group, "value").values():
            fact.values.append(_value(same, called, language))
        fact.values.sort(key=lambda value: (value.language != "", value.text))
    return sorted(facts.values(), key=lambda fact: (_rank(fact.iri), fact.label))


def group_claims(rows: Sequence[Row], called: Called, language: str) -> dict[str, list[Claim]]:
    """Return the records about a thing by the local name of their class."""
    claims: dict[str, list[Claim]] = {}
    for record, group in _by(rows, "record").items():
        kind = local_name(str(group[0]["class"]))
        claims.setdefault(kind, []).append(Claim(record, kind, group_facts(group, called, language)))
    return claims


def pick(literals: Sequence[Literal], language: str) -> str:
    """Return the text in the reader's language, else in any."""
    for literal in literals:
        if literal.language == language:
            return literal.value
    return literals[0].value if literals else ""


def local_name(iri: str) -> str:
    """Return the last part of an IRI."""
    return iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]


def _rank(iri: str) -> int:
    """Return where a property stands: first what a reader looks for, last what is formal."""
    name = local_name(iri)
    return _FIRST.index(name) if name in _FIRST else 90 + _LAST.index(name) if name in _LAST else 50


def _by(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        term = row[name]
        key = f"{term}\x00{term.language}" if isinstance(term, Literal) else str(term)
        groups.setdefault(key, []).append(row)
    return {key.partition("\x00")[0] if name != "value" else key: group for key, group in groups.items()}


def _value(rows: Sequence[Row], called: Called, language: str) -> Value:
    term = rows[0]["value"]
    rule = str(rows[0]["derivedIn"]).replace("/graph/derived/", "/query/derive/") if "derivedIn" in rows[0] else ""
    if isinstance(term, IRI):
        return Value(called.find(term.value, language) or term.value, term.value, rule=rule)
    if isinstance(term, Literal):
        foreign = term.language if term.language and term.language != language else ""
        iri = term.value if term.datatype.endswith("anyURI") and term.value.startswith("http") else ""
        return Value(term.value, iri, foreign, rule, is_number(term))
    return Value(str(term))
