"""The first page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.describe_service import describe_service
from sundgraf.domain.media import GRAPHS, HTML, choose
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.pages import language_of
from sundgraf.http.pictures import matrix, regions
from sundgraf.http.pictures.drawing import Work
from sundgraf.http.routes.pictures import rows_of_question
from sundgraf.http.structured import as_script, tell_dataset, tell_site

_DRAWN = ("use-case-by-country", "technology-by-maturity", "records-by-region")
_FLAGSHIP_ROWS = 24  # of the use cases that most countries share
_ASKED = (
    "use-cases-across-countries", "lacking-in-region", "pilots-here-in-operation-abroad", "for-my-specialty",
    "measured-effects", "contradicted-effects", "rules-for-solution", "disagreeing-sources", "procurement-path",
    "old-pilots", "could-spread",
)  # fmt: skip


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/", summary="What can be asked; for RDF clients, the service description")
    async def home(request: Request) -> Response:
        format = choose(request.headers.get("accept", ""), (HTML, *GRAPHS))
        if format is HTML:
            language = language_of(request)
            publication = context.store.publication()
            return context.pages.render(
                request, "home.html", questions=context.questions,
                asked=[context.questions[name] for name in _ASKED if name in context.questions],
                counts=dict(await facts.classes(context)), **await drawings(context, language),
                publication=publication, triples=await facts.triple_count(context),
                structured=as_script(tell_site(language), tell_dataset(language, publication.time)),
                headers={
                    "ETag": entity_tag(str(publication.number), "home", language), "Cache-Control": "no-cache",
                    CACHEABLE.decode(): "1",
                },
            )  # fmt: skip
        publication = context.store.publication()
        document = describe_service(publication, await facts.graphs(context), await facts.triple_count(context),
                                    f"{request.base_url}sparql")  # fmt: skip
        return Response(document.write(format.name), headers={"Content-Type": format.content_type, "Vary": "Accept"})

    return routes


async def drawings(context: Context, language: str) -> dict[str, Any]:
    """Return the drawings of the first page, made once for each publication."""

    async def make() -> dict[str, Any]:
        flagship, technologies, places = [
            Work(question, await rows_of_question(context, question, {"language": language}), language)
            for question in (context.questions[name] for name in _DRAWN)
        ]
        return {
            "flagship": matrix.draw(flagship, _FLAGSHIP_ROWS),
            "shared": len({str(row["useCase"]) for row in flagship.rows}),
            "technologies": matrix.draw(technologies),
            "places": regions.draw(places),
        }

    return await facts.once(context, f"home {language}", make)
