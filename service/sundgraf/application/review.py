"""Look at a submission as a reviewer does: what would change, in readable form, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.prepare import prepare_records, triples_of
from sundgraf.application.replay import deciding
from sundgraf.application.validate import published_store
from sundgraf.domain.errors import BadInput, Conflict, Refused
from sundgraf.domain.report import Finding
from sundgraf.domain.submission import OPEN, REJECTED, WAITING, WANTED, Submission
from sundgraf.domain.terms import last_part
from sundgraf.store.document import Document
from sundgraf.store.tokens import Token

_LABELS = tuple(
    ox.NamedNode(iri)
    for iri in (
        "http://www.w3.org/2000/01/rdf-schema#label",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://purl.org/dc/terms/title",
        "http://xmlns.com/foaf/0.1/name",
    )
)
_RECORDS = 100  # on a page
_DECISIONS = {"reject": REJECTED, "change": WANTED}


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of a change: "+" or "-", the property and the value, as IRIs or text and in words."""

    sign: str
    property: str
    property_label: str
    value: str
    value_label: str
    value_is_iri: bool
    language: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes of one record."""

    record: str
    label: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Look:
    """What a reviewer sees of a submission beside what was kept: the change in words, and what is found now.

    `differences` are those of one page, `records` how many there are in all. Of an import nothing is looked for again:
    its report says what was found, and it is checked when it is accepted. It is `outdated` where something that it
    removes is gone already, so that it cannot be accepted as it is.
    """

    differences: list[Difference]
    findings: list[Finding]
    records: int
    page: int = 1
    pages: int = 1
    outdated: bool = False


def look(submission: Submission, state: Path, root: Path, language: str, page: int = 1) -> Look:
    """Return what a submission would change, by record, and what is found of it beside what is published now."""
    base = published_store(state, root)
    findings: list[Finding] = []
    if submission.state in OPEN and submission.kind == "record":
        document = Document(submission.id, submission.content, submission.format)
        findings = prepare_records([document], state, root).findings
    added, removed = _lines_by_subject(submission.added), _lines_by_subject(submission.removed)
    subjects = sorted({*added, *removed})
    shown = subjects[(page - 1) * _RECORDS : page * _RECORDS]
    parts = ["".join(line for subject in shown for line in lines.get(subject, ())) for lines in (added, removed)]
    differences = readable(triples_of(parts[0]), triples_of(parts[1]), base, language)
    gone = submission.state in OPEN and any(
        ox.Quad(t.subject, t.predicate, t.object) not in base for t in triples_of(parts[1])
    )
    return Look(differences, findings, len(subjects), page, max(1, -(-len(subjects) // _RECORDS)), gone)


def readable(added: list[ox.Triple], removed: list[ox.Triple], base: ox.Store, language: str) -> list[Difference]:
    """Return added and removed statements by record, with labels from a graph."""
    own = ox.Store()
    own.extend(ox.Quad(t.subject, t.predicate, t.object) for t in added)
    by_record: dict[str, tuple[str, list[Line]]] = {}
    for sign, triples in (("-", removed), ("+", added)):
        for triple in triples:
            record = _text(triple.subject)
            _, lines = by_record.setdefault(record, (_label(triple.subject, (own, base), language), []))
            value = triple.object
            is_iri = isinstance(value, ox.NamedNode)
            lines.append(
                Line(
                    sign, triple.predicate.value, _label(triple.predicate, (base,), language), _text(value),
                    _label(value, (own, base), language) if is_iri else _text(value), is_iri,
                    (value.language or "") if isinstance(value, ox.Literal) else "",
                )
            )  # fmt: skip
    return [
        Difference(record, label, sorted(lines, key=_order))
        for record, (label, lines) in sorted(by_record.items())
    ]  # fmt: skip


def decide(state: Path, token: Token, id: str, decision: str, text: str) -> Submission:
    """Reject a submission or ask for a change, with a reason. Raises Refused, Conflict, NotFound, BadInput or Busy."""
    if decision not in _DECISIONS:
        raise BadInput(f"{decision!r} is no decision; choose accept, change or reject.")
    if not text.strip():
        raise BadInput("Say why: the submitter reads it.")
    with deciding(state) as inbox:
        check_reviewer(token, inbox.get(id))
        inbox.move(id, (WAITING,), _DECISIONS[decision], token.shown_as, text.strip()[:5000])
        return inbox.get(id)


def check_reviewer(token: Token, submission: Submission) -> None:
    """Refuse to let anybody decide on what they sent in themselves. Raises Refused or Conflict."""
    same_person = token.shown_as == submission.shown_as and "orcid.org" in token.shown_as
    if token.id == submission.submitter or same_person:
        raise Refused("You sent it in yourself; somebody else has to decide on it.")
    if submission.state != WAITING:
        raise Conflict(f"Submission {submission.id} is {submission.state}; only one that is waiting can be decided on.")


def may_see(token: Token, submission: Submission) -> bool:
    """Say whether a token's holder may see a submission: their own, or any where they review."""
    return token.may("reviewer") or token.id == submission.submitter


def _lines_by_subject(lines: str) -> dict[str, list[str]]:
    """Return N-Triples by the subject that they begin with, without parsing them: an import has a hundred thousand."""
    found: dict[str, list[str]] = {}
    for line in lines.splitlines(keepends=True):
        found.setdefault(line.partition(" ")[0], []).append(line)
    return found


def _label(node: object, stores: tuple[ox.Store, ...], language: str) -> str:
    if isinstance(node, ox.NamedNode):
        for store in stores:
            names = {
                quad.object.language or "": quad.object.value
                for predicate in _LABELS
                for quad in store.quads_for_pattern(node, predicate, None, None)
                if isinstance(quad.object, ox.Literal)
            }
            if names:
                return names.get(language) or next(iter(names.values()))
    return last_part(_text(node))


def _order(line: Line) -> tuple[str, str, bool, str]:
    return line.property, line.language, line.sign != "-", line.value


def _text(term: object) -> str:
    return str(getattr(term, "value", term))
