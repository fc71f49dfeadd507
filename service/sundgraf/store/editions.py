"""Read an edition of another register: the rows of its files, whatever format they have, with what had to be mended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sundgraf.domain.errors import MalformedData
from sundgraf.domain.imported import Recoding, Rejected, Row
from sundgraf.domain.readable import write_number
from sundgraf.domain.register import Shape
from sundgraf.store.document import Document
from sundgraf.store.edition_tables import read_table
from sundgraf.store.edition_trees import read_tree

_LONGEST_CELL = 100_000  # characters
_KEPT = 1_000  # characters of a cell that is too long
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_FORMULA = re.compile(r"=|@\w+\(|[+-]\w+\(.*\)|[+@-].*\|.*!")  # what a spreadsheet would run


@dataclass(slots=True)
class Edition:
    """What was read: rows, rows that cannot be used, what was mended in cells, and remarks (English, Danish)."""

    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    mended: Counter[Recoding] = field(default_factory=Counter)
    remarks: list[tuple[str, str]] = field(default_factory=list)


def read_edition(documents: Sequence[Document], shape: Shape) -> Edition:
    """Return the rows of the files of an edition. Raises MalformedData or TooLarge where a file is not to be used."""
    edition = Edition()
    for document in documents:
        read = read_table if shape.format == "csv" else read_tree
        for line, values, fault in read(document, shape, edition.remarks):
            _take(edition, document.name, line, values, fault, shape)
    if not edition.rows and not edition.rejected:
        names = ", ".join(document.name for document in documents)
        raise MalformedData(f"{names}: there is no row in it; look whether this is the right file.", names)
    return edition


def _take(
    edition: Edition, file: str, line: int, values: Mapping[str, tuple[str, ...]], fault: tuple[str, str] | None,
    shape: Shape,
) -> None:  # fmt: skip
    reasons = [fault] if fault else []
    long = next((r for r, texts in values.items() if any(len(text) > _LONGEST_CELL for text in texts)), "")
    if long:
        size = max(map(len, values[long]))
        reasons.append((
            f"The cell {long!r} has {size:,} characters, more than {_LONGEST_CELL:,}; {_KEPT:,} are kept here.",
            f"Cellen {long!r} har {write_number(size, 'da')} tegn, flere end {write_number(_LONGEST_CELL, 'da')}; "
            f"de første {write_number(_KEPT, 'da')} er gemt her.",
        ))  # fmt: skip
        values = {r: tuple(text[:_KEPT] for text in texts) for r, texts in values.items()}
    cleaned = dict(_cleaned(values, shape, edition.mended))
    formula = next((r for r, texts in cleaned.items() if any(_FORMULA.match(text) for text in texts)), "")
    if formula:
        reasons.append((
            f"The cell {formula!r} begins as a formula of a spreadsheet does; it is not brought in.",
            f"Cellen {formula!r} begynder som en formel i et regneark; den indlæses ikke.",
        ))  # fmt: skip
    version = next(iter(cleaned.get(shape.version, ())), "")
    if shape.versions and version not in shape.versions:
        known = ", ".join(shape.versions)
        reasons.append((
            f"{shape.version} is {version!r}; known versions are {known}.",
            f"{shape.version} er {version!r}; kendte versioner er {known}.",
        ))  # fmt: skip
    if reasons:
        edition.rejected.append(Rejected(file, line, "", tuple(reasons), values))
    elif cleaned:
        edition.rows.append(Row(file, line, cleaned))


def _cleaned(
    values: Mapping[str, tuple[str, ...]], shape: Shape, mended: Counter[Recoding]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for reference, texts in values.items():
        kept = []
        for text in _parts(texts, shape.lists.get(reference, "")):
            plain = " ".join(_UNSEEN.sub("", text).split())
            if plain != text:
                mended[Recoding(reference, "(spaces and unseen characters)", "(without them)", "padding")] += 1
            if plain.casefold() in shape.missing:
                mended[Recoding(reference, plain, "(nothing)", "says that there is none")] += 1
            elif plain:
                name = shape.values.get(reference, {}).get(plain, plain)
                if name != plain:
                    mended[Recoding(reference, plain, name, "a code of the register's: what it calls it")] += 1
                kept.append(name)
        if kept:
            yield reference, tuple(kept)


def _parts(texts: Iterable[str], separator: str) -> Iterator[str]:
    for text in texts:
        if separator:
            yield from (part.strip(" '\"") for part in text.strip().strip("[]").split(separator))
        else:
            yield text
