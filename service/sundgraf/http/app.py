"""The composition root of the web process: settings, store and routes become one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from sundgraf import __version__
from sundgraf.application.ask import load_questions
from sundgraf.application.search import SearchingStore
from sundgraf.bundle import Bundle
from sundgraf.domain.errors import NotFound, SundgrafError
from sundgraf.domain.media import prefers_html
from sundgraf.http import facts, problems
from sundgraf.http.chores import start_chore
from sundgraf.http.context import Context
from sundgraf.http.delivery import Delivery
from sundgraf.http.dumps import make_ahead
from sundgraf.http.express import LookupAnswers
from sundgraf.http.logs import request_log
from sundgraf.http.metered import Metered, MeteredStore, keep_gauges
from sundgraf.http.metrics import OTHER, Board
from sundgraf.http.nearby import find_near
from sundgraf.http.pages import Pages
from sundgraf.http.proxies import BehindProxies
from sundgraf.http.routes import (
    ask,
    browse,
    catalogue,
    discovery,
    dump,
    feed,
    history,
    home,
    imports,
    linkset,
    mappings,
    memento,
    operations,
    pictures,
    reconcile,
    reference,
    report,
    resource,
    search,
    session,
    submission,
    template,
    terms,
    validate,
)
from sundgraf.http.routes.sparql import SPARQLEndpoint
from sundgraf.http.short import ShortAnswers
from sundgraf.http.warming import warm_up
from sundgraf.settings import Settings
from sundgraf.store import generations
from sundgraf.store.embedded import EmbeddedStore
from sundgraf.store.look_up_table import table_file
from sundgraf.store.lookup import Lookup
from sundgraf.store.remote import RemoteStore

_QUIET_SECONDS = 15.0  # after the start, before the change feed is looked after
_TABLE_AFTER_SECONDS = 20.0  # likewise, before the table for look-ups is made
_COLUMNS_AFTER_SECONDS = 5.0  # likewise, before the columns for long queries are


def create_app(
    settings: Settings, bundle: Bundle, announcement: Path | None, folder: Path, place: int = 0
) -> Metered | BehindProxies:
    """Return the application. `announcement` says where the embedded store's nursery is; None for a remote engine.

    `folder` is shared with the other web processes, of which this one is number `place`.
    """
    store: EmbeddedStore | RemoteStore
    if announcement is None:
        store = RemoteStore(
            settings.replicas, settings.store_user, settings.store_password, settings.store_engine,
            filled=settings.pushes,
        )  # fmt: skip
    else:
        store = EmbeddedStore(
            announcement,
            workers=settings.workers,
            trusted_workers=1,
            queue=settings.queue,
            long=settings.long_queries,
        )
    pages = Pages(bundle.queries / "columns.toml", bundle.queries / "problems.toml")
    board = Board(folder, place)
    metered = MeteredStore(store, board)
    searching = SearchingStore(metered, lambda: search.texts(context))
    context = Context(settings, bundle, searching, load_questions(bundle.queries / "ask"), pages)
    pages.near = functools.partial(find_near, context)
    endpoint = SPARQLEndpoint(context)
    lookups = LookupAnswers(lambda: store.publication().number)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if isinstance(store, EmbeddedStore):
            refresh = _lookup_refresher(settings, lookups, place)
            refresh()
            store.on_publication(refresh)
        await store.open()
        if isinstance(store, EmbeddedStore) and place == 0:  # the others find what it makes
            make_ahead(context)
            store.on_publication(lambda: make_ahead(context))
            feed.follow_ahead(context, after=_QUIET_SECONDS)
            store.on_publication(lambda: feed.follow_ahead(context))
        warm_up(context)
        store.on_publication(lambda: warm_up(context))
        watch = asyncio.create_task(keep_gauges(board, store))
        (folder / f"up-{os.getpid()}").touch()
        gc.collect()
        gc.freeze()  # what is here now stays: a search for rubbish in all of it would hold up every reader
        yield
        watch.cancel()
        await store.close()

    app = FastAPI(
        title="sundgraf",
        version=__version__,
        summary="The open knowledge graph of AI and other new technology in healthcare.",
        license_info={"name": "CC BY 4.0 (data), Apache-2.0 (code)"},
        lifespan=lifespan,
        redirect_slashes=False,  # its Location would repeat whatever the Host header said
        docs_url=None,
        redoc_url=None,
        default_response_class=JSONResponse,
    )
    nouns = (
        ask, browse, catalogue, discovery, dump, feed, history, home, imports, linkset, mappings, memento, pictures,
        reconcile, reference, report, search, session, submission, template, terms, validate,
    )  # fmt: skip
    routers = [operations.router(context, board, folder), *(routes.router(context) for routes in nouns)]
    for router in routers:
        app.include_router(router)
    app.mount("/static", pages.assets, name="static")
    routers.append(resource.router(context))  # last: it takes whole rooms of paths
    app.include_router(routers[-1])
    methods = functools.partial(_methods_of, routers)
    _add_error_responses(app, pages, context, methods)
    board.open(_first_segments(routers))
    delivery = Delivery(
        app, lambda: store.publication().number, settings.cache_bytes, lookups.answer, {"/sparql": endpoint},
        methods,
    )  # fmt: skip
    delivery.soon = ShortAnswers(context, delivery.keep if delivery.caching else None).start
    metered_app = Metered(delivery, board, request_log(settings))
    return BehindProxies(metered_app, settings.trusted_proxies) if settings.trusted_proxies else metered_app


def _methods_of(routers: Iterable[APIRouter], scope: Scope) -> str:
    """Return the methods of all routes of a path; a route's own error tells those of one.

    The route that refuses Graph Store writes does not count, and takes any method.
    """
    found: dict[str, None] = {}
    for route in (route for router in routers for route in router.routes):
        methods = sorted(getattr(route, "methods", None) or ())
        if "PATCH" not in methods and route.matches(scope)[0] is not Match.NONE:
            found.update(dict.fromkeys(methods))
    return ", ".join(found) or "GET"


def _first_segments(routers: Iterable[APIRouter]) -> list[str]:
    """Return what requests are counted by: the first parts of the paths that there are."""
    paths = {getattr(route, "path", "").split("/")[1] for router in routers for route in router.routes}
    return [*sorted({"/sparql", "/static", *(f"/{path}" for path in paths if "{" not in path)}), OTHER]


def _lookup_refresher(settings: Settings, lookups: LookupAnswers, place: int) -> Callable[[], None]:
    limits = [
        (b"sundgraf-row-limit", str(settings.row_limit).encode()),
        (b"sundgraf-byte-limit", str(settings.byte_limit).encode()),
    ]

    def refresh() -> None:
        generation = generations.current(settings.state)
        if generation is not None:
            store = ox.Store.read_only(str(generation.store))
            table = table_file(settings.state, generation.publication)
            lookups.use(Lookup(store, table), generation.number, limits)
            if place == 0 and not table.exists():
                start_chore("sundgraf.application.look_ups", settings.state, _TABLE_AFTER_SECONDS)
            if place == 0 and generation.quads >= settings.column_quads and not generation.columns.exists():
                start_chore("sundgraf.application.columns", settings.state, _COLUMNS_AFTER_SECONDS)

    return refresh


def _add_error_responses(app: FastAPI, pages: Pages, context: Context, methods: Callable[[Scope], str]) -> None:
    async def know_names(request: Request) -> None:
        """A page that says that there is nothing also says what was probably meant."""
        if prefers_html(request.headers.get("accept", "")):
            with contextlib.suppress(SundgrafError):
                await facts.vocabulary(context)
                await search.finder(context)

    async def ours(request: Request, error: Exception) -> Response:
        if isinstance(error, NotFound):
            await know_names(request)
        return problems.respond_to_error(request, pages, error)

    async def status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 404:
            await know_names(request)
        elif error.status_code == 405:
            headers["allow"] = methods(request.scope)
        return problems.respond_to_status(request, pages, error.status_code, str(error.detail), headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        detail = f"{first['loc'][-1]}: {first['msg']}"
        return problems.respond(request, pages, 400, "A parameter is not right", detail)

    app.add_exception_handler(SundgrafError, ours)
    app.add_exception_handler(HTTPException, status)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, ours)
