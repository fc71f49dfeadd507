"""Turn a form that was made from the shapes into the sheet that it stands for, so that both go one way."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from starlette.datastructures import FormData

from sundgraf.application.fields import Field, RecordClass
from sundgraf.store.document import Document

NEW_RECORD = "new-record"


@dataclass(frozen=True, slots=True)
class Part:
    """A class in a form and the fields to fill in; those that point to the record itself are filled in already."""

    record: RecordClass
    fields: tuple[Field, ...]
    own: tuple[Field, ...]


def parts_of(classes: list[RecordClass]) -> list[Part]:
    """Return the parts of a form: the class itself, and the classes that its records need beside them."""
    first, *others = classes
    parts = [Part(first, first.fields, ())]
    for other in others:
        own = tuple(field for field in other.fields if field.required and first.iri in field.classes)
        own = own or tuple(f for f in other.fields if f.required and f.kind in ("reference", "iri") and _points(f))
        parts.append(Part(other, tuple(field for field in other.fields if field not in own), own))
    return parts


def input_name(record: RecordClass, field: Field, language: str = "") -> str:
    """Return the name of a field's input in the form."""
    return f"{record.name}.{field.name}" + (f".{language}" if language else "")


def document_of_form(form: FormData, classes: list[RecordClass]) -> Document:
    """Return the sheet that a form stands for: CSV with a row for each class in it."""
    record = str(form.get("record", "")).strip() or NEW_RECORD
    parts = parts_of(classes if record == NEW_RECORD else classes[:1])
    headings = ["record", "class"]
    rows = []
    for number, part in enumerate(parts):
        cells = {"record": record if number == 0 else "", "class": part.record.name}
        for field in part.own:
            cells[field.name] = record
        for field in part.fields:
            for language, ending in field.columns:
                values = [str(v).strip() for v in form.getlist(input_name(part.record, field, language))]
                cells[field.name + ending] = "; ".join(value for value in values if value)
        headings += [name for name in cells if name not in headings]
        rows.append(cells)
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, restval="", delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return Document("form.csv", text.getvalue().encode(), "csv")


def fields_of_document(document: Document, classes: list[RecordClass]) -> dict[str, list[str]]:
    """Return the fields of the form that a sheet of `document_of_form` stands for; nothing for any other sheet."""
    if document.format != "csv":
        return {}
    rows = list(csv.reader(io.StringIO(document.text), delimiter=";"))
    if not rows or rows[0][:2] != ["record", "class"]:
        return {}
    inputs = {
        (part.record.name, field.name + ending): input_name(part.record, field, language)
        for part in parts_of(classes)
        for field in part.fields
        for language, ending in field.columns
    }
    said: dict[str, list[str]] = {}
    names = [row[1] for row in rows[1:] if len(row) > 1]
    if names[:1] != [classes[0].name] or len(set(names)) < len(names) or not set(names) <= {c.name for c in classes}:
        return {}
    for row, name in zip(rows[1:], names, strict=True):
        for heading, cell in zip(rows[0], row, strict=False):
            if cell and (name, heading) in inputs:
                said[inputs[name, heading]] = cell.split("; ") if not heading.endswith(")") else [cell]
    record = rows[1][0]
    return {**said, "record": [record] if record != NEW_RECORD else []}


def class_of_document(document: Document) -> str:
    """Return the class of the first record in a sheet of `document_of_form`, "" for any other document."""
    if document.format != "csv" or not document.content.startswith(b"record;class;"):
        return ""
    rows = list(csv.reader(io.StringIO(document.text), delimiter=";"))
    return rows[1][1] if len(rows) > 1 and len(rows[1]) > 1 else ""


def _points(field: Field) -> bool:
    return field.name in ("about", "classifies")
