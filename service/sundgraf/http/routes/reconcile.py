"""The Reconciliation API: other registers match their names with ours (0.2; the 1.0 draft below /reconcile/v1).

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.application.comparable import Comparable
from sundgraf.domain.errors import BadInput, InvalidParameter, NotFound, TooLarge
from sundgraf.domain.finder import fold
from sundgraf.domain.media import prefers_html
from sundgraf.domain.names import BASE, name_of
from sundgraf.domain.terms import legal_iri
from sundgraf.http import manifests, matching
from sundgraf.http.body import is_form, read_at_most, read_form, texts_of
from sundgraf.http.context import Context
from sundgraf.http.pages import SAFE, language_of
from sundgraf.http.reconciling import (
    MOST_QUERIES,
    identifier_of,
    iri_of,
    read_batch,
    read_draft_batch,
    read_json,
    read_query,
    tell_property,
    wrap,
)
from sundgraf.http.routes.search import finder

_MOST_BYTES = 1 << 20  # of a batch
_POLICY = SAFE["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors *")


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["reconciliation"])

    @routes.post("/reconcile", operation_id="reconcile_post", summary="Match names with ours (Reconciliation API 0.2)")
    @routes.get("/reconcile", summary="Match names with ours (Reconciliation API 0.2)")
    async def reconcile(request: Request) -> Response:
        comparable = await matching.comparable(context)
        fields = dict(request.query_params)
        if request.method == "POST":
            if not is_form(request):
                raise BadInput("Send a form: queries=... or extend=...; version 1.0 has POST /reconcile/v1/match.")
            fields |= texts_of(await read_form(request, _MOST_BYTES))
        language = language_of(request)
        if "queries" in fields:
            batch = read_batch(read_json(fields["queries"], "queries"), comparable)
            found = await matching.reconcile(context, list(batch.values()), language)
            return _answer(request, {name: {"result": each} for name, each in zip(batch, found, strict=True)})
        if "query" in fields:
            text = fields["query"].strip()
            query = read_query(read_json(text, "query") if text.startswith("{") else {"query": text}, comparable)
            (only,) = await matching.reconcile(context, [query], language)
            return _answer(request, {"result": only})
        if prefers_html(request.headers.get("accept", "")) and "callback" not in fields and "extend" not in fields:
            return await _page(context, request, comparable, fields)
        if "extend" in fields:
            return _answer(
                request, await matching.extend(context, comparable, read_json(fields["extend"], "extend"), language)
            )
        return _answer(request, manifests.manifest(request, comparable, language))

    @routes.get("/reconcile/v1", summary="The manifest of version 1.0-draft")
    async def manifest(request: Request) -> Response:
        comparable = await matching.comparable(context)
        return _answer(request, manifests.draft_manifest(request, comparable, language_of(request)))

    @routes.post("/reconcile/v1/match", summary="Match names with ours (Reconciliation API 1.0-draft)")
    async def match(request: Request) -> Response:
        comparable = await matching.comparable(context)
        language = language_of(request)
        queries = read_draft_batch(read_json(await _body(request), "The body"), comparable)
        found = await matching.reconcile(context, queries, language, draft=True)
        return _answer(request, {"results": [{"candidates": each} for each in found]})

    @routes.post("/reconcile/v1/extend", summary="Values of our things (Reconciliation API 1.0-draft)")
    async def extend(request: Request) -> Response:
        comparable = await matching.comparable(context)
        said = read_json(await _body(request), "The body")
        found = await matching.extend(context, comparable, said, language_of(request))
        rows = [
            {"id": thing, "properties": [{"id": name, "values": cells} for name, cells in columns.items()]}
            for thing, columns in found["rows"].items()
        ]
        return _answer(request, {"meta": found["meta"], "rows": rows})

    for base in ("/reconcile", "/reconcile/v1"):
        _add_suggestions(routes, context, base)
    return routes


async def _page(context: Context, request: Request, comparable: Comparable, fields: dict[str, str]) -> Response:
    """Return the page where a person pastes names, with what was found for them."""
    names = [line.strip() for line in fields.get("names", "").splitlines() if line.strip()]
    said = {str(n): {"query": name, "type": fields.get("type", ""), "limit": 4} for n, name in enumerate(names)}
    queries = read_batch(said, comparable)
    found = await matching.reconcile(context, list(queries.values()), language_of(request))
    return context.pages.render(
        request, "reconcile.html", rows=list(zip(names, found, strict=True)), names="\n".join(names), base=BASE,
        kinds=comparable.kinds.values(), chosen=fields.get("type", ""), most=MOST_QUERIES,
        site=str(request.base_url).rstrip("/"),
    )  # fmt: skip


def _add_suggestions(routes: APIRouter, context: Context, base: str) -> None:
    shown = base == "/reconcile"

    @routes.get(f"{base}/suggest/entity", summary="Things by the beginning of a name", include_in_schema=shown)
    async def entity(request: Request) -> Response:
        comparable = await matching.comparable(context)
        language = language_of(request)
        asked = request.query_params.get("type", "")
        kinds = [comparable.kind(asked).iri] if asked else list(comparable.kinds)
        hits = (await finder(context)).find(_prefix(request), kinds, language, _limit(request))
        return _answer(request, {"result": [
            {
                "id": identifier_of(hit.iri), "name": hit.name,
                "description": " · ".join(_named_kinds(comparable, hit.classes, language)),
                "notable": [{"id": one, "name": comparable.kinds[one].label[language]} for one in hit.classes
                            if one in comparable.kinds],
            }
            for hit in hits
        ]})  # fmt: skip

    @routes.get(f"{base}/suggest/type", summary="Types by the beginning of a name", include_in_schema=shown)
    async def kind(request: Request) -> Response:
        comparable = await matching.comparable(context)
        language, prefix = language_of(request), fold(_prefix(request))
        found = [
            manifests.tell_kind(one, language)
            for one in comparable.kinds.values()
            if _goes_on(prefix, one.label.values())
        ]
        return _answer(request, {"result": found[: _limit(request)]})

    @routes.get(f"{base}/suggest/property", summary="Properties by the beginning of a name", include_in_schema=shown)
    async def prop(request: Request) -> Response:
        comparable = await matching.comparable(context)
        language, prefix = language_of(request), fold(_prefix(request))
        asked = request.query_params.get("type", "")
        known = comparable.of(comparable.kind(asked) if asked else None)
        found = [tell_property(one, language) for one in known if _goes_on(prefix, one.label.values())]
        return _answer(request, {"result": found[: _limit(request)]})

    @routes.get(f"{base}/extend/propose", summary="The properties that things of a type have", include_in_schema=shown)
    async def propose(request: Request) -> Response:
        comparable = await matching.comparable(context)
        language, asked = language_of(request), request.query_params.get("type", "")
        kind = comparable.kind(asked) if asked else None
        limit = _limit(request, 100)
        told = [{"id": one.identifier, "name": tell_property(one, language)["name"]} for one in comparable.of(kind)]
        said = {"type": kind.iri} if kind else {}
        return _answer(request, {**said, "limit": limit, "properties": told[:limit]})

    @routes.get(f"{base}/flyout/{{what}}", summary="A line about a thing, type or property", include_in_schema=shown)
    async def flyout(request: Request, what: str) -> Response:
        comparable = await matching.comparable(context)
        language, asked = language_of(request), request.query_params.get("id", "")
        text = await matching.tell_about(context, comparable, what, asked, language)
        page = context.templates.get_template("flyout.html").render(text=text)
        return _answer(request, {"id": asked, "html": page.strip()})

    @routes.get(
        f"{base}/view", status_code=303, summary="The page of a thing by its name here", include_in_schema=shown
    )
    async def view(request: Request) -> Response:
        name = name_of(_asked_thing(request))
        if name is None:
            raise NotFound(f"There is no thing {request.query_params.get('id', '')[:80]!r} here.")
        return RedirectResponse(name.document if name.room == "id" else f"/{name.room}/{name.rest}", 303)

    @routes.get(f"{base}/preview", summary="A small page about a thing, for a frame", include_in_schema=shown)
    async def preview(request: Request) -> Response:
        comparable = await matching.comparable(context)
        iri, language = _asked_thing(request), language_of(request)
        index = await finder(context)
        label = index.label(iri, language)
        if not label:
            raise NotFound(f"There is no thing {request.query_params.get('id', '')[:80]!r} here.")
        about = await matching.tell_about(context, comparable, "entity", iri, language)
        kinds = _named_kinds(comparable, sorted(index.classes(iri)), language)
        return context.pages.render(
            request,
            "preview.html",
            headers={"Content-Security-Policy": _POLICY},
            iri=iri,
            label=label,
            kinds=kinds,
            about=about,
        )


def _named_kinds(comparable: Comparable, classes: Sequence[str], language: str) -> list[str]:
    return [comparable.kinds[one].label[language] for one in classes if one in comparable.kinds]


def _goes_on(prefix: str, labels: Iterable[str]) -> bool:
    return any(f" {prefix}" in f" {fold(label)}" for label in labels)


def _prefix(request: Request) -> str:
    return request.query_params.get("prefix", "").strip()


def _limit(request: Request, default: int = 20) -> int:
    text = request.query_params.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100):
        raise InvalidParameter(f"limit={text[:20]!r} is not a number from 1 to 100.", "limit")
    return int(text)


def _asked_thing(request: Request) -> str:
    iri = iri_of(request.query_params.get("id", ""))
    if not iri.startswith(BASE) or not legal_iri(iri):
        raise NotFound(f"There is no thing {request.query_params.get('id', '')[:80]!r} here.")
    return iri


async def _body(request: Request) -> bytes:
    excess = TooLarge(f"A batch may have {_MOST_BYTES:,} bytes; send it in parts.")
    return await read_at_most(request, _MOST_BYTES, excess)


def _answer(request: Request, body: Any) -> Response:
    text, media_type = wrap(body, request.query_params.get("callback"))
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(text, headers=headers, media_type=media_type)
