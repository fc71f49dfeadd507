"""The catalogue: records by facets, as a page, CSV and Turtle, and up to four of them side by side."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.application.describe import Moved, describe
from sundgraf.application.query import construct
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.facets import Choice, Facets
from sundgraf.domain.media import TURTLE
from sundgraf.domain.names import BASE, name_of
from sundgraf.domain.sparql import Bound
from sundgraf.domain.terms import IRI, Literal
from sundgraf.http.choosing import (
    PER_PAGE,
    SORTS,
    TYPES,
    Chosen,
    Names,
    facet_parameters,
    facets,
    furthest,
    names,
    read_choice,
    shorten,
    sort_records,
)
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.facts import page_query
from sundgraf.http.pages import language_of
from sundgraf.http.record import group_facts, title_of

_SHOWN = 8  # values of a facet that are shown at once
_MORE = 40  # values behind "more"
_MOST_COMPARED = 4
_COLUMNS = (
    "class", "technology", "maturity", "stage", "useCase", "effect", "area", "country", "region", "organisation",
    "start", "source",
)  # fmt: skip


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["catalogue"])
    described = page_query(context.bundle.queries / "page" / "browse-statements.rq")
    queries = {
        name: page_query(context.bundle.queries / "page" / f"{name}.rq")
        for name in ("facts", "claims", "incoming", "incoming-counts", "incoming-many", "withdrawn")
    }

    @routes.get("/catalogue", summary="Records by facets")
    async def catalogue(request: Request) -> Response:
        language = language_of(request)
        chosen = await read_choice(context, request, language)
        index, called = await facets(context), await names(context)
        found = await sort_records(context, chosen)
        pages = max(1, -(-len(found) // PER_PAGE))
        shown = found[(chosen.page - 1) * PER_PAGE : chosen.page * PER_PAGE]
        types = {name: index.select(_of_type(chosen, name)).bit_count() for name in TYPES}
        publication = context.store.publication().number
        return context.pages.render(
            request, "browse.html", chosen=chosen, index=index, called=called, total=len(found), pages=pages,
            records=shown, types=types, sorts=SORTS, facets=_facets(context, chosen, index, called), furthest=furthest,
            shorten=shorten, shown_at_once=_SHOWN,
            headers={
                "ETag": entity_tag(str(publication), language, request.url.query), "Cache-Control": "no-cache",
                CACHEABLE.decode(): "1",
            },
        )  # fmt: skip

    @routes.get("/catalogue.csv", summary="The chosen records as CSV, in the order shown")
    async def as_csv(request: Request) -> Response:
        language = language_of(request)
        chosen = await read_choice(context, request, language)
        index, called = await facets(context), await names(context)
        found = await sort_records(context, chosen)
        headers = {"Content-Disposition": 'attachment; filename="catalogue.csv"', "Vary": "Accept-Language"}
        return Response(_table(index, called, found, language), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get("/catalogue.ttl", summary="What is said of the chosen records, as Turtle")
    async def as_turtle(request: Request) -> Response:
        chosen = await read_choice(context, request, language_of(request))
        bound: dict[str, Bound] = {}
        for name, value in chosen.choice.values:
            bound[name] = (*bound.get(name, ()), IRI(value))  # type: ignore[misc]  # tuples are all there is in it
        body = await construct(context.store, described, {**bound, "type": Literal(chosen.type)}, TURTLE)
        headers = {"Content-Disposition": 'attachment; filename="catalogue.ttl"', "Content-Type": TURTLE.content_type}
        return Response(body, headers=headers)

    @routes.get("/compare", summary="Up to four records side by side")
    async def compare(request: Request) -> Response:
        language = language_of(request)
        asked = list(dict.fromkeys(request.query_params.getlist("record")))
        if len(asked) > _MOST_COMPARED:
            raise InvalidParameter(f"{len(asked)} records were chosen; at most {_MOST_COMPARED} fit.", "record")
        records, called = [], await names(context)
        for text in asked:
            name = name_of(text if text.startswith(BASE) else f"{BASE}id/{text}")
            if name is None:
                raise InvalidParameter(f"record={text[:80]!r} is no record, for example solution/s-0002.", "record")
            try:
                description = await describe(context.store, queries, name.iri, 1)
            except Moved as moved:
                raise InvalidParameter(f"{text[:80]!r} was merged into {moved.target}.", "record") from moved
            records.append(
                {"name": name, "title": title_of(description.facts, language) or name.rest,
                 "facts": {fact.iri: fact for fact in group_facts(description.facts, called, language)}}
            )  # fmt: skip
        labels: dict[str, str] = {}
        for record in records:
            labels.update({iri: fact.label for iri, fact in record["facts"].items()})  # type: ignore[attr-defined]  # a dict
        return context.pages.render(request, "compare.html", records=records, labels=labels, shorten=shorten)

    @routes.get("/solutions", summary="Moved to /catalogue", include_in_schema=False)
    async def solutions(request: Request) -> Response:
        rest = f"&{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/catalogue?type=solution{rest}", 301)

    return routes


def _of_type(chosen: Chosen, name: str) -> Choice:
    return Choice(chosen.choice.values, tuple(f"{BASE}def/{class_}" for class_ in TYPES[name]))


def _facets(context: Context, chosen: Chosen, index: Facets, called: Names) -> list[dict[str, object]]:
    """Return the facets that have anything to choose, each value with its name, count, address and if it is chosen.

    Where values of the facet are chosen, the count of another is how many records it brings besides.
    """
    found: list[dict[str, object]] = []
    for parameter in facet_parameters(context.questions["browse"]):
        name = parameter.name
        picked = {value for facet, value in chosen.choice.values if facet == name}
        counted = index.count(chosen.choice, name)
        if not counted:
            continue
        values = [
            (called.label(value, chosen.language),
             count if value in picked or not picked else index.more_with(chosen.choice, name, value),
             chosen.toggled(name, shorten(value)), value in picked)
            for value, count in counted[:_MORE]
        ]  # fmt: skip
        found.append({
            "name": name, "label": parameter.label[chosen.language], "chosen": bool(picked), "values": values,
            "more": max(0, len(counted) - _MORE),
        })  # fmt: skip
    return found


def _table(index: Facets, called: Names, records: Sequence[str], language: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["iri", "title", *_COLUMNS])
    for record in records:
        values = [index.values_of(record, column) for column in _COLUMNS]
        writer.writerow([
            record, called.label(record, language),
            *("; ".join(value if column == "start" else called.label(value, language) for value in held)
              for column, held in zip(_COLUMNS, values, strict=True)),
        ])  # fmt: skip
    return text.getvalue()
