"""What corresponds to whose: a page, an API and a mapping set (SSSOM) for each partner."""

from __future__ import annotations

import asyncio
import csv
import io

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.correspond import (
    SKOS,
    Correspondence,
    Partner,
    correspondences,
    read_partners,
    read_set,
    write_set,
)
from sundgraf.domain.errors import NotFound
from sundgraf.domain.media import CSV, HTML, PLAIN_JSON, TSV, choose, named
from sundgraf.http import facts
from sundgraf.http.choosing import names
from sundgraf.http.context import Context
from sundgraf.http.pages import language_of

_FORMATS = (HTML, PLAIN_JSON, CSV, TSV)
_ENDING = ".sssom.tsv"
_SHOWN = 500
Found = dict[str, tuple[Partner, list[Correspondence]]]


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["descriptions"])

    @routes.get("/mappings", summary="Those whose things ours are linked to, and how many")
    async def listed(request: Request) -> Response:
        found = await find_correspondences(context)
        if _format(request) is not HTML:
            said = [
                {"partner": partner.name, "title": partner.title, "scheme": partner.scheme, "count": len(held),
                 "mappings": f"/mappings/{partner.name}", "sssom": f"/mappings/{partner.name}{_ENDING}"}
                for partner, held in found.values()
            ]  # fmt: skip
            return JSONResponse({"partners": said}, headers=_HEADERS)
        return context.pages.render(request, "mappings.html", headers=_NO_CACHE, found=found, chosen=None)

    @routes.get("/mappings/{name}", summary="Which of our records correspond to a partner's, who says so, how sure")
    async def of_partner(request: Request, name: str) -> Response:
        found, download = await find_correspondences(context), name.endswith(_ENDING)
        partner, held = found.get(name.removesuffix(_ENDING), (None, []))
        if partner is None:
            raise NotFound(f"There is no partner {name[:60]!r}; there are {', '.join(found)}.")
        wanted = request.query_params.getlist("id")
        if wanted:
            held = [one for one in held if one.match in wanted or one.value in wanted or one.thing in wanted]
        format = TSV if download else _format(request)
        called, language = await names(context), language_of(request)
        labels = {one.thing: called.label(one.thing, language) for one in held}
        if format is HTML:
            return context.pages.render(
                request, "mappings.html", headers=_NO_CACHE, found=found, chosen=partner, total=len(held),
                rows=held[:_SHOWN], labels=labels, local=_local,
            )  # fmt: skip
        if format is TSV:
            text = write_set(partner, held, labels, context.store.publication().time[:10])
            headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{partner.name}{_ENDING}"'}
            return Response(text, headers={**headers, "Content-Type": TSV.content_type})
        rows = [_row(one, labels) for one in held]
        if format is CSV:
            return Response(_csv(rows), headers={**_HEADERS, "Content-Type": CSV.content_type})
        return JSONResponse({"partner": partner.name, "correspondences": rows}, headers=_HEADERS)

    return routes


_NO_CACHE = {"Cache-Control": "no-cache"}
_HEADERS = {**_NO_CACHE, "Vary": "Accept, Accept-Language"}


async def find_correspondences(context: Context) -> Found:
    """Return what corresponds to each partner's things, read once for each publication."""

    async def make() -> Found:
        folder = context.bundle.root / "data" / "mappings"
        rows = await facts.page_rows(context, "correspondences")
        stated = [(str(r["thing"]), str(r["predicate"]), str(r["match"]), str(r["graph"])) for r in rows]

        def merge() -> Found:
            partners = read_partners(folder).values()
            return {p.name: (p, correspondences(p, stated, read_set(folder, p.name))) for p in partners}

        return await asyncio.to_thread(merge)

    return await facts.once(context, "correspondences", make)


def _format(request: Request) -> object:
    asked = request.query_params.get("format", "")
    return named(asked, _FORMATS) if asked else choose(request.headers.get("accept", ""), _FORMATS)


def _row(one: Correspondence, labels: dict[str, str]) -> dict[str, object]:
    return {
        "ours": one.thing, "label": labels[one.thing], "relation": one.predicate, "theirs": one.match or one.value,
        "saidBy": list(one.said_by), "confidence": float(one.confidence) if one.confidence else None,
        "justification": one.justification, "comment": one.comment,
    }  # fmt: skip


def _csv(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    columns = ("ours", "label", "relation", "theirs", "saidBy", "confidence", "justification", "comment")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({**row, "saidBy": " ".join(map(str, row["saidBy"]))} for row in rows)  # type: ignore[call-overload]
    return text.getvalue()


def _local(predicate: str) -> str:
    return predicate.removeprefix(SKOS).rpartition("#")[2] or predicate.removeprefix(SKOS)
