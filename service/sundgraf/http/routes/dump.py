"""The whole graph as files, with checksums."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from sundgraf.application.dump import FILES, SUMS
from sundgraf.domain.errors import NotFound
from sundgraf.http.context import Context
from sundgraf.http.delivery import entity_tag
from sundgraf.http.dumps import find_dumps

_PATIENCE = 30.0  # seconds that a reader waits for files that are being made


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["descriptions"])

    @routes.get(f"/dump/{SUMS}", summary="Checksums of the dumps")
    async def checksums() -> Response:
        folder, downloads = await find_dumps(context, _PATIENCE)
        tag = entity_tag(*(download.sha256 for download in downloads))
        return FileResponse(folder / SUMS, headers={"ETag": tag, "Cache-Control": "no-cache"}, media_type="text/plain")

    @routes.get("/dump/{name}", summary="The whole graph: sundgraf.nq.gz or sundgraf.ttl.gz")
    async def download(name: str) -> Response:
        if name not in FILES:
            raise NotFound(f"There is no dump {name!r}; there are {', '.join(FILES)} and {SUMS}.")
        folder, downloads = await find_dumps(context, _PATIENCE)
        tag = next(entity_tag(held.sha256) for held in downloads if held.name == name)
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        return FileResponse(folder / name, headers=headers, media_type="application/gzip")

    return routes
