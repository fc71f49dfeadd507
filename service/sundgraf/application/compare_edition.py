"""What an edition changes of what is published: new, changed and unchanged records, and those it has no more.

A record is found again by its key (sg:sourceKey) and class. An import speaks only of records that come from its
register alone, and only of the properties that its mapping says. What stewards said besides, or said otherwise since
the edition before, stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.application.gate import stated
from sundgraf.application.map_rows import source_key
from sundgraf.domain.imported import KEY, Alike, Change, Gone, ImportReport
from sundgraf.domain.names import BASE
from sundgraf.store.generations import utc_now
from sundgraf.store.load import DERIVED

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_KEY = ox.NamedNode(KEY)
_SOURCE = ox.NamedNode("http://purl.org/dc/terms/source")
_IMPORTED = ox.NamedNode(f"{BASE}def/imported")
_MERGED = ox.NamedNode(f"{BASE}def/mergedInto")
_TOMBSTONE = ox.NamedNode(f"{BASE}def/Tombstone")
_NAMES = tuple(
    ox.NamedNode(iri) for iri in ("http://purl.org/dc/terms/title", "http://xmlns.com/foaf/0.1/name")
)  # fmt: skip
_DATE = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
_NO_MORE = ("The register does not say this any more.", "Registeret siger det ikke længere.")
_NOT_THERE = ("It is not in the edition any more.", "Den er ikke i udgaven længere.")
_NOT_SELECTED = (
    "It is in the edition, but not among the rows that are brought in any more.",
    "Den er i udgaven, men ikke længere blandt de rækker, der indlæses.",
)
_WITHDRAWN = ("withdrawn here", "trukket tilbage her")
_OTHERS = ("described here from other sources too", "beskrevet her også efter andre kilder")
MAIN = tuple(ox.NamedNode(f"{BASE}def/{name}") for name in ("Project", "Deployment", "Product"))
_MOST_LINES = 30  # of a change that the report shows


@dataclass(slots=True)
class Compared:
    """A change as triples; `placeholder_of` gives the subject of the mapping for each published one."""

    added: list[ox.Triple] = field(default_factory=list)
    removed: list[ox.Triple] = field(default_factory=list)
    placeholder_of: dict[str, ox.NamedNode] = field(default_factory=dict)
    new: dict[ox.NamedNode, ox.NamedNode] = field(default_factory=dict)


def published_keys(base: ox.Store, register: str) -> dict[str, list[tuple[ox.NamedNode, ox.NamedNode]]]:
    """Return what is published of a register: for each key the records with their classes."""
    found: dict[str, list[tuple[ox.NamedNode, ox.NamedNode]]] = defaultdict(list)
    for quad in base.quads_for_pattern(None, _KEY, None, ox.DefaultGraph()):
        key = str(getattr(quad.object, "value", ""))
        if key.startswith(f"{register}/") and isinstance(quad.subject, ox.NamedNode):
            for kind in base.quads_for_pattern(quad.subject, _TYPE, None, ox.DefaultGraph()):
                if isinstance(kind.object, ox.NamedNode):
                    found[key].append((quad.subject, kind.object))
    return found


def compare(
    quads: Iterable[ox.Quad], previous: Iterable[ox.Quad], owned: frozenset[ox.NamedNode], base: ox.Store,
    report: ImportReport, rejected: Collection[str] = (), left_out: Collection[str] = (),
) -> Compared:  # fmt: skip
    """Return what the statements of an edition change, and tell the report.

    `previous` is what the last edition that was accepted said, `owned` the properties that the mapping can say,
    `rejected` the keys of rows that do not pass, whose records stay as they are, `left_out` those of rows that are not
    selected.
    """
    register = report.source
    held = published_keys(base, register)
    said, last = _by_subject(quads), _by_subject(previous)
    names = {subject: _found(subject, kinds, held) for subject, kinds in {**_kinds(last), **_kinds(said)}.items()}
    before = {t for subject, triples in last.items() for t in _renamed(triples, names, names.get(subject, subject))}
    sayable = _sayable((said, last), owned)
    compared, spoken = Compared(), {f"{register}/{key}" for key in rejected}
    present, own = set[str](), {iri.value for iri in names.values()}
    for subject, triples in said.items():
        iri = names.get(subject)
        if iri is None:  # a record that others made, found by its name
            continue
        key = source_key(subject)
        spoken.add(key)
        present.add(key)
        kind = next(t.object for t in triples if t.predicate == _TYPE)
        assert isinstance(kind, ox.NamedNode)
        new = _renamed(triples, names, iri)
        new.append(ox.Triple(iri, _KEY, ox.Literal(key)))
        compared.placeholder_of[iri.value] = subject
        if iri == subject:
            compared.new[subject] = kind
            compared.added += new
            compared.removed += _moved(subject, key, kind, held, base, compared)
            if kind in MAIN:
                report.added.append((key, _name(new)))
        elif (iri, _TOMBSTONE) in held[key] or not _ours(iri, base, own):
            how = _WITHDRAWN if (iri, _TOMBSTONE) in held[key] else _OTHERS
            if key.rpartition("/")[0] not in held:  # else it is told of the record that it speaks of
                report.alike.append(Alike(key, _name(new), how, iri.value))
        else:
            _compare_record(kind, key, new, before, sayable[kind], base, compared, report)
    for key, records in held.items():
        for iri, kind in records if key not in spoken else ():
            if kind in MAIN:
                why = _NOT_SELECTED if key.partition("/")[2] in left_out else _NOT_THERE
                ours = _ours(iri, base, own)
                report.gone.append(Gone(iri.value, _name(stated(iri, base)), why, kept=("", "") if ours else _OTHERS))
            elif key.rpartition("/")[0] in present and kind != _TOMBSTONE:
                compared.removed += stated(iri, base)
                compared.added += tombstone(iri, *_NO_MORE, key)
    return compared


def _sayable(
    editions: Iterable[Mapping[ox.NamedNode, list[ox.Triple]]], owned: frozenset[ox.NamedNode]
) -> dict[ox.NamedNode, frozenset[ox.NamedNode]]:
    """Return the properties that this edition or the one before gives things of each class, but for the class."""
    found: dict[ox.NamedNode, set[ox.NamedNode]] = defaultdict(set)
    for said in editions:
        kinds = _kinds(said)
        for subject, triples in said.items():
            if subject in kinds:
                found[kinds[subject]].update(t.predicate for t in triples)
    return {kind: frozenset((predicates & owned) - {_TYPE}) for kind, predicates in found.items()}


def tombstone(iri: ox.NamedNode, english: str, danish: str, key: str) -> list[ox.Triple]:
    """Return what stays of a record that the register has no more; its key stays too, should it come again."""
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (_TYPE.value, _TOMBSTONE), ("http://purl.org/dc/terms/date", ox.Literal(utc_now()[:10], datatype=_DATE)),
        (f"{BASE}def/reason", ox.Literal(english, language="en")),
        (f"{BASE}def/reason", ox.Literal(danish, language="da")), (KEY, ox.Literal(key)),
    ]  # fmt: skip
    return [ox.Triple(iri, ox.NamedNode(predicate), value) for predicate, value in said]


def _compare_record(
    kind: ox.NamedNode, key: str, new: list[ox.Triple], before: set[ox.Triple], owned: frozenset[ox.NamedNode],
    base: ox.Store, compared: Compared, report: ImportReport,
) -> None:  # fmt: skip
    iri = new[0].subject
    assert isinstance(iri, ox.NamedNode)
    said_now = set(new)
    held = (q.triple for p in owned for q in base.quads_for_pattern(iri, p, None, ox.DefaultGraph()))
    gone = [t for t in held if t not in said_now and not _is_derived(t, base)]
    removed = [t for t in gone if not before or t in before]  # what a steward said instead stays
    added = [t for t in new if t not in before and ox.Quad(t.subject, t.predicate, t.object) not in base]
    compared.removed += removed
    compared.added += added
    said = [t for t in (*removed, *added) if t.predicate != _IMPORTED]
    if said:
        lines = tuple(_lines(removed, added))[:_MOST_LINES]
        report.changed.append(Change(key, _name(new), lines))
    elif kind in MAIN:
        report.unchanged += 1


def _is_derived(triple: ox.Triple, base: ox.Store) -> bool:
    """Say whether a rule made a statement."""
    held = base.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return any(str(getattr(quad.graph_name, "value", "")).startswith(DERIVED) for quad in held)


def changes_anything(compared: Compared) -> bool:
    """Say whether there is a change besides the day on which a source was last brought in."""
    return any(t.predicate != _IMPORTED for t in (*compared.added, *compared.removed))


def _moved(
    subject: ox.NamedNode, key: str, kind: ox.NamedNode, held: Mapping[str, list[tuple[ox.NamedNode, ox.NamedNode]]],
    base: ox.Store, compared: Compared,
) -> list[ox.Triple]:  # fmt: skip
    """Return what goes where the row became something else (a project that is a deployment now): it leads there."""
    gone: list[ox.Triple] = []
    for iri, before in held.get(key, ()):
        if before in MAIN and kind in MAIN and before != kind:
            pointing = [q.triple for q in base.quads_for_pattern(None, None, iri, ox.DefaultGraph())]
            own = [t for t in pointing if not _is_derived(t, base)]
            gone += [*stated(iri, base), *own]
            compared.added += [ox.Triple(t.subject, t.predicate, subject) for t in own]
            compared.added.append(ox.Triple(iri, _MERGED, subject))
    return gone


def _by_subject(quads: Iterable[ox.Quad]) -> dict[ox.NamedNode, list[ox.Triple]]:
    said: dict[ox.NamedNode, dict[ox.Triple, None]] = defaultdict(dict)
    for quad in quads:
        assert isinstance(quad.subject, ox.NamedNode)
        said[quad.subject][quad.triple] = None
    return {subject: list(triples) for subject, triples in said.items()}


def _kinds(said: Mapping[ox.NamedNode, list[ox.Triple]]) -> dict[ox.NamedNode, ox.NamedNode]:
    return {
        subject: t.object
        for subject, triples in said.items()
        for t in triples
        if t.predicate == _TYPE and isinstance(t.object, ox.NamedNode) and source_key(subject)
    }


def _found(
    subject: ox.NamedNode, kind: ox.NamedNode, held: Mapping[str, list[tuple[ox.NamedNode, ox.NamedNode]]]
) -> ox.NamedNode:
    for iri, before in held.get(source_key(subject), ()):
        if before in (kind, _TOMBSTONE):
            return iri
    return subject


def _renamed(
    triples: Iterable[ox.Triple], names: Mapping[ox.NamedNode, ox.NamedNode], iri: ox.NamedNode
) -> list[ox.Triple]:
    def named(term: object) -> object:
        return names.get(term, term) if isinstance(term, ox.NamedNode) else term

    return [ox.Triple(iri, t.predicate, named(t.object)) for t in triples]  # type: ignore[arg-type]


def _ours(iri: ox.NamedNode, base: ox.Store, own: Collection[str]) -> bool:
    """Say whether all that a record rests on came with this register."""
    sources = [q.object for q in base.quads_for_pattern(iri, _SOURCE, None, ox.DefaultGraph())]
    return all(getattr(source, "value", "") in own for source in sources)


def _lines(removed: list[ox.Triple], added: list[ox.Triple]) -> Iterator[tuple[str, str, str]]:
    predicates = dict.fromkeys(t.predicate.value for t in (*removed, *added))
    for predicate in predicates:
        before = ", ".join(_shown(t) for t in removed if t.predicate.value == predicate)
        after = ", ".join(_shown(t) for t in added if t.predicate.value == predicate)
        yield predicate, before, after


def _shown(triple: ox.Triple) -> str:
    value = triple.object
    if isinstance(value, ox.Literal):
        return f"{value.value} ({value.language})" if value.language else value.value
    return str(getattr(value, "value", value)).removeprefix(BASE)


def _name(triples: Iterable[ox.Triple]) -> str:
    said = {
        t.object.language or "": t.object.value
        for t in triples
        if t.predicate in _NAMES and isinstance(t.object, ox.Literal)
    }
    return said.get("en") or next(iter(said.values()), "")
