"""What each publication changed: a file of statements beside the log, and the log as statements of the graph itself.

    <state>/changes/<number>.nq     a first line of JSON, then one N-Quads line a statement, after "+ " or "- "

The file is on disk before the log names the publication, so that the log never names a change that is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import StoreUnusable
from sundgraf.domain.names import BASE

LOG_GRAPH = ox.NamedNode(f"{BASE}graph/log")
_SG = f"{BASE}def/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DCTERMS = "http://purl.org/dc/terms/"
_PROV = "http://www.w3.org/ns/prov#"


@dataclass(slots=True)
class Change:
    """Statements added and removed, each with its named graph, and why; who is named as they chose to be.

    `submission` is the id of the submission it came from, "" for an edition of files.
    """

    added: list[ox.Quad] = field(default_factory=list)
    removed: list[ox.Quad] = field(default_factory=list)
    reason: str = ""
    submission: str = ""
    submitter: str = ""
    reviewer: str = ""
    source: str = ""

    @property
    def records(self) -> list[str]:
        """The IRIs of ours that it says something of, or no longer."""
        subjects = (quad.subject for quad in (*self.removed, *self.added))
        names = {subject.value for subject in subjects if isinstance(subject, ox.NamedNode)}
        return sorted(name for name in names if name.startswith(f"{BASE}id/"))

    @property
    def about(self) -> dict[str, object]:
        """What the log says of it beside the statements."""
        return {
            "submission": self.submission, "submitter": self.submitter, "reviewer": self.reviewer,
            "source": self.source, "added_statements": len(self.added), "removed_statements": len(self.removed),
        }  # fmt: skip


def write_change(state: Path, number: int, change: Change) -> None:
    """Keep the change of a publication, durably."""
    folder = state / "changes"
    folder.mkdir(exist_ok=True)
    draft = folder / f"{number:06d}.nq.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"number": number, "reason": change.reason, **change.about}, ensure_ascii=False) + "\n")
        for sign, quads in (("+", change.added), ("-", change.removed)):
            file.writelines(f"{sign} {quad} .\n" for quad in quads)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / f"{number:06d}.nq")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_change(state: Path, number: int) -> Change | None:
    """Return the change of a publication, None where none was kept. Raises StoreUnusable where its file is damaged."""
    path = state / "changes" / f"{number:06d}.nq"
    try:
        lines = path.read_text("utf-8").split("\n")
        about = json.loads(lines[0])
        added, removed = (_quads(lines, sign) for sign in ("+", "-"))
        if len(added) != about["added_statements"] or len(removed) != about["removed_statements"]:
            raise ValueError("it is cut short")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, SyntaxError) as error:
        raise StoreUnusable(f"The change in {str(path)!r} is damaged ({error}).") from error
    return Change(
        added, removed, about["reason"], about["submission"], about["submitter"], about["reviewer"], about["source"]
    )


def log_statements(number: int, time: str, agent: str, change: Change) -> Iterator[ox.Quad]:
    """Yield what the graph says of a publication: when, why, by whom, from which source, and of which records."""
    publication = ox.NamedNode(f"{BASE}id/publication/pb-{number:04d}")

    def said(predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Quad:
        return ox.Quad(publication, ox.NamedNode(predicate), value, LOG_GRAPH)

    def number_of(count: int) -> ox.Literal:
        return ox.Literal(str(count), datatype=ox.NamedNode(f"{_XSD}integer"))

    yield said(f"{_RDF}type", ox.NamedNode(f"{_SG}Publication"))
    yield said(f"{_DCTERMS}identifier", ox.Literal(f"pb-{number:04d}"))
    yield said(f"{_SG}ordinal", number_of(number))
    yield said(f"{_PROV}endedAtTime", ox.Literal(time, datatype=ox.NamedNode(f"{_XSD}dateTime")))
    yield said(f"{_SG}statementsAdded", number_of(len(change.added)))
    yield said(f"{_SG}statementsRemoved", number_of(len(change.removed)))
    for predicate, text in (
        (f"{_SG}reason", change.reason),
        (f"{_SG}submission", change.submission),
        (f"{_SG}submittedBy", change.submitter),
        (f"{_SG}acceptedBy", change.reviewer or agent),
    ):
        if text:
            yield said(predicate, ox.Literal(text))
    if change.source:
        is_iri = change.source.startswith(("http://", "https://"))
        yield said(f"{_DCTERMS}source", ox.NamedNode(change.source) if is_iri else ox.Literal(change.source))
    for record in change.records:
        yield said(f"{_SG}changedRecord", ox.NamedNode(record))


def difference(old: Iterable[ox.Quad], new: Iterable[ox.Quad]) -> tuple[list[ox.Quad], list[ox.Quad]]:
    """Return what is only in the new and what is only in the old statements, in order."""
    before, after = set(old), set(new)
    return sorted(after - before, key=str), sorted(before - after, key=str)


def _quads(lines: list[str], sign: str) -> list[ox.Quad]:
    text = "\n".join(line[2:] for line in lines[1:] if line.startswith(f"{sign} "))
    return list(ox.parse(text, format=ox.RdfFormat.N_QUADS))
