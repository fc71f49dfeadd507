"""Make an accepted submission part of the published graph: one publication, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.follow import keep_up
from sundgraf.application.gate import published
from sundgraf.application.load import derive_again
from sundgraf.application.mint import FIRST, Form, forms_of, mint
from sundgraf.application.prepare import triples_of
from sundgraf.application.replay import deciding
from sundgraf.application.validate import shapes_of
from sundgraf.application.violations import violations_of_change
from sundgraf.application.wording import in_words
from sundgraf.domain.errors import Conflict, StoreError, StoreUnusable, Unfit
from sundgraf.domain.imported import KEY
from sundgraf.domain.names import BASE
from sundgraf.domain.report import blocks
from sundgraf.domain.submission import ACCEPTED, WAITING, Submission
from sundgraf.domain.terms import last_part
from sundgraf.store import generations, journal
from sundgraf.store.direct import open_direct
from sundgraf.store.document import statements_of
from sundgraf.store.inbox import Inbox
from sundgraf.store.journal import Change
from sundgraf.store.load import GRAPHS

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_SOURCE = ox.NamedNode("http://purl.org/dc/terms/source")
_LICENCE = ox.NamedNode("http://purl.org/dc/terms/license")
_KEY = ox.NamedNode(KEY)
_DCTERMS = "http://purl.org/dc/terms/"


@dataclass(frozen=True, slots=True)
class Published:
    """The publication that a submission became, and the records in it, new ones under their identifiers."""

    number: int
    records: list[str]


def publish_submission(state: Path, root: Path, id: str, reviewer: str, seen: str, text: str = "") -> Published:
    """Publish a waiting submission. `seen` is the fingerprint of the change that the reviewer looked at, "" for any.

    Raises Conflict where it is not waiting any more or the graph moved on, Unfit where it does not pass any more.
    """
    with deciding(state, math.inf) as inbox:
        submission = inbox.get(id)
        if submission.state != WAITING:
            raise Conflict(f"Submission {id} is {submission.state}; only one that is waiting can be accepted.")
        if seen and seen != fingerprint(submission):
            raise Conflict("It was changed after you looked at it; look at the change again.")
        held = generations.current(state)
        if held is None:
            raise StoreUnusable(f"Nothing is published in {str(state)!r}; run `sundgraf load`.")
        base = open_direct(state).engine
        change = _change(submission, base, root, inbox, reviewer)
        del base
        keep_up(state)
        number, time = generations.next_number(state), generations.utc_now()
        with generations.staging(state, held) as staged:
            store = ox.Store(str(staged / "store"))
            made = apply_change(store, change)
            log = list(journal.log_statements(number, time, reviewer, made))
            store.extend(log)
            store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in log)
            derive_again(store, root)
            quads = len(store)
            store.flush()
            del store
            journal.write_change(state, number, made)
            generations.commit(
                state, staged, quads=quads, edition=held.edition, added=held.added, agent=reviewer,
                reason=submission.reason, time=time, about=made.about,
            )  # fmt: skip
        with contextlib.suppress(StoreError):  # published it is, and so the log says: `settle` moves it the next time
            inbox.move(id, (WAITING,), ACCEPTED, reviewer, text, number, made.records)
    return Published(number, made.records)


def fingerprint(submission: Submission) -> str:
    """Return what stands for exactly this change, for a reviewer to say which one was looked at."""
    return hashlib.sha256(f"{submission.added}\0{submission.removed}".encode()).hexdigest()[:24]


def apply_change(store: ox.Store, change: Change) -> Change:
    """Make a change in a store; return it as made, each statement with the named graph it was in or went to.

    What is added to a record goes where the record is, and into the graph that is given where it is new.
    """
    removed: dict[ox.Quad, None] = {}
    for quad in change.removed:
        held = list(store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))
        removed |= dict.fromkeys([found for found in held if isinstance(found.graph_name, ox.NamedNode)] or held)
        for found in held:
            store.remove(found)
    homes = {quad.subject: quad.graph_name for quad in removed if quad.predicate == _TYPE}
    added: dict[ox.Quad, None] = {}
    for quad in change.added:
        home = homes.get(quad.subject) or _home(store, quad.subject) or quad.graph_name
        placed = ox.Quad(quad.subject, quad.predicate, quad.object, home)
        added[placed] = None
    store.extend(added)
    store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in added)
    return replace(change, added=list(added), removed=list(removed))


def _home(store: ox.Store, subject: object) -> ox.NamedNode | None:
    for quad in store.quads_for_pattern(subject, _TYPE, None, None):  # type: ignore[arg-type]  # a node
        if isinstance(quad.graph_name, ox.NamedNode):
            return quad.graph_name
    return None


def _change(submission: Submission, base: ox.Store, root: Path, inbox: Inbox, reviewer: str) -> Change:
    """Return the change of a submission with identifiers for new records. Raises Conflict or Unfit."""
    removed, added = triples_of(submission.removed), triples_of(submission.added)
    for triple in removed:
        if ox.Quad(triple.subject, triple.predicate, triple.object) not in base:
            raise Conflict(
                f"The record was changed since publication {submission.base}, which this was made against "
                f"({_brief(triple)} is gone); ask the submitter to send it again."
            )
    for triple in added if submission.kind == "import" else ():
        if triple.predicate == _KEY and not _is_spoken_of(triple, removed, base):
            raise Conflict(
                f"{triple.object} was brought in meanwhile by another import of the register; import the edition again."
            )
    shapes = shapes_of(root)
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in added]
    forms = forms_of(shapes)
    minted = mint(quads, base, forms, _giver(inbox, base, Counter(start for start in _starts(quads, base, forms))))
    found = violations_of_change(statements_of(minted.quads), removed, base, shapes)
    findings = [in_words(violation, base, shapes) for violation in found]
    if blocks(findings):
        raise Unfit("It does not pass any more; ask the submitter to mend it.", [f.as_mapping() for f in findings])
    graph = ox.NamedNode(f"{GRAPHS}submissions/{submission.id}")
    quads = [ox.Quad(q.subject, q.predicate, q.object, graph) for q in minted.quads]
    if any(_home(base, q.subject) is None for q in quads):
        quads += _description(graph, submission, quads, base)
    return Change(
        quads, [ox.Quad(t.subject, t.predicate, t.object) for t in removed], submission.reason, submission.id,
        submission.shown_as, reviewer, submission.source,
    )  # fmt: skip


def _brief(triple: ox.Triple) -> str:
    name = last_part(triple.predicate.value)
    return f"{name}: {str(getattr(triple.object, 'value', triple.object))[:200]}"


def _starts(quads: Iterable[ox.Quad], base: ox.Store, forms: Mapping[str, Form]) -> Iterator[str]:
    """Yield how the IRI of each record begins that may be new."""
    for quad in quads:
        form = forms.get(str(getattr(quad.object, "value", ""))) if quad.predicate == _TYPE else None
        if form and not isinstance(quad.subject, ox.Triple) and not published(quad.subject, base):
            yield form.start


def _giver(inbox: Inbox, base: ox.Store, wanted: Mapping[str, int]) -> Callable[[str], int]:
    """Return what gives numbers that nothing is published under: as many at once as are wanted, in one transaction."""
    given: dict[str, range] = {}

    def take(start: str) -> int:
        while True:
            left = given.get(start) or range(0)
            if not left:
                first = inbox.take(start, FIRST, wanted.get(start, 1))
                left = range(first, first + wanted.get(start, 1))
            number, given[start] = left[0], left[1:]
            if next(base.quads_for_pattern(ox.NamedNode(f"{start}{number:04d}"), None, None, None), None) is None:
                return number

    return take


def _is_spoken_of(triple: ox.Triple, removed: list[ox.Triple], base: ox.Store) -> bool:
    """Say whether a key that an import gives is free, or the subject's own, or given up by the same change."""
    held = [q.triple for q in base.quads_for_pattern(None, _KEY, triple.object, ox.DefaultGraph())]
    return all(other.subject == triple.subject or other in removed for other in held)


