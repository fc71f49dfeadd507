"""What was said of a record when: its versions, what changed between them, and the text to begin a correction with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.gate import stated
from sundgraf.application.review import Difference, readable
from sundgraf.application.validate import published_store
from sundgraf.domain.errors import NotFound
from sundgraf.domain.names import BASE
from sundgraf.domain.terms import IRI, XSD, Literal, Term
from sundgraf.store import generations, journal
from sundgraf.store.turtle import write_turtle
from sundgraf.store.writers import write_graph

_CHANGED = ox.NamedNode(f"{BASE}def/changedRecord")
_ORDINAL = ox.NamedNode(f"{BASE}def/ordinal")


@dataclass(frozen=True, slots=True)
class Version:
    """A publication that changed a record, or the first that held it: number, time and what the log says of it."""

    number: int
    time: str
    reason: str
    submitter: str
    accepted_by: str
    source: str


def versions(record: str, state: Path, root: Path) -> list[Version]:
    """Return the versions of a record, newest first. Raises NotFound where nothing was ever published of it."""
    base = published_store(state, root)
    node = ox.NamedNode(record)
    held = {int(str(entry["number"])): entry for entry in generations.lineage(state)}
    numbers = sorted(_changes_of(node, base), reverse=True)
    first = _first(node, state, numbers, held)
    if first and first not in numbers:
        numbers.append(first)
    if not numbers or (not stated(node, base) and not _changes_of(node, base)):
        raise NotFound(f"Nothing was ever published of <{record}>.")
    return [_version(number, held[number]) for number in numbers if number in held]


def version_of(record: str, number: int, state: Path, root: Path) -> list[ox.Triple]:
    """Return what was stated of a record right after a publication. Raises NotFound where that is not known."""
    base = published_store(state, root)
    node = ox.NamedNode(record)
    now = dict.fromkeys(stated(node, base))
    log = generations.lineage(state)
    if not any(int(str(entry["number"])) == number for entry in log):
        raise NotFound(f"There was no publication {number}.")
    for later in sorted((n for n in _changes_of(node, base) if n > number), reverse=True):
        change = journal.read_change(state, later)
        if change is None:
            raise NotFound(f"What publication {later} changed was not kept; versions before it are not known.")
        for quad in change.added:
            if quad.subject == node:
                now.pop(quad.triple, None)
        for quad in change.removed:
            if quad.subject == node:
                now[quad.triple] = None
    if not now:
        raise NotFound(f"<{record}> was not yet published, or withdrawn, at publication {number}.")
    return sorted(now, key=str)


def difference_between(
    record: str, before: int, after: int, state: Path, root: Path, language: str
) -> list[Difference]:
    """Return what changed of a record between two publications, in words."""
    old, new = (_or_nothing(record, number, state, root) for number in (before, after))
    added = [triple for triple in new if triple not in set(old)]
    removed = [triple for triple in old if triple not in set(new)]
    return readable(added, removed, published_store(state, root), language)


def version_text(record: str, number: int, format: str, state: Path, root: Path) -> bytes:
    """Return a version of a record in an RDF format."""
    return write_graph(version_of(record, number, state, root), format)


def version_rows(record: str, number: int, state: Path, root: Path) -> list[dict[str, Term]]:
    """Return a version of a record as rows of a property and a value."""
    return [
        {"property": IRI(triple.predicate.value), "value": _term(triple.object)}
        for triple in version_of(record, number, state, root)
    ]


def stated_text(record: str, state: Path, root: Path) -> str:
    """Return what is stated of a record now in Turtle; "" where nothing is."""
    if not record.startswith(f"{BASE}id/"):
        return ""
    try:
        triples = stated(ox.NamedNode(record), published_store(state, root))
    except ValueError:
        return ""
    return write_turtle(triples) if triples else ""


def _term(value: object) -> Term:
    if isinstance(value, ox.NamedNode):
        return IRI(value.value)
    if isinstance(value, ox.Literal):
        plain = value.language or value.datatype.value == f"{XSD}string"
        return Literal(value.value, "" if plain else value.datatype.value, value.language or "")
    return Literal(str(value))


def _changes_of(node: ox.NamedNode, base: ox.Store) -> set[int]:
    numbers = set()
    for quad in base.quads_for_pattern(None, _CHANGED, node, ox.DefaultGraph()):
        for said in base.quads_for_pattern(quad.subject, _ORDINAL, None, ox.DefaultGraph()):
            numbers.add(int(str(getattr(said.object, "value", "0"))))
    return numbers


def _first(node: ox.NamedNode, state: Path, numbers: list[int], held: dict[int, dict[str, object]]) -> int:
    """Return the first publication that held a record: that of the files, where no change brought it."""
    if numbers:
        change = journal.read_change(state, numbers[-1])
        removed = change is not None and any(quad.subject == node for quad in change.removed)
        if not removed:
            return numbers[-1]
    return min(held, default=0)


def _or_nothing(record: str, number: int, state: Path, root: Path) -> list[ox.Triple]:
    try:
        return version_of(record, number, state, root)
    except NotFound:
        return []


def _version(number: int, entry: dict[str, object]) -> Version:
    said = {name: str(entry.get(name) or "") for name in ("time", "reason", "submitter", "reviewer", "agent", "source")}
    return Version(
        number, said["time"], said["reason"], said["submitter"], said["reviewer"] or said["agent"], said["source"]
    )
