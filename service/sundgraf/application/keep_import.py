"""Keep an import as one submission that a reviewer decides on, with its report and the rows that were rejected."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sundgraf.application.import_edition import Imported
from sundgraf.application.replay import deciding
from sundgraf.application.submit import to_mend_of_texts
from sundgraf.domain.errors import Unfit
from sundgraf.domain.imported import Rejected
from sundgraf.domain.spreadsheet import harmless
from sundgraf.domain.submission import OPEN, REJECTED, WAITING, Submission
from sundgraf.store.imports import Imports
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import Token

_MOST_RECORDS = 200  # that the submission itself names; the report has all


def keep_import(
    state: Path, root: Path, token: Token, imported: Imported, reason: str = ""
) -> tuple[Submission | None, bool]:
    """Keep an import for review; return its submission and whether it is new, None where nothing changes.

    What the same submitter has waiting of the register is rejected as replaced. Raises Unfit where the reason holds
    personal data.
    """
    report = imported.report
    if not imported.changes:
        return None, False
    counts = report.counts
    told = reason.strip() or (
        f"{report.title[0]}: {counts['added']} new, {counts['changed']} changed; {counts['gone']} gone, "
        f"{counts['withdrawn']} of them withdrawn."
    )
    wrong = to_mend_of_texts(root, reason=told)
    if wrong:
        raise Unfit("The reason is to be mended.", [finding.as_mapping() for finding in wrong])
    inbox, imports = Inbox(state), Imports(state)
    change = hashlib.sha256(f"{imported.added}\0{imported.removed}".encode()).hexdigest()
    content = json.dumps({"register": report.source, "change": change}).encode()
    page = imported.report.files[0][0] if imported.report.files else ""
    waiting = imports.open_of(report.source, token.id)
    sent = Submission(
        "", "import", WAITING, token.id, token.shown_as, "", "", imported.base, imported.records[:_MOST_RECORDS],
        told, page, "", "json", content, imported.added, imported.removed,
    )  # fmt: skip
    with deciding(state) if waiting else contextlib.nullcontext():
        kept, new = inbox.add(sent, "")
        imports.keep(kept.id, report.source, report.as_mapping(), rejected_table(report.rejected), imported.said)
        for id in waiting if new else ():
            if inbox.get(id).state in OPEN:  # and was not accepted meanwhile
                why = f"Replaced by {kept.id}, a later import of the same register."
                inbox.move(id, OPEN, REJECTED, "sundgraf", why)
    return kept, new


def rejected_table(rejected: Iterable[Rejected]) -> str:
    """Return rejected rows as CSV: where they stood, why, and every value, safe for a spreadsheet."""
    rows = list(rejected)
    references = list(dict.fromkeys(reference for row in rows for reference in row.values if reference != "_key"))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "line", "key", "why", "hvorfor", *map(harmless, references)])
    for row in rows:
        why, hvorfor = ("; ".join(reason[n] for reason in row.reasons) for n in (0, 1))
        writer.writerow(
            map(harmless, [row.file, str(row.line), row.key, why, hvorfor, *_cells(row.values, references)])
        )
    return text.getvalue()


def _cells(values: Mapping[str, tuple[str, ...]], references: Iterable[str]) -> Iterable[str]:
    return ("; ".join(values.get(reference, ())) for reference in references)
