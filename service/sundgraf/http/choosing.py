"""What a reader chose in the catalogue: read from the address, written back into addresses, and found in the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request

from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.facets import CLASS, Choice, Facets, numbers_in
from sundgraf.domain.question import Parameter, Question, bind
from sundgraf.domain.terms import Literal
from sundgraf.http import facts
from sundgraf.http.context import Context

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

    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ranks: Mapping[str, str] = field(default_factory=dict)

    def label(self, iri: str, language: str) -> str:
        """Return what an IRI is called in a language, else in another, else its last part."""
        return self.find(iri, language) or iri.rsplit("/", 1)[-1]

    def find(self, iri: str, language: str) -> str:
        """Return what an IRI is called in a language, else in another, "" where it has no name."""
        for wanted in (language, "da", "en", ""):
            if (iri, wanted) in self.labels:
                return self.labels[iri, wanted]
        return ""


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
        said = {"type": self.type, **dict(self.short), "sort": self.sort, **changed, "lang": self.language}
        return f"{path}?" + urlencode({k: v for k, v in said.items() if v and (k, v) not in _DEFAULTS})

    @property
    def question(self) -> str:
        """The address of the stored question that gives the same records."""
        said = {"type": self.type, **dict(self.short), "language": self.language, "lang": self.language}
        return f"/ask/{QUESTION}?{urlencode(said)}"


_DEFAULTS = {("type", "all"), ("sort", "title"), ("page", "1")}


def facet_parameters(question: Question) -> list[Parameter]:
    """Return the parameters that are facets, in the order in which they are shown."""
    return [parameter for parameter in question.parameters if parameter.name not in _NOT_CHOSEN]


def read_choice(question: Question, request: Request, language: str) -> Chosen:
    """Return what the address of a request chooses. Raises InvalidParameter."""
    asked = {k: v for k, v in request.query_params.items() if k not in _OWN and v}
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
    order = [parameter.name for parameter in facet_parameters(question)]
    values = tuple((name, str(bound[name])) for name in order if name in bound and name in asked)
    choice = Choice(values, tuple(_SG + name for name in TYPES[type_]))
    short = tuple((name, shorten(value)) for name, value in values)
    return Chosen(type_, choice, short, sort, int(page), language)


def shorten(iri: str) -> str:
    """Return the last part of an IRI, which stands for it in an address."""
    return iri.rsplit("/", 1)[-1]


async def facets(context: Context) -> Facets:
    """Return the index of records, made once for each publication."""

    async def make() -> Facets:
        rows = await facts.page_rows(context, "facets")
        return Facets((str(row["thing"]), str(row["facet"]), str(row["value"])) for row in rows)

    return await facts.once(context, "facets", make)


async def names(context: Context) -> Names:
    """Return what everything is called, made once for each publication."""

    async def make() -> Names:
        labels: dict[tuple[str, str], str] = {}
        ranks: dict[str, str] = {}
        for row in await facts.page_rows(context, "facet-names"):
            label = row.get("label")
            if isinstance(label, Literal):
                labels.setdefault((str(row["value"]), label.language), label.value)
            elif "rank" in row:
                ranks[str(row["value"])] = str(row["rank"])
        return Names(labels, ranks)

    return await facts.once(context, "facet names", make)


async def sort_records(context: Context, chosen: Chosen) -> list[str]:
    """Return the chosen records: by title, by how far they are, or by when they began, the newest first."""
    index, called = await facets(context), await names(context)

    async def make() -> list[int]:
        order = sorted(
            range(len(index.records)),
            key=lambda number: (called.label(index.records[number], chosen.language).casefold(), number),
        )
        if chosen.sort == "stage":
            order.sort(key=lambda number: -int(furthest(index, called, index.records[number])[0]))
        elif chosen.sort == "start":
            order.sort(
                key=lambda number: max(index.values_of(index.records[number], "start"), default=""), reverse=True
            )
        places = [0] * len(order)
        for place, number in enumerate(order):
            places[number] = place
        return places

    places = await facts.once(context, f"order {chosen.sort} {chosen.language}", make)
    found = sorted(numbers_in(index.select(chosen.choice)), key=places.__getitem__)
    return [index.records[number] for number in found]


def furthest(index: Facets, called: Names, record: str) -> tuple[str, list[str]]:
    """Return the highest rank of a record's stages, "0" for none, and the stages."""
    stages = list(index.values_of(record, "stage"))
    return max((called.ranks.get(stage, "0") for stage in stages), default="0"), stages


def class_of(index: Facets, record: str) -> str:
    """Return the class of a record."""
    return next(iter(index.values_of(record, CLASS)), "")
