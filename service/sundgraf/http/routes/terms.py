"""The words of a query: what the editor, and anybody else's, completes."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from sundgraf.http.context import Context
from sundgraf.http.editor import terms


def router(context: Context) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["search"])

    @routes.get("/terms", summary="Prefixes, classes, properties and concepts with their names, for completion")
    async def completion() -> Response:
        return Response(await terms(context), headers={"Cache-Control": "no-cache"}, media_type="application/json")

    return routes
