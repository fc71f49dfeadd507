"""The completeness report as a page and as JSON."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.ask import write_out
from sundgraf.application.report import load_report, report
from sundgraf.domain.media import HTML, PLAIN_JSON, choose
from sundgraf.domain.question import Question
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.facts import once
from sundgraf.http.pages import language_of


def router(context: Context) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["pages"])
    questions = load_report(context.bundle.queries)

    @routes.get("/report", summary="What is modelled of each source, with which gaps")
    async def completeness(request: Request) -> Response:
        language = language_of(request)
        format = choose(request.headers.get("accept", ""), (HTML, PLAIN_JSON))
        number = context.store.publication().number
        sections = await once(context, f"report {language}", lambda: report(context.store, questions, language))
        headers = {
            "Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", CACHEABLE.decode(): "1",
            "ETag": entity_tag(str(number), "report", format.name, language, request.url.query),
        }  # fmt: skip
        if format is HTML:
            queries = {s.question.name: write_out(s.question, _given(s.question, language)) for s in sections}
            return context.pages.render(request, "report.html", sections=sections, queries=queries, headers=headers)
        return JSONResponse(
            {s.question.name: [{k: str(v) for k, v in row.items()} for row in s.rows] for s in sections},
            headers=headers,
        )

    return routes


def _given(question: Question, language: str) -> dict[str, str]:
    return {p.name: language for p in question.parameters if p.name == "language"}
