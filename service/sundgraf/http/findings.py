"""Findings as machines read them."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from sundgraf.domain.report import Finding, blocks, grouped
from sundgraf.http.pages import BASE, Pages

_MOST_IN_PAGE = 4 << 20  # bytes of a table that a page carries along
_STYLE = Path(__file__).parent / "static" / "style.css"


def summary_of(findings: list[Finding], shown: int) -> dict[str, object]:
    """Return findings for machines: how many by rule, and the first of them."""
    return {
        "conforms": not blocks(findings),
        "total": len(findings),
        "shown": min(shown, len(findings)),
        "byRule": [{"rule": rule, "count": count} for rule, count in grouped(findings)],
        "findings": [finding.as_mapping() for finding in findings[:shown]],
    }


def table_of(findings: list[Finding], language: str) -> bytes:
    """Return findings as CSV (UTF-8 with a mark, so that spreadsheets read it), one a row, all of them."""
    danish = language == "da"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["alvor", "fil", "ark", "linje", "kolonne", "emne", "felt", "hvad", "værdi", "mente du", "regel"]
        if danish
        else [
            "severity",
            "file",
            "sheet",
            "line",
            "column",
            "subject",
            "field",
            "what",
            "value",
            "did you mean",
            "rule",
        ]
    )
    for f in findings:
        what = f.danish if danish and f.danish else f.english
        cells = [f.severity, f.file, f.sheet, f.line or "", f.column or "", f.subject, f.labels[danish], what, f.value,
                 f.nearest, f.shape or f.rule]  # fmt: skip
        writer.writerow(["'" + c if isinstance(c, str) and c[:1] in ("=", "+", "-", "@") else c for c in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def table_in_page(findings: list[Finding], language: str) -> str:
    """Return that table as an address that a page carries along, since nothing is stored; "" where it is too long."""
    table = table_of(findings, language)
    return f"data:text/csv;base64,{base64.b64encode(table).decode()}" if len(table) <= _MOST_IN_PAGE else ""


def page_of(findings: list[Finding], files: Sequence[str], language: str) -> str:
    """Return findings as a page that stands by itself: a file to open or to send to somebody."""
    return page_alone(
        "findings-file.html", language,
        files=files, findings=findings, found=summary_of(findings, len(findings)), site=BASE.rstrip("/"),
    )  # fmt: skip


def page_alone(template: str, language: str, **shown: object) -> str:
    """Return a page with its style in it, for a template that extends `file.html`."""
    return (
        Pages()
        .templates.get_template(template)
        .render(
            language=language, t=lambda english, danish: danish if language == "da" else english,
            style=_STYLE.read_text("utf-8"), **shown,
        )
    )  # fmt: skip
