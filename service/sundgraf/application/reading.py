"""Read what is sent in, whatever its format: its statements, and where in which document each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from sundgraf.application.gate import Node, derived, published
from sundgraf.application.sheets import Cells, read_sheets
from sundgraf.domain import rules
from sundgraf.domain.errors import MalformedData
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding
from sundgraf.domain.submission import standing
from sundgraf.store.document import NEW, TABLES, Document, read_document, shown_name
from sundgraf.store.places import Places
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.turtle_text import Place

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_MERGED = ox.NamedNode(f"{BASE}def/mergedInto")
_LOGGED = tuple(ox.NamedNode(f"{BASE}def/{name}") for name in ("Publication", "Tombstone"))


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
                raise MalformedData(
                    f"{document.name}: statements about statements are not read here; write the statement by itself.",
                    document.name,
                )
            read.quads.append(quad)
            read._origin.setdefault(shown_name(quad.subject), document)
    _leave_out_given(read, base)
    return read


def _leave_out_given(read: Read, base: ox.Store) -> None:
    """Take out what stands in every document that we give out of a record, so that one may be sent back.

    That is what rules derive of it, and what is published already of terms, of the log and of the document itself.
    """
    by_subject: dict[Node, list[ox.Quad]] = {}
    for quad in read.quads:
        if not isinstance(quad.subject, ox.Triple):
            by_subject.setdefault(quad.subject, []).append(quad)
    left_out: dict[ox.Quad, Node] = {}
    for subject, quads in by_subject.items():
        if isinstance(subject, ox.NamedNode):
            left_out |= dict.fromkeys(_given_of(subject, quads, base), subject)
    if left_out:
        read.quads = [quad for quad in read.quads if quad not in left_out]
        first = shown_name(next(iter(left_out.values())))
        read.findings.append(read.placed(rules.LEFT_OUT.broken_by(first, more=f" ({len(left_out)})"), first))


def _given_of(subject: ox.NamedNode, quads: Sequence[ox.Quad], base: ox.Store) -> list[ox.Quad]:
    if subject.value.startswith(f"{BASE}doc/"):
        return list(quads)
    there = published(subject, base)
    merged = next(base.quads_for_pattern(subject, _MERGED, None, ox.DefaultGraph()), None) is not None
    logged = merged or any(ox.Quad(subject, _TYPE, kind) in base for kind in _LOGGED)
    if logged or standing(subject.value) in ("reserved", "foreign"):
        return [q for q in quads if ox.Quad(q.subject, q.predicate, q.object) in base]
    made = set(derived(subject, base)) if there else set()
    typed = there or any(quad.predicate == _TYPE for quad in quads)
    # A record is labelled by the name that it has: a label of its own would stay when the name is mended.
    return [quad for quad in quads if quad.triple in made or (typed and quad.predicate == _LABEL)]
