"""Read what is sent in, whatever its format: its statements, and where in which document each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from sundgraf.application.gate import Node, derived, published
from sundgraf.application.sheets import Cells, read_sheets
from sundgraf.domain import rules
from sundgraf.domain.errors import MalformedData
from sundgraf.domain.report import Finding
from sundgraf.store.document import NEW, TABLES, Document, read_document, shown_name
from sundgraf.store.places import Places
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.turtle_text import Place


@dataclass(slots=True)
class Read:
    """Statements of documents, the first document that speaks of each subject, places, and faults of sheets."""

    documents: Sequence[Document] = ()
    quads: list[ox.Quad] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _origin: dict[str, Document] = field(default_factory=dict)
    _places: dict[str, Places | Cells] = field(default_factory=dict)

    def placed(self, finding: Finding, focus: str, path: str = "", value: str = "") -> Finding:
        """Return a finding with the place of what it is about: a value, else its property, else its subject."""
        if not self.documents:
            return finding
        document = self._origin.get(focus, self.documents[0])
        place = self._places[document.name].locate(focus, path, value) if focus else Place(0, 0)
        return replace(
            finding, file=document.name, line=place.line, column=place.column, sheet=place.sheet,
            in_table=document.format in TABLES,
        )  # fmt: skip


def read_all(documents: Sequence[Document], base: ox.Store, shapes: Shapes) -> Read:
    """Return what documents say, without what rules derive anyway. Raises MalformedData or TooLarge."""
    read = Read(documents)
    for document in documents:
        if document.format in TABLES:
            cells = read_sheets(document, base, shapes)
            read._places[document.name] = cells
            read.findings += cells.findings
            quads = cells.quads
        else:
            read._places[document.name] = Places(document.text, document.format, NEW)
            quads = read_document(document)
        for quad in quads:
            if isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple):
                raise MalformedData(f"{document.name}: statements about statements are not read here", document.name)
            read.quads.append(quad)
            read._origin.setdefault(shown_name(quad.subject), document)
    _leave_out_derived(read, base)
    return read


def _leave_out_derived(read: Read, base: ox.Store) -> None:
    """Take out what is published as derived, as it stands in every document that we give out of a record."""
    subjects: dict[Node, None] = {q.subject: None for q in read.quads if not isinstance(q.subject, ox.Triple)}
    for subject in subjects:
        made = set(derived(subject, base)) if published(subject, base) else set()
        found = [quad for quad in read.quads if quad.subject == subject and quad.triple in made] if made else []
        if found:
            left_out = set(found)
            read.quads = [quad for quad in read.quads if quad not in left_out]
            finding = rules.LEFT_OUT.broken_by(shown_name(subject), more=f" ({len(found)})")
            read.findings.append(read.placed(finding, shown_name(subject)))
