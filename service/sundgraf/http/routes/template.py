"""The sheets that stewards fill in, made from the shapes."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.apart import apart
from sundgraf.application.fields import record_classes
from sundgraf.application.template import make_template
from sundgraf.application.validate import shapes_of
from sundgraf.domain.errors import NotFound
from sundgraf.http.context import Context
from sundgraf.http.pages import language_of

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["submissions"])
    state, root = context.settings.state, context.bundle.root

    @routes.get("/templates", summary="The classes of records that can be sent in")
    async def classes(request: Request) -> Response:
        return context.pages.render(request, "templates.html", classes=record_classes(shapes_of(root)))

    @routes.get("/templates/{name}.{ending}", summary="A sheet to fill in, as CSV or XLSX")
    async def sheet(request: Request, name: str, ending: str) -> Response:
        if ending not in _TYPES:
            raise NotFound(f"There is no template as {ending[:20]!r}; take .xlsx or .csv.")
        body = await apart(make_template, name, ending, language_of(request), state, root, seconds=30.0)
        return Response(
            body,
            headers={
                "Content-Type": _TYPES[ending], "Vary": "Accept-Language",
                "Content-Disposition": f'attachment; filename="sundgraf-{name}.{ending}"',
            },
        )  # fmt: skip

    return routes
