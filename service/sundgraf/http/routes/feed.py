"""The change feed for those who keep a copy: its root, and pages that are kept for ever once they are full."""

from __future__ import annotations

import asyncio

import pyoxigraph as ox
from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.describe_feed import describe_feed
from sundgraf.domain.errors import Busy, NotFound
from sundgraf.domain.media import DATASETS, GRAPHS, NQUADS, TRIG, Format, choose, named
from sundgraf.http.chores import start_chore
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.store import generations
from sundgraf.store.feed import Feed, read_feed, read_page
from sundgraf.store.writers import PREFIXES, write_graph

_PAGES = (TRIG, *(format for format in DATASETS if format is not TRIG))  # events are named graphs
_POLL, _PATIENCE = 0.1, 30.0  # seconds
_CHORE = "sundgraf.application.follow"
_FOR_EVER = "public, max-age=31536000, immutable"


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["history"])

    @routes.get("/feed", summary="The change feed: a Linked Data Event Stream of what changed in every publication")
    async def root(request: Request) -> Response:
        format = _format(request, GRAPHS)
        feed = await _find(context)
        address = f"{str(request.base_url).rstrip('/')}/feed"
        tag = entity_tag(feed.series, str(feed.events), str(feed.publication), address, format.name)
        return Response(describe_feed(feed, address).write(format.name), headers=_headers(format, tag, "no-cache"))

    @routes.get("/feed/{series}/{page}", summary="A page of the change feed")
    async def events(request: Request, series: str, page: str) -> Response:
        format = _format(request, _PAGES)
        feed = await _find(context)
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 0
        body = read_page(context.settings.state, feed, series, number)
        full = number < feed.pages
        if format is not NQUADS:
            body = await asyncio.to_thread(_convert, body, format)  # other answers go out meanwhile
        tag = entity_tag(series, page, "" if full else str(feed.events), format.name)
        return Response(body, headers=_headers(format, tag, _FOR_EVER if full else "no-cache"))

    return routes


def follow_ahead(context: Context, after: float = 0.0) -> None:
    """Begin to bring the feed up to what is published, in some seconds."""
    if generations.log(context.settings.state):
        start_chore(_CHORE, context.settings.state, after)


async def _find(context: Context) -> Feed:
    """Return the feed as far as what is published. Raises NotFound where there is no log, Busy where it takes long."""
    state, loop = context.settings.state, asyncio.get_running_loop()
    end, asked = loop.time() + _PATIENCE, False
    while True:
        feed, held = read_feed(state), generations.current(state)
        if held is None:
            raise NotFound("This service has no publication log of its own; ask the one that fills its engine.")
        if feed is not None and feed.publication >= held.number:
            return feed
        if not asked:
            asked = True
            start_chore(_CHORE, state)
        if loop.time() > end:
            raise Busy("The feed is being brought up to what is published; try again in a few seconds.")
        await asyncio.sleep(_POLL)


def _format(request: Request, offered: tuple[Format, ...]) -> Format:
    asked = request.query_params.get("format", "")
    return named(asked, offered) if asked else choose(request.headers.get("accept", ""), offered)


def _headers(format: Format, tag: str, kept: str) -> dict[str, str]:
    return {
        "Content-Type": format.content_type, "Vary": "Accept", "ETag": tag, "Cache-Control": kept,
        CACHEABLE.decode(): "1",
    }  # fmt: skip


def _convert(events: bytes, format: Format) -> bytes:
    prefixes = {"as": "https://www.w3.org/ns/activitystreams#", "tree": "https://w3id.org/tree#"}
    quads = list(ox.parse(events, format=ox.RdfFormat.N_QUADS, rename_blank_nodes=False))
    return write_graph(quads, format.name, {**PREFIXES, **prefixes})
