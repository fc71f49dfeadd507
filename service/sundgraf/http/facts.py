"""What is asked of the store once per publication and kept: graphs, classes and counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from sundgraf.application.describe_service import Graph
from sundgraf.application.query import select, table
from sundgraf.application.vocabulary import Vocabulary, read_vocabulary
from sundgraf.domain.question import parse_question
from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.domain.tsv import rows_in
from sundgraf.http.context import Context

Made = TypeVar("Made")


async def once(context: Context, name: str, make: Callable[[], Awaitable[Made]]) -> Made:
    """Return what `make` makes, made once for each publication, however many ask for it meanwhile."""
    number = context.store.publication().number
    kept = context.memory.get(name)
    if kept is not None and kept[0] == number:
        return cast("Made", kept[1])
    begun = context.making.get(name)
    task: asyncio.Future[object]
    if begun is not None and begun[0] == number and not begun[1].done():
        task = begun[1]
    else:
        task = asyncio.ensure_future(_make(context, name, number, make))
        context.making[name] = (number, task)
    return cast("Made", await asyncio.shield(task))  # who leaves does not take it from the others


async def _make(context: Context, name: str, number: int, make: Callable[[], Awaitable[object]]) -> object:
    made = await make()
    context.memory[name] = (number, made)
    return made


async def vocabulary(context: Context) -> Vocabulary:
    """Return what the rooms say of our terms; it is read beside the event loop, since that takes up to a second."""

    async def make() -> Vocabulary:
        return await asyncio.to_thread(read_vocabulary, context.bundle.root)

    return await once(context, "vocabulary", make)


async def from_table(context: Context, name: str, make: Callable[[Iterator[list[str]]], Made]) -> Made:
    """Return what `make` makes of the rows of the page query called `name`, as cells (domain/tsv.py).

    It is for very many rows, and works beside the event loop.
    """
    text = page_query(context.bundle.queries / "page" / f"{name}.rq")
    body = await table(context.store, text)
    return await asyncio.to_thread(lambda: make(rows_in(body)))


async def page_rows(context: Context, name: str, **bindings: Term) -> list[dict[str, Term]]:
    """Return the rows of the page query called `name`."""
    return await select(context.store, page_query(context.bundle.queries / "page" / f"{name}.rq"), bindings)


def page_query(path: Path) -> str:
    """Return the text of a page query."""
    return parse_question(path.stem, path.read_text("utf-8")).text


async def graphs(context: Context) -> list[Graph]:
    """Return the named graphs, by IRI."""

    async def make() -> list[Graph]:
        rows = await page_rows(context, "graphs")
        found: dict[str, Graph] = {}
        for row in rows:
            iri = str(row["graph"])
            before = found.get(iri, Graph(iri, triples=int(str(row["triples"]))))
            titles = {*before.titles, *([row["title"]] if isinstance(row.get("title"), Literal) else [])}
            texts = {*before.descriptions, *([row["text"]] if isinstance(row.get("text"), Literal) else [])}
            found[iri] = Graph(iri, _ordered(titles), _ordered(texts), before.triples)
        return list(found.values())

    return await once(context, "graphs", make)


async def classes(context: Context) -> list[tuple[str, int]]:
    """Return the classes with how many things each has, largest first."""

    async def make() -> list[tuple[str, int]]:
        rows = await page_rows(context, "classes")
        return [(str(row["class"]), int(str(row["things"]))) for row in rows if isinstance(row["class"], IRI)]

    return await once(context, "classes", make)


async def properties(context: Context) -> dict[str, list[tuple[str, int, int]]]:
    """Return (property, statements, subjects) for each class, and for all things under ""."""

    async def make() -> dict[str, list[tuple[str, int, int]]]:
        found: dict[str, list[tuple[str, int, int]]] = {}
        for name in ("properties", "class-properties"):
            for row in await page_rows(context, name):
                of = str(row.get("class", ""))
                counts = int(str(row["statements"])), int(str(row["subjects"]))
                found.setdefault(of, []).append((str(row["property"]), *counts))
        return found

    return await once(context, "properties", make)


async def triple_count(context: Context) -> int:
    """Return the number of triples in the default graph."""

    async def make() -> int:
        return int(str((await page_rows(context, "triples"))[0]["triples"]))

    return await once(context, "triples", make)


def _ordered(literals: Iterable[Term]) -> tuple[Literal, ...]:
    return tuple(
        sorted((x for x in literals if isinstance(x, Literal)), key=lambda literal: (literal.language, literal.value))
    )
