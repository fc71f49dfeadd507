"""Keep a submission: waiting for review where it passes, as a draft where something is to be mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sundgraf.application.personal import personal_data_in
from sundgraf.application.prepare import Prepared
from sundgraf.application.replay import deciding
from sundgraf.domain.errors import Conflict, Refused, TooLarge, TooOften, Unfit
from sundgraf.domain.report import Finding, blocks
from sundgraf.domain.submission import DRAFT, OPEN, WAITING, Submission
from sundgraf.store.document import Document
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import Token

_LONGEST = 5000  # characters of a reason or a comment
_SHOWN = 100


def submit(
    state: Path,
    root: Path,
    token: Token,
    prepared: Prepared,
    document: Document,
    *,
    kind: str = "record",
    reason: str = "",
    source: str = "",
    successor: str = "",
    key: str = "",
) -> tuple[Submission, bool]:
    """Keep what was prepared; return it and whether it is new. `key` is the client's own, so that it may send twice.

    Raises Unfit with the findings where it does not pass, and keeps it as a draft; Conflict or TooLarge.
    """
    _check_length(reason, source, successor, key)
    prepared = _with_personal(prepared, root, reason, source)
    inbox = Inbox(state)
    wanted = to_mend(prepared, reason)
    submission = Submission(
        "", kind, DRAFT if wanted else WAITING, token.id, token.shown_as, "", "", prepared.base, prepared.records,
        reason.strip(), source.strip(), successor, document.format, document.content, prepared.added,
        prepared.removed,
    )  # fmt: skip
    kept, new = inbox.add(submission, key)
    if kept.state == DRAFT:
        if wanted:
            raise _unfit(wanted, kept)
        inbox.revise(replace(submission, id=kept.id))  # what did not pass when it was sent first passes now
        return inbox.get(kept.id), False
    return kept, new


def check_rate(state: Path, token: Token, per_hour: int) -> None:
    """Refuse what would be more submissions of a token within an hour than `per_hour`. Raises TooOften."""
    hour = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    if Inbox(state).sent_since(token.id, hour) >= per_hour:
        raise TooOften(f"This token sent {per_hour} submissions within an hour; wait, or ask the operator for more.")


def resubmit(
    state: Path, root: Path, token: Token, id: str, prepared: Prepared, document: Document, reason: str, source: str
) -> Submission:
    """Put a mended version in place of an open submission of one's own. Raises as `submit` does, Refused, or Busy."""
    _check_length(reason, source)
    inbox = Inbox(state)
    held = inbox.get(id)
    if held.submitter != token.id:
        raise Refused("Only who sent it in can mend it.")
    if held.state not in OPEN:
        raise Conflict(f"Submission {id} was decided already; send a new one.")
    prepared = _with_personal(prepared, root, reason, source)
    wanted = to_mend(prepared, reason or held.reason)
    mended = Submission(
        held.id, held.kind, DRAFT if wanted else WAITING, held.submitter, held.shown_as, held.created, "",
        prepared.base, prepared.records, reason.strip() or held.reason, source.strip() or held.source,
        held.successor, document.format, document.content, prepared.added, prepared.removed,
    )  # fmt: skip
    with deciding(state):
        inbox.revise(mended)
    if wanted:
        raise _unfit(wanted, mended)
    return inbox.get(id)


def to_mend(prepared: Prepared, reason: str) -> list[Finding]:
    """Return what keeps a submission from passing: violations, and warnings where no reason is given for them."""
    if blocks(prepared.findings):
        return prepared.findings
    return [] if reason.strip() else [f for f in prepared.findings if f.severity == "warning"]


def to_mend_of_texts(root: Path, **texts: str) -> list[Finding]:
    """Return what is to be mended in texts that become public with a submission."""
    _check_length(*texts.values())
    return [finding for finding in personal_data_in(root, **texts) if finding.severity == "violation"]


def _with_personal(prepared: Prepared, root: Path, reason: str, source: str) -> Prepared:
    return replace(prepared, findings=[*personal_data_in(root, reason=reason, source=source), *prepared.findings])


def _unfit(findings: list[Finding], kept: Submission) -> Unfit:
    only_warnings = not blocks(findings)
    count = sum(finding.severity == "violation" for finding in findings)
    many = "1 thing is" if count == 1 else f"{count} things are"
    told = "Give a reason for the warnings" if only_warnings else f"{many} to be mended"
    shown = [finding.as_mapping() for finding in findings[:_SHOWN]]
    return Unfit(f"{told}; the draft is kept at {kept.path}.", shown, kept.path)


def _check_length(*texts: str) -> None:
    if any(len(text) > _LONGEST for text in texts):
        raise TooLarge(f"A reason, source or key may have {_LONGEST:,} characters.")
