"""The lists of all concept schemes and of all shapes; each has its own page in the routes of resources."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.http.context import Context
from sundgraf.http.reference import overview


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["resources"])

    @routes.get("/concept/", summary="All concept schemes")
    async def schemes(request: Request) -> Response:
        return await overview(context, request, "concept")

    @routes.get("/shape/", summary="All shapes")
    async def shapes(request: Request) -> Response:
        return await overview(context, request, "shape")

    @routes.get("/concept", include_in_schema=False)
    async def concept() -> Response:
        return RedirectResponse("/concept/", 301)

    @routes.get("/shape", include_in_schema=False)
    async def shape() -> Response:
        return RedirectResponse("/shape/", 301)

    return routes