def _licence(quads: Iterable[ox.Quad], base: ox.Store) -> ox.NamedNode:
    """Return the one licence of the sources that records come from; ours where there is none or several."""
    held = list(quads)
    sources = {q.object for q in held if q.predicate == _SOURCE}
    found = {q.object for q in held if q.predicate == _LICENCE and q.subject in sources}
    for source in sources:
        if isinstance(source, ox.NamedNode):
            found |= {q.object for q in base.quads_for_pattern(source, _LICENCE, None, ox.DefaultGraph())}
    only = next(iter(found)) if len(found) == 1 else None
    return only if isinstance(only, ox.NamedNode) else ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")


def _description(
    graph: ox.NamedNode, submission: Submission, quads: Sequence[ox.Quad], base: ox.Store
) -> list[ox.Quad]:
    date = ox.Literal(generations.utc_now()[:10], datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        ("title", ox.Literal(f"Indsendelse {submission.id}", language="da")),
        ("title", ox.Literal(f"Submission {submission.id}", language="en")),
        ("description", ox.Literal("Poster, der er sendt ind og antaget.", language="da")),
        ("description", ox.Literal("Records that were sent in and accepted.", language="en")),
        ("creator", ox.NamedNode(f"{BASE}id/organisation/o-0000")),
        ("issued", date),
        ("license", _licence(quads, base)),
    ]
    sources = {q.object for q in quads if q.predicate == _SOURCE and isinstance(q.object, ox.NamedNode)}
    said += [("source", source) for source in sorted(sources, key=str)]
    triples = [ox.Quad(graph, ox.NamedNode(_DCTERMS + name), value, graph) for name, value in said]
    return [ox.Quad(graph, _TYPE, ox.NamedNode("http://www.w3.org/ns/dcat#Dataset"), graph), *triples]
