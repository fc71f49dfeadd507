"""Tables as they are sent in: CSV in its usual disguises, and XLSX without what a workbook can do besides.

Formulas are never evaluated, macros and hidden sheets are not read, and a workbook that would unpack to too much is
refused before it is unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from decimal import Decimal

from sundgraf.domain.errors import MalformedData, TooLarge
from sundgraf.store.document import Document

_MOST_UNPACKED = 100 << 20  # bytes
_MOST_PARTS = 2000
_MOST_ROWS = 100_000
_LONGEST_CELL = 50_000  # characters
_MERGED = re.compile(rb'<mergeCell ref="([A-Z0-9:]{1,20})"')
_UNREAD = "customXml/"  # what Excel's queries keep of themselves, in UTF-16; openpyxl never opens it
_OLD = b"\xd0\xcf\x11\xe0"  # what Office wrote before 2007, and still does around what is encrypted
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # in which entities would not be seen; Excel writes UTF-8
_NO_ARCHIVE = (  # what the library says of archives that are none, or are cut or changed somewhere
    zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, zlib.error,
    struct.error,
)  # fmt: skip
_SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: its name ("" in CSV), its rows of text, first the headings, and remarks on how it had to be read.

    A remark is in English and Danish.
    """

    name: str
    rows: list[list[str]]
    remarks: list[tuple[str, str]] = field(default_factory=list)


def read_tables(document: Document) -> list[Table]:
    """Return the tables of a CSV or XLSX document. Raises MalformedData or TooLarge."""
    tables = [_read_csv(document)] if document.format == "csv" else _read_xlsx(document)
    for table in tables:
        if len(table.rows) > _MOST_ROWS:
            raise TooLarge(f"{document.name}: a table may have {_MOST_ROWS:,} rows; send it in parts.")
        for number, row in enumerate(table.rows, 1):
            if any(len(cell) > _LONGEST_CELL for cell in row):
                raise TooLarge(f"{document.name}: row {number} has a cell of more than {_LONGEST_CELL:,} characters.")
    return tables


def _read_csv(document: Document) -> Table:
    remarks: list[tuple[str, str]] = []
    content = document.content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", "replace")
        remarks.append(("The table was read as UTF-16.", "Tabellen blev læst som UTF-16."))
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
            remarks.append((
                "The table is not UTF-8; it was read as Windows-1252. See whether its letters are right.",
                "Tabellen er ikke UTF-8; den blev læst som Windows-1252. Se efter, om bogstaverne er rigtige.",
            ))  # fmt: skip
    if "\x00" in text:
        raise MalformedData(f"{document.name}: this is no CSV; save the sheet as CSV UTF-8 and send it again.")
    head = text.partition("\n")[0]
    separator = max(";,\t", key=head.count)
    csv.field_size_limit(16 << 20)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise MalformedData(f"{document.name}: this is no CSV ({error}).", document.name) from error
    if len(rows) < 2 or (len(rows[0]) == 1 and rows[0][0] == ""):
        raise MalformedData(
            f"{document.name}: there is no row under the headings; begin with the template.", document.name
        )
    return Table("", rows, remarks)


def _read_xlsx(document: Document) -> list[Table]:
    merged = _refuse_bombs(document)
    from openpyxl import load_workbook  # noqa: PLC0415  it takes a while to import

    try:
        book = load_workbook(io.BytesIO(document.content), read_only=True, data_only=False, keep_links=False)
        tables = []
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS + 1)]
            while rows and not any(rows[-1]):
                rows.pop()
            cells = merged.get(str(getattr(sheet, "_worksheet_path", "")).removeprefix("/"), [])
            tables.append(Table(sheet.title, rows, [_remark_on(cells)] if cells else []))
    except Exception as error:
        raise MalformedData(f"{document.name}: this workbook cannot be read ({error}).", document.name) from error
    return tables


def _remark_on(merged: list[str]) -> tuple[str, str]:
    cells = ", ".join(merged[:5])
    return (
        f"Of merged cells ({cells}) only the first holds the value; split them and fill in each.",
        f"Af flettede celler ({cells}) har kun den første en værdi; ophæv fletningen, og udfyld dem hver for sig.",
    )


def _refuse_bombs(document: Document) -> dict[str, list[str]]:
    """Look into the archive before it is unpacked; return the merged cells of each part.

    Raises MalformedData or TooLarge.
    """
    merged: dict[str, list[str]] = {}
    if document.content.startswith(_OLD):
        raise MalformedData(
            f"{document.name}: this is an old workbook (.xls) or one with a password; save it as .xlsx without one.",
            document.name,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise TooLarge(f"{document.name}: this workbook unpacks to more than {_MOST_UNPACKED:,} bytes.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and not part.filename.startswith(_UNREAD):
                    with archive.open(part) as opened:
                        content = opened.read(_MOST_UNPACKED)
                    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in _UTF_16:
                        raise MalformedData(f"{document.name}: XML entities in a workbook are not read here.")
                    if _SHEET.fullmatch(part.filename):
                        merged[part.filename] = [found.decode() for found in _MERGED.findall(content)]
    except _NO_ARCHIVE as error:
        raise MalformedData(f"{document.name}: this is no XLSX workbook ({error}).", document.name) from error
    return merged


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
        # A number of a workbook has no thousands, so its three decimals must not be taken for some.
        return f"{text}0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text
    return str(value).strip()
