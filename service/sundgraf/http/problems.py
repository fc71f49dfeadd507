"""How what went wrong is said over HTTP: one table from errors to RFC 9457 problem documents."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sundgraf.domain import errors
from sundgraf.domain.media import prefers_html
from sundgraf.http.pages import Pages, language_of, words_of

MEDIA_TYPE = "application/problem+json"
_TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.MalformedQuery, 400, "The query cannot be read"),
    (errors.InvalidParameter, 400, "A parameter is not right"),
    (errors.UnknownFormat, 406, "No such format"),
    (errors.TooLarge, 413, "Too large"),
    (errors.Unfit, 422, "The submission does not pass yet"),
    (errors.BadInput, 400, "The request cannot be used"),
    (errors.NotSignedIn, 401, "Sign in first"),
    (errors.Conflict, 409, "It does not fit what is there now"),
    (errors.TooOften, 429, "Too often"),
    (errors.Gone, 410, "Withdrawn"),
    (errors.NotFound, 404, "Not found"),
    (errors.Refused, 403, "Not allowed"),
    (errors.NotAcceptable, 406, "No format that both sides know"),
    (errors.UnsupportedMediaType, 415, "The body is in a media type that is not read here"),
    (errors.Busy, 503, "Busy"),
    (errors.OutOfTime, 504, "It took too long"),
    (errors.OutOfMemory, 503, "It took too much memory"),
    (errors.Unreachable, 503, "The engine is away"),
    (errors.DiskFull, 507, "The disk is full"),
    (errors.StoreError, 500, "The store could not answer"),
)
_NAMES = {
    400: "The request cannot be used", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    500: "Something went wrong here",
}  # fmt: skip


def status_of(error: Exception) -> tuple[int, str]:
    """Return the HTTP status and title for an error."""
    for kind, status, title in _TABLE:
        if isinstance(error, kind):
            return status, title
    return 500, _NAMES[500]


def problem(status: int, title: str, detail: str, **members: Any) -> bytes:
    """Return a problem document (RFC 9457) as JSON."""
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    said.update({name: value for name, value in members.items() if value not in (None, "")})
    return json.dumps(said, ensure_ascii=False).encode()


def members_of(error: Exception) -> dict[str, Any]:
    """Return what an error says besides its text."""
    return {
        name: getattr(error, name)
        for name in ("line", "column", "name", "successor", "findings", "draft")
        if getattr(error, name, None) not in (None, "", [])
    }


def respond(
    request: Request, pages: Pages, status: int, title: str, detail: str, danish: str = "", **members: Any
) -> Response:
    """Return a page for browsers and a problem document for everybody else; `danish` is the detail in Danish."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="sundgraf"'
    if status == 503:
        headers["Retry-After"] = "5"
    if prefers_html(request.headers.get("accept", "")):
        danish = (danish or pages.danish.say(detail)) if language_of(request) == "da" else ""
        return pages.render(
            request, "problem.html", status=status, headers=headers, code=status, title=title, detail=detail,
            danish=danish,
            successor=members.get("successor", ""), words=words_of(request.url.path) if status == 404 else "",
            near=pages.near(request.url.path, language_of(request)) if status == 404 else [],
        )  # fmt: skip
    asked = request.query_params.get("lang", "")  # a program has to ask for Danish by name
    said = danish if danish and asked == "da" else pages.said(detail, asked)
    return Response(problem(status, title, said, **members), status, {**headers, "Vary": "Accept"}, MEDIA_TYPE)


def respond_to_error(request: Request, pages: Pages, error: Exception) -> Response:
    """Return the response for an error of ours."""
    status, title = status_of(error)
    detail = str(error) if isinstance(error, errors.SundgrafError) else "The fault is ours; it was logged."
    return respond(request, pages, status, title, detail, getattr(error, "danish", ""), **members_of(error))


def respond_to_status(request: Request, pages: Pages, status: int, detail: str, headers: dict[str, str]) -> Response:
    """Return the response for a bare HTTP status, such as the router's 404 and 405."""
    if status == 404 and detail == "Not Found":
        detail = f"There is nothing at {request.url.path[:200]!r}. Begin at / or at /ask."
    elif status == 405:
        detail = f"{request.method} is not allowed here; use {headers.get('allow', 'GET')}."
    response = respond(request, pages, status, _NAMES.get(status, "The request failed"), detail)
    response.headers.update(headers)
    return response
