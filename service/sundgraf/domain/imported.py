"""What bringing in an edition of another register comes to: its rows, what was recoded, left out, and is alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sundgraf.domain.names import BASE

KEY = f"{BASE}def/sourceKey"
PLACEHOLDERS = f"{BASE}new/"  # what is new stands under this and its key until it is accepted


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an edition: the file, its line there (from 1), and the values of each reference, cleaned."""

    file: str
    line: int
    values: Mapping[str, tuple[str, ...]]

    def first(self, reference: str) -> str:
        """Return the first value of a reference, "" where there is none."""
        return next(iter(self.values.get(reference, ())), "")


@dataclass(frozen=True, slots=True, order=True)
class Recoding:
    """A value that was changed: the column, the original, what it became ("" where nothing fits), and by which rule."""

    column: str
    original: str
    new: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not brought in: where it stands, its key, why (English and Danish), and its values."""

    file: str
    line: int
    key: str
    reasons: tuple[tuple[str, str], ...]
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Alike:
    """A row that may tell of the same as another: `other` is a row of the source or the IRI of a record.

    `how` is in English and Danish; `confidence` is high, medium or low where the likeness is to be kept, "" else.
    """

    key: str
    name: str
    how: tuple[str, str]
    other: str
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that an edition has no more: why it counts as gone, whether it is withdrawn, and if not, why not."""

    record: str
    name: str
    why: tuple[str, str]
    withdrawn: bool = False
    kept: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Change:
    """What a new edition changes of a record: its key and name, and the properties with what they said and say."""

    key: str
    name: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class ImportReport:
    """What came of an edition: counts, recodings with their counts, and what a steward has to look at."""

    source: str
    title: tuple[str, str]
    licence: str
    files: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    not_selected: int = 0
    selection: tuple[str, str] = ("", "")
    records: int = 0
    recodings: Counter[Recoding] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    unchanged: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many rows and records there are of each kind."""
        return {
            "rows": self.rows, "notSelected": self.not_selected, "rejected": len(self.rejected),
            "records": self.records, "added": len(self.added), "changed": len(self.changed),
            "unchanged": self.unchanged, "gone": len(self.gone),
            "withdrawn": sum(one.withdrawn for one in self.gone), "alike": len(self.alike),
            "recoded": sum(n for one, n in self.recodings.items() if one.new),
            "notRecoded": sum(n for one, n in self.recodings.items() if not one.new),
        }  # fmt: skip

    def as_mapping(self) -> dict[str, object]:
        """Return it for machines; the rejected rows without their values, which are a table of their own."""
        return {
            "source": self.source, "title": _both(self.title), "licence": self.licence,
            "files": [{"name": name, "sha256": digest} for name, digest in self.files],
            "counts": self.counts, "selection": _both(self.selection),
            "recodings": [
                {**asdict(one), "count": count} for one, count in sorted(self.recodings.items(), key=_most_first)
            ],
            "rejected": [
                {"file": one.file, "line": one.line, "key": one.key, "reasons": [_both(r) for r in one.reasons]}
                for one in self.rejected
            ],
            "alike": [{**asdict(one), "how": _both(one.how)} for one in self.alike],
            "remarks": [_both(remark) for remark in self.remarks],
            "added": [{"key": key, "name": name} for key, name in self.added],
            "changed": [
                {"key": one.key, "name": one.name,
                 "lines": [{"property": p, "before": b, "after": a} for p, b, a in one.lines]}
                for one in self.changed
            ],
            "gone": [{**asdict(one), "why": _both(one.why), "kept": _both(one.kept)} for one in self.gone],
        }  # fmt: skip


def _both(texts: tuple[str, str]) -> dict[str, str]:
    return {"en": texts[0], "da": texts[1]}


def _most_first(pair: tuple[Recoding, int]) -> tuple[object, ...]:
    recoding, count = pair
    return bool(recoding.new), recoding.column, -count, recoding.original
