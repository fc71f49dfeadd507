"""Answer the smallest queries at once: the values of one property, or of all properties, of one thing.

Such a query reads one entry of an index, so it needs neither a worker nor a deadline; everything else does. Measured
in tests/bench: the engine's parser and planner take 35 microseconds where the read takes one or two.
"""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.sparql import Lookup as Asked
from sundgraf.domain.sparql import as_lookup
from sundgraf.store.look_up_table import MOST_VALUES, LookUpTable

_LOOK_EACH = 200  # look-ups between two looks whether the table is there
_MOST_REMEMBERED = 64
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_quote = json.encoder.encode_basestring


class Lookup:
    """Reads one published state, which never changes."""

    def __init__(self, store: ox.Store, table: Path | None = None) -> None:
        """Read a store, or the table in a file as soon as that is there."""
        self._find = store.quads_for_pattern
        self._file = table
        self._table: LookUpTable | None = None
        self._until_look = 0
        self._default = ox.DefaultGraph()
        self._predicates: dict[str, ox.NamedNode] = {}

    def answer(self, text: str) -> bytes | None:
        """Return the answer in SPARQL results JSON; None where the query is not a look-up or has many values."""
        asked = as_lookup(text)
        return None if asked is None else self.values(asked, asked.subject)

    def values(self, asked: Asked, subject: str) -> bytes | None:
        """Return the answer to `asked` with another subject in the place of its own; None as `answer` does."""
        ready = self._ready(asked, subject) if self._file is not None else None
        if ready is not None:
            return ready
        try:
            quads = self._find(ox.NamedNode(subject), self._property(asked.predicate), None, self._default)
        except ValueError:  # not an absolute IRI: the parser says what is wrong with it
            return None
        found = list(islice(quads, MOST_VALUES + 1))
        if len(found) > MOST_VALUES:
            return None
        variables, value_variable, language = asked.variables, asked.value_variable, asked.language
        rows = []
        for quad in found:
            value = quad.object
            if language is not None and not _speaks(value, language, ranges=asked.ranges):
                continue
            cells = []
            for variable in variables:
                written = written_term(value if variable == value_variable else quad.predicate)
                if written is None:
                    return None
                cells.append(f'"{variable}":{written}')
            rows.append(",".join(cells))
        bindings = "{" + "},{".join(rows) + "}" if rows else ""
        return f"{_head(variables)}{bindings}]}}}}".encode()

    def _ready(self, asked: Asked, subject: str) -> bytes | None:
        """Return the answer from the table; None where it is not there, or does not have it."""
        if self._table is None:
            self._until_look -= 1
            if self._until_look < 0:
                self._until_look = _LOOK_EACH
                self._open()
            if self._table is None:
                return None
        predicate, variables, language = asked.predicate, asked.variables, asked.language
        if predicate is None:
            return self._everything(self._table, asked, subject)
        if asked.ranges or len(variables) != 1 or variables[0] != asked.value_variable:
            return None
        terms = self._table.values(subject, predicate)
        if terms is None:
            return None
        if language is not None:
            spoken = f'","xml:lang":"{language}"}}'
            terms = [term for term in terms if term.endswith(spoken)]
        start = f'{{"{variables[0]}":'
        bindings = f"{start}{f'}},{start}'.join(terms)}}}" if terms else ""
        return f"{_head(variables)}{bindings}]}}}}".encode()

    def _everything(self, table: LookUpTable, asked: Asked, subject: str) -> bytes | None:
        variables, value_variable = asked.variables, asked.value_variable
        pairs = None if asked.language is not None else table.pairs(subject)
        if pairs is None or sum(len(terms) for _, terms in pairs) > MOST_VALUES:
            return None
        rows = []
        for predicate, terms in pairs:
            # a row around each value: what comes before it, and after
            around = "".join(
                f',"{name}":' + ("\0" if name == value_variable else f'{{"type":"uri","value":{_quote(predicate)}}}')
                for name in variables
            )[1:]
            rows += [around.replace("\0", term) for term in terms]
        bindings = "{" + "},{".join(rows) + "}" if rows else ""
        return f"{_head(variables)}{bindings}]}}}}".encode()

    def _open(self) -> None:
        if self._file is not None and self._file.exists():
            try:
                self._table = LookUpTable(self._file)
            except sqlite3.Error:  # the store says the same, a little later
                self._file = None

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


def written_term(term: object) -> str | None:
    """Return a term as SPARQL results JSON has it; None for a blank node or a quoted triple."""
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
