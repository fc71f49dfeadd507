"""Make the sheet that stewards fill in, from the fields of a class: XLSX with lists to choose from, or CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.cells import Vocabulary
from sundgraf.application.fields import Field, RecordClass, record_class
from sundgraf.application.validate import published_store, shapes_of
from sundgraf.store.shacl_shapes import Shapes

_CONCEPT = "https://w3id.org/sundgraf/concept/"
_IN_SCHEME = ox.NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")
_PREF_LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
_ROWS = 500  # rows that get lists to choose from
_WORDS = {
    "en": {
        "record": "record", "class": "class", "help": "help", "lists": "lists", "field": "field",
        "what": "what to write", "needed": "required", "yes": "yes", "no": "no", "sheet": "sheet",
        "record_help": "An identifier such as p-0001 to correct a record, or a name of your own for a new one; "
        "other rows point to it by that name.",
        "many": "Several values are separated by semicolons.",
    },
    "da": {
        "record": "post", "class": "klasse", "help": "hjælp", "lists": "lister", "field": "felt",
        "what": "hvad der skrives", "needed": "kræves", "yes": "ja", "no": "nej", "sheet": "ark",
        "record_help": "En identifikator som p-0001 for at rette en post, eller et navn efter eget valg for en ny; "
        "andre rækker peger på den med det navn.",
        "many": "Flere værdier adskilles med semikolon.",
    },
}  # fmt: skip


def make_template(name: str, ending: str, language: str, state: Path, root: Path) -> bytes:
    """Return the template of a class as "csv" or "xlsx", with the concepts of what is published. Raises NotFound."""
    shapes = shapes_of(root)
    if ending == "csv":
        return csv_template(name, language, shapes)
    return xlsx_template(name, language, shapes, published_store(state, root))


def template_classes(name: str, shapes: Shapes) -> list[RecordClass]:
    """Return the class called `name` and those that its records need beside them. Raises NotFound."""
    first = record_class(name, shapes)
    return [first, *(record_class(other, shapes) for other in first.needs if other != first.iri)]


def csv_template(name: str, language: str, shapes: Shapes) -> bytes:
    """Return the headings of a table that holds records of the class and of those it needs, as UTF-8 with a mark."""
    words = _WORDS[language]
    classes = template_classes(name, shapes)
    headings = [words["record"], words["class"]]
    for one in classes:
        headings += [heading for heading in _headings(one, language) if heading not in headings]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(headings)
    for one in classes:
        writer.writerow(["", _label(one.label, language), *[""] * (len(headings) - 2)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_template(name: str, language: str, shapes: Shapes, base: ox.Store) -> bytes:
    """Return a workbook: a sheet a class, with lists to choose from, one with help and one with the lists."""
    from openpyxl import Workbook  # noqa: PLC0415  it takes a while to import
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    words = _WORDS[language]
    classes = template_classes(name, shapes)
    book = Workbook()
    book.remove(book.active)
    lists: dict[str, list[str]] = {}
    places: list[tuple[object, int, str]] = []
    for one in classes:
        sheet = book.create_sheet(_label(one.label, language)[:31])
        headings = [(words["record"], None), *((h, f) for f in one.fields for h in _of(f, language))]
        for column, (heading, field) in enumerate(headings, 1):
            cell = sheet.cell(1, column, heading)
            cell.font = Font(bold=True)
            if field is None or field.required:
                cell.fill = PatternFill("solid", fgColor="FFF2CC")
            sheet.column_dimensions[get_column_letter(column)].width = max(14, min(40, len(heading) + 4))
            for row in range(2, 60):
                sheet.cell(row, column).number_format = "@"
            if field is not None and (offered := choices_of(field, language, base)):
                list_name = field.scheme or _label(field.label, language)
                lists.setdefault(list_name, offered)
                places.append((sheet, column, list_name))
        sheet.freeze_panes = "B2"
    _write_help(book.create_sheet(words["help"]), classes, language)
    sheet = book.create_sheet(words["lists"])
    ranges = {}
    for column, (scheme, labels) in enumerate(sorted(lists.items()), 1):
        sheet.cell(1, column, scheme)
        for row, label in enumerate(labels, 2):
            sheet.cell(row, column, label)
        letter = get_column_letter(column)
        ranges[scheme] = f"='{words['lists']}'!${letter}$2:${letter}${len(labels) + 1}"
    for target, column, scheme in places:
        rule = DataValidation(type="list", formula1=ranges[scheme], allow_blank=True, showErrorMessage=False)
        letter = get_column_letter(column)
        rule.add(f"{letter}2:{letter}{_ROWS}")
        target.add_data_validation(rule)  # type: ignore[attr-defined]  # a worksheet; the library has no types
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def choices_of(field: Field, language: str, base: ox.Store) -> list[str]:
    """Return what a field may be filled in with: the concepts of its scheme, or those that published records have."""
    if not field.listed:
        return concept_labels(field.scheme, language, base) if field.kind == "concept" else []
    quads = base.quads_for_pattern(None, ox.NamedNode(field.path), None, ox.DefaultGraph())
    used = {quad.object for quad in quads if isinstance(quad.object, ox.NamedNode)}
    vocabulary = Vocabulary(base, {})
    return sorted(vocabulary.name_in_lists(concept, language) for concept in used)


def concept_labels(scheme: str, language: str, base: ox.Store) -> list[str]:
    """Return the labels of the concepts of a scheme, sorted."""
    labels = []
    for member in base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(_CONCEPT + scheme), ox.DefaultGraph()):
        for quad in base.quads_for_pattern(member.subject, _PREF_LABEL, None, ox.DefaultGraph()):
            if isinstance(quad.object, ox.Literal) and quad.object.language == language:
                labels.append(quad.object.value)
    return sorted(labels)


def _write_help(sheet: object, classes: list[RecordClass], language: str) -> None:
    words = _WORDS[language]
    rows = [[words["sheet"], words["field"], words["needed"], words["what"]],
            ["", words["record"], words["no"], words["record_help"]]]  # fmt: skip
    for one in classes:
        for field in one.fields:
            text = f"{_label(field.help, language)} {field.hint(language)}".strip()
            text += f" {words['many']}" if field.repeatable else ""
            needed = words["yes"] if field.required else words["no"]
            rows.append([_label(one.label, language), _label(field.label, language), needed, text])
    for row in rows:
        sheet.append(row)  # type: ignore[attr-defined]  # a worksheet; the library has no types
    for letter, width in (("A", 20), ("B", 26), ("C", 10), ("D", 100)):
        sheet.column_dimensions[letter].width = width  # type: ignore[attr-defined]


def _headings(one: RecordClass, language: str) -> list[str]:
    return [heading for field in one.fields for heading in _of(field, language)]


def _of(field: Field, language: str) -> list[str]:
    return [f"{_label(field.label, language) or field.name}{ending}" for _, ending in field.columns]


def _label(pair: tuple[str, str], language: str) -> str:
    return pair[1] if language == "da" else pair[0]
