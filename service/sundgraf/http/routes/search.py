"""Search by name: a page, JSON, and the short list that completes what is being typed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.search import make_finder, make_texts
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.finder import Finder, Hit
from sundgraf.domain.media import HTML, PLAIN_JSON, choose
from sundgraf.domain.names import name_of
from sundgraf.domain.terms import Literal
from sundgraf.domain.texts import Texts
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.pages import language_of
from sundgraf.http.shared import shared_index

_SG = "https://w3id.org/sundgraf/def/"
_PREFIXES = {
    "sg": _SG, "org": "http://www.w3.org/ns/org#", "skos": "http://www.w3.org/2004/02/skos/core#",
}  # fmt: skip
_MOST = 100
_IN_WORDS = 0.25  # of the score of what has the words, but is called otherwise


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["search"])

    @routes.get("/search", summary="Things by their names, in Danish and English, slips forgiven")
    async def search(request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        hits = await _search(context, text, _classes(request), language_of(request), _limit(request, 50))
        if choose(request.headers.get("accept", ""), (HTML, PLAIN_JSON)) is HTML:
            index, language = await finder(context), language_of(request)
            return context.pages.render(
                request, "search.html", q=text, hits=hits, kinds=await kind_names(context), sg=_SG,
                called={hit.iri: index.label(hit.iri, language) for hit in hits},
            )  # fmt: skip
        kinds = await kind_names(context)
        return JSONResponse(
            {"q": text, "hits": [_said(hit, kinds, language_of(request)) for hit in hits]},
            headers={"Vary": "Accept, Accept-Language"},
        )

    @routes.get("/suggest", summary="What may be meant by the letters typed so far")
    async def suggest(request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        hits = (await finder(context)).find(text, _classes(request), language_of(request), _limit(request, 8))
        kinds = await kind_names(context)
        return JSONResponse(
            [_said(hit, kinds, language_of(request)) for hit in hits],
            headers={"Vary": "Accept-Language", "Cache-Control": "no-cache"},
        )

    return routes


async def _search(context: Context, text: str, classes: list[str], language: str, limit: int) -> list[Hit]:
    """Return what is called like a text, then what else has its words in names and descriptions."""
    index = await finder(context)
    hits = index.find(text, classes, language, limit)
    known, allowed = {hit.iri for hit in hits}, set(classes)
    for iri, score in (await texts(context)).find(text) if len(hits) < limit else ():
        held = index.classes(iri)
        if iri not in known and held and not (allowed and allowed.isdisjoint(held)):
            hits.append(Hit(iri, tuple(sorted(held)), index.label(iri, language), "", score * _IN_WORDS))
    return hits[:limit]


async def finder(context: Context) -> Finder:
    """Return the index of names of what is published; it is made once for each publication."""

    async def make() -> Finder:
        return await shared_index(context, ("names",), make_finder)

    return await facts.once(context, "finder", make)


async def texts(context: Context) -> Texts:
    """Return the index of the words of names and descriptions; it is made once for each publication."""

    async def make() -> Texts:
        return await shared_index(context, ("texts", "names"), lambda texts, names: make_texts(names, texts))

    return await facts.once(context, "texts", make)


async def kind_names(context: Context) -> dict[tuple[str, str], str]:
    """Return what the classes are called, by IRI and language."""

    async def make() -> dict[tuple[str, str], str]:
        rows = await facts.page_rows(context, "class-names")
        return {
            (str(row["class"]), row["label"].language): str(row["label"])
            for row in rows
            if isinstance(row["label"], Literal)
        }

    return await facts.once(context, "kind names", make)


def _said(hit: Hit, kinds: dict[tuple[str, str], str], language: str) -> dict[str, object]:
    class_ = next((name for name in hit.classes if name.startswith(_SG)), hit.classes[0] if hit.classes else "")
    name = name_of(hit.iri)
    return {
        "iri": hit.iri, "label": hit.name, "language": hit.language, "class": class_,
        "identifier": hit.iri.rsplit("/", 1)[-1], "score": round(hit.score, 3),
        "kind": kinds.get((class_, language), ""),
        "page": f"{name.document if name else hit.iri}?lang={language}",
    }  # fmt: skip


def _classes(request: Request) -> list[str]:
    """Return the classes asked for, given as IRIs, sg:Project or Project."""
    found = []
    for text in request.query_params.getlist("class"):
        for part in text.split(","):
            prefix, colon, local = part.strip().partition(":")
            if colon and prefix in _PREFIXES:
                found.append(_PREFIXES[prefix] + local)
            elif part.strip():
                found.append(part.strip() if colon else _SG + part.strip())
    return found


def _limit(request: Request, default: int) -> int:
    text = request.query_params.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST):
        raise InvalidParameter(f"limit={text[:20]!r} is not a number from 1 to {_MOST}.", "limit")
    return int(text)
