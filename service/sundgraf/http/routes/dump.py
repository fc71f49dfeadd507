"""The whole graph as files, with checksums."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from sundgraf.application.dump import Dump, make_dumps
from sundgraf.domain.errors import NotFound
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.delivery import entity_tag


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["descriptions"])

    async def dumps() -> list[Dump]:
        return await facts.once(context, "dumps", lambda: make_dumps(context.store, context.bundle.queries / "page"))

    @routes.get("/dump/SHA256SUMS", summary="Checksums of the dumps")
    async def checksums() -> Response:
        lines = [f"{dump.download.sha256}  {dump.download.name}\n" for dump in await dumps()]
        return PlainTextResponse("".join(lines))

    @routes.get("/dump/{name}", summary="The whole graph: sundgraf.nq.gz or sundgraf.ttl.gz")
    async def download(name: str) -> Response:
        for dump in await dumps():
            if dump.download.name == name:
                headers = {"ETag": entity_tag(dump.download.sha256), "Cache-Control": "no-cache"}
                return Response(dump.body, headers=headers, media_type="application/gzip")
        raise NotFound(f"There is no dump {name!r}; see /dump/SHA256SUMS.")

    return routes
