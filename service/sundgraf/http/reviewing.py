"""Look at what was sent in, and decide on it."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.publish import fingerprint, publish_submission
from sundgraf.application.review import check_reviewer, decide, look
from sundgraf.application.tell_import import words_of_counts
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.submission import ACCEPTED, OPEN, WAITING, Submission
from sundgraf.http.desk import PRIVATE, Desk, document_of, wants_page
from sundgraf.http.findings import summary_of
from sundgraf.http.forms import class_of_document
from sundgraf.http.identity import form_key, require
from sundgraf.http.imports import report_of
from sundgraf.http.pages import language_of
from sundgraf.http.routes.search import finder
from sundgraf.http.routes.validate import PASTED
from sundgraf.http.submissions import brief, name_of, whole
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import Token

_PUBLISHING_SECONDS = 300.0
_LOOKING_SECONDS = 30.0
_PAGE = 100
_STATES = ("draft", "waiting", "changes-wanted", "accepted", "rejected")


class Reviewer(Desk):
    """What reviewers ask for, and submitters who follow what they sent in."""

    async def decide(self, request: Request, id: str) -> Response:
        """Accept a submission, reject it, or ask for a change."""
        token, fields = await self.fields(request, "reviewer")
        submission = self.held(token, id)
        decision, text = fields.get("decision", ""), fields.get("reason", "")
        if decision != "accept":
            decided = await to_thread.run_sync(decide, self._state, token, id, decision, text)
            return self.seen(request, decided, 200)
        check_reviewer(token, submission)
        seen = fields.get("seen", "")
        made = await apart(
            publish_submission, self._state, self._root, id, token.shown_as, seen, text, seconds=_PUBLISHING_SECONDS
        )
        held = Inbox(self._state).get(id)
        if held.state == WAITING:  # the inbox could not be written, and is brought in line with the log later
            held = replace(held, state=ACCEPTED, publication=made.number, records=tuple(made.records))
        return self.seen(request, held, 200)

    async def inbox(self, request: Request) -> Response:
        """List what waits for reviewers, or one's own."""
        token = require(request, self._state, "submitter")
        asked = request.query_params.get("state", "waiting" if token.may("reviewer") else "")
        if asked and asked not in (*_STATES, "any"):
            raise InvalidParameter(f"state={asked!r} is not one of {', '.join(_STATES)} or any.", "state")
        page = _page_of(request)
        inbox = Inbox(self._state)
        own = "" if token.may("reviewer") else token.id
        held = inbox.select(state="" if asked == "any" else asked, submitter=own, limit=_PAGE + 1,
                            start=(page - 1) * _PAGE)  # fmt: skip
        more, held = len(held) > _PAGE, held[:_PAGE]
        if wants_page(request):
            index, language = await finder(self._context), language_of(request)
            about = {s.id: name_of(s, lambda iri: index.label(iri, language), language) for s in held}
            return self._context.pages.render(
                request, "submissions.html", headers=PRIVATE, token=token, key=form_key(request), submissions=held,
                about=about, counts=inbox.counts() if not own else {}, asked=asked, states=_STATES, page=page,
                more=more,
            )  # fmt: skip
        return JSONResponse({"submissions": [brief(s) for s in held], "more": more}, headers=PRIVATE)

    async def show(self, request: Request, token: Token, submission: Submission) -> Response:
        """Show all of a submission."""
        language = language_of(request)
        seen = await apart(
            look, submission, self._state, self._root, language, _page_of(request), seconds=_LOOKING_SECONDS
        )
        events = Inbox(self._state).events(submission.id)
        report = await to_thread.run_sync(report_of, self._state, submission)
        form_class = class_of_document(document_of(submission))
        if form_class:  # whose rows and columns nobody has seen
            seen = replace(seen, findings=[replace(finding, line=0, column=0) for finding in seen.findings])
        if not wants_page(request):
            return JSONResponse(whole(submission, seen, events, report), headers=PRIVATE)
        return self._context.pages.render(
            request, "submission.html", headers=PRIVATE, token=token, key=form_key(request), submission=submission,
            look=seen, events=events, summary=summary_of(seen.findings, 100), fingerprint=fingerprint(submission),
            may_decide=token.may("reviewer") and token.id != submission.submitter and submission.state == "waiting",
            may_mend=token.id == submission.submitter and submission.state in OPEN and submission.kind == "record",
            text=_shown_text(submission), formats=PASTED, form_class=form_class,
            report=report, words=words_of_counts(language),
        )  # fmt: skip


def _page_of(request: Request) -> int:
    page = request.query_params.get("page", "1")
    if not page.isascii() or not page.isdigit() or not 0 < int(page) < 10_000:
        raise InvalidParameter(f"page={page[:20]!r} is not a page number.", "page")
    return int(page)


def _shown_text(submission: Submission) -> str:
    """Return what was sent in as text, "" for a workbook and for what is too long for a page."""
    if submission.format == "xlsx" or len(submission.content) > 200_000:
        return ""
    return submission.content.decode("utf-8", "replace")
