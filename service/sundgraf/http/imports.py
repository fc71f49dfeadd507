"""Imports as pages and for machines: the report of one, by itself or beside its submission."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sundgraf.application.tell_import import words_of_counts
from sundgraf.domain.errors import NotFound
from sundgraf.domain.submission import Submission
from sundgraf.http.findings import page_alone
from sundgraf.store.imports import Imports

ALL = 5000  # lines of each list of a report page


def report_of(state: Path, submission: Submission) -> dict[str, Any] | None:
    """Return the report of a submission's import, None where it is none."""
    if submission.kind != "import":
        return None
    try:
        return Imports(state).report(submission.id)
    except NotFound:
        return None


def page_of(report: Mapping[str, Any], language: str) -> str:
    """Return a report as a page that stands by itself: a file to open or to send to somebody."""
    return page_alone("import-report-file.html", language, report=report, words=words_of_counts(language), shown=ALL)
