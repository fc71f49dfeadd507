"""Send records in, follow them, and decide on them."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from sundgraf.application.filled import class_of
from sundgraf.domain.errors import InvalidParameter
from sundgraf.http.context import Context
from sundgraf.http.desk import PRIVATE
from sundgraf.http.identity import form_key, identify, require
from sundgraf.http.reviewing import Reviewer
from sundgraf.http.routes.validate import PASTED
from sundgraf.http.sending import Sender
from sundgraf.store.inbox import Inbox


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes, state = APIRouter(tags=["submissions"]), context.settings.state
    steward, reviewer = Sender(context), Reviewer(context)

    @routes.get("/submit", summary="A page to send a record in with")
    async def page(request: Request) -> Response:
        correct = request.query_params.get("correct", "")[:300]
        token = identify(request, state)
        return context.pages.render(
            request, "submit.html", headers=PRIVATE, token=token, key=form_key(request), formats=PASTED,
            text=await steward.text_of(correct) if correct else "", record=correct,
            class_name=class_of(correct, state, context.bundle.root) if correct else "", unfit=None, said={},
        )  # fmt: skip

    @routes.get("/submit/{name}", summary="A form to send in a record of a class with, made from its shape")
    async def form(request: Request, name: str) -> Response:
        return await steward.form(request, name, draft=request.query_params.get("draft", "")[:40])

    @routes.post("/submissions", status_code=201, summary="Send in a record, a correction, a withdrawal or a merge")
    async def send(request: Request) -> Response:
        return await steward.send(request)

    @routes.get("/submissions", summary="The inbox: what waits for reviewers, or one's own")
    async def inbox(request: Request) -> Response:
        return await reviewer.inbox(request)

    @routes.get("/submissions/{id}", summary="A submission: its change, findings and what was said")
    async def one(request: Request, id: str) -> Response:
        token = require(request, state, "submitter")
        return await reviewer.show(request, token, reviewer.held(token, id))

    @routes.put("/submissions/{id}", summary="Mend an open submission of one's own")
    @routes.post("/submissions/{id}", include_in_schema=False)
    async def mend(request: Request, id: str) -> Response:
        return await steward.mend(request, id)

    @routes.post("/submissions/{id}/comments", status_code=201, summary="Say something of a submission")
    async def comment(request: Request, id: str) -> Response:
        token, fields = await steward.fields(request, "submitter")
        submission = steward.held(token, id)
        text = fields.get("text", "").strip()
        if not text or len(text) > 5000:
            raise InvalidParameter("Write a comment of 1 to 5,000 characters in `text`.", "text")
        await to_thread.run_sync(Inbox(state).comment, submission.id, token.shown_as, text)
        return steward.seen(request, submission, 201)

    @routes.post("/submissions/{id}/decision", summary="Accept, reject or ask for a change")
    async def decision(request: Request, id: str) -> Response:
        return await reviewer.decide(request, id)

    return routes
