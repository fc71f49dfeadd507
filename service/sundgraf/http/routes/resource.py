"""Our IRIs and the documents about them: 303 from the thing to the document, and the document in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from sundgraf.application.describe import (
    Description,
    Moved,
    describe,
    describe_as,
    describe_graph,
    describe_ontology,
    list_graph,
    require_standing,
)
from sundgraf.application.query import construct
from sundgraf.domain.errors import Gone, InvalidParameter, NotFound, Refused
from sundgraf.domain.media import CSV, GRAPHS, HTML, Format, choose, named
from sundgraf.domain.names import BASE, Name, parse_path
from sundgraf.domain.terms import IRI
from sundgraf.http.beside import find_beside
from sundgraf.http.choosing import names
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.facts import page_query
from sundgraf.http.links import Link, link_header, linkset_links, memento_links, say
from sundgraf.http.pages import language_of
from sundgraf.http.record import group_claims, group_facts, title_of
from sundgraf.http.reference import ROOMS as REFERENCE
from sundgraf.http.reference import reference_page
from sundgraf.http.routes.history import version_document
from sundgraf.http.routes.memento import site_of
from sundgraf.http.routes.sparql import NO_WRITES
from sundgraf.http.structured import as_script, tell_record
from sundgraf.http.support import by_date, differing_stages, find_support, key_of, rows_of

_FORMATS = (*GRAPHS, HTML, CSV)
_SHOWN_ABOVE = (
    "http://purl.org/dc/terms/title", "http://purl.org/dc/terms/description",
    "http://www.w3.org/2004/02/skos/core#definition",
)  # fmt: skip
_ROOMS = ("doc", "def", "concept", "shape", "query", "graph")
_PAGE_QUERIES = (
    "facts", "claims", "incoming", "incoming-counts", "incoming-many", "describe", "labels", "graph", "holds", "minted",
    "ontology", "withdrawn",
)  # fmt: skip


def router(context: Context) -> APIRouter:
    """Return the routes of things and of the documents about them."""
    routes = APIRouter(tags=["resources"])
    queries = {name: page_query(context.bundle.queries / "page" / f"{name}.rq") for name in _PAGE_QUERIES}

    @routes.get("/id/{rest:path}", status_code=303, summary="A thing: see the document about it")
    async def thing(request: Request, rest: str) -> Response:
        name, extension = parse_path("id", rest)
        try:
            await require_standing(context.store, queries, name.iri)
        except Moved as moved:
            return _moved(moved)
        except Gone:
            return await document(request, "id", rest)
        target = name.document + (f".{extension}" if extension else "")
        query = f"?{request.url.query}" if request.url.query else ""
        links = [Link(name.iri, "cite-as"), Link(name.document, "describedby"), *linkset_links(name)]
        headers = {"Vary": "Accept, Accept-Language", "Link": say(links)}
        return RedirectResponse(target + query, 303, headers)

    @routes.get("/def", include_in_schema=False)
    async def ontology() -> Response:
        return RedirectResponse("/def/", 301)

    async def document(request: Request, room: str, rest: str) -> Response:
        name, extension = parse_path(room, rest)
        version = request.query_params.get("version")
        if version is not None and name.room == "id":
            if not (version.isascii() and version.isdigit() and len(version) < 10):
                raise InvalidParameter(f"version={version[:40]!r} is no publication number.", "version")
            asked = extension or request.query_params.get("format", "")
            return await version_document(context, request, name, int(version), asked)
        page = _page_of(request)
        if extension == "rq" and name.room == "query":
            return _query_text(context, name)
        format = _format_of(request, extension)
        if name.room == "query":
            _query_text(context, name)
        asked = ""
        try:
            asked = format.extension if extension or request.query_params.get("format") else ""
            return await _respond(context, queries, request, name, format, page, asked)
        except Gone:
            if not (asked or format.media_type in request.headers.get("accept", "")) or format not in GRAPHS:
                raise
            left = await construct(context.store, queries["describe"], {"thing": IRI(name.iri)}, format)
            links = say([Link(name.iri, "cite-as"), *memento_links(name, site_of(request))])
            headers = {"Content-Type": format.content_type, "Vary": "Accept, Accept-Language", "Link": links}
            return Response(left, 410, {**headers, "Cache-Control": "no-cache"})
        except Moved as moved:
            return _moved(moved)

    @routes.api_route("/graph/{rest:path}", methods=["PUT", "POST", "DELETE", "PATCH"], include_in_schema=False)
    async def write(rest: str) -> Response:
        raise Refused(f"{NO_WRITES} (graph {rest[:100]!r})")

    for room in _ROOMS:
        _add_room(routes, room, document)
    return routes


def _moved(moved: Moved) -> Response:
    target = "/" + moved.target.removeprefix(BASE) if moved.target.startswith(BASE) else moved.target
    return RedirectResponse(target, 301, {"Link": f'<{moved.target}>; rel="canonical"'})


def _add_room(routes: APIRouter, room: str, document: object) -> None:
    @routes.get(f"/{room}/{{rest:path}}", name=room, summary=f"A document of the room {room}")
    async def answer(request: Request, rest: str) -> Response:
        return await document(request, room, rest)  # type: ignore[operator,no-any-return]  # the closure above


async def _respond(
    context: Context, queries: dict[str, str], request: Request, name: Name, format: Format, page: int, asked: str
) -> Response:
    publication = context.store.publication().number
    headers = {
        "Content-Type": format.content_type,
        "Vary": "Accept, Accept-Language",
        "ETag": entity_tag(str(publication), name.iri, format.name, str(page), language_of(request), request.url.query),
        "Cache-Control": "no-cache",
        "Sundgraf-Publication": str(publication),
        CACHEABLE.decode(): "1",
    }
    others = [other for other in _FORMATS if other is not format]
    if name.room == "graph" and format is not HTML:
        if format is CSV:
            body = await list_graph(context.store, queries, name.iri)
        else:
            body = await describe_graph(context.store, queries, name.iri, format)
        return Response(body, headers={**headers, "Link": link_header(name, others)})
    iri, site = name.iri, site_of(request)
    if name.room == "def" and not name.rest and format not in (HTML, CSV):
        body = await describe_ontology(context.store, queries, iri, format)
        return Response(body, headers={**headers, "Link": link_header(name, others)})
    if format is HTML or format is CSV:
        description = await describe(context.store, queries, iri, page, is_graph=name.room == "graph")
        headers["Link"] = link_header(name, others, page, description.pages, asked, site, _classes_of(description))
        if format is CSV:
            return Response(_table(iri, description), headers=headers)
        if name.room in REFERENCE and (reference := await reference_page(context, request, name, headers)):
            return reference
        return await _page(context, request, name, description, headers)
    body, description = await describe_as(
        context.store, queries, iri, page, format, f"{BASE.rstrip('/')}{name.document}"
    )
    headers["Link"] = link_header(name, others, page, description.pages, asked, site, _classes_of(description))
    return Response(body, headers=headers)


async def _page(
    context: Context, request: Request, name: Name, description: Description, headers: dict[str, str]
) -> Response:
    language = language_of(request)
    headers.pop("Content-Type")
    called = await names(context)
    facts, claims = group_facts(description.facts, called, language), group_claims(description.claims, called, language)
    for fact in facts:
        if fact.iri.endswith("/currentStage"):  # the furthest first
            fact.values.sort(key=lambda value: called.ranks.get(value.iri, "0"), reverse=True)
    support = find_support(facts, claims)
    title = title_of(description.facts, language) or name.rest
    descriptions = [value for fact in facts if fact.iri in _SHOWN_ABOVE[1:] for value in fact.values]
    texts = [value.text for value in descriptions if not value.language]
    return context.pages.render(
        request,
        "record.html",
        headers={k: v for k, v in headers.items() if k != "Vary"},
        name=name,
        title=title,
        structured=as_script(tell_record(name, title, texts, facts, _class_of(description), language)),
        facts=facts,
        claims=claims,
        class_=_class_of(description) or min(_classes_of(description), default=""),
        lines=rows_of(facts, support, _SHOWN_ABOVE),
        support=support,
        key_of=key_of,
        descriptions=descriptions,
        disagreeing=differing_stages(claims),
        reports=by_date(claims.get("StatusReport", [])),
        beside=await find_beside(context, name, description.incoming, language),
        description=description,
        formats=[format for format in _FORMATS if format is not HTML],
        publication=context.store.publication(),
    )


def _class_of(description: Description) -> str:
    """Return the first of our classes that the thing belongs to, "" if none."""
    return next((iri for iri in sorted(_classes_of(description)) if iri.startswith(BASE)), "")


def _classes_of(description: Description) -> list[str]:
    return [str(row["value"]) for row in description.facts if str(row["property"]).endswith("#type")]


def _query_text(context: Context, name: Name) -> Response:
    kind, _, stem = name.rest.partition("/")
    path = context.bundle.queries / kind / f"{stem}.rq"
    if not path.is_file():
        raise NotFound(f"There is no stored query {name.rest!r}.")
    return PlainTextResponse(path.read_text("utf-8"), media_type="application/sparql-query")


def _format_of(request: Request, extension: str) -> Format:
    asked = extension or request.query_params.get("format", "")
    if asked:
        return named(asked, _FORMATS)
    return choose(request.headers.get("accept", ""), _FORMATS)


def _page_of(request: Request) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise InvalidParameter(f"page={text!r} is not a page number.", "page")
    return int(text)


def _table(iri: str, description: Description) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["subject", "property", "value", "language", "datatype"])
    rows: Iterable[tuple[str, ...]] = (
        (
            iri,
            str(f["property"]),
            str(f["value"]),
            getattr(f["value"], "language", ""),
            getattr(f["value"], "datatype", ""),
        )
        for f in description.facts
    )
    writer.writerows(dict.fromkeys(rows))
    writer.writerows((str(i["subject"]), str(i["property"]), iri, "", "") for i in description.incoming)
    return text.getvalue().encode()
