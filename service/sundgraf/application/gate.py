"""What a submission may speak of: findings that no shape can say, because they are about its subjects.

Subjects are records that are published, or new ones under a placeholder: a blank node, a relative name, urn:uuid:...
Each has one class of those whose shapes give its records a form; what is in the log is never spoken of.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

import pyoxigraph as ox

from sundgraf.domain import rules
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding
from sundgraf.domain.submission import standing
from sundgraf.domain.terms import last_part
from sundgraf.store.load import DERIVED

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _REST = ox.NamedNode(f"{_RDF}type"), ox.NamedNode(f"{_RDF}rest")
_IMPORTS = ox.NamedNode("http://www.w3.org/2002/07/owl#imports")
_MERGED = ox.NamedNode(f"{BASE}def/mergedInto")
_LOGGED = {f"{BASE}def/Publication", f"{BASE}def/Tombstone"}
_DERIVED_BY = ox.NamedNode(f"{BASE}def/derivedBy")
Node = ox.NamedNode | ox.BlankNode


def findings_of_subjects(
    submitted: ox.Store, base: ox.Store, classes: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Yield what is wrong with the subjects of a submission, beside what is published.

    `classes` are those whose records can be sent in, each with the properties that its shape knows.
    """
    made = _derived_properties(submitted, base)
    for subject in subjects_of(submitted):
        name = text_of(subject)
        kind = standing(subject.value) if isinstance(subject, ox.NamedNode) else "placeholder"
        if next(submitted.quads_for_pattern(subject, _IMPORTS, None, None), None) is not None:
            yield rules.NOT_FETCHED.broken_by(name)
        if kind == "reserved":
            yield rules.RESERVED.broken_by(name)
        elif kind == "foreign":
            yield rules.FOREIGN.broken_by(name)
        elif _is_history(subject, submitted, base):
            yield rules.LOGGED.broken_by(name)
        else:
            if kind == "record" and not published(subject, base):
                yield rules.UNPUBLISHED.broken_by(name)
            yield from _class_findings(subject, submitted, base, classes, made)
    yield from _dangling(submitted, base)


def subjects_of(submitted: ox.Store) -> list[Node]:
    """Return the subjects of a submission, each once."""
    quads = submitted.quads_for_pattern(None, None, None, ox.DefaultGraph())
    return list(dict.fromkeys(quad.subject for quad in quads if not isinstance(quad.subject, ox.Triple)))


def stated(subject: Node, base: ox.Store) -> list[ox.Triple]:
    """Return what is stated of a subject: not what a rule derived."""
    return _parted(subject, base)[0]


def derived(subject: Node, base: ox.Store) -> list[ox.Triple]:
    """Return what rules derived of a subject; the shapes ask only of what is stated."""
    return _parted(subject, base)[1]


def published(subject: Node, base: ox.Store) -> bool:
    """Say whether something is published of a subject."""
    if isinstance(subject, ox.BlankNode):
        return False
    return next(base.quads_for_pattern(subject, _TYPE, None, ox.DefaultGraph()), None) is not None


def text_of(subject: Node) -> str:
    """Return a subject as findings call it."""
    return subject.value if isinstance(subject, ox.NamedNode) else str(subject)


def _parted(subject: Node, base: ox.Store) -> tuple[list[ox.Triple], list[ox.Triple]]:
    quads = list(base.quads_for_pattern(subject, None, None, None))
    made = dict.fromkeys(q.triple for q in quads if str(getattr(q.graph_name, "value", "")).startswith(DERIVED))
    return [q.triple for q in quads if isinstance(q.graph_name, ox.DefaultGraph) and q.triple not in made], [*made]


def _is_history(subject: Node, submitted: ox.Store, base: ox.Store) -> bool:
    """Say whether a subject is part of the log, withdrawn or merged, or would become so by this submission."""
    if _LOGGED & {*_types(subject, submitted), *_types(subject, base)}:
        return True
    merged = (store.quads_for_pattern(subject, _MERGED, None, None) for store in (submitted, base))
    return any(next(quads, None) is not None for quads in merged)


def _class_findings(
    subject: Node, submitted: ox.Store, base: ox.Store, classes: Mapping[str, Collection[str]], made: Collection[str]
) -> Iterator[Finding]:
    types = _types(subject, submitted)
    if not types and not published(subject, base):
        if next(submitted.quads_for_pattern(subject, _REST, None, None), None) is None:  # a list has no class
            yield rules.UNTYPED.broken_by(text_of(subject))
        return
    odd = min(types - set(classes), default="") or (min(types) if len(types) > 1 else "")
    if odd:
        names = {last_part(class_).lower(): class_ for class_ in classes}
        near = difflib.get_close_matches(last_part(odd).lower(), names, 1) if odd not in classes else []
        meant = last_part(names[near[0]]) if near else ""
        yield rules.NO_RECORD.broken_by(text_of(subject), _TYPE.value, odd, nearest=meant)

    for class_ in (types or _types(subject, base)) & set(classes):
        for quad in submitted.quads_for_pattern(subject, None, None, None):
            if quad.predicate.value in made and quad.predicate.value not in classes[class_]:
                value = text_of(quad.object) if isinstance(quad.object, ox.NamedNode) else ""
                yield rules.DERIVED.broken_by(text_of(subject), quad.predicate.value, value)


def _derived_properties(submitted: ox.Store, base: ox.Store) -> set[str]:
    """Return the properties of a submission that rules make for some record, as their graphs show."""
    used = {q.predicate for q in submitted.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    ours = [predicate for predicate in used if predicate.value.startswith(f"{BASE}def/")]
    rule_graphs = [q.subject for q in base.quads_for_pattern(None, _DERIVED_BY, None, ox.DefaultGraph())]
    return {
        predicate.value
        for predicate in ours
        for graph in rule_graphs
        if isinstance(graph, ox.NamedNode)
        and next(base.quads_for_pattern(None, predicate, None, graph), None) is not None
    }


def _dangling(submitted: ox.Store, base: ox.Store) -> Iterator[Finding]:
    """Yield the references to our own identifiers, and to placeholders, that lead to nothing."""
    known: dict[ox.NamedNode, bool] = {}
    for quad in submitted.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        target = quad.object
        if not isinstance(target, ox.NamedNode) or quad.predicate == _TYPE or isinstance(quad.subject, ox.Triple):
            continue
        if not target.value.startswith(BASE) and standing(target.value) != "placeholder":
            continue
        if target not in known:
            there = (store.quads_for_pattern(target, None, None, ox.DefaultGraph()) for store in (submitted, base))
            known[target] = any(next(quads, None) is not None for quads in there)
        if not known[target]:
            yield rules.UNKNOWN.broken_by(text_of(quad.subject), quad.predicate.value, target.value)


def _types(subject: Node, store: ox.Store) -> set[str]:
    quads = store.quads_for_pattern(subject, _TYPE, None, None)
    return {text_of(quad.object) for quad in quads if isinstance(quad.object, (ox.NamedNode, ox.BlankNode))}
