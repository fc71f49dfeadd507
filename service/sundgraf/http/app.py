"""The composition root of the web process: settings, store and routes become one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pyoxigraph as ox
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from sundgraf import __version__
from sundgraf.application.ask import load_questions
from sundgraf.bundle import Bundle
from sundgraf.domain.errors import SundgrafError
from sundgraf.http import problems
from sundgraf.http.context import Context
from sundgraf.http.delivery import Delivery
from sundgraf.http.express import LookupAnswers
from sundgraf.http.pages import Pages
from sundgraf.http.routes import (
    ask,
    catalogue,
    dump,
    history,
    home,
    report,
    resource,
    search,
    session,
    submission,
    template,
    validate,
)
from sundgraf.http.routes.sparql import SPARQLEndpoint
from sundgraf.settings import Settings
from sundgraf.store import generations
from sundgraf.store.base import Store
from sundgraf.store.embedded import EmbeddedStore
from sundgraf.store.lookup import Lookup
from sundgraf.store.remote import RemoteStore

_STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, bundle: Bundle, announcement: Path | None) -> Delivery:
    """Return the application. `announcement` says where the embedded store's nursery is; None for a remote engine."""
    store: Store
    if announcement is None:
        store = RemoteStore(
            settings.store, settings.store_update, settings.store_graphs, settings.store_user, settings.store_password
        )
    else:
        store = EmbeddedStore(announcement, workers=settings.workers, trusted_workers=1, queue=settings.queue)
    pages = Pages(bundle.queries / "columns.toml")
    context = Context(settings, bundle, store, load_questions(bundle.queries / "ask"), pages)
    endpoint = SPARQLEndpoint(context)
    lookups = LookupAnswers(lambda: store.publication().number)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if isinstance(store, EmbeddedStore):
            refresh = _lookup_refresher(settings, lookups)
            refresh()
            store.on_publication(refresh)
            await store.open()
        yield
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
    for routes in (ask, catalogue, dump, history, home, report, search, session, submission, template, validate):
        app.include_router(routes.router(context))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.include_router(resource.router(context))
    _add_error_responses(app, pages)
    return Delivery(
        app, lambda: store.publication().number, settings.cache_bytes, lookups.answer, {"/sparql": endpoint}
    )


def _lookup_refresher(settings: Settings, lookups: LookupAnswers) -> Callable[[], None]:
    limits = [
        (b"sundgraf-row-limit", str(settings.row_limit).encode()),
        (b"sundgraf-byte-limit", str(settings.byte_limit).encode()),
    ]

    def refresh() -> None:
        generation = generations.current(settings.state)
        if generation is not None:
            store = ox.Store.read_only(str(generation.store))
            lookups.use(Lookup(store), generation.number, limits)

    return refresh


def _add_error_responses(app: FastAPI, pages: Pages) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        return problems.respond_to_error(request, pages, error)

    async def status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problems.respond_to_status(
            request, pages, error.status_code, str(error.detail), dict(error.headers or {})
        )

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        detail = f"{first['loc'][-1]}: {first['msg']}"
        return problems.respond(request, pages, 400, "A parameter is not right", detail)

    app.add_exception_handler(SundgrafError, ours)
    app.add_exception_handler(HTTPException, status)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, ours)
