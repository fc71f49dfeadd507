"""What robots and readers of feeds look for: robots.txt, the site map, the feed of publications, the icon."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from sundgraf.domain.errors import NotFound
from sundgraf.domain.names import BASE, name_of
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.delivery import entity_tag
from sundgraf.http.pages import language_of
from sundgraf.store import generations

PART = 20_000  # addresses in one site map; the protocol allows 50,000 (sitemaps.org)
_ENTRIES = 50  # of the feed
_PAGES = (
    "/", "/catalogue", "/pictures", "/ask", "/sparql", "/def/", "/concept/", "/shape/", "/report", "/publications",
    "/templates", "/validate",
)  # fmt: skip
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ICON = Path(__file__).parent.parent / "static" / "icon.svg"


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["pages"])

    @routes.get("/robots.txt", summary="What robots may read")
    async def robots(request: Request) -> Response:
        lines = ["User-agent: *", *(f"Disallow: /{path}" for path in ("sparql?", "submissions", "sign-in", "suggest"))]
        return PlainTextResponse("\n".join([*lines, f"Sitemap: {_site(request)}/sitemap.xml", ""]))

    @routes.get("/sitemap.xml", summary="The site maps")
    async def sitemap(request: Request) -> Response:
        parts = -(-len(await _addresses(context)) // PART)
        listed = "".join(
            f"<sitemap><loc>{escape(_site(request))}/sitemap-{number}.xml</loc></sitemap>\n"
            for number in range(1, parts + 1)
        )
        return _xml(f'<sitemapindex xmlns="{_MAPS}">\n{listed}</sitemapindex>\n', "application/xml")

    @routes.get("/sitemap-{number}.xml", summary="One site map")
    async def part(request: Request, number: int) -> Response:
        addresses = (await _addresses(context))[(number - 1) * PART : number * PART] if number > 0 else []
        if not addresses:
            raise NotFound(f"There is no site map {number}; /sitemap.xml lists them.")
        site = escape(_site(request))
        listed = "".join(f"<url><loc>{site}{escape(address)}</loc></url>\n" for address in addresses)
        return _xml(f'<urlset xmlns="{_MAPS}">\n{listed}</urlset>\n', "application/xml")

    @routes.get("/feed.atom", summary="The publications as an Atom feed (RFC 4287), newest first")
    async def feed(request: Request) -> Response:
        language, publication = language_of(request), context.store.publication()
        entries = list(reversed(generations.log(context.settings.state)))[:_ENTRIES]
        body = _feed(entries, publication.time, language, _site(request))
        tag = entity_tag(str(publication.number), "feed", language, _site(request))
        answer = _xml(body, "application/atom+xml")
        answer.headers.update({"ETag": tag, "Vary": "Accept-Language", "Content-Language": language})
        return answer

    @routes.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(_ICON.read_bytes(), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    return routes


async def _addresses(context: Context) -> list[str]:
    """Return the paths of all pages that a reader may come to: fixed ones, questions, terms, then every record."""

    async def make() -> list[str]:
        known = await facts.vocabulary(context)
        terms = [*known.classes, *known.properties, *known.schemes, *known.node_shapes()]
        rows = await facts.page_rows(context, "things")
        names = [name_of(iri) for iri in [*terms, *(str(row["thing"]) for row in rows)]]
        paths = [name.document for name in names if name is not None]
        return list(dict.fromkeys([*_PAGES, *(f"/ask/{name}" for name in context.questions), *paths]))

    return await facts.once(context, "addresses", make)


def _feed(entries: list[dict[str, object]], updated: str, language: str, site: str) -> str:
    title = {"en": "sundgraf: what was published", "da": "sundgraf: hvad der er udgivet"}[language]
    words = {"en": ("statements added", "removed"), "da": ("udsagn tilføjet", "fjernet")}[language]
    listed = []
    for entry in entries:
        iri = f"{BASE}id/publication/pb-{int(str(entry['number'])):04d}"
        counts = f"{entry.get('added_statements') or 0} {words[0]}, {entry.get('removed_statements') or 0} {words[1]}."
        who = escape(str(entry.get("submitter") or entry.get("agent") or "sundgraf"))
        page = quoteattr(f"{site}/doc/publication/{iri.rsplit('/', 1)[1]}?lang={language}")
        listed.append(
            f"<entry><id>{iri}</id><title>{entry['number']}: {escape(str(entry.get('reason') or ''))}</title>"
            f"<updated>{escape(str(entry['time']))}</updated><author><name>{who}</name></author>"
            f'<link rel="alternate" type="text/html" href={page}/><summary>{counts}</summary></entry>\n'
        )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">\n<id>{BASE}feed.atom</id>'
        f"<title>{title}</title><updated>{escape(updated)}</updated><author><name>sundgraf</name></author>\n"
        f'<link rel="self" href={quoteattr(f"{site}/feed.atom?lang={language}")}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(f"{site}/publications?lang={language}")}/>\n'
        f"{''.join(listed)}</feed>\n"
    )


def _site(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _xml(body: str, media_type: str) -> Response:
    return Response(_XML + body, media_type=media_type, headers={"Cache-Control": "no-cache"})
