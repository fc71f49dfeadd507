"""Read a mapping in YARRRML (https://rml.io/yarrrml/spec/): the part of it that data/import uses, and nothing unseen.

Read are prefixes, one source, and mappings with a condition, a subject, and predicates with objects: templates with
references, languages, datatypes, IRIs, and functions. Anything else is refused rather than passed over.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from sundgraf.domain.errors import BadInput
from sundgraf.domain.imported import Row

Term = ox.NamedNode | ox.Literal
Said = Mapping[str, Sequence["Text"]]
Function = Callable[[Row, Said], list[Term]]
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_REFERENCE = re.compile(r"\$\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_KNOWN = {
    "document": {"prefixes", "base", "sources", "mappings"},
    "mapping": {"sources", "source", "subjects", "subject", "s", "predicateobjects", "po", "condition"},
    "object": {"value", "v", "type", "language", "datatype", "function", "f", "parameters", "pms"},
    "pair": {"predicates", "predicate", "p", "objects", "object", "o"},
}


@dataclass(frozen=True, slots=True)
class Text:
    """A template: constant parts and references by turns, and whether it makes an IRI."""

    parts: tuple[str, ...]
    is_iri: bool = False

    @property
    def references(self) -> tuple[str, ...]:
        """The references in it."""
        return self.parts[1::2]

    def fill(self, row: Row) -> list[str]:
        """Return the texts that it makes of a row, none where a reference has no value."""
        if len(self.parts) == 3 and not self.parts[0] and not self.parts[2] and not self.is_iri:
            return list(row.values.get(self.parts[1], ()))
        choices = [
            (part,) if n % 2 == 0 else tuple(self._written(value) for value in row.values.get(part, ()))
            for n, part in enumerate(self.parts)
        ]
        return ["".join(chosen) for chosen in itertools.product(*choices)]

    def _written(self, value: str) -> str:
        whole = len(self.parts) == 3 and not self.parts[0] and not self.parts[2]
        return value if not self.is_iri or whole else quote(value, safe="-._~")


@dataclass(frozen=True, slots=True)
class TriplesMap:
    """A mapping: whether it holds for a row, the subjects, and what is said of them."""

    name: str
    holds: Callable[[Row], bool]
    subjects: Callable[[Row], list[Term]]
    pairs: tuple[tuple[ox.NamedNode, Callable[[Row], list[Term]]], ...]

    def quads(self, row: Row) -> Iterator[ox.Quad]:
        """Yield what it says of a row."""
        if not self.holds(row):
            return
        for subject in self.subjects(row):
            if isinstance(subject, ox.NamedNode):
                for predicate, objects in self.pairs:
                    for value in objects(row):
                        yield ox.Quad(subject, predicate, value)


def read_mapping(document: Mapping[str, Any], functions: Mapping[str, Function]) -> list[TriplesMap]:
    """Return the mappings of a YARRRML document; `functions` are those that it may call, by IRI. Raises BadInput."""
    _check(document, "document", "the mapping")
    return _Reader(document.get("prefixes", {}), functions).read(document["mappings"])


class _Reader:
    def __init__(self, prefixes: Mapping[str, str], functions: Mapping[str, Function]) -> None:
        self._prefixes = prefixes
        self._functions = functions

    def read(self, mappings: Mapping[str, Any]) -> list[TriplesMap]:
        return [self._mapping(name, said) for name, said in mappings.items()]

    def _mapping(self, name: str, said: Mapping[str, Any]) -> TriplesMap:
        _check(said, "mapping", name)
        condition = said.get("condition")
        holds = self._calls(condition, name) if condition else None
        subject = _one(said, "subjects", "subject", "s")
        subjects = self._object(subject if isinstance(subject, Mapping) else f"{subject}~iri", name)
        pairs = tuple(pair for one in _one(said, "predicateobjects", "po") for pair in self._pairs(one, name))
        return TriplesMap(name, (lambda row: bool(holds(row))) if holds else (lambda _: True), subjects, pairs)

    def _pairs(self, said: Any, name: str) -> Iterator[tuple[ox.NamedNode, Callable[[Row], list[Term]]]]:
        if isinstance(said, Mapping):
            _check(said, "pair", name)
            predicates, objects, more = (
                _one(said, "predicates", "predicate", "p"),
                _one(said, "objects", "object", "o"),
                "",
            )
        else:
            predicates, objects, *rest = said
            more = rest[0] if rest else ""
        for predicate in _list(predicates):
            iri = _TYPE if predicate == "a" else self._expand(predicate.removesuffix("~iri"))
            for one in _list(objects):
                value, kind = (one[0], one[1]) if isinstance(one, list) and len(one) == 2 else (one, more)
                if iri == _TYPE and isinstance(value, str):
                    value = f"{value.removesuffix('~iri')}~iri"
                yield ox.NamedNode(iri), self._object(value, name, kind)

    def _object(self, said: Any, name: str, kind: str = "") -> Callable[[Row], list[Term]]:
        if isinstance(said, Mapping):
            _check(said, "object", name)
            if "function" in said or "f" in said:
                return self._calls(said, name)
            kind = f"{said['language']}~lang" if "language" in said else said.get("datatype", kind)
            said = _one(said, "value", "v") + ("~iri" if said.get("type") == "iri" else "")
        text = self._text(str(said))
        if text.is_iri:
            return lambda row: [node for filled in text.fill(row) if (node := _node(filled)) is not None]
        if kind.endswith("~lang"):
            language = kind.removesuffix("~lang")
            return lambda row: [ox.Literal(filled, language=language) for filled in text.fill(row)]
        if kind:
            datatype = ox.NamedNode(self._expand(kind))
            return lambda row: [ox.Literal(filled, datatype=datatype) for filled in text.fill(row)]
        return lambda row: [ox.Literal(filled) for filled in text.fill(row)]

    def _calls(self, said: Mapping[str, Any], name: str) -> Callable[[Row], list[Term]]:
        _check(said, "object", name)
        iri = self._expand(str(_one(said, "function", "f")))
        if iri not in self._functions:
            raise BadInput(f"mapping {name}: there is no function {iri}; there are {', '.join(self._functions)}.")
        function, given = self._functions[iri], dict[str, list[Text]]()
        for parameter, value in said.get("parameters", said.get("pms", [])):
            given.setdefault(self._expand(parameter).rpartition("/")[2], []).append(self._text(str(value)))
        return lambda row: function(row, given)

    def _text(self, said: str) -> Text:
        is_iri = said.endswith("~iri")
        parts = _REFERENCE.split(said.removesuffix("~iri"))
        if is_iri:
            parts[0] = self._expand(parts[0]) if parts[0] else parts[0]
        return Text(tuple(parts), is_iri)

    def _expand(self, name: str) -> str:
        prefix, colon, rest = name.partition(":")
        if colon and prefix in self._prefixes:
            return self._prefixes[prefix] + rest
        if colon and rest.startswith("//"):
            return name
        raise BadInput(f"{name!r} in the mapping begins with no prefix that it declares.")


def _check(said: Any, kind: str, name: str) -> None:
    if not isinstance(said, Mapping):
        raise BadInput(f"{name}: {said!r} should be a {kind} with names and values.")
    odd = sorted(set(said) - _KNOWN[kind])
    if odd:
        raise BadInput(
            f"{name}: {', '.join(odd)} is not read here; a {kind} may have {', '.join(sorted(_KNOWN[kind]))}."
        )


def _one(said: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        if name in said:
            return said[name]
    raise BadInput(f"The mapping lacks {names[0]} in {dict(said)!r:.200}.")


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def _node(iri: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None
