"""Answer the searches in queries (sg:searchText) before a store, of whatever engine, sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sundgraf.application.query import table
from sundgraf.application.stemming import stems_of
from sundgraf.domain.errors import BadInput
from sundgraf.domain.finder import Finder, Name
from sundgraf.domain.question import parse_question
from sundgraf.domain.searching import find_searches, write_found
from sundgraf.domain.texts import Texts
from sundgraf.domain.tsv import language_of, rows_in, text_of
from sundgraf.store.base import Answer, Publication, QueryRequest, Store

_MOST_SEARCHES = 5  # in a query


class SearchingStore:
    """A store that answers queries with searches too. `index` gives the index of what the store has published now."""

    def __init__(self, store: Store, index: Callable[[], Awaitable[Texts]]) -> None:
        self._store = store
        self._index = index

    def publication(self) -> Publication:
        """Return the publication that new queries are answered from."""
        return self._store.publication()

    async def answer(self, request: QueryRequest) -> Answer:
        """Start the query and return its answer. Raises MalformedQuery, BadInput, or what the store raises."""
        searches = find_searches(request.text)
        if searches:
            if len(searches) > _MOST_SEARCHES:
                raise BadInput(f"{len(searches)} searches in a query; ask at most {_MOST_SEARCHES}.")
            index = await self._index()
            text = write_found(request.text, [(search, index.find(search.words)) for search in searches])
            request = replace(request, text=text)
        return await self._store.answer(request)

    async def close(self) -> None:
        """Let go of everything the store holds."""
        await self._store.close()


def make_finder(rows: Iterable[Sequence[str]]) -> Finder:
    """Return the index of names from the cells (domain/tsv.py) of the page query "names"."""
    return Finder(
        (
            Name(text_of(thing), text_of(class_), text_of(name), language_of(name), alias != "")
            for thing, class_, name, alias in rows
            if name.startswith('"')
        ),
        stems_of,
    )


def make_texts(names: Iterable[Sequence[str]], texts: Iterable[Sequence[str]]) -> Texts:
    """Return the index from the cells (domain/tsv.py) of the page queries "names" and "texts"."""
    return Texts(
        ((text_of(row[0]), text_of(row[2])) for row in names),
        ((text_of(thing), text_of(said)) for thing, said in texts),
        stems_of,
    )


def with_search(store: Store, folder: Path) -> SearchingStore:
    """Return a store that answers searches too; its index is made by the page queries in `folder` when one is asked."""
    made: list[Texts] = []

    async def index() -> Texts:
        if not made:
            names, texts = [
                await table(store, parse_question(name, (folder / f"{name}.rq").read_text("utf-8")).text)
                for name in ("names", "texts")
            ]
            made.append(make_texts(rows_in(names), rows_in(texts)))
        return made[0]

    return SearchingStore(store, index)
