"""Sign in with a token in a browser, and out again. No cookie is set before that."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sundgraf.domain.errors import NotSignedIn
from sundgraf.http.body import read_form
from sundgraf.http.context import Context
from sundgraf.http.identity import COOKIE, check_form, form_key
from sundgraf.http.limits import PerAddress
from sundgraf.http.pages import language_of
from sundgraf.store.tokens import find_token

_MOST_TRIES = 10  # failed ones of an address in a minute
_SECONDS = 8 * 3600
_PRIVATE = {"Cache-Control": "private, no-store"}


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["sign-in"], include_in_schema=False)
    tries = PerAddress(_MOST_TRIES)

    @routes.get("/sign-in")
    async def page(request: Request) -> Response:
        secret, fault = request.cookies.get(COOKIE, ""), ""
        try:
            if secret:
                find_token(context.settings.state, secret)
        except NotSignedIn as error:
            secret, fault = "", context.pages.said(str(error), language_of(request))
        return context.pages.render(
            request, "sign-in.html", headers=_PRIVATE, fault=fault, signed_in=bool(secret), key=form_key(request)
        )

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await read_form(request, 10_000)
        secret = str(form.get("token", "")).strip()
        tries.count(request)
        try:
            find_token(context.settings.state, secret)
        except NotSignedIn as error:
            return context.pages.render(
                request, "sign-in.html", status=401, headers=_PRIVATE,
                fault=context.pages.said(str(error), language_of(request)), signed_in=False, key="",
            )  # fmt: skip
        tries.forget(request)
        answer = RedirectResponse(f"/submissions?lang={language_of(request)}", 303, _PRIVATE)
        answer.set_cookie(COOKIE, secret, max_age=_SECONDS, secure=True, httponly=True, samesite="strict", path="/")
        return answer

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        form = await read_form(request, 10_000)
        check_form(request, str(form.get("form_key", "")))
        answer = RedirectResponse(f"/?lang={language_of(request)}", 303, _PRIVATE)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    return routes
