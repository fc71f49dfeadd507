"""The whole graph as files, with checksums."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from sundgraf.application.describe_service import Download
from sundgraf.application.dump import FILES, SUMS
from sundgraf.domain.errors import Busy, NotFound
from sundgraf.domain.media import HTML, PLAIN_JSON, choose
from sundgraf.http.context import Context
from sundgraf.http.delivery import entity_tag
from sundgraf.http.dumps import find_dumps

_PATIENCE = 30.0  # seconds that a reader waits for files that are being made
_SHORT_PATIENCE = 3.0  # likewise, for what they will be


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["descriptions"])

    @routes.get("/dump", include_in_schema=False)
    async def moved() -> Response:
        return RedirectResponse("/dump/", 301)

    @routes.get("/dump/", summary="Which files there are, with sizes and checksums")
    async def listing(request: Request) -> Response:
        format = choose(request.headers.get("accept", ""), (PLAIN_JSON, HTML))
        try:
            _, downloads = await find_dumps(context, _SHORT_PATIENCE)
        except Busy:  # they are being made; their names are known
            downloads = [Download(name, of) for name, of in FILES.items()]
        publication = context.store.publication()
        if format is HTML:
            return context.pages.render(request, "dumps.html", downloads=downloads, publication=publication)
        files = [
            {"address": f"/dump/{d.name}", **({"bytes": d.size, "sha256": d.sha256} if d.size else {})}
            for d in downloads
        ]
        said = {"publication": publication.number, "files": files, "checksums": f"/dump/{SUMS}"}
        return JSONResponse(said, headers={"Vary": "Accept", "Cache-Control": "no-cache"})

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
