"""Read records from the tables of the submission template: one row a record, one column a field.

A heading is a field's label in Danish or English, or its short name; a text's has "(da)" or "(en)" behind it. The
column "record" (or "post") holds an identifier of ours or a name that other rows point to the record by. Several values
in a cell are separated by semicolons. What a published record says beyond the columns of the sheet stays as it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.application.cells import Unreadable, Vocabulary, literal_of
from sundgraf.application.fields import Field, RecordClass, record_classes
from sundgraf.application.gate import stated
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding
from sundgraf.domain.rules import page_of
from sundgraf.store.document import NEW, Document
from sundgraf.store.shacl_shapes import Shapes
from sundgraf.store.tables import Table, read_tables
from sundgraf.store.turtle_text import Place

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_RECORD = ("record", "post")
_CLASS = ("class", "klasse")
_IDENTIFIER = re.compile(r"[a-z]{1,4}-\d{4,}")
_NOT_SAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class Cells:
    """What was read, and where each statement stands: row and column from 1."""

    quads: list[ox.Quad] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def locate(self, focus: str, path: str = "", value: str = "") -> Place:
        """Return row and column of a value, else of its property, else of its record; (0, 0) for none."""
        for asked in ((focus, path, value), (focus, path), (focus,)):
            if asked in self.places:
                return self.places[asked]
        return Place(0, 0)


def read_sheets(document: Document, base: ox.Store, shapes: Shapes) -> Cells:
    """Return the records of a CSV or XLSX document. Raises MalformedData or TooLarge."""
    known = record_classes(shapes)
    cells = Cells()
    tables = [table for table in read_tables(document) if len(table.rows) > 1]
    plans = [plan for table in tables for plan in [_plan(table, known, document.name, cells)] if plan is not None]
    names: dict[str, str] = {}
    for plan in plans:
        for number, row in enumerate(plan.table.rows[1:], 2):
            name = row[plan.record].strip() if plan.record is not None and plan.record < len(row) else ""
            if name in names:
                cells.findings.append(
                    Finding(document.name, number, "", "sheet-record",
                            f"Another row is called {name!r} too; give each record a row and a name of its own.",
                            f"En anden række hedder også {name!r}; giv hver post sin egen række og sit eget navn.",
                            column=(plan.record or 0) + 1, value=name, sheet=plan.table.name, in_table=True,
                            shape=page_of("sheet-value"))
                )  # fmt: skip
            elif name:
                names[name] = _subject(name, base)
    for plan in plans:
        for remark in plan.table.remarks:
            english, danish = remark
            cells.findings.append(
                Finding(
                    document.name, 1, "", "sheet-form", english, danish, "info", sheet=plan.table.name, in_table=True,
                    shape=page_of("sheet-form"),
                )
            )  # fmt: skip
        for number, row in enumerate(plan.table.rows[1:], 2):
            if any(row):
                _read_row(plan, number, row, document.name, Vocabulary(base, names), names, cells)
    return cells


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the columns of a table hold."""

    table: Table
    class_: RecordClass | None
    by_name: Mapping[str, RecordClass]
    record: int | None
    kind: int | None
    columns: Mapping[int, str]


def _plan(table: Table, known: Sequence[RecordClass], file: str, cells: Cells) -> _Plan | None:
    by_name = {name.lower(): one for one in known for name in (one.name, *one.label) if name}
    headings = [heading.strip() for heading in table.rows[0]]
    record = next((n for n, heading in enumerate(headings) if heading.lower() in _RECORD), None)
    kind = next((n for n, heading in enumerate(headings) if heading.lower() in _CLASS), None)
    class_ = by_name.get(table.name.lower())
    if class_ is None and kind is None:
        if table.name.lower() not in ("help", "hjælp", "lists", "lister"):
            near = difflib.get_close_matches(table.name.lower(), sorted(by_name), 1)
            meant = by_name[near[0]].label if near else ("", "")
            cells.findings.append(
                Finding(
                    file, 1, table.name, "sheet-class",
                    "Say what the rows are: name the sheet after a class, or add a column 'class'."
                    + (f" Did you mean {meant[0]}?" if near else ""),
                    "Sig, hvad rækkerne er: kald arket det samme som en klasse, eller tilføj en kolonne »klasse«."
                    + (f" Mente du {meant[1]}?" if near else ""),
                    sheet=table.name, in_table=True, shape=page_of("sheet-class"), nearest=near[0] if near else "",
                    allowed=tuple(one.name for one in known), allowed_said=tuple(one.label for one in known),
                )
            )  # fmt: skip
        return None
    columns = {n: heading for n, heading in enumerate(headings) if heading and n not in (record, kind)}
    fields = [f for one in (known if class_ is None else [class_]) for f in one.fields]
    possible = {heading.lower() for f in fields for heading in _headings(f)}
    alike = (difflib.get_close_matches(heading.lower(), possible, 1) for heading in columns.values())
    if columns and not any(alike):
        cells.findings.append(
            Finding(file, 1, "", "sheet-heading",
                    "The first row holds none of the template's headings; put them there, and nothing above them.",
                    "Den første række har ingen af skabelonens overskrifter; sæt dem dér, og intet over dem.",
                    value=next(iter(columns.values())), sheet=table.name, in_table=True,
                    shape=page_of("sheet-heading"))
        )  # fmt: skip
        return None
    for n, heading in columns.items():
        if heading.lower() not in possible:
            near = difflib.get_close_matches(heading.lower(), sorted(possible), 1)
            english = f"No field is called {heading!r}." + (f" Did you mean {near[0]!r}?" if near else "")
            danish = f"Intet felt hedder {heading!r}." + (f" Mente du {near[0]!r}?" if near else "")
            cells.findings.append(
                Finding(file, 1, "", "sheet-heading", english, danish, column=n + 1, value=heading,
                        nearest=near[0] if near else "", sheet=table.name, in_table=True,
                        shape=page_of("sheet-heading"))
            )  # fmt: skip
    return _Plan(table, class_, by_name, record, kind, columns)


