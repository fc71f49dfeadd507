"""What sending in and reviewing have in common: whose request it is, and what that person may see."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sundgraf.application.review import may_see
from sundgraf.domain.errors import NotFound
from sundgraf.domain.media import HTML, PLAIN_JSON, choose
from sundgraf.domain.submission import Submission
from sundgraf.http.body import is_form, read_form, read_object, texts_of
from sundgraf.http.context import Context
from sundgraf.http.identity import check_form, require
from sundgraf.http.pages import language_of
from sundgraf.http.submissions import brief
from sundgraf.store.document import Document
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import Token

PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept, Accept-Language, Authorization, Cookie"}


class Desk:
    """Where submissions are handled."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.settings.state
        self._root = context.bundle.root

    async def fields(self, request: Request, role: str) -> tuple[Token, dict[str, str]]:
        """Return whose request it is and its fields: of the form, of the JSON body, or of the address."""
        token = require(request, self._state, role)
        fields = {name: value for name, value in request.query_params.items()}
        if is_form(request):
            form = await read_form(request, self._context.settings.document_bytes)
            fields |= texts_of(form)
        elif request.headers.get("content-type", "").startswith("application/json"):
            fields |= await read_object(request, self._context.settings.document_bytes)
        check_form(request, fields.get("form_key", ""))
        return token, fields

    def held(self, token: Token, id: str) -> Submission:
        """Return a submission that a token's holder may see. Raises NotFound."""
        submission = Inbox(self._state).get(id)
        if not may_see(token, submission):
            raise NotFound(f"There is no submission {id[:40]!r} of yours.")
        return submission

    def seen(self, request: Request, submission: Submission, status: int) -> Response:
        """Return a submission briefly, with where it is followed."""
        if wants_page(request):
            return RedirectResponse(f"{submission.path}?lang={language_of(request)}", 303, PRIVATE)
        return JSONResponse(brief(submission), status, {**PRIVATE, "Location": submission.path})


def wants_page(request: Request) -> bool:
    """Say whether it is a browser that asks."""
    return choose(request.headers.get("accept", ""), (PLAIN_JSON, HTML)) is HTML


def document_of(submission: Submission) -> Document:
    """Return what was sent in."""
    return Document(submission.id, submission.content, submission.format)
