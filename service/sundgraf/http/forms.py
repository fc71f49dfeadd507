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


def _points(field: Field) -> bool:
    return field.name in ("about", "classifies")
