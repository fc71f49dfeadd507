"""Descriptions for other registries: DCAT-AP catalogue and VoID."""

from __future__ import annotations

import hashlib
from collections import Counter

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.application.describe_catalogue import describe_catalogue
from sundgraf.application.describe_service import Download, Linkset, describe_dataset
from sundgraf.application.dump import FILES
from sundgraf.domain.errors import Busy
from sundgraf.domain.media import GRAPHS, HTML, Format, choose, named
from sundgraf.domain.terms import Literal
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.delivery import entity_tag
from sundgraf.http.dumps import find_dumps
from sundgraf.http.links import dataset_links, say
from sundgraf.http.routes.mappings import find_correspondences

_FORMATS = (*GRAPHS, HTML)
_LINKS = say(dataset_links())
_PATIENCE = 3.0  # seconds; then the catalogue goes out without the sizes and checksums of files that are being made


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["descriptions"])

    @routes.get("/.well-known/void", summary="VoID description of the graph")
    async def void(request: Request) -> Response:
        format = _format(request, "")
        if format is HTML:
            return await _page(context, request)
        triples, classes = await facts.triple_count(context), await facts.classes(context)
        properties, linksets = await facts.properties(context), await _linksets(context)
        document = describe_dataset(context.store.publication(), triples, classes, properties, linksets)
        return _respond(format, document.write(format.name), context)

    @routes.get("/dataset", status_code=303, summary="The graph as a thing: see its description")
    async def dataset(request: Request) -> Response:
        return RedirectResponse("/.well-known/void", 303, {"Vary": "Accept"})

    async def catalogue(request: Request, extension: str = "") -> Response:
        format = _format(request, extension)
        if format is HTML:
            return await _page(context, request)
        downloads = await _downloads(context)
        document = describe_catalogue(context.store.publication(), await facts.graphs(context), downloads)
        return _respond(format, document.write(format.name), context)

    routes.add_api_route("/catalog", catalogue, summary="DCAT-AP 3.0.1 catalogue")
    routes.add_api_route("/catalog.{extension}", catalogue, include_in_schema=False)
    return routes


async def _linksets(context: Context) -> list[Linkset]:
    found = []
    for partner, held in (await find_correspondences(context)).values():
        counts = Counter(one.predicate for one in held if one.match)
        if counts:
            title = Literal(f"sundgraf and {partner.title}", language="en")
            titles = (title, Literal(f"sundgraf og {partner.title}", language="da"))
            found.append(
                Linkset(partner.name, partner.scheme, partner.spaces[0], titles, tuple(sorted(counts.items())))
            )
    return found


async def _downloads(context: Context) -> list[Download]:
    try:
        _, downloads = await find_dumps(context, _PATIENCE)
    except Busy:
        return [Download(name, format) for name, format in FILES.items()]
    return downloads


async def _page(context: Context, request: Request) -> Response:
    return context.pages.render(
        request, "catalogue.html", path="/.well-known/void" if "void" in request.url.path else "/catalog",
        downloads=await _downloads(context), graphs=await facts.graphs(context), formats=GRAPHS,
        triples=await facts.triple_count(context), publication=context.store.publication(), headers={"Link": _LINKS},
    )  # fmt: skip


def _format(request: Request, extension: str) -> Format:
    asked = extension or request.query_params.get("format", "")
    return named(asked, _FORMATS) if asked else choose(request.headers.get("accept", ""), _FORMATS)


def _respond(format: Format, body: bytes, context: Context) -> Response:
    etag = entity_tag(format.name, hashlib.sha256(body).hexdigest())
    return Response(body, headers={"Content-Type": format.content_type, "Vary": "Accept", "ETag": etag, "Link": _LINKS})
