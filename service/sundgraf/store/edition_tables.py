"""Rows of CSV and XLSX as registers publish them: with lines above the headings, headings on several lines ..."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from sundgraf.domain.errors import MalformedData
from sundgraf.domain.register import Shape
from sundgraf.store.document import Document
from sundgraf.store.tables import read_tables

Found = tuple[int, dict[str, tuple[str, ...]], tuple[str, str] | None]
Remarks = list[tuple[str, str]]
_MOST_ABOVE = 15  # rows above the headings
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_DANISH = {",": "kommaer", ";": "semikoloner", "\t": "tabulatorer", "|": "streger"}


def read_table(document: Document, shape: Shape, remarks: Remarks) -> Iterator[Found]:
    """Yield line, values by reference, and what is wrong, of each row. Raises MalformedData."""
    if document.format == "xlsx":
        rows = [(n, row) for n, row in enumerate(read_tables(document)[0].rows, 1)]
        at, headings = _headings(rows, document.name, shape)
        yield from _rows(rows[at + 1 :], headings, shape)
        return
    text = _decoded(document, remarks)
    rows, separator = _parsed(text, document.name, shape)
    at, headings = _headings(rows, document.name, shape)
    if separator != shape.separators[0]:
        english = f"{document.name}: values are parted by {_NAMES[separator]}, not {_NAMES[shape.separators[0]]}."
        danish = f"{document.name}: værdier er adskilt af {_DANISH[separator]}, ikke {_DANISH[shape.separators[0]]}."
        remarks.append((english, danish))
    if at:
        remarks.append((f"{document.name}: {at} rows above the headings were passed over.",
                        f"{document.name}: {at} rækker over overskrifterne blev sprunget over."))  # fmt: skip
    cells = rows[-1][1]
    if rows and len(cells) < len(headings) and not text.endswith(("\n", "\r")):
        raise MalformedData(
            f"{document.name}:{rows[-1][0]}: the file ends in the middle of a row ({len(cells)} of {len(headings)} "
            "cells), so it is not whole; fetch it again. Nothing was brought in.", document.name, rows[-1][0],
        )  # fmt: skip
    yield from _rows(rows[at + 1 :], headings, shape)


def _decoded(document: Document, remarks: Remarks) -> str:
    content, name = document.content, document.name
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text, read_as = content.decode("utf-16"), "UTF-16"
        else:
            text, read_as = content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        text, read_as = content.decode("cp1252", "replace"), "Windows-1252"
    if read_as:
        remarks.append((f"{name}: not UTF-8; read as {read_as}.", f"{name}: ikke UTF-8; læst som {read_as}."))
    if "\x00" in text:
        raise MalformedData(f"{name}: this is no CSV; it holds zero bytes.", name)
    if "�" in text:
        remarks.append((f"{name}: some characters cannot be read and stand as �.",
                        f"{name}: nogle tegn kan ikke læses og står som �."))  # fmt: skip
    return text


def _parsed(text: str, name: str, shape: Shape) -> tuple[list[tuple[int, list[str]]], str]:
    """Return the rows with their first lines, and the separator: the first with which the required headings are there.

    Raises MalformedData.
    """
    head = "\n".join(text.splitlines()[: 4 * _MOST_ABOVE])
    candidates = [*shape.separators, *(one for one in _NAMES if one not in shape.separators)]
    separator = next((one for one in candidates if _fits(head, one, shape)), "")
    if not separator:
        best = max(candidates, key=head.count)
        first = next((row for _, row in _split(head, best, strict=False) if any(row)), [])
        seen = ", ".join(repr(" ".join(cell.split())[:40]) for cell in first[:8])
        raise MalformedData(
            f"{name}: the headings {', '.join(shape.required)} are not all there, with any separator; the first row "
            f"has {seen}. This is another file, or another version of it, than data/import knows.", name, 1,
        )  # fmt: skip
    try:
        return list(_split(text, separator, strict=True)), separator
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return list(_split(text, separator, strict=False)), separator
        line = _last_start(text, separator)
        raise MalformedData(
            f"{name}:{line}: a quotation mark that opens here is never closed, so the file is not whole or is damaged; "
            "fetch it again. Nothing was brought in.", name, line,
        ) from error  # fmt: skip


def _split(text: str, separator: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(64 << 20)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def _last_start(text: str, separator: str) -> int:
    line = 1
    try:
        for start, _ in _split(text, separator, strict=True):
            line = start
    except csv.Error:
        reader = list(_split(text, separator, strict=False))
        return reader[-1][0]
    return line


def _fits(head: str, separator: str, shape: Shape) -> bool:
    rows = list(_split(head, separator, strict=False))
    return any(_missing(_known(row, shape), shape) == [] for _, row in rows[: _MOST_ABOVE + 1])


def _headings(rows: Sequence[tuple[int, list[str]]], name: str, shape: Shape) -> tuple[int, list[str]]:
    for at, (_, row) in enumerate(rows[: _MOST_ABOVE + 1]):
        known = _known(row, shape)
        if not _missing(known, shape):
            return at, known
    raise MalformedData(f"{name}: the headings {', '.join(shape.required)} are not all there.", name, 1)


def _known(row: Sequence[str], shape: Shape) -> list[str]:
    """Return headings by the names that the mapping uses."""
    by_name = {_folded(one): r for r, names in shape.names.items() for one in (r, *names)}
    by_name |= {_folded(r): r for r in shape.required}
    return [by_name.get(_folded(cell), " ".join(cell.replace("\ufeff", "").split())) for cell in row]


def _missing(headings: Sequence[str], shape: Shape) -> list[str]:
    return [reference for reference in shape.required if reference not in headings]


def _folded(heading: str) -> str:
    return re.sub(r"[\W_]+", " ", heading).strip().casefold()


def _rows(rows: Sequence[tuple[int, list[str]]], headings: Sequence[str], shape: Shape) -> Iterator[Found]:
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        values: dict[str, tuple[str, ...]] = {}
        for heading, cell in zip(headings, row, strict=False):
            if heading and cell:
                values[heading] = (*values.get(heading, ()), cell)
        fault = None
        if len(row) < len(headings) or any(cell.strip() for cell in row[len(headings) :]):
            fault = (
                f"The row has {len(row)} cells, the headings {len(headings)}; a separator or quotation mark is amiss.",
                f"Rækken har {len(row)} celler, overskrifterne {len(headings)}; et skilletegn er galt.",
            )  # fmt: skip
            values |= {f"cell {n}": (cell,) for n, cell in enumerate(row[len(headings) :], len(headings) + 1) if cell}
        yield line, values, fault
