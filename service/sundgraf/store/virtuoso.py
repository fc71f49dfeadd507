"""What Virtuoso 7 answers, made standard.

It writes booleans as 1 and 0, integers of ten digits as decimals, literals with a datatype as "typed-literal", an ASK
as a table, and blank nodes as `nodeID://b1`; it sorts unbound values and words in an order of its own; at its deadline
it gives what it has as if that were all; and it finds no plan for some queries unless it is told one. Each is
reproduced in tests/test_remote.py.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyoxigraph as ox

from sundgraf.domain.errors import OutOfTime, StoreError
from sundgraf.domain.sparql import Ordering, ordering_of, read, tokens_of
from sundgraf.domain.terms import IRI, Literal, Term, ntriples
from sundgraf.store.writers import write_boolean, write_solutions, write_triples

SELECT_TYPE = "application/sparql-results+json"
GRAPH_TYPE = "application/n-triples"
_BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
_DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"
_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
_LONG_INTEGER = re.compile(r"-?[0-9]{10,}")  # it keeps integers beyond 32 bits as decimals
_LONG_LINE = re.compile(rf'("-?[0-9]{{10,}}"\^\^)<{re.escape(_DECIMAL)}>')
_VALUES = re.compile(r" VALUES \(((?:\?\w+ ?)+)\) \{ \((.+)\) \} ")  # as domain/sparql.py binds them
_HEAD = re.compile(r"SELECT\s+(DISTINCT\s+|REDUCED\s+)?((?:[?$]\w+\s+)+)(?=WHERE\b|\{)", re.IGNORECASE)
_IN_ORDER = 'define sql:select-option "order"\n'
_TERM = re.compile(r'<[^>]*>|"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^<[^>]*>)?')
_BOOLEANS = {"0": "false", "1": "true"}
_NODE = "nodeID://"
_BOOLEAN_LINE = re.compile(rf'"([01])"\^\^<{re.escape(_BOOLEAN)}>')
_MOST_SORTED = 50_000  # rows; more are left as the engine sorted them


def media_type(form: str) -> str:
    """Return what to ask for so that the answer can be made standard."""
    return SELECT_TYPE if form in ("SELECT", "ASK") else GRAPH_TYPE


def ways_to_ask(text: str) -> tuple[str, ...]:
    """Return a query as it is best asked, and as it is asked where that has no plan: joined in the order it is written.

    In a CONSTRUCT the values that were bound stand where the variables stood, and it is always joined in order: a UNION
    behind a VALUES block is evaluated for everything before it is joined, and a path from its far end, which takes
    minutes instead of milliseconds. A SELECT gives what it sorts by too.
    """
    form = read(text).form
    if form == "SELECT":
        text = _with_unseen(text)
        return text, _IN_ORDER + text
    blocks = set(_VALUES.findall(text))
    if form != "CONSTRUCT" or len(blocks) != 1:
        return text, _IN_ORDER + text
    names, values = blocks.pop()
    terms = dict(zip(names.split(), _TERM.findall(values), strict=False))
    return (_IN_ORDER + "".join(terms.get(token, token) for token in tokens_of(_VALUES.sub(" ", text))),)


def is_without_plan(status: int, detail: str) -> bool:
    """Say whether its compiler failed at a query (SQ156), as it does at some until it is told an order of joins."""
    return status == 500 and "SQ156" in detail


def require_whole(status: int, headers: Mapping[str, str]) -> None:
    """Raise OutOfTime where the engine stopped at its deadline and gives what it had."""
    if status == 206 or headers.get("x-sql-state", "").startswith("S1T"):
        raise OutOfTime("The engine stopped the query at its deadline. Narrow it down or add a LIMIT.")


def standard_answer(text: str, body: bytes, format: str, row_limit: int) -> tuple[bytes, str]:
    """Return an answer in `format`, and "rows" where it was cut at `row_limit`. Takes as long as the answer is long."""
    form = read(text).form
    sink = io.BytesIO()
    if form not in ("SELECT", "ASK"):
        lines = _BOOLEAN_LINE.sub(lambda m: f'"{_BOOLEANS[m[1]]}"^^<{_BOOLEAN}>', body.decode("utf-8"))
        lines = _LONG_LINE.sub(rf"\1<{_INTEGER}>", lines)
        lines = re.sub(rf"<{_NODE}(\w+)>", r"_:\1", lines)
        triples = (quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
        return _body(sink, write_triples(triples, format, sink, row_limit))
    try:
        said = json.loads(body)
        if form == "ASK":
            truth = said["boolean"] if "boolean" in said else bool(said["results"]["bindings"])
            answer = ox.parse_query_results(json.dumps({"head": {}, "boolean": truth}), format=_JSON)
            assert isinstance(answer, ox.QueryBoolean)
            write_boolean(answer, format, sink)
            return sink.getvalue(), ""
        names = list(said["head"]["vars"])
        rows = [{name: _term(value) for name, value in row.items()} for row in said["results"]["bindings"]]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the engine's answer cannot be read: {error}") from error
    rows = sort_rows(rows, names, ordering_of(text))
    if unseen := _unseen(text):
        names = [name for name in names if name not in unseen]
        head = _head(text)
        rows = _without(rows, unseen, are_distinct=head is not None and head[1] is not None)
    standard = {"head": {"vars": names}, "results": {"bindings": rows}}
    solutions = ox.parse_query_results(json.dumps(standard), format=_JSON)
    assert isinstance(solutions, ox.QuerySolutions)
    return _body(sink, write_solutions(solutions, format, sink, row_limit))


_JSON = ox.QueryResultsFormat.JSON


def sort_rows(
    rows: list[dict[str, dict[str, str]]], names: list[str], ordering: Ordering | None
) -> list[dict[str, dict[str, str]]]:
    """Return the rows in the order that the embedded engine would give them: it sorts a table of just these.

    They stay as they are where the order is not told by what is selected, or a limit was set on rows sorted otherwise.
    """
    clause, used = _told_by(ordering, set(names)) if ordering and not ordering.limited else ("", [])
    if ordering is None or not used or len(rows) > _MOST_SORTED:
        return rows
    table = "\n".join(f"({' '.join(_cell(row.get(name)) for name in used)} {place})" for place, row in enumerate(rows))
    columns = " ".join(f"?{name}" for name in used)
    head = "SELECT ?_place WHERE { VALUES (" + columns + " ?_place) {"
    try:
        found = ox.Store().query("\n".join((ordering.prologue, head, table, "} }", f"ORDER BY {clause} ?_place")))
    except (SyntaxError, ValueError, RuntimeError):
        return rows
    assert isinstance(found, ox.QuerySolutions)
    return [rows[int(solution["_place"].value)] for solution in found]


def _with_unseen(text: str) -> str:
    """Return a SELECT that also gives the variables that it sorts by and does not select."""
    head = _head(text)
    return f"{text[: head.end()]}{''.join(f'?{name} ' for name in _unseen(text))}{text[head.end() :]}" if head else text


@lru_cache(maxsize=256)
def _unseen(text: str) -> tuple[str, ...]:
    ordering, head = ordering_of(text), _head(text)
    if ordering is None or ordering.limited or head is None or "GROUP" in text.rpartition("}")[2].upper():
        return ()
    used = {t[1:] for condition in ordering.conditions for t in tokens_of(condition) if t[0] in "?$" and len(t) > 1}
    return tuple(sorted(used - {name[1:] for name in head[2].split()}))


def _head(text: str) -> re.Match[str] | None:
    """Return what the outermost SELECT selects, where that is nothing but variables."""
    ordering = ordering_of(text)
    return _HEAD.match(text, len(ordering.prologue)) if ordering else None


def _without(
    rows: list[dict[str, dict[str, str]]], unseen: tuple[str, ...], *, are_distinct: bool
) -> list[dict[str, dict[str, str]]]:
    """Return the rows without some columns, of equal ones the first where they are to be distinct."""
    left = [{name: value for name, value in row.items() if name not in unseen} for row in rows]
    return list({json.dumps(row, sort_keys=True): row for row in left}.values()) if are_distinct else left


def _told_by(ordering: Ordering, names: set[str]) -> tuple[str, list[str]]:
    """Return the leading conditions of an ORDER BY that what is selected tells, and their variables.

    Rows that are equal in these stay as the engine sorted them.
    """
    kept, used = [], set[str]()
    for condition in ordering.conditions:
        variables = {token[1:] for token in tokens_of(condition) if token[0] in "?$" and len(token) > 1}
        if not variables <= names:
            break
        kept.append(condition)
        used |= variables
    return " ".join(kept), sorted(used)


def _cell(value: dict[str, str] | None) -> str:
    return "UNDEF" if value is None else ntriples(_as_term(value))


def _as_term(value: dict[str, str]) -> Term:
    if value["type"] == "literal":
        return Literal(value["value"], value.get("datatype", ""), value.get("xml:lang", ""))
    return IRI(value["value"] if value["type"] == "uri" else f"urn:bnode:{value['value']}")


def _term(value: dict[str, Any]) -> dict[str, str]:
    kind, text = value["type"], str(value["value"])
    if kind == "bnode" or (kind == "uri" and text.startswith(_NODE)):
        return {"type": "bnode", "value": text.removeprefix(_NODE)}
    if kind == "typed-literal":
        datatype = str(value["datatype"])
        if datatype == _DECIMAL and _LONG_INTEGER.fullmatch(text):
            datatype = _INTEGER
        return {
            "type": "literal",
            "value": _BOOLEANS.get(text, text) if datatype == _BOOLEAN else text,
            "datatype": datatype,
        }
    return {name: str(part) for name, part in value.items()}


def _body(sink: io.BytesIO, cut: bool) -> tuple[bytes, str]:
    return sink.getvalue(), "rows" if cut else ""
