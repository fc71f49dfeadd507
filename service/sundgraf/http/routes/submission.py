"""Send records in, follow them, and decide on them."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.fields import RecordClass
from sundgraf.application.filled import class_of, filled_in
from sundgraf.application.prepare import Prepared, prepare_merge, prepare_records, prepare_withdrawal
from sundgraf.application.publish import fingerprint, publish_submission
from sundgraf.application.review import check_reviewer, decide, look, may_see
from sundgraf.application.similar import with_similar
from sundgraf.application.submit import resubmit, submit
from sundgraf.application.template import concept_labels, template_classes
from sundgraf.application.validate import published_store, shapes_of
from sundgraf.domain.errors import BadInput, InvalidParameter, NotFound, Unfit
from sundgraf.domain.media import HTML, PLAIN_JSON, choose
from sundgraf.domain.submission import KINDS, OPEN, Submission
from sundgraf.http.body import documents_of_form, is_form, read_documents, read_form, texts_of
from sundgraf.http.context import Context
from sundgraf.http.findings import summary_of
from sundgraf.http.forms import parts_of
from sundgraf.http.identity import check_form, form_key, identify, require
from sundgraf.http.pages import language_of
from sundgraf.http.routes.search import finder
from sundgraf.http.routes.validate import PASTED
from sundgraf.http.submissions import brief, whole
from sundgraf.store.document import Document
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import Token

_PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept, Accept-Language, Authorization, Cookie"}
_PUBLISHING_SECONDS = 300.0
_STATES = ("draft", "waiting", "changes-wanted", "accepted", "rejected")
_PAGE = 100


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes, steward, state = APIRouter(tags=["submissions"]), _Steward(context), context.settings.state

    @routes.get("/submit", summary="A page to send a record in with")
    async def page(request: Request) -> Response:
        correct = request.query_params.get("correct", "")[:300]
        token = identify(request, state)
        return context.pages.render(
            request, "submit.html", headers=_PRIVATE, token=token, key=form_key(request), formats=PASTED,
            text=await steward.text_of(correct) if correct else "", record=correct,
            class_name=class_of(correct, state, context.bundle.root) if correct else "", unfit=None, said={},
        )  # fmt: skip

    @routes.get("/submit/{name}", summary="A form to send in a record of a class with, made from its shape")
    async def form(request: Request, name: str) -> Response:
        return await steward.form(request, name)

    @routes.post("/submissions", status_code=201, summary="Send in a record, a correction, a withdrawal or a merge")
    async def send(request: Request) -> Response:
        return await steward.send(request)

    @routes.get("/submissions", summary="The inbox: what waits for reviewers, or one's own")
    async def inbox(request: Request) -> Response:
        return await steward.inbox(request)

    @routes.get("/submissions/{id}", summary="A submission: its change, findings and what was said")
    async def one(request: Request, id: str) -> Response:
        token = require(request, state, "submitter")
        return await steward.show(request, token, steward.held(token, id))

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
        return await steward.decide(request, id)

    return routes


class _Steward:
    """What stewards and reviewers ask for."""

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
            try:
                said = await request.json()
            except ValueError as error:
                raise BadInput("The body is no JSON.") from error
            if not isinstance(said, dict):
                raise BadInput("The body must be a JSON object.")
            fields |= {str(name): str(value) for name, value in said.items()}
        check_form(request, fields.get("form_key", ""))
        return token, fields

    def held(self, token: Token, id: str) -> Submission:
        """Return a submission that a token's holder may see. Raises NotFound."""
        submission = Inbox(self._state).get(id)
        if not may_see(token, submission):
            raise NotFound(f"There is no submission {id[:40]!r} of yours.")
        return submission

    async def send(self, request: Request) -> Response:
        token = require(request, self._state, "submitter")
        settings = self._context.settings
        form = await read_form(request, settings.document_bytes) if is_form(request) else FormData()
        said = {**{name: value for name, value in request.query_params.items()}, **texts_of(form)}
        check_form(request, said.get("form_key", ""))
        kind = said.get("kind", "record")
        if kind not in KINDS:
            raise InvalidParameter(f"kind={kind!r} is not one of {', '.join(KINDS)}.", "kind")
        document = Document(kind, b"", "ntriples")
        if kind == "record":
            documents = await documents_of_form(form, self._classes) if is_form(request) else await read_documents(
                request, settings.document_bytes)  # fmt: skip
            if len(documents) > 1:
                raise BadInput("Send one document at a time; a document may hold many records.")
            document = documents[0]
        try:
            prepared = await self._prepare(kind, document, said)
            key = request.headers.get("idempotency-key", said.get("key", ""))
            kept, new = await to_thread.run_sync(
                lambda: submit(
                    self._state, token, prepared, document, kind=kind, reason=_reason(said), key=key,
                    source=said.get("source", ""), successor=said.get("successor", ""),
                    per_hour=settings.submissions_per_hour,
                )
            )  # fmt: skip
        except Unfit as unfit:
            if not _wants_page(request):
                raise
            if "form_class" in said:
                return await self.form(request, said["form_class"], form, unfit)
            return self._context.pages.render(
                request, "submit.html", status=422, headers=_PRIVATE, token=token, key=form_key(request),
                formats=PASTED, text=document.text, record=said.get("record", ""), unfit=unfit, said=said,
                class_name="",
            )  # fmt: skip
        return self.seen(request, kept, 201 if new else 200)

    async def form(
        self, request: Request, name: str, form: FormData | None = None, unfit: Unfit | None = None
    ) -> Response:
        """Return the form of a class, empty or as it was filled in, with what is to be mended."""
        correct = request.query_params.get("record", "") if form is None else str(form.get("record", ""))
        classes = self._classes(name)[: 1 if correct else None]
        parts = parts_of(classes)
        held = published_store(self._state, self._root)
        language = language_of(request)
        schemes = {f.scheme for part in parts for f in part.fields if f.kind == "concept" and f.scheme}
        said: dict[str, list[str]] = {}
        if correct and form is None:
            if class_of(correct, self._state, self._root) != classes[0].name:
                raise InvalidParameter(f"<{correct[:200]}> is no published record of this class.", "record")
            said = filled_in(correct, name, language, self._state, self._root)
        for key, value in form.multi_items() if form is not None else ():
            if isinstance(value, str) and value:
                said.setdefault(key, []).append(value)
        return self._context.pages.render(
            request, "form.html", status=422 if unfit else 200, headers=_PRIVATE,
            token=identify(request, self._state), key=form_key(request), first=classes[0], parts=parts, said=said,
            choices={scheme: concept_labels(scheme, language, held) for scheme in schemes},
            findings=unfit.findings if unfit else [], draft=unfit.draft if unfit else "",
            record=said.get("record", [""])[0],
        )  # fmt: skip

    def _classes(self, name: str) -> list[RecordClass]:
        return template_classes(name, shapes_of(self._root))

    async def mend(self, request: Request, id: str) -> Response:
        token = require(request, self._state, "submitter")
        held = self.held(token, id)
        settings = self._context.settings
        form = await read_form(request, settings.document_bytes) if is_form(request) else FormData()
        said = {**{name: value for name, value in request.query_params.items()}, **texts_of(form)}
        check_form(request, said.get("form_key", ""))
        if held.kind != "record":
            raise BadInput(f"A {held.kind} is not mended; send a new one.")
        documents = await documents_of_form(form, self._classes) if is_form(request) else await read_documents(
            request, settings.document_bytes)  # fmt: skip
        prepared = await self._prepare("record", documents[0], said)
        mended = await to_thread.run_sync(
            resubmit, self._state, token, id, prepared, documents[0], said.get("reason", ""), said.get("source", "")
        )
        return self.seen(request, mended, 200)

    async def decide(self, request: Request, id: str) -> Response:
        token, fields = await self.fields(request, "reviewer")
        submission = self.held(token, id)
        decision, text = fields.get("decision", ""), fields.get("reason", "")
        if decision != "accept":
            decided = await to_thread.run_sync(decide, self._state, token, id, decision, text)
            return self.seen(request, decided, 200)
        check_reviewer(token, submission)
        seen = fields.get("seen", "")
        await apart(
            publish_submission, self._state, self._root, id, token.shown_as, seen, text, seconds=_PUBLISHING_SECONDS
        )
        return self.seen(request, Inbox(self._state).get(id), 200)

    async def inbox(self, request: Request) -> Response:
        token = require(request, self._state, "submitter")
        asked = request.query_params.get("state", "waiting" if token.may("reviewer") else "")
        if asked and asked not in (*_STATES, "any"):
            raise InvalidParameter(f"state={asked!r} is not one of {', '.join(_STATES)} or any.", "state")
        page = request.query_params.get("page", "1")
        if not page.isascii() or not page.isdigit() or not 0 < int(page) < 10_000:
            raise InvalidParameter(f"page={page[:20]!r} is not a page number.", "page")
        inbox = Inbox(self._state)
        own = "" if token.may("reviewer") else token.id
        held = inbox.select(state="" if asked == "any" else asked, submitter=own, limit=_PAGE + 1,
                            start=(int(page) - 1) * _PAGE)  # fmt: skip
        more, held = len(held) > _PAGE, held[:_PAGE]
        if _wants_page(request):
            return self._context.pages.render(
                request, "submissions.html", headers=_PRIVATE, token=token, key=form_key(request), submissions=held,
                counts=inbox.counts() if not own else {}, asked=asked, states=_STATES, page=int(page), more=more,
            )  # fmt: skip
        return JSONResponse({"submissions": [brief(s) for s in held], "more": more}, headers=_PRIVATE)

    async def show(self, request: Request, token: Token, submission: Submission) -> Response:
        language = language_of(request)
        seen = await apart(look, submission, self._state, self._root, language, seconds=30.0)
        events = Inbox(self._state).events(submission.id)
        if not _wants_page(request):
            return JSONResponse(whole(submission, seen, events), headers=_PRIVATE)
        return self._context.pages.render(
            request, "submission.html", headers=_PRIVATE, token=token, key=form_key(request), submission=submission,
            look=seen, events=events, summary=summary_of(seen.findings, 100), fingerprint=fingerprint(submission),
            may_decide=token.may("reviewer") and token.id != submission.submitter and submission.state == "waiting",
            may_mend=token.id == submission.submitter and submission.state in OPEN and submission.kind == "record",
            text=_shown_text(submission), formats=PASTED,
        )  # fmt: skip

    def seen(self, request: Request, submission: Submission, status: int) -> Response:
        """Return a submission briefly, with where it is followed."""
        if _wants_page(request):
            return RedirectResponse(f"{submission.path}?lang={language_of(request)}", 303, _PRIVATE)
        return JSONResponse(brief(submission), status, {**_PRIVATE, "Location": submission.path})

    async def text_of(self, record: str) -> str:
        """Return what is stated of a record in Turtle, to begin a correction with; "" where nothing is."""
        from sundgraf.application.history import stated_text  # noqa: PLC0415

        return await apart(stated_text, record, self._state, self._root, seconds=30.0)

    async def _prepare(self, kind: str, document: Document, said: dict[str, str]) -> Prepared:
        settings = self._context.settings
        record, successor = said.get("record", "").strip(), said.get("successor", "").strip()
        seconds = settings.document_seconds
        if kind == "withdrawal":
            return await apart(
                prepare_withdrawal, record, successor, said.get("reason_en", ""), said.get("reason_da", ""),
                self._state, self._root, seconds=seconds,
            )  # fmt: skip
        if kind == "merge":
            return await apart(prepare_merge, record, successor, self._state, self._root, seconds=seconds)
        prepared = await apart(prepare_records, [document], self._state, self._root, seconds=seconds)
        similar = with_similar(prepared.findings, prepared.names, await finder(self._context), document.name)
        return replace(prepared, findings=similar)


def _reason(said: dict[str, str]) -> str:
    return said.get("reason", "") or " / ".join(filter(None, (said.get("reason_en", ""), said.get("reason_da", ""))))


def _wants_page(request: Request) -> bool:
    return choose(request.headers.get("accept", ""), (PLAIN_JSON, HTML)) is HTML


def _shown_text(submission: Submission) -> str:
    return submission.content.decode("utf-8", "replace") if len(submission.content) < 200_000 else ""
