"""A submission as machines read it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence

from sundgraf.application.publish import fingerprint
from sundgraf.application.review import Look
from sundgraf.domain.names import BASE
from sundgraf.domain.submission import ACCEPTED, Submission
from sundgraf.http.findings import summary_of
from sundgraf.store.inbox import Event

_SEARCHED = 100_000  # characters of a change that are searched for a name
_NAME = re.compile(
    r"^\S+ <http://(?:purl\.org/dc/terms/title|xmlns\.com/foaf/0\.1/name|www\.w3\.org/2004/02/skos/core#prefLabel)> "
    r'("(?:[^"\\]|\\.)*")(?:@([a-z-]+))? \.$',
    re.MULTILINE,
)


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
        "outdated": seen.outdated, "changedRecords": seen.records, "page": seen.page, "pages": seen.pages,
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


def name_of(submission: Submission, called: Callable[[str], str], language: str) -> str:
    """Return what a submission is about: what its first record is called, or will be."""
    first = submission.records[0] if submission.records else ""
    said = {match[2] or "": match[1] for match in _NAME.finditer(submission.added[:_SEARCHED])}
    for name in (said.get(language), said.get(""), next(iter(said.values()), None)):
        if name:
            with contextlib.suppress(ValueError):
                return str(json.loads(name))[:200]
    return called(first) or first.removeprefix(BASE)


def _change(submission: Submission) -> dict[str, object]:
    if submission.kind == "import":
        return {"change": f"/imports/{submission.id}/change"}
    return {"added": submission.added, "removed": submission.removed}
