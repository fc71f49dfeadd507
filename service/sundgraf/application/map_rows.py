"""Make statements of the rows of an edition, as its mapping says; say which rows are left out, and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from sundgraf.application.import_functions import functions_of
from sundgraf.application.yarrrml import read_mapping
from sundgraf.domain.errors import BadInput
from sundgraf.domain.imported import PLACEHOLDERS, ImportReport, Recoding, Rejected, Row
from sundgraf.domain.names import BASE
from sundgraf.domain.recoding import Recoder
from sundgraf.domain.register import Register
from sundgraf.store.editions import Edition

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_NAME = ox.NamedNode("http://xmlns.com/foaf/0.1/name")
_KEY = "_key"


@dataclass(slots=True)
class Mapped:
    """Statements of rows: those of each row by its key, which rows speak of each subject, what was not recoded.

    `left_out` are the keys of the rows that are not selected.
    """

    statements: dict[str, list[ox.Quad]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    speakers: dict[ox.NamedNode, list[str]] = field(default_factory=dict)
    missed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    owned: frozenset[ox.NamedNode] = frozenset()
    left_out: set[str] = field(default_factory=set)

    def without(self, keys: set[str]) -> Mapped:
        """Return what is left without some rows; what several rows speak of goes with the last of them."""
        left = Mapped(
            {k: q for k, q in self.statements.items() if k not in keys}, self.rows, {}, self.missed, self.owned,
            self.left_out,
        )  # fmt: skip
        for subject, said in self.speakers.items():
            still = [key for key in said if key not in keys]
            if still:
                left.speakers[subject] = still
        return left

    def quads(self) -> Iterator[ox.Quad]:
        """Yield all statements, some perhaps twice."""
        for quads in self.statements.values():
            yield from quads


def map_rows(
    edition: Edition, register: Register, recoder: Recoder, organisations: Mapping[str, str], report: ImportReport,
    progress: Callable[[int], object],
) -> Mapped:  # fmt: skip
    """Return what the rows of an edition that are selected say. Raises BadInput where the mapping cannot be used."""
    for number, one in enumerate(report.rejected):  # they have a key too, so that their records do not count as gone
        plain = {reference: tuple(text.strip() for text in texts) for reference, texts in one.values.items()}
        report.rejected[number] = replace(one, key=_key_of(Row(one.file, one.line, plain), register, Recoder(())))
    maps = read_mapping(register.mapping, functions_of(register, recoder, organisations))
    if not maps:
        raise BadInput(f"data/import/{register.name}/mapping.yml has no mapping.")
    mapped, seen = Mapped(owned=frozenset(predicate for one in maps for predicate, _ in one.pairs)), dict[str, Row]()
    names: dict[ox.NamedNode, ox.Literal] = {}
    for row in edition.rows:
        progress(1)
        if not _selected(row, register, recoder):
            report.not_selected += 1
            mapped.left_out.add(_key_of(row, register, Recoder(())))
            continue
        key = _key_of(row, register, recoder)
        fault = _fault_of(key, row, seen, register)
        if fault:
            report.rejected.append(Rejected(row.file, row.line, key, (fault,), row.values))
            continue
        seen[key] = row
        recoder.missed = []
        keyed = Row(row.file, row.line, {**row.values, _KEY: (key,)})
        quads = [_as_before(quad, names, register, recoder) for one in maps for quad in one.quads(keyed)]
        if not any(quad.predicate == _TYPE for quad in quads):
            reason = ("No mapping makes a record of it.", "Ingen afbildning laver en post af den.")
            report.rejected.append(Rejected(row.file, row.line, key, (reason,), row.values))
            continue
        mapped.statements[key], mapped.rows[key] = quads, keyed
        mapped.missed[key] = [_missed(*one) for one in recoder.missed]
        for subject in dict.fromkeys(quad.subject for quad in quads):
            assert isinstance(subject, ox.NamedNode)
            mapped.speakers.setdefault(subject, []).append(key)
    return mapped


def source_key(subject: ox.NamedNode) -> str:
    """Return the key under which a subject of a mapping is found again, "" for one that is published already."""
    return subject.value.removeprefix(PLACEHOLDERS) if subject.value.startswith(PLACEHOLDERS) else ""


def source_statements(register: Register, date: str) -> list[ox.Quad]:
    """Return the record of the register itself, as a source: title, page, licence, and when it was brought in."""
    node = ox.NamedNode(f"{PLACEHOLDERS}{register.name}/source")
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", ox.NamedNode(f"{BASE}def/Source")),
        ("http://purl.org/dc/terms/title", ox.Literal(register.title[0], language="en")),
        ("http://purl.org/dc/terms/title", ox.Literal(register.title[1], language="da")),
        ("http://purl.org/dc/terms/license", ox.NamedNode(register.licence)),
        ("http://xmlns.com/foaf/0.1/page", ox.NamedNode(register.page)),
        (f"{BASE}def/accessState", ox.NamedNode(f"{BASE}concept/access/open")),
        (f"{BASE}def/imported", ox.Literal(date, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))),
        (f"{BASE}def/sourceKind", ox.NamedNode(f"{BASE}concept/source-kind/{register.kind}")),
        (f"{BASE}def/titleBasis", ox.NamedNode(f"{BASE}concept/basis/inferred")),
    ]
    return [ox.Quad(node, ox.NamedNode(iri), value) for iri, value in said]


def _as_before(quad: ox.Quad, names: dict[ox.NamedNode, ox.Literal], register: Register, recoder: Recoder) -> ox.Quad:
    """Return a statement with the name that the first row gave an organisation, where this row spells it otherwise."""
    if quad.predicate != _NAME or not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.Literal):
        return quad
    first = names.setdefault(quad.subject, quad.object)
    if first == quad.object:
        return quad
    recoder.counted[
        Recoding("(organisation)", quad.object.value, first.value, "organisation: as its first row has it")
    ] += 1
    return ox.Quad(quad.subject, quad.predicate, first)


def _selected(row: Row, register: Register, recoder: Recoder) -> bool:
    return not register.choice.tests or any(
        recoder.find(table, text) is not None
        for reference, table in register.choice.tests
        for text in row.values.get(reference, ())
    )


def _missed(table: str, reference: str, text: str) -> tuple[str, str]:
    return (
        f"No line of the recoding table {table!r} fits {text!r} ({reference}).",
        f"Ingen linje i omkodningstabellen {table!r} passer på {text!r} ({reference}).",
    )


def _key_of(row: Row, register: Register, recoder: Recoder) -> str:
    said = row.first(register.key)
    found = re.search(register.key_pattern, said)
    if found:
        return found[1]
    parts = [row.first(reference).casefold() for reference in register.key_else]
    if not any(parts):
        return ""
    made = "x-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    rule = f"key: made of {', '.join(register.key_else)}"
    recoder.counted[Recoding(register.key, said[:80] or "(missing)", "(made)", rule)] += 1
    return made


def _fault_of(key: str, row: Row, seen: Mapping[str, Row], register: Register) -> tuple[str, str] | None:
    if not key:
        names = " / ".join((register.key, *register.key_else))
        return f"It has no key: {names} are all empty.", f"Den har ingen nøgle: {names} er alle tomme."
    before = seen.get(key)
    if before is None:
        return None
    if before.values == row.values:
        return (f"It says the same again as line {before.line}.", f"Den siger det samme igen som linje {before.line}.")
    return (
        f"Line {before.line} has the same key {key!r} and says something else; that one is brought in.",
        f"Linje {before.line} har samme nøgle {key!r} og siger noget andet; den er indlæst.",
    )
