"""A submission as machines read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sundgraf.application.publish import fingerprint
from sundgraf.application.review import Look
from sundgraf.domain.submission import ACCEPTED, Submission
from sundgraf.http.findings import summary_of
from sundgraf.store.inbox import Event


def brief(submission: Submission) -> dict[str, object]:
    """Return what a list shows of a submission."""
    return {
        "id": submission.id, "address": submission.path, "kind": submission.kind, "state": submission.state,
        "submitter": submission.shown_as, "created": submission.created, "changed": submission.changed,
        "base": submission.base, "records": list(submission.records), "reason": submission.reason,
        "source": submission.source, "successor": submission.successor,
        "publication": submission.publication if submission.state == ACCEPTED else None,
        "fingerprint": fingerprint(submission),
    }  # fmt: skip


def whole(
    submission: Submission, seen: Look, events: Sequence[Event], report: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return all of a submission: its change, in N-Triples and in words, what is found of it, and what happened.

    The change in words has pages. Of an import, the change in N-Triples has an address of its own.
    """
    return {
        **brief(submission), **_change(submission), **({"import": report} if report is not None else {}),
        "changedRecords": seen.records, "page": seen.page, "pages": seen.pages,
        "findings": summary_of(seen.findings, 100),
        "events": [{"time": e.time, "who": e.who, "kind": e.kind, "text": e.text} for e in events],
        "differences": [
            {"record": d.record, "label": d.label, "lines": [
                {"sign": line.sign, "property": line.property, "propertyLabel": line.property_label,
                 "value": line.value, "valueLabel": line.value_label, "language": line.language}
                for line in d.lines]}
            for d in seen.differences
        ],
    }  # fmt: skip


def _change(submission: Submission) -> dict[str, object]:
    if submission.kind == "import":
        return {"change": f"/imports/{submission.id}/change"}
    return {"added": submission.added, "removed": submission.removed}
