"""Answer the smallest queries at once: the values of one property, or of all properties, of one thing.

Such a query reads one entry of an index, so it needs neither a worker nor a deadline; everything else does. Measured
in tests/bench: the engine's parser and planner take 35 microseconds where the read takes one or two.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice

import pyoxigraph as ox

from sundgraf.domain.sparql import Lookup as Asked
from sundgraf.domain.sparql import as_lookup

_MOST_VALUES = 64
_MOST_REMEMBERED = 64
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_quote = json.encoder.encode_basestring


class Lookup:
    """Reads one published state, which never changes."""

    def __init__(self, store: ox.Store) -> None:
        self._find = store.quads_for_pattern
        self._default = ox.DefaultGraph()
        self._predicates: dict[str, ox.NamedNode] = {}

    def answer(self, text: str) -> bytes | None:
        """Return the answer in SPARQL results JSON; None where the query is not a look-up or has many values."""
        asked = as_lookup(text)
        return None if asked is None else self.values(asked, asked.subject)

    def values(self, asked: Asked, subject: str) -> bytes | None:
        """Return the answer to `asked` with another subject in the place of its own; None as `answer` does."""
        try:
            quads = self._find(ox.NamedNode(subject), self._property(asked.predicate), None, self._default)
        except ValueError:  # not an absolute IRI: the parser says what is wrong with it
            return None
        found = list(islice(quads, _MOST_VALUES + 1))
        if len(found) > _MOST_VALUES:
            return None
        variables, value_variable, language = asked.variables, asked.value_variable, asked.language
        rows = []
        for quad in found:
            value = quad.object
            if language is not None and not _speaks(value, language, ranges=asked.ranges):
                continue
            cells = []
            for variable in variables:
                written = _term(value if variable == value_variable else quad.predicate)
                if written is None:
                    return None
                cells.append(f'"{variable}":{written}')
            rows.append(",".join(cells))
        bindings = "{" + "},{".join(rows) + "}" if rows else ""
        return f"{_head(variables)}{bindings}]}}}}".encode()

    def _property(self, predicate: str | None) -> ox.NamedNode | None:
        if predicate is None:
            return None
        known = self._predicates.get(predicate)
        if known is None:
            known = ox.NamedNode(predicate)
            if len(self._predicates) < _MOST_REMEMBERED:
                self._predicates[predicate] = known
        return known


def _speaks(term: object, language: str, *, ranges: bool) -> bool:
    """Say what `LANG(term) = language` does, or `LANGMATCHES(LANG(term), language)`."""
    tag = term.language if isinstance(term, ox.Literal) else None
    if not tag:
        return False
    return f"{tag}-".lower().startswith(f"{language}-".lower()) if ranges else tag == language


@lru_cache(maxsize=256)
def _head(variables: tuple[str, ...]) -> str:
    """Return an answer's text up to its first row."""
    names = ",".join(f'"{variable}"' for variable in variables)
    return f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":['


def _term(term: object) -> str | None:
    if isinstance(term, ox.Literal):
        language = term.language
        if language:
            return f'{{"type":"literal","value":{_quote(term.value)},"xml:lang":"{language}"}}'
        datatype = term.datatype.value
        if datatype == _STRING:
            return f'{{"type":"literal","value":{_quote(term.value)}}}'
        return f'{{"type":"literal","value":{_quote(term.value)},"datatype":"{datatype}"}}'
    if isinstance(term, ox.NamedNode):
        return f'{{"type":"uri","value":{_quote(term.value)}}}'
    return None