def _read_row(
    plan: _Plan, number: int, row: Sequence[str], file: str, vocabulary: Vocabulary, names: Mapping[str, str],
    cells: Cells,
) -> None:  # fmt: skip
    class_ = plan.class_
    if plan.kind is not None and plan.kind < len(row) and row[plan.kind]:
        class_ = plan.by_name.get(row[plan.kind].lower(), class_)
    if class_ is None:
        english, danish = "Say in the column 'class' what this row is.", "Sig i kolonnen »klasse«, hvad rækken er."
        cells.findings.append(
            Finding(file, number, "", "sheet-class", english, danish, sheet=plan.table.name, in_table=True,
                    shape=page_of("sheet-class"))
        )  # fmt: skip
        return
    name = row[plan.record].strip() if plan.record is not None and plan.record < len(row) else ""
    sheet = _NOT_SAFE.sub("-", plan.table.name or "row")
    subject = ox.NamedNode(names.get(name) or f"{NEW}{sheet}-{number}")
    cells.places.setdefault((subject.value,), Place(number, (plan.record or 0) + 1, plan.table.name))
    cells.quads.append(ox.Quad(subject, _TYPE, ox.NamedNode(class_.iri)))
    by_heading = {heading.lower(): (f, language) for f in class_.fields for heading, language in _languages(f)}
    told = {by_heading[heading.lower()][0].path for heading in plan.columns.values() if heading.lower() in by_heading}
    for kept in stated(subject, vocabulary.base):  # a sheet says nothing of what it has no column for
        if kept.predicate.value not in told and kept.predicate != _TYPE:
            cells.quads.append(ox.Quad(subject, kept.predicate, kept.object))
    for n, heading in plan.columns.items():
        if n >= len(row) or not row[n] or heading.lower() not in by_heading:
            continue
        wanted, language = by_heading[heading.lower()]
        predicate = ox.NamedNode(wanted.path)
        cells.places.setdefault((subject.value, wanted.path), Place(number, n + 1, plan.table.name))
        for part in _parts(wanted, row[n]):
            try:
                value = literal_of(wanted, part, language, vocabulary)
            except Unreadable as fault:
                cells.findings.append(
                    Finding(
                        file, number, f"{subject.value} {wanted.path}", f"sheet-{wanted.kind}", fault.english,
                        fault.danish, column=n + 1, value=part, property=wanted.path, labels=wanted.label,
                        nearest=fault.nearest, sheet=plan.table.name, in_table=True, shape=page_of("sheet-value"),
                        allowed=tuple(dict.fromkeys(name for pair in fault.allowed for name in pair)),
                        allowed_said=fault.allowed,
                    )
                )  # fmt: skip
                continue
            text = str(getattr(value, "value", value))
            cells.places.setdefault((subject.value, wanted.path, text), Place(number, n + 1, plan.table.name))
            cells.quads.append(ox.Quad(subject, predicate, value))


def _subject(name: str, base: ox.Store) -> str:
    """Return the IRI for what stands in the column "record": one of ours, or a name for something new."""
    if name.startswith(BASE):
        return name
    if _IDENTIFIER.fullmatch(name):
        found = Vocabulary(base, {}).by_identifier(name)
        if found:
            return found
    return NEW + _NOT_SAFE.sub("-", name)


def _parts(wanted: Field, cell: str) -> Iterator[str]:
    if wanted.kind == "text" or not wanted.repeatable:
        yield cell
        return
    yield from (part.strip() for part in cell.split(";") if part.strip())


def _headings(wanted: Field) -> Iterator[str]:
    yield from (heading for heading, _ in _languages(wanted))


def _languages(wanted: Field) -> Iterator[tuple[str, str]]:
    for language, ending in wanted.columns:
        for label in (*wanted.label, wanted.name):
            if label:
                yield f"{label}{ending}", language
