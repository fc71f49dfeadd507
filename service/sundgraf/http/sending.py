"""Send records in, and mend what was sent: by form, by file or by the API, through one gate."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from sundgraf.application.apart import apart
from sundgraf.application.duplicates import similar_names
from sundgraf.application.fields import RecordClass
from sundgraf.application.filled import class_of, filled_in
from sundgraf.application.prepare import Prepared, prepare_merge, prepare_records, prepare_withdrawal
from sundgraf.application.submit import check_rate, resubmit, submit
from sundgraf.application.template import choices_of, template_classes
from sundgraf.application.validate import published_store, shapes_of
from sundgraf.domain.errors import BadInput, InvalidParameter, MalformedData, Unfit
from sundgraf.domain.report import gravest_first
from sundgraf.domain.submission import KINDS
from sundgraf.http.body import documents_of_form, is_form, read_documents, read_form, texts_of
from sundgraf.http.context import Context
from sundgraf.http.desk import PRIVATE, Desk, document_of, wants_page
from sundgraf.http.forms import fields_of_document, parts_of
from sundgraf.http.identity import check_form, form_key, identify, require
from sundgraf.http.limits import PerAddress
from sundgraf.http.pages import language_of
from sundgraf.http.routes.search import finder
from sundgraf.http.routes.validate import PASTED
from sundgraf.store.document import Document


class Sender(Desk):
    """What stewards ask for who send something in."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._addresses = PerAddress(context.settings.validations_per_minute)

    async def send(self, request: Request) -> Response:
        """Send in a record, a correction, a withdrawal or a merge."""
        token = require(request, self._state, "submitter")
        self._addresses.count(request)
        settings = self._context.settings
        check_rate(self._state, token, settings.submissions_per_hour)
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
        except MalformedData as error:
            if not wants_page(request) or "form_class" in said:
                raise
            return self._context.pages.render(
                request, "submit.html", status=400, headers=PRIVATE, token=token, key=form_key(request),
                formats=PASTED, text=document.text if document.name == "text" else "", record="", unfit=None,
                said=said, class_name="", fault=self._context.pages.said(str(error), language_of(request)),
            )  # fmt: skip
        try:
            key = request.headers.get("idempotency-key", said.get("key", ""))
            kept, new = await to_thread.run_sync(
                lambda: submit(
                    self._state, self._root, token, prepared, document, kind=kind, reason=_reason(said), key=key,
                    source=said.get("source", ""),
                    successor=prepared.records[-1] if kind == "merge" else said.get("successor", ""),
                )
            )  # fmt: skip
        except Unfit as unfit:
            if not wants_page(request):
                raise
            if "form_class" in said:
                return await self.form(request, said["form_class"], form, unfit, unfit.draft.rsplit("/", 1)[-1])
            return self._context.pages.render(
                request, "submit.html", status=422, headers=PRIVATE, token=token, key=form_key(request),
                formats=PASTED, text=document.text, record=said.get("record", ""), unfit=unfit, said=said,
                class_name="",
            )  # fmt: skip
        return self.seen(request, kept, 201 if new else 200)

    async def form(
        self, request: Request, name: str, form: FormData | None = None, unfit: Unfit | None = None, draft: str = ""
    ) -> Response:
        """Return the form of a class, empty or as it was filled in, with what is to be mended.

        With `draft`, the id of an open submission of one's own, it is that which the form mends.
        """
        correct = request.query_params.get("record", "") if form is None else str(form.get("record", ""))
        classes = self._classes(name)[: 1 if correct else None]
        parts = parts_of(classes)
        held = published_store(self._state, self._root)
        language = language_of(request)
        said: dict[str, list[str]] = {}
        if correct and form is None:
            if class_of(correct, self._state, self._root) != classes[0].name:
                raise InvalidParameter(f"<{correct[:200]}> is no published record of this class.", "record")
            said = filled_in(correct, name, language, self._state, self._root)
        if draft and form is None:
            held_before = self.held(require(request, self._state, "submitter"), draft)
            said = {**fields_of_document(document_of(held_before), self._classes(name)),
                    "reason": [held_before.reason], "source": [held_before.source]}  # fmt: skip
            correct = "".join(said.get("record", []))
            parts = parts_of(self._classes(name)[: 1 if correct else None])
        for key, value in form.multi_items() if form is not None else ():
            if isinstance(value, str) and value:
                said.setdefault(key, []).append(value)
        return self._context.pages.render(
            request, "form.html", status=422 if unfit else 200, headers=PRIVATE,
            token=identify(request, self._state), key=form_key(request), first=classes[0], parts=parts, said=said,
            choices={f.scheme or f.path: choices_of(f, language, held) for part in parts for f in part.fields},
            findings=unfit.findings if unfit else [], draft=unfit.draft if unfit else "",
            record="".join(said.get("record", [])[:1]), mends=draft,
        )  # fmt: skip

    def _classes(self, name: str) -> list[RecordClass]:
        return template_classes(name, shapes_of(self._root))

    async def mend(self, request: Request, id: str) -> Response:
        """Put a mended version in place of an open submission of one's own."""
        token = require(request, self._state, "submitter")
        self._addresses.count(request)
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
        reason, source = said.get("reason", ""), said.get("source", "")
        try:
            mended = await to_thread.run_sync(
                resubmit, self._state, self._root, token, id, prepared, documents[0], reason, source
            )
        except Unfit as unfit:
            if not wants_page(request):
                raise
            if "form_class" in said:
                return await self.form(request, said["form_class"], form, unfit, id)
            mended = held  # its page says what is to be mended
        return self.seen(request, mended, 200)

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
        similar = similar_names(prepared.findings, prepared.names, await finder(self._context))
        return replace(prepared, findings=gravest_first([*prepared.findings, *similar]))


def _reason(said: dict[str, str]) -> str:
    return said.get("reason", "") or " / ".join(filter(None, (said.get("reason_en", ""), said.get("reason_da", ""))))
