"""What a reader chose in the catalogue: read from the address, written back into addresses, and found in the index."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request

from sundgraf.application.ask import require_known
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.facets import CLASS, Choice, Facets, numbers_in
from sundgraf.domain.labels import Labels
from sundgraf.domain.question import Parameter, Question, bind
from sundgraf.domain.sparql import Bound
from sundgraf.domain.terms import Term
from sundgraf.domain.tsv import language_of as tag_of
from sundgraf.domain.tsv import text_of
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.shared import shared_index

QUESTION = "browse"  # the stored question whose parameters are the facets
PER_PAGE = 30
SORTS = ("title", "stage", "start")
_SG = "https://w3id.org/sundgraf/def/"
TYPES = {
    "all": ("Solution", "Project", "Deployment", "Product"), "solution": ("Solution",),
    "practice": ("Project", "Deployment"), "project": ("Project",), "deployment": ("Deployment",),
    "product": ("Product",),
}  # fmt: skip
_NOT_CHOSEN = ("type", "language")
_OWN = ("lang", "page", "sort", "type", "format")


@dataclass(frozen=True, slots=True)
class Names:
    """What values are called, by IRI and language, and the rank of those that have one."""

    labels: Labels = field(default_factory=Labels)
    ranks: Mapping[str, str] = field(default_factory=dict)

    def label(self, iri: str, language: str) -> str:
        """Return what an IRI is called in a language, else in another, else its last part."""
        return self.find(iri, language) or iri.rsplit("/", 1)[-1]

    def find(self, iri: str, language: str) -> str:
        """Return what an IRI is called in a language, else in another, "" where it has no name."""
        return self.labels.find(iri, language)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice as the reader made it, and the addresses that lead to others."""

    type: str
    choice: Choice
    short: tuple[tuple[str, str], ...]
    sort: str
    page: int
    language: str

    def address(self, path: str = "/catalogue", /, **changed: str) -> str:
        """Return the address with some parameters changed, "" for none; a change begins at the first page."""
        said = {"type": self.type, **self._joined, "sort": self.sort, **changed, "lang": self.language}
        return f"{path}?" + urlencode({k: v for k, v in said.items() if v and (k, v) not in _DEFAULTS}, safe=",")

    def toggled(self, name: str, value: str) -> str:
        """Return the address with a value of a facet chosen besides, or left out where it is chosen."""
        held = [short for facet, short in self.short if facet == name]
        kept = [short for short in held if short != value] if value in held else [*held, value]
        return self.address(**{name: ",".join(kept)})

    @property
    def question(self) -> str:
        """The address of the stored question that gives the same records."""
        said = {"type": self.type, **self._joined, "language": self.language, "lang": self.language}
        return f"/ask/{QUESTION}?{urlencode(said, safe=',')}"

    @property
    def _joined(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, short in self.short:
            found[name] = f"{found[name]},{short}" if name in found else short
        return found


_DEFAULTS = {("type", "all"), ("sort", "title"), ("page", "1")}


def facet_parameters(question: Question) -> list[Parameter]:
    """Return the parameters that are facets, in the order in which they are shown."""
    return [parameter for parameter in question.parameters if parameter.name not in _NOT_CHOSEN]


async def read_choice(context: Context, request: Request, language: str) -> Chosen:
    """Return what the address of a request chooses. Raises InvalidParameter."""
    question = context.questions[QUESTION]
    asked: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in _OWN and value:
            asked[name] = f"{asked[name]},{value}" if name in asked else value
    type_ = request.query_params.get("type", "") or "all"
    if type_ not in TYPES:
        raise InvalidParameter(f"type={type_[:40]!r} is none of {', '.join(TYPES)}.", "type")
    bound = bind(question, {**asked, "type": type_})
    sort = request.query_params.get("sort", "") or "title"
    if sort not in SORTS:
        raise InvalidParameter(f"sort={sort[:40]!r} is none of {', '.join(SORTS)}.", "sort")
    page = request.query_params.get("page", "1")
    if not (page.isascii() and page.isdigit() and 0 < int(page) < 100_000):
        raise InvalidParameter(f"page={page[:40]!r} is not a page number.", "page")
    order = [parameter.name for parameter in facet_parameters(question) if parameter.name in asked]
    values = tuple((name, str(term)) for name in order for term in _each(bound[name]))
    index = await facets(context)
    if strange := {name for name, value in values if not index.knows(name, value)}:
        await require_known(context.store, question, {name: bound[name] for name in strange})
    choice = Choice(values, tuple(_SG + name for name in TYPES[type_]))
    return Chosen(type_, choice, tuple((name, shorten(value)) for name, value in values), sort, int(page), language)


def _each(bound: Bound) -> tuple[Term, ...]:
    return bound if isinstance(bound, tuple) else (bound,)


def shorten(iri: str) -> str:
    """Return the last part of an IRI, which stands for it in an address."""
    return iri.rsplit("/", 1)[-1]


async def facets(context: Context) -> Facets:
    """Return the index of records, made once for each publication."""

    def read(rows: Iterator[list[str]]) -> Facets:
        return Facets((text_of(thing), text_of(facet), text_of(value)) for thing, facet, value in rows)

    async def make() -> Facets:
        return await shared_index(context, ("facets",), read)

    return await facts.once(context, "facets", make)


async def names(context: Context) -> Names:
    """Return what everything is called, made once for each publication."""

    def read(rows: Iterator[list[str]]) -> Names:
        ranks: dict[str, str] = {}

        def labelled() -> Iterator[tuple[str, str, str]]:
            for value, label, rank in rows:
                if rank:
                    ranks[text_of(value)] = text_of(rank)
                else:
                    yield text_of(value), tag_of(label), text_of(label)

        return Names(Labels(labelled()), ranks)

    async def make() -> Names:
        return await shared_index(context, ("facet-names",), read)

    return await facts.once(context, "facet names", make)


async def sort_records(context: Context, chosen: Chosen) -> list[str]:
    """Return the chosen records: by title, by how far they are, or by when they began, the newest first."""
    index, places = await facets(context), await order(context, chosen.sort, chosen.language)
    found = sorted(numbers_in(index.select(chosen.choice)), key=places.__getitem__)
    return [index.records[number] for number in found]


async def order(context: Context, sort: str, language: str) -> array[int]:
    """Return the place of each record in an order, made once for each publication."""
    index, called = await facets(context), await names(context)

    def place() -> array[int]:
        order = sorted(
            range(len(index.records)),
            key=lambda number: (called.label(index.records[number], language).casefold(), number),
        )
        if sort == "stage":
            order.sort(key=lambda number: -int(furthest(index, called, index.records[number])[0]))
        elif sort == "start":
            order.sort(
                key=lambda number: max(index.values_of(index.records[number], "start"), default=""), reverse=True
            )
        places = array("I", bytes(4 * len(order)))
        for at, number in enumerate(order):
            places[number] = at
        return places

    async def make() -> array[int]:
        return await asyncio.to_thread(place)

    return await facts.once(context, f"order {sort} {language}", make)


def furthest(index: Facets, called: Names, record: str) -> tuple[str, list[str]]:
    """Return the highest rank of a record's stages, "0" for none, and the stages."""
    stages = list(index.values_of(record, "stage"))
    return max((called.ranks.get(stage, "0") for stage in stages), default="0"), stages


def class_of(index: Facets, record: str) -> str:
    """Return the class of a record."""
    return next(iter(index.values_of(record, CLASS)), "")
