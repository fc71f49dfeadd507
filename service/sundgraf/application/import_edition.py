"""Bring an edition of another register in: what it would change, beside what is published; nothing is stored here."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.compare_edition import Compared, changes_anything, compare
from sundgraf.application.gate import findings_of_subjects
from sundgraf.application.map_rows import Mapped, map_rows, source_statements
from sundgraf.application.mint import forms_of, mint
from sundgraf.application.prepare import lines_of
from sundgraf.application.submit import to_mend_of_texts
from sundgraf.application.twins import find_twins, likeness_statements
from sundgraf.application.validate import known_properties, names_in, published_store, shapes_of
from sundgraf.application.violations import violations_of_change
from sundgraf.application.withdraw_gone import withdraw_gone
from sundgraf.application.wording import in_words
from sundgraf.domain.errors import BadInput, Unfit
from sundgraf.domain.finder import Finder, fold
from sundgraf.domain.imported import PLACEHOLDERS, ImportReport, Rejected
from sundgraf.domain.names import BASE
from sundgraf.domain.recoding import Recoder
from sundgraf.domain.register import Register
from sundgraf.domain.report import Finding
from sundgraf.store import generations
from sundgraf.store.document import Document, statements_of
from sundgraf.store.editions import read_edition
from sundgraf.store.shacl_shapes import Shapes

_PROVISIONAL = 90_000_000
_ORGANISATION = ox.NamedNode("http://www.w3.org/ns/org#Organization")
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_MERGED = ox.NamedNode(f"{BASE}def/mergedInto")
_NAME = ox.NamedNode("http://xmlns.com/foaf/0.1/name")
STEPS = 3  # that progress tells for each row, at most


@dataclass(frozen=True, slots=True)
class Imported:
    """What an edition comes to: the report, the change in N-Triples, what the edition said, and the publication beside.

    `changes` says whether anything but the day of the import changes.
    """

    report: ImportReport
    added: str
    removed: str
    said: str
    records: tuple[str, ...]
    base: int
    changes: bool


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """That records which an edition has no more are withdrawn, and why; both "" for what the import itself can say."""

    english: str = ""
    danish: str = ""


def import_edition(
    documents: Sequence[Document], register: Register, state: Path, root: Path, previous: str = "",
    withdrawing: Withdrawing | None = None, progress: Callable[[int], object] = lambda _: None,
    tell: Callable[[int], object] = lambda _: None,
) -> Imported:  # fmt: skip
    """Return what the files of an edition would change. `previous` is what the edition before said, in N-Triples.

    `tell` is told how many steps `progress` will be told; `withdrawing` says to withdraw what the edition has no more.
    Raises MalformedData, TooLarge, BadInput or Unfit.
    """
    reason = _reason(withdrawing, root)
    base, shapes = published_store(state, root), shapes_of(root)
    report = ImportReport(register.name, register.title, register.licence, selection=register.choice.told)
    report.files = [(one.name, hashlib.sha256(one.content).hexdigest()) for one in documents]
    edition = read_edition(documents, register.shape)
    report.rows = len(edition.rows) + len(edition.rejected)
    report.rejected += edition.rejected
    report.remarks += edition.remarks
    tell(STEPS * len(edition.rows))
    recoder = Recoder(register.lines)
    mapped = map_rows(edition, register, recoder, _organisations(base), report, progress)
    for counted in (edition.mended, recoder.counted):
        report.recodings.update(counted)
    source = source_statements(register, generations.utc_now()[:10])
    owned = mapped.owned | {quad.predicate for quad in source}
    before = [ox.Quad(t.subject, t.predicate, t.object) for t in _triples(previous)]
    said = [*source, *mapped.quads()] if mapped.statements else []
    compared = compare(said, before, owned, base, report, {one.key for one in report.rejected}, mapped.left_out)
    faults = _faults(compared, mapped, base, shapes)
    progress(len(mapped.rows))
    if faults:
        _reject(report, faults, mapped)
        mapped = mapped.without(set(faults))
        said = [*source, *mapped.quads()] if mapped.statements else []
        compared = compare(said, before, owned, base, report, {one.key for one in report.rejected}, mapped.left_out)
    report.records = len(mapped.statements)
    if compared.new:
        moved = {
            t.subject.value for t in compared.added if t.predicate == _MERGED and isinstance(t.subject, ox.NamedNode)
        }
        twins = find_twins(compared.added, compared.new, base, _names(base, root), progress)
        found = [one for one in twins if one.other not in moved]
        report.alike += found
        compared.added += likeness_statements(found, _source_of(register, compared))
    if reason is not None:
        withdraw_gone(report, compared, reason, base)
    added, removed = lines_of(compared.added), lines_of(compared.removed)
    records = tuple(sorted({t.subject.value for t in compared.added if isinstance(t.subject, ox.NamedNode)}))
    held = generations.current(state)
    lines = lines_of(quad.triple for quad in said)
    return Imported(report, added, removed, lines, records, held.number if held else 0, changes_anything(compared))


def _faults(
    compared: Compared, mapped: Mapped, base: ox.Store, shapes: Shapes
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return why rows do not pass: what the shapes and the gate find of the records that they speak of."""
    numbers = itertools.count(_PROVISIONAL)
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in compared.added]
    minted = mint(quads, base, forms_of(shapes), lambda _: next(numbers))
    names = {new: str(getattr(old, "value", old)) for new, old in minted.names.items()}
    found = violations_of_change(statements_of(minted.quads), compared.removed, base, shapes)
    findings = [in_words(violation, base, shapes, names=names) for violation in found]
    new = statements_of(q for q in quads if q.subject in compared.new)
    findings += findings_of_subjects(new, base, known_properties(shapes))
    reasons: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for finding in findings:
        if finding.severity == "violation":
            keys = _rows_of(finding, compared, mapped)
            if not keys:
                raise BadInput(f"The import would leave something that does not pass: {finding.say('en')}")
            for key in keys:
                reasons[key].append((f"{finding.english} [{finding.rule}]", f"{finding.danish} [{finding.rule}]"))
    return {key: tuple(dict.fromkeys(told)) for key, told in reasons.items()}


