"""What the reconciliation service does: match names, give values, and tell a line about something."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sundgraf.application.comparable import Comparable, Property, read_comparable
from sundgraf.application.extend import cells_of
from sundgraf.application.query import select
from sundgraf.application.reconcile import Query, Register, group_values, make_register
from sundgraf.domain.errors import InvalidParameter, NotFound, TooLarge
from sundgraf.domain.sparql import bind_rows
from sundgraf.domain.terms import IRI, Term, legal_iri
from sundgraf.domain.tsv import text_of
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.reconciling import iri_of, tell_candidate, tell_property
from sundgraf.http.routes.search import finder

_MOST_ROWS = 1000  # things to be extended at a time
_MOST_COLUMNS = 50
_AT_A_TIME = 10  # queries whose values are looked up together
_MOST_PAIRS = 5000  # of candidates and properties at a time; ten names with a place make 500
_DESCRIPTIONS = (
    "http://purl.org/dc/terms/description", "http://www.w3.org/2004/02/skos/core#definition",
)  # fmt: skip


async def comparable(context: Context) -> Comparable:
    """Return the types and properties, read beside the event loop like the vocabulary that they come from."""

    async def make() -> Comparable:
        return await asyncio.to_thread(read_comparable, context.bundle.root)

    return await facts.once(context, "comparable", make)


async def register(context: Context) -> Register:
    """Return what names of others are compared with; it is made once for each publication."""

    async def make() -> Register:
        known = await comparable(context)
        index = await finder(context)
        return await facts.from_table(
            context,
            "identifiers",
            lambda rows: make_register(index, known, ((text_of(thing), text_of(said)) for thing, said in rows)),
        )

    return await facts.once(context, "register", make)


async def reconcile(
    context: Context, queries: Sequence[Query], language: str, *, draft: bool = False
) -> list[list[dict[str, Any]]]:
    """Return the candidates of each query as the protocol writes them.

    Others are served between two queries, and while the store looks up the values that a few of them need.
    """
    known = await register(context)
    told = []
    for start in range(0, len(queries), _AT_A_TIME):
        part = queries[start : start + _AT_A_TIME]
        found = []
        for query in part:
            found.append(known.find(query, language))
            if sought := known.values_sought(query):
                found[-1] = known.holders(await _holders(context, sought, query, known), language)
            await asyncio.sleep(0)
        wanted = {pair for query, each in zip(part, found, strict=True) for pair in known.wanted(query, each)}
        if len(wanted) > _MOST_PAIRS:
            raise TooLarge("So many candidates and properties are too much; ask for fewer of them.")
        rows = await _values(context, sorted(wanted, key=str))
        values = group_values(rows, lambda iri: known.finder.label(iri, language))
        for query, each in zip(part, found, strict=True):
            judged = known.judge(query, each, values)
            told.append([tell_candidate(one, known.comparable, language, draft=draft) for one in judged])
            await asyncio.sleep(0)
    return told


async def _values(context: Context, wanted: Sequence[tuple[IRI, IRI]]) -> list[dict[str, Term]]:
    if not wanted:
        return []
    text = _page_query(context.bundle.queries / "page" / "values.rq")
    return await select(context.store, bind_rows(text, ("thing", "property"), wanted))


async def _holders(
    context: Context, sought: Sequence[tuple[IRI, Term, Term]], query: Query, known: Register
) -> list[str]:
    """Return the things that have most of the values sought, of the classes that a query asks for."""
    text = bind_rows(
        _page_query(context.bundle.queries / "page" / "holders.rq"), ("property", "value", "condition"), sought
    )
    classes = [kind.iri for kind in query.kinds if not query.preferred] or list(known.comparable.kinds)
    rows = await select(context.store, bind_rows(text, ("class",), [(IRI(iri),) for iri in classes]))
    return [str(row["thing"]) for row in rows][: max(query.limit, 10)]


@lru_cache(maxsize=4)
def _page_query(path: Path) -> str:
    return facts.page_query(path)


async def extend(context: Context, comparable: Comparable, said: Any, language: str) -> dict[str, Any]:
    """Return the values that are asked for, as version 0.2 writes them. Raises InvalidParameter or TooLarge."""
    if not (isinstance(said, dict) and isinstance(said.get("ids"), list) and isinstance(said.get("properties"), list)):
        raise InvalidParameter('extend is an object: {"ids": ["id/..."], "properties": [{"id": "place"}]}.', "extend")
    if len(said["ids"]) > _MOST_ROWS or len(said["properties"]) > _MOST_COLUMNS:
        raise TooLarge(f"At most {_MOST_ROWS} things and {_MOST_COLUMNS} properties at a time.")
    if not all(isinstance(one, str) for one in said["ids"]):
        raise InvalidParameter("ids is a list of texts.", "ids")
    columns: list[tuple[str, Property, Mapping[str, Any]]] = []
    for one in said["properties"]:
        if not (isinstance(one, dict) and isinstance(one.get("id"), str)):
            raise InvalidParameter('A property is said as {"id": ...}.', "properties")
        settings = one.get("settings")
        columns.append((one["id"], comparable.property(one["id"]), settings if isinstance(settings, dict) else {}))
    things = {one: iri_of(one) for one in said["ids"]}
    paths = dict.fromkeys(path for _, prop, _ in columns for path in prop.paths)
    legal = [IRI(iri) for iri in dict.fromkeys(things.values()) if legal_iri(iri)]
    by_thing: dict[str, list[dict[str, Term]]] = {}
    for row in await _values(context, [(iri, IRI(path)) for iri in legal for path in paths]):
        by_thing.setdefault(str(row["thing"]), []).append(row)
    rows = {
        name: {key: cells_of(prop, iri, by_thing.get(iri, []), settings, language) for key, prop, settings in columns}
        for name, iri in things.items()
    }
    return {
        "meta": [{"id": key, "name": tell_property(prop, language)["name"]} for key, prop, _ in columns],
        "rows": rows,
    }


async def tell_about(context: Context, comparable: Comparable, what: str, asked: str, language: str) -> str:
    """Return a line about a thing, a type or a property."""
    if what == "type":
        return comparable.kind(asked).definition.get(language, "")
    if what == "property":
        return comparable.property(asked).definition.get(language, "")
    if what != "entity":
        raise NotFound(f"There is no flyout for {what[:40]!r}; take entity, type or property.")
    iri = iri_of(asked)
    if not legal_iri(iri):
        raise NotFound(f"There is no thing {asked[:80]!r} here.")
    rows = await _values(context, [(IRI(iri), IRI(path)) for path in _DESCRIPTIONS])
    said = {getattr(row["value"], "language", ""): str(row["value"]) for row in rows}
    return said.get(language) or next(iter(said.values()), "")
