"""Work out what a submission would change, and whether that passes; nothing is stored.

A record that is described whole replaces what is stated of it. A withdrawal leaves a tombstone and takes the statements
about the record with it; a merge moves everything that points to the record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.duplicates import Named
from sundgraf.application.gate import published, stated, subjects_of
from sundgraf.application.reading import read_all
from sundgraf.application.validate import examine, published_store, shapes_of
from sundgraf.application.violations import violations_of_change
from sundgraf.application.wording import in_words
from sundgraf.domain import rules
from sundgraf.domain.errors import BadInput
from sundgraf.domain.imported import KEY
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding, gravest_first
from sundgraf.store import generations
from sundgraf.store.document import Document, statements_of

_SG = f"{BASE}def/"
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DATE = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
_DCTERMS = "http://purl.org/dc/terms/"
_IDENTIFIER = ox.NamedNode(f"{_DCTERMS}identifier")
_PAGE = re.compile(r"^https?://[^/]+/(?:sundgraf/)?(?:id|doc|history)/([a-z-]+/[a-z]+-\d+)(?=$|[?#.])")
_KEY = ox.NamedNode(KEY)  # by which an import finds a record again, also where it was withdrawn or merged
_SPEAKS_OF = tuple(ox.NamedNode(f"{_SG}{name}") for name in ("about", "classifies", "resembles"))
_LIKENESS = ox.NamedNode(f"{_SG}Likeness")
_ONE_NOW = ("The two are one record now.", "De to er én post nu.")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change in N-Triples, the records it speaks of, what was found, and the publication it was worked out on."""

    findings: list[Finding]
    records: tuple[str, ...]
    added: str
    removed: str
    base: int
    names: tuple[Named, ...] = ()


def prepare_records(documents: Sequence[Document], state: Path, root: Path) -> Prepared:
    """Return what documents with whole records would change. Raises MalformedData or BadShapes."""
    base = published_store(state, root)
    shapes = shapes_of(root)
    examination = examine(documents, base, shapes)
    findings = examination.findings
    submitted = statements_of(read_all(documents, base, shapes).quads)
    triples = [quad.triple for quad in submitted.quads_for_pattern(None, None, None, ox.DefaultGraph())]
    added = [t for t in triples if ox.Quad(t.subject, t.predicate, t.object) not in base]
    removed = []
    for subject in subjects_of(submitted):
        if next(submitted.quads_for_pattern(subject, _TYPE, None, None), None) is not None:
            removed += [t for t in stated(subject, base) if ox.Quad(t.subject, t.predicate, t.object) not in submitted]
    subjects = tuple(sorted({str(getattr(t.subject, "value", t.subject)) for t in (*added, *removed)}))
    if not added and not removed:
        findings = [*findings, rules.NOTHING_NEW.broken_by("", documents[0].name)]
    return Prepared(
        gravest_first(findings), subjects, lines_of(added), lines_of(removed), _number(state), examination.names
    )


def prepare_withdrawal(
    record: str, successor: str, reason_en: str, reason_da: str, state: Path, root: Path
) -> Prepared:
    """Return what taking a record out would change. Raises BadInput."""
    base = published_store(state, root)
    thing = _published_record(record, base)
    if not reason_en.strip() or not reason_da.strip():
        raise BadInput("Say why in both languages: reason_en and reason_da.")
    target = _published_record(successor, base) if successor else None
    removed, added, pointing = withdrawal_of(thing, target, (reason_en, reason_da), base)
    findings = []
    if pointing and target is None:
        names = ", ".join(f"<{getattr(t.subject, 'value', t.subject)}>" for t in pointing[:5])
        findings.append(rules.STILL_POINTED_AT.broken_by(record, more=f" {len(pointing)}: {names}"))
    elif target is not None:
        removed += pointing
        added += [ox.Triple(t.subject, t.predicate, target) for t in pointing]
    return _checked(findings, (thing.value,), added, removed, base, state, root)


def prepare_merge(record: str, target: str, state: Path, root: Path) -> Prepared:
    """Return what merging a record into another would change. Raises BadInput."""
    base = published_store(state, root)
    if not target:
        raise BadInput("Name the record that it becomes part of, as the successor.")
    thing, other = _published_record(record, base), _published_record(target, base)
    if thing == other:
        raise BadInput("A record cannot be merged into itself; name another as its successor.")
    if not set(_types(thing, base)) & set(_types(other, base)):
        raise BadInput("The two records are of different classes; a record is merged into one of its own class.")
    settled = _likenesses(thing, other, base)
    pointing = _pointing_to(thing, base, leave_out={thing, *settled})
    removed = [*stated(thing, base), *pointing, *(t for node in settled for t in stated(node, base))]
    added = [ox.Triple(t.subject, t.predicate, other) for t in pointing if t.subject != other]
    added += [t for node in settled for t in _tombstone(node, None, *_ONE_NOW)]
    added.append(ox.Triple(thing, ox.NamedNode(f"{_SG}mergedInto"), other))
    added += [ox.Triple(other, _KEY, t.object) for t in stated(thing, base) if t.predicate == _KEY]  # for imports
    return _checked([], (thing.value, other.value), added, removed, base, state, root)


