"""What was published when: the log as a page and for machines, and the versions of a record."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.history import difference_between, version_rows, version_text, versions
from sundgraf.application.query import construct
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.media import GRAPHS, HTML, PLAIN_JSON, choose, named
from sundgraf.domain.names import Name, parse_path
from sundgraf.http.choosing import names
from sundgraf.http.context import Context
from sundgraf.http.facts import page_query
from sundgraf.http.pages import language_of
from sundgraf.http.record import group_facts, title_of
from sundgraf.http.routes.memento import memento_headers
from sundgraf.http.routes.search import finder
from sundgraf.store import generations

_SECONDS = 30.0
_SHOWN = 200


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["history"])
    state, root = context.settings.state, context.bundle.root
    log_query = page_query(context.bundle.queries / "page" / "log.rq")

    @routes.get("/publications", summary="The publication log, newest first")
    async def publications(request: Request) -> Response:
        asked = request.query_params.get("format", "")
        offered = (HTML, PLAIN_JSON, *GRAPHS)
        format = named(asked, offered) if asked else choose(request.headers.get("accept", ""), offered)
        if format in GRAPHS:
            body = await construct(context.store, log_query, format=format)
            return Response(body, headers={"Content-Type": format.content_type, "Vary": "Accept"})
        entries = list(reversed(generations.log(state)))
        if format is PLAIN_JSON:
            return JSONResponse({"publications": entries}, headers={"Vary": "Accept", "Cache-Control": "no-cache"})
        return context.pages.render(
            request, "publications.html", headers={"Cache-Control": "no-cache"}, entries=entries[:_SHOWN],
            total=len(entries),
        )  # fmt: skip

    @routes.get("/history/{rest:path}", summary="The versions of a record, and what changed between two of them")
    async def history(request: Request, rest: str) -> Response:
        name, _ = parse_path("id", rest)
        held = await apart(versions, name.iri, state, root, seconds=_SECONDS)
        language = language_of(request)
        before, after = _number(request, "from"), _number(request, "to")
        changes = None
        if before is not None or after is not None:
            newest = held[0].number
            changes = await apart(
                difference_between, name.iri, before or 0, newest if after is None else after, state, root, language,
                seconds=_SECONDS,
            )  # fmt: skip
        if choose(request.headers.get("accept", ""), (HTML, PLAIN_JSON)) is HTML:
            return context.pages.render(
                request, "history.html", headers={"Cache-Control": "no-cache"}, name=name, versions=held,
                title=(await finder(context)).label(name.iri, language), changes=changes, before=before, after=after,
            )  # fmt: skip
        said: dict[str, object] = {
            "record": name.iri,
            "versions": [
                {"number": v.number, "time": v.time, "reason": v.reason, "submittedBy": v.submitter,
                 "acceptedBy": v.accepted_by, "source": v.source,
                 "document": f"{name.document}?version={v.number}"} for v in held
            ],
        }  # fmt: skip
        if changes is not None:
            said["changes"] = [
                {"sign": line.sign, "property": line.property, "value": line.value, "language": line.language}
                for difference in changes for line in difference.lines
            ]  # fmt: skip
        return JSONResponse(said, headers={"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"})

    return routes


async def version_document(context: Context, request: Request, name: Name, number: int, format: str) -> Response:
    """Return a version of a record as a page or in an RDF format; it never changes, so it may be kept for ever."""
    offered = (*GRAPHS, HTML)
    wanted = named(format, offered) if format else choose(request.headers.get("accept", ""), offered)
    state, root = context.settings.state, context.bundle.root
    headers = {
        "Content-Type": wanted.content_type, "Vary": "Accept", "Sundgraf-Publication": str(number),
        **memento_headers(context, request, name, number),
    }  # fmt: skip
    if wanted is not HTML:
        headers["Cache-Control"] = "public, max-age=31536000"
        body = await apart(version_text, name.iri, number, wanted.name, state, root, seconds=_SECONDS)
        return Response(body, headers=headers)
    rows = await apart(version_rows, name.iri, number, state, root, seconds=_SECONDS)
    language, called = language_of(request), await names(context)
    del headers["Content-Type"], headers["Vary"]  # those of a page are set with it
    return context.pages.render(
        request, "version.html", headers={**headers, "Cache-Control": "no-cache"}, name=name, number=number,
        title=title_of(rows, language) or name.rest, facts=group_facts(rows, called, language),
        when=_moment(headers.get("Memento-Datetime", "")),
    )  # fmt: skip


def _moment(text: str) -> str:
    """Return the time of an HTTP header as ISO 8601, "" for none."""
    return parsedate_to_datetime(text).isoformat() if text else ""


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidParameter(f"{name}={text[:40]!r} is no publication number.", name)
    return int(text)
