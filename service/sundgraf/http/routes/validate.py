"""Validate a document: no account, nothing stored."""

from __future__ import annotations

import anyio
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.fields import RecordClass
from sundgraf.application.template import template_classes
from sundgraf.application.validate import Examination, examine_beside, shapes_of
from sundgraf.domain.errors import MalformedData
from sundgraf.domain.media import CSV, GRAPHS, HTML, PLAIN_JSON, Format, choose
from sundgraf.domain.report import grouped
from sundgraf.http.body import read_documents
from sundgraf.http.context import Context
from sundgraf.http.findings import summary_of, table_in_page, table_of
from sundgraf.http.limits import PerAddress
from sundgraf.http.pages import language_of
from sundgraf.http.routes.search import finder
from sundgraf.store.document import Document

TEXT = Format("text", "txt", "text/plain")
_FORMATS = (PLAIN_JSON, HTML, TEXT, CSV, *GRAPHS)
_SHOWN = 100
PASTED = ("ttl", "trig", "nt", "nq", "jsonld", "rdf", "csv")


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["validation"])
    settings = context.settings
    limiter = anyio.CapacityLimiter(2)
    addresses = PerAddress(settings.validations_per_minute)

    def classes_of(name: str) -> list[RecordClass]:
        return template_classes(name, shapes_of(context.bundle.root))

    @routes.get("/validate", summary="A page to validate a document with")
    async def form(request: Request) -> Response:
        return context.pages.render(request, "validate.html", formats=PASTED, text="", format="ttl", found=None)

    @routes.post("/validate", summary="Validate a document beside what is published; nothing is stored")
    async def validate(request: Request) -> Response:
        addresses.count(request)
        wanted = choose(request.headers.get("accept", ""), _FORMATS)
        documents = await read_documents(request, settings.document_bytes, classes_of)
        try:
            found = await apart(
                examine_beside, documents, settings.state, context.bundle.root,
                seconds=settings.document_seconds, limiter=limiter,
            )  # fmt: skip
        except MalformedData as error:
            if wanted is not HTML:
                raise
            pasted = next((d for d in documents if d.name == "text"), None)
            return context.pages.render(
                request, "validate.html", status=400, headers={"Cache-Control": "no-store"}, formats=PASTED,
                text=pasted.text if pasted else "", format=_pasted_format(pasted), found=None,
                fault=context.pages.said(str(error), language_of(request)),
            )  # fmt: skip
        found = found.with_similar(await finder(context))
        return _respond(context, request, wanted, documents, found)

    return routes


def _respond(
    context: Context, request: Request, wanted: Format, documents: list[Document], found: Examination
) -> Response:
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-store"}
    shown = len(found.findings) if request.query_params.get("limit") == "all" else _SHOWN
    language = language_of(request)
    if wanted is CSV:
        return Response(table_of(found.findings, language), headers={**headers, "Content-Type": CSV.content_type})
    if wanted is HTML:
        pasted = next((d for d in documents if d.name == "text"), None)
        return context.pages.render(
            request, "validate.html", headers=headers, formats=PASTED,
            text=pasted.text if pasted else "", format=_pasted_format(pasted), found=summary_of(found.findings, shown),
            findings=found.findings[:shown],
            rest=table_in_page(found.findings, language) if shown < len(found.findings) else "",
        )  # fmt: skip
    if wanted is PLAIN_JSON:
        return JSONResponse(summary_of(found.findings, shown), headers=headers)
    if wanted is TEXT:
        lines = []
        for finding in found.findings[:shown]:
            lines += [finding.say(language), *(f"    {more}" for more in finding.explain(language))]
        lines += _totals(found, shown, language == "da")
        return PlainTextResponse("\n".join(lines) + "\n", headers=headers)
    return Response(found.report(wanted.name), headers={**headers, "Content-Type": wanted.content_type})


def _totals(found: Examination, shown: int, danish: bool) -> list[str]:
    """Return how many findings there are, and where some are not shown, of which kinds and how to get them all."""
    total = len(found.findings)
    if total <= shown:
        return [f"{total} {'fund' if danish else 'found'}."]
    kinds = [f"    {rule}: {count}" for rule, count in grouped(found.findings)]
    if danish:
        return [f"{total} fund; de første {shown} er vist. Send igen med ?limit=all eller Accept: text/csv for at få "
                "dem alle. Efter regel:", *kinds]  # fmt: skip
    return [f"{total} found; the first {shown} are shown. Send it again with ?limit=all, or with Accept: text/csv, to "
            "get all of them. By rule:", *kinds]  # fmt: skip


def _pasted_format(document: Document | None) -> str:
    """Return the ending of what was pasted, to be chosen again in the page."""
    formats = {format.name: format.extension for format in GRAPHS} | {"csv": "csv"}
    return formats.get(document.format, "ttl") if document else "ttl"
