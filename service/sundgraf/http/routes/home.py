"""The first page and the list of solutions."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.describe_service import describe_service
from sundgraf.domain.media import GRAPHS, HTML, choose
from sundgraf.domain.terms import Literal, Term
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.pages import language_of


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/", summary="What can be asked; for RDF clients, the service description")
    async def home(request: Request) -> Response:
        format = choose(request.headers.get("accept", ""), (HTML, *GRAPHS))
        if format is HTML:
            language = language_of(request)

            async def rows_of(name: str) -> list[dict[str, Term]]:
                return await facts.page_rows(context, name, language=Literal(language))

            return context.pages.render(
                request, "home.html", questions=context.questions,
                rows=await facts.once(context, f"solutions-{language}", lambda: rows_of("solutions")),
                flagship=await facts.once(context, f"flagship-{language}", lambda: rows_of("flagship")),
                counts=dict(await facts.classes(context)),
                publication=context.store.publication(), triples=await facts.triple_count(context),
            )  # fmt: skip
        publication = context.store.publication()
        document = describe_service(publication, await facts.graphs(context), await facts.triple_count(context),
                                    f"{request.base_url}sparql")  # fmt: skip
        return Response(document.write(format.name), headers={"Content-Type": format.content_type, "Vary": "Accept"})

    @routes.get("/solutions", summary="The solutions, with technology, maturity and areas")
    async def solutions(request: Request, technology: str = "", maturity: str = "") -> Response:
        rows = await facts.page_rows(context, "solutions", language=Literal(language_of(request)))
        shown = [
            row for row in rows
            if str(row["technology"]).endswith(f"/{technology}" if technology else "")
            and str(row["maturity"]).endswith(f"/{maturity}" if maturity else "")
        ]  # fmt: skip
        return context.pages.render(
            request, "solutions.html", rows=shown, technology=technology, maturity=maturity,
            technologies=sorted({(str(r["technology"]), str(r["technologyLabel"])) for r in rows}),
            maturities=sorted({(int(str(r["rank"])), str(r["maturity"]), str(r["maturityLabel"])) for r in rows}),
        )  # fmt: skip

    return routes
