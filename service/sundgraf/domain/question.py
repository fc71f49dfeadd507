"""A stored query: its text, what it asks in Danish and English, and its typed parameters.

A `.rq` file begins with `#+ ` lines that hold TOML; the rest is SPARQL. Parameters are variables that the query
projects; a value is bound to the variable, never written into the text.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sundgraf.domain.errors import BadInput, InvalidParameter
from sundgraf.domain.sparql import Bound
from sundgraf.domain.terms import IRI, XSD, Literal, Term, legal_iri

BASE = "https://w3id.org/sundgraf/"
_FRONT = re.compile(r"^#\+ ?(.*)$")
_BETWEEN = re.compile(r"\s*,\s*(?=[a-z0-9][a-z0-9.-]*\s*(?:,|\Z)|https?://|\Z)")
_MOST_COMBINED = 500  # of values of several parameters
_NUMBERS = {
    "integer": re.compile(r"[+-]?\d{1,18}\Z"),
    "decimal": re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?\Z"),
    "year": re.compile(r"\d{4}\Z"),
    "date": re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z"),
    "boolean": re.compile(r"(true|false)\Z"),
    "language": re.compile(r"(da|en)\Z"),
}
_DATATYPES = {"year": f"{XSD}gYear", "string": "", "language": ""}
TYPES = ("iri", "concept", "string", *_NUMBERS)
_LONGEST_VALUE = 2000  # characters


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a question. `scheme` (of a concept) and `kind` (of a thing) let short names stand for IRIs.

    With `several` it takes values with commas between, any of which may hold; the question is a SELECT DISTINCT.
    """

    name: str
    type: str
    label: Mapping[str, str]
    example: str = ""
    default: str = ""
    optional: bool = False
    scheme: str = ""
    kind: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A stored query. `summary`, `description` and `empty` map "da" and "en" to text.

    `picture` says how its answer is drawn: the kind of picture, and which variable plays which part in it.
    """

    name: str
    text: str
    summary: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    picture: Mapping[str, str] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        """The question's own IRI."""
        return f"{BASE}query/ask/{self.name}"

    def examples(self) -> dict[str, str]:
        """Return the parameters of the example that every question has."""
        return {p.name: p.example for p in self.parameters if p.example}


def parse_question(name: str, source: str) -> Question:
    """Return the stored query in `source`. Raises BadInput where its front matter cannot be used."""
    front = "\n".join(match[1] for line in source.splitlines() if (match := _FRONT.match(line)))
    text = "\n".join(line for line in source.splitlines() if not _FRONT.match(line)).strip() + "\n"
    try:
        said = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name}.rq: the front matter is not TOML ({error}).") from error
    parameters = tuple(_parse_parameter(name, key, value) for key, value in said.get("params", {}).items())
    return Question(
        name,
        text,
        _both(said.get("summary")),
        _both(said.get("description")),
        _both(said.get("empty")),
        tuple(said.get("tags", ())),
        parameters,
        _both(said.get("picture")),
    )


def bind(question: Question, given: Mapping[str, str]) -> dict[str, Bound]:
    """Return the terms for the question's variables, a tuple where there are several.

    Raises InvalidParameter with what would be right.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            names = ", ".join(known) or "none"
            raise InvalidParameter(f"{question.name!r} has no parameter {name!r}.{hint} It has: {names}.", name)
    bound: dict[str, Bound] = {}
    for name, parameter in known.items():
        text = given.get(name, "") or parameter.default
        if text:
            parts = parts_of(text) if parameter.several else [text]
            terms = tuple(dict.fromkeys(_to_term(question, parameter, part) for part in parts))
            bound[name] = terms if len(terms) > 1 else terms[0]
        elif not parameter.optional:
            raise InvalidParameter(f"{question.name!r} needs {name!r}, for example {parameter.example!r}.", name)
    if math.prod(len(term) for term in bound.values() if isinstance(term, tuple)) > _MOST_COMBINED:
        raise InvalidParameter(f"That is more than {_MOST_COMBINED} combinations; choose fewer values.")
    return bound


def parts_of(text: str) -> list[str]:
    """Return the values in a text with commas between; a comma inside an IRI parts nothing."""
    return [part for part in _BETWEEN.split(text) if part] or [text]


def _to_term(question: Question, parameter: Parameter, text: str) -> Term:
    text = text.strip()
    if len(text) > _LONGEST_VALUE:
        raise InvalidParameter(f"{parameter.name!r} is longer than {_LONGEST_VALUE} characters.", parameter.name)
    if parameter.type in ("iri", "concept"):
        iri = text
        if re.fullmatch(r"[a-z0-9][a-z0-9.-]*", text):
            iri = (
                f"{BASE}concept/{parameter.scheme}/{text}" if parameter.scheme else f"{BASE}id/{parameter.kind}/{text}"
            )
        if legal_iri(iri):
            return IRI(iri)
    elif parameter.type == "string":
        return Literal(text)
    elif _NUMBERS[parameter.type].match(text):
        return Literal(text, _DATATYPES.get(parameter.type, f"{XSD}{parameter.type}"))
    kind = {"iri": "an absolute IRI", "concept": "a concept's short name or IRI", "language": "da or en"}
    raise InvalidParameter(
        f"{parameter.name}={text!r} is not {kind.get(parameter.type, f'a value of type {parameter.type}')}; "
        f"try {parameter.example or parameter.default!r}.",
        parameter.name,
    )


def _parse_parameter(question: str, name: str, said: Mapping[str, Any]) -> Parameter:
    kind = said.get("type", "")
    if kind not in TYPES:
        raise BadInput(f"{question}.rq: parameter {name!r} has type {kind!r}; use one of {', '.join(TYPES)}.")
    return Parameter(
        name,
        kind,
        _both(said.get("label")) or {"en": name, "da": name},
        str(said.get("example", "")),
        str(said.get("default", "")),
        bool(said.get("optional", False)),
        str(said.get("scheme", "")),
        str(said.get("class", "")),
        bool(said.get("several", False)),
    )


def _both(said: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
