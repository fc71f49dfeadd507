"""Answer SPARQL: anybody's, under limits and refusals, and the project's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sundgraf.domain.errors import StoreError
from sundgraf.domain.media import BOOLEANS, GRAPHS, JSON, SOLUTIONS, TSV, TURTLE, Format, choose, named
from sundgraf.domain.sparql import Bound, bind_values, read, refuse_calls
from sundgraf.domain.terms import IRI, BlankNode, Literal, Term
from sundgraf.store.base import Answer, QueryRequest, Store

_OWN_DEADLINE = 30.0  # seconds; our own queries are short, this only ends what went wrong
_TABLE_DEADLINE = 300.0  # seconds; such a query goes through all of the graph


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may take: seconds, rows (or triples) and bytes; and the endpoints that SERVICE may call."""

    deadline: float = 10.0
    rows: int = 0
    size: int = 0
    services: frozenset[str] = frozenset()


def offered(form: str) -> tuple[Format, ...]:
    """Return the formats that an answer to a query of this form is written in."""
    return {"SELECT": SOLUTIONS, "ASK": BOOLEANS}.get(form, GRAPHS)


def pick_format(text: str, accept: str, name: str) -> Format:
    """Return the format of the answer: the one named, else what Accept wants.

    Raises MalformedQuery, UnknownFormat or NotAcceptable.
    """
    formats = offered(read(text).form)
    return named(name, formats) if name else choose(accept, formats)


async def answer_query(
    store: Store,
    text: str,
    format: Format,
    limits: Limits,
    default_graphs: tuple[str, ...] = (),
    named_graphs: tuple[str, ...] = (),
    bindings: Mapping[str, Bound] | None = None,
    *,
    trusted: bool = False,
) -> Answer:
    """Start a query under limits. Raises MalformedQuery, Refused, Busy, OutOfTime, OutOfMemory or StoreError."""
    refuse_calls(read(text), limits.services)
    return await store.answer(
        QueryRequest(
            bind_values(text, bindings or {}),
            format.name,
            default_graphs,
            named_graphs,
            limits.deadline,
            limits.rows,
            limits.size,
            trusted,
        )
    )


async def select(store: Store, text: str, bindings: Mapping[str, Bound] | None = None) -> list[dict[str, Term]]:
    """Return the rows of one of our own SELECT queries; an unbound variable is absent from its row."""
    request = QueryRequest(bind_values(text, bindings or {}), JSON.name, deadline=_OWN_DEADLINE, trusted=True)
    return rows_of(await _whole(await store.answer(request)))


async def construct(
    store: Store, text: str, bindings: Mapping[str, Bound] | None = None, format: Format = TURTLE
) -> bytes:
    """Return the graph of one of our own CONSTRUCT queries."""
    request = QueryRequest(bind_values(text, bindings or {}), format.name, deadline=_OWN_DEADLINE, trusted=True)
    return await _whole(await store.answer(request))


async def table(store: Store, text: str) -> bytes:
    """Return the answer to one of our own SELECT queries in TSV, for very many rows."""
    request = QueryRequest(text, TSV.name, deadline=_TABLE_DEADLINE, trusted=True)
    return await _whole(await store.answer(request))


def rows_of(body: bytes) -> list[dict[str, Term]]:
    """Return the rows of an answer in SPARQL results JSON. Raises StoreError where it is none."""
    try:
        bindings = json.loads(body)["results"]["bindings"]
    except (ValueError, KeyError) as error:
        raise StoreError(f"the store's answer cannot be read: {error}") from error
    return [{name: _term(said) for name, said in row.items()} for row in bindings]


def _term(said: Mapping[str, str]) -> Term:
    if said["type"] == "uri":
        return IRI(said["value"])
    if said["type"] == "bnode":
        return BlankNode(said["value"])
    return Literal(said["value"], said.get("datatype", ""), said.get("xml:lang", ""))


async def _whole(answer: Answer) -> bytes:
    return b"".join([piece async for piece in answer])
