"""What is asked of the store once per publication and kept: graphs, classes and counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar, cast

from sundgraf.application.describe_service import Graph
from sundgraf.application.query import select
from sundgraf.domain.question import parse_question
from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.http.context import Context

Made = TypeVar("Made")


async def once(context: Context, name: str, make: Callable[[], Awaitable[Made]]) -> Made:
    """Return what `make` makes, made once for each publication."""
    number = context.store.publication().number
    kept = context.memory.get(name)
    if kept is not None and kept[0] == number:
        return cast("Made", kept[1])
    made = await make()
    context.memory[name] = (number, made)
    return made


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


async def triple_count(context: Context) -> int:
    """Return the number of triples in the default graph."""

    async def make() -> int:
        return int(str((await page_rows(context, "triples"))[0]["triples"]))

    return await once(context, "triples", make)


def _ordered(literals: Iterable[Term]) -> tuple[Literal, ...]:
    return tuple(
        sorted((x for x in literals if isinstance(x, Literal)), key=lambda literal: (literal.language, literal.value))
    )
