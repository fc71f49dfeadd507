"""Versions of records by time (RFC 7089): a TimeGate and a TimeMap for each document about a record."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.history import Version, versions
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.names import Name, parse_path
from sundgraf.http.context import Context
from sundgraf.http.links import Link, memento_links, say
from sundgraf.store import generations

_SECONDS = 30.0
_LINK_FORMAT = "application/link-format"


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["history"])

    @routes.get("/timegate/doc/{rest:path}", status_code=302, summary="The version of a record at Accept-Datetime")
    async def timegate(request: Request, rest: str) -> Response:
        name, _ = parse_path("id", rest)
        moment = _asked(request.headers.get("accept-datetime", ""))
        held = await _versions(context, name)  # oldest first
        chosen = max((place for place, version in enumerate(held) if _time(version.time) <= moment), default=0)
        site = site_of(request)
        links = memento_links(name, site)[:1] + memento_links(name, site)[2:]
        ends = {"first": held[0], "last": held[-1]}
        if chosen:
            ends["prev"] = held[chosen - 1]
        if chosen + 1 < len(held):
            ends["next"] = held[chosen + 1]
        links += [_memento(name, site, version, f"{end} memento") for end, version in ends.items()]
        links.append(_memento(name, site, held[chosen]))
        headers = {"Vary": "Accept-Datetime, Accept", "Link": say(links), "Cache-Control": "no-cache"}
        return RedirectResponse(address_of(name, site, held[chosen].number), 302, headers)

    @routes.get("/timemap/doc/{rest:path}", summary="All versions of a record (application/link-format)")
    async def timemap(request: Request, rest: str) -> Response:
        name, _ = parse_path("id", rest)
        held, site = await _versions(context, name), site_of(request)
        here = Link(f"{site}/timemap{name.document}", "self", _LINK_FORMAT)
        about = [here, *memento_links(name, site)[:2]]
        links = [str(link) for link in (*about, *(_memento(name, site, version) for version in held))]
        return Response(",\n".join(links) + "\n", headers={"Content-Type": _LINK_FORMAT, "Cache-Control": "no-cache"})

    return routes


def site_of(request: Request) -> str:
    """Return the address of the host in use, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def address_of(name: Name, site: str, number: int) -> str:
    """Return where a version of a record is."""
    return f"{site}{name.document}?version={number}"


def memento_headers(context: Context, request: Request, name: Name, number: int) -> dict[str, str]:
    """Return what makes the document of a version a memento; nothing where there was no such publication."""
    for entry in generations.lineage(context.settings.state):
        if entry["number"] == number:
            when = format_datetime(_time(str(entry["time"])), usegmt=True)
            return {"Memento-Datetime": when, "Link": say(memento_links(name, site_of(request)))}
    return {}


async def _versions(context: Context, name: Name) -> list[Version]:
    settings = context.settings
    return list(reversed(await apart(versions, name.iri, settings.state, context.bundle.root, seconds=_SECONDS)))


def _memento(name: Name, site: str, version: Version, relation: str = "memento") -> Link:
    when = format_datetime(_time(version.time), usegmt=True)
    return Link(address_of(name, site, version.number), relation, datetime=when)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _asked(header: str) -> datetime:
    if not header:
        return datetime.now(UTC)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError as error:
        raise InvalidParameter(
            f"Accept-Datetime {header[:60]!r} is no date; write it as Thu, 26 Nov 2026 12:00:00 GMT.", "Accept-Datetime"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