def _reason(withdrawing: Withdrawing | None, root: Path) -> tuple[str, str] | None:
    """Return why records are withdrawn, None where they are not. Raises BadInput or Unfit."""
    if withdrawing is None:
        return None
    english, danish = withdrawing.english.strip(), withdrawing.danish.strip()
    if bool(english) != bool(danish):
        raise BadInput("Say in both languages why what is gone is withdrawn, or in neither.")
    wrong = to_mend_of_texts(root, reason_en=english, reason_da=danish)
    if wrong:
        raise Unfit("The reason is to be mended.", [finding.as_mapping() for finding in wrong])
    return english, danish


def _source_of(register: Register, compared: Compared) -> ox.NamedNode:
    """Return the record of the register itself: the published one, or the one that this import makes."""
    new = ox.NamedNode(f"{PLACEHOLDERS}{register.name}/source")
    held = (iri for iri, placeholder in compared.placeholder_of.items() if placeholder == new)
    return ox.NamedNode(next(held, new.value))


def _reject(report: ImportReport, faults: Mapping[str, tuple[tuple[str, str], ...]], mapped: Mapped) -> None:
    """Tell which rows do not pass, and forget what the report says of all rows, which is told anew."""
    for key, reasons in faults.items():
        row = mapped.rows[key]
        report.rejected.append(Rejected(row.file, row.line, key, (*mapped.missed.get(key, ()), *reasons), row.values))
    report.rejected.sort(key=lambda one: (one.file, one.line))
    report.added, report.changed, report.gone, report.alike, report.unchanged = [], [], [], [], 0


def _rows_of(finding: Finding, compared: Compared, mapped: Mapped) -> list[str]:
    subject = finding.subject.partition(" ")[0]
    return mapped.speakers.get(compared.placeholder_of.get(subject, ox.NamedNode(subject)), [])


@lru_cache(maxsize=1)
def _names(base: ox.Store, root: Path) -> Finder:
    return names_in(base, root)


def _organisations(base: ox.Store) -> dict[str, str]:
    """Return the published organisations that alone have a name, by that name, folded."""
    named: dict[str, set[str]] = defaultdict(set)
    for quad in base.quads_for_pattern(None, _NAME, None, ox.DefaultGraph()):
        is_one = ox.Quad(quad.subject, _TYPE, _ORGANISATION) in base
        if is_one and isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            named[fold(quad.object.value)].add(quad.subject.value)
    return {name: next(iter(iris)) for name, iris in named.items() if len(iris) == 1}


def _triples(lines: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)] if lines else []