def withdrawal_of(
    thing: ox.NamedNode, target: ox.NamedNode | None, reason: tuple[str, str], base: ox.Store,
    leave_out: Collection[ox.NamedNode] = (),
) -> tuple[list[ox.Triple], list[ox.Triple], list[ox.Triple]]:  # fmt: skip
    """Return what goes and what comes where a record is withdrawn with all that speaks of it, and what points to it.

    `leave_out` are things that may point to it, since they are withdrawn too.
    """
    whole = (thing, *_speaking_of(thing, base))
    removed = [t for node in whole for t in stated(node, base) if t.predicate != _KEY]  # for imports
    added = [t for node in whole for t in _tombstone(node, target, *reason)]
    return removed, added, _pointing_to(thing, base, leave_out={*whole, *leave_out})


def lines_of(triples: Iterable[ox.Triple]) -> str:
    """Return triples in N-Triples, sorted."""
    return "".join(f"{line} .\n" for line in sorted({str(triple) for triple in triples}))


def triples_of(lines: str) -> list[ox.Triple]:
    """Return the triples of N-Triples of ours."""
    return [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]


def _checked(
    findings: list[Finding], records: tuple[str, ...], added: list[ox.Triple], removed: list[ox.Triple],
    base: ox.Store, state: Path, root: Path,
) -> Prepared:  # fmt: skip
    shapes = shapes_of(root)
    more = statements_of(ox.Quad(t.subject, t.predicate, t.object) for t in added)
    found = [in_words(v, base, shapes) for v in violations_of_change(more, removed, base, shapes)]
    return Prepared(gravest_first([*findings, *found]), records, lines_of(added), lines_of(removed), _number(state))


def _types(node: ox.NamedNode, base: ox.Store) -> list[str]:
    return [str(quad.object) for quad in base.quads_for_pattern(node, _TYPE, None, ox.DefaultGraph())]


def _meant(text: str, base: ox.Store) -> str:
    """Return the IRI of a record that is named by it, by its identifier, or by the address of its page."""
    if page := _PAGE.search(text):
        return f"{BASE}id/{page[1]}"
    found = base.quads_for_pattern(None, _IDENTIFIER, ox.Literal(text), ox.DefaultGraph())
    return next((quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)), text)


def _published_record(named: str, base: ox.Store) -> ox.NamedNode:
    iri = _meant(named, base)
    if not iri.startswith(f"{BASE}id/"):
        raise BadInput(f"{iri[:200]!r} is no record of ours; give its identifier, such as s-0001, or its address here.")
    try:
        node = ox.NamedNode(iri)
    except ValueError as error:
        raise BadInput(f"{iri[:200]!r} is no IRI.") from error
    types = set(_types(node, base))
    if not published(node, base) or f"<{_SG}Tombstone>" in types:
        raise BadInput(f"<{iri[:200]}> is not published; it may be withdrawn or merged already.")
    if types & {f"<{_SG}Publication>"}:
        raise BadInput(f"<{iri[:200]}> is part of the log, which is never changed.")
    return node


def _speaking_of(thing: ox.NamedNode, base: ox.Store) -> list[ox.NamedNode]:
    quads = [q for p in _SPEAKS_OF for q in base.quads_for_pattern(None, p, thing, ox.DefaultGraph())]
    return list(dict.fromkeys(q.subject for q in quads if isinstance(q.subject, ox.NamedNode)))


def _likenesses(thing: ox.NamedNode, other: ox.NamedNode, base: ox.Store) -> list[ox.NamedNode]:
    """Return the likenesses that say of two records that they are perhaps the same."""
    both = set(_speaking_of(thing, base)) & set(_speaking_of(other, base))
    return [node for node in both if ox.Quad(node, _TYPE, _LIKENESS) in base]


def _pointing_to(thing: ox.NamedNode, base: ox.Store, leave_out: set[ox.NamedNode]) -> list[ox.Triple]:
    found = []
    for quad in base.quads_for_pattern(None, None, thing, ox.DefaultGraph()):
        subject = quad.subject
        if subject in leave_out or not isinstance(subject, ox.NamedNode) or subject.value.startswith(_LOGGED):
            continue
        if quad.triple in stated(subject, base):
            found.append(quad.triple)
    return found


_LOGGED = f"{BASE}id/publication/"


def _tombstone(node: ox.NamedNode, target: ox.NamedNode | None, reason_en: str, reason_da: str) -> list[ox.Triple]:
    today = datetime.now(UTC).date().isoformat()
    reason = ox.NamedNode(f"{_SG}reason")
    triples = [
        ox.Triple(node, _TYPE, ox.NamedNode(f"{_SG}Tombstone")),
        ox.Triple(node, ox.NamedNode(f"{_DCTERMS}date"), ox.Literal(today, datatype=_DATE)),
        ox.Triple(node, reason, ox.Literal(reason_en.strip(), language="en")),
        ox.Triple(node, reason, ox.Literal(reason_da.strip(), language="da")),
    ]
    if target is not None:
        triples.append(ox.Triple(node, ox.NamedNode(f"{_DCTERMS}isReplacedBy"), target))
    return triples


def _number(state: Path) -> int:
    generation = generations.current(state)
    return generation.number if generation else 0
