"""All links of a resource as a document of their own (RFC 9264), for those who cannot read headers."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.query import select
from sundgraf.domain.errors import NotFound
from sundgraf.domain.media import CSV, GRAPHS, HTML, PLAIN_JSON, Format, choose, named
from sundgraf.domain.names import BASE, Name, parse_path
from sundgraf.domain.terms import IRI
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE
from sundgraf.http.facts import page_query
from sundgraf.http.links import LINKSETS, Link, memento_links, signposts
from sundgraf.http.routes.memento import site_of

_FORMATS = tuple(
    Format(name, name, media_type, (PLAIN_JSON.media_type,) if name == "json" else ("text/plain",))
    for name, media_type in LINKSETS.items()
)
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_MAPPINGS = "http://www.w3.org/2004/02/skos/core#"
_SAME = ("http://www.w3.org/2002/07/owl#sameAs", "http://www.w3.org/2000/01/rdf-schema#seeAlso")


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["resources"])
    facts = page_query(context.bundle.queries / "page" / "facts.rq")

    @routes.get("/linkset/{room}/{rest:path}", summary="The links of a resource (RFC 9264)")
    async def linkset(request: Request, room: str, rest: str) -> Response:
        name, _ = parse_path(room, rest)
        asked = request.query_params.get("format", "")
        format = named(asked, _FORMATS) if asked else choose(request.headers.get("accept", ""), _FORMATS)
        rows = await select(context.store, facts, {"thing": IRI(name.iri)})
        if not rows:
            raise NotFound(f"Nothing was ever minted as <{name.iri}>.")
        pairs = dict.fromkeys((str(row["property"]), row["value"]) for row in rows if isinstance(row["value"], IRI))
        classes = [str(value) for property_, value in pairs if property_ == _RDF_TYPE]
        matches = [Link(str(value), property_) for property_, value in pairs if _leads_elsewhere(property_, str(value))]
        links = _links(name, site_of(request), classes, matches)
        body = _as_json(links) if format is _FORMATS[0] else _as_text(links)
        headers = {"Content-Type": format.media_type, "Vary": "Accept", "Cache-Control": "no-cache"}
        return Response(body, headers={**headers, CACHEABLE.decode(): "1"})

    return routes


def _leads_elsewhere(property_: str, value: str) -> bool:
    """Say whether a statement says which thing of somebody else's is the same or alike."""
    mapping = property_.startswith(_MAPPINGS) and property_.endswith("Match")
    return (mapping or property_ in _SAME) and not value.startswith(BASE)


def _links(name: Name, site: str, classes: list[str], matches: list[Link]) -> dict[str, list[Link]]:
    """Return the links by what they are of: the document, the metadata, and the thing itself."""
    formats = (HTML, *GRAPHS, CSV)
    links = signposts(name, formats, classes, site)
    document = f"{site}{name.document}"
    if name.room == "id":
        links += memento_links(name, site)[1:]
    of = {document: links}
    for format in formats[1:]:
        of[f"{document}.{format.extension}"] = [Link(document, "describes", HTML.media_type)]
    of.setdefault(name.iri, []).extend([Link(document, "describedby"), *matches])
    return of


def _as_json(links: dict[str, list[Link]]) -> str:
    contexts = []
    for anchor, found in links.items():
        relations: dict[str, list[dict[str, str]]] = {}
        for link in dict.fromkeys(found):
            target = {"href": link.target, **({"type": link.media_type} if link.media_type else {})}
            relations.setdefault(link.relation, []).append(target)
        contexts.append({"anchor": anchor, **relations})
    return json.dumps({"linkset": contexts}, ensure_ascii=False, indent=1)


def _as_text(links: dict[str, list[Link]]) -> str:
    lines = [f'{link}; anchor="{anchor}"' for anchor, found in links.items() for link in dict.fromkeys(found)]
    return ",\n".join(lines) + "\n"
