"""What rules make of what is stated: CONSTRUCT queries, whose results stand in named graphs of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import pyoxigraph as ox
from rdflib import URIRef, Variable
from rdflib.paths import NegatedPath, Path
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from sundgraf.domain.names import BASE
from sundgraf.store.load import DERIVED, in_both

_MOST_COPIED = 3_000_000  # quads; some 2.7 GB of memory at 2.5 million, half of them made, while rules run
_MANY = 20_000  # quads from which the bulk loader is quicker
_MANY_READ = 200_000  # quads from which it pays to see which of them the rules read


def derive(store: ox.Store, rules: Sequence[tuple[str, str]]) -> None:
    """Bring what rules make up to date: CONSTRUCT queries, given as (name, text); each sees what earlier ones made.

    What a rule makes goes into a named graph of its own, which says by sg:derivedBy which rule it was; what somebody
    states too is left to them. The rules read a copy in memory of what they ask for, and only what differs from before
    is written: of an accepted submission that is little, and on disk reading takes twice and writing ten times as long.
    """
    if len(store) > _MOST_COPIED:
        _forget_derived(store)
        derive_first(store, rules)
        return
    before = _derived(store)
    alone = _said_by_rules_alone(before, store)
    held = ox.Store()
    held.extend(_asked_of(store, rules, alone))
    after = dict(_made_by(rules, held))
    every = {triple for made in after.values() for triple in made}
    for graph, made in before.items():
        for triple in made.keys() - after.get(graph, {}).keys():
            store.remove(_quad(triple, graph))
        if graph not in after:
            store.remove_graph(ox.NamedNode(graph))
    for triple in alone - every:
        store.remove(_quad(triple))
    new = [triple for triple in every if triple not in alone]
    added = chain(
        (_quad(t, graph) for graph, made in after.items() for t in made.keys() - before.get(graph, {}).keys()),
        (_quad(triple) for triple in new),
    )
    (store.bulk_extend if len(new) > _MANY else store.extend)(added)


def derive_first(store: ox.Store, rules: Iterable[tuple[str, str]]) -> None:
    """Do as `derive` does, where rules have made nothing yet; without a copy."""
    for graph, made in _made_by(rules, store):
        store.extend(in_both(made, graph))


def _made_by(rules: Iterable[tuple[str, str]], held: ox.Store) -> Iterator[tuple[str, dict[ox.Triple, None]]]:
    """Yield the graph of each rule and what it makes of the default graph, and add it there."""
    for name, text in rules:
        answer = held.query(text)
        if not isinstance(answer, ox.QueryTriples):
            raise TypeError("a derive rule is a CONSTRUCT query")
        graph = f"{DERIVED}/{name}"
        made = {triple: None for triple in answer if _quad(triple) not in held}
        rule = ox.NamedNode(f"{BASE}query/derive/{name}")
        made[ox.Triple(ox.NamedNode(graph), ox.NamedNode(f"{BASE}def/derivedBy"), rule)] = None
        held.extend(_quad(triple) for triple in made)
        yield graph, made


def named_by_iri(store: ox.Store) -> list[ox.NamedNode]:
    """Return the named graphs of a store whose name is an IRI."""
    return [graph for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)]


def is_rules(graph: ox.NamedNode) -> bool:
    """Say whether a named graph is that of a rule."""
    return graph.value.startswith(f"{DERIVED}/")


def _derived(store: ox.Store) -> dict[str, dict[ox.Triple, None]]:
    """Return what the graphs of rules hold."""
    return {
        graph.value: {quad.triple: None for quad in store.quads_for_pattern(None, None, None, graph)}
        for graph in named_by_iri(store)
        if is_rules(graph)
    }


def _said_by_rules_alone(made: Mapping[str, Mapping[ox.Triple, None]], store: ox.Store) -> set[ox.Triple]:
    """Return what no named graph but those of rules holds.

    Only statements with a property that rules make are read of the other graphs: hardly anybody states these.
    """
    alone = {triple for triples in made.values() for triple in triples}
    properties = {triple.predicate for triple in alone}
    for graph in named_by_iri(store):
        if not is_rules(graph):
            for named in properties:
                alone.difference_update([quad.triple for quad in store.quads_for_pattern(None, named, None, graph)])
    return alone


def _asked_of(store: ox.Store, rules: Sequence[tuple[str, str]], without: set[ox.Triple]) -> Iterator[ox.Quad]:
    """Yield what rules read or make of the default graph; of a small one simply all."""
    properties = properties_of([text for _, text in rules]) if len(store) > _MANY_READ else None
    left_out = {triple.predicate for triple in without}
    for named in [None] if properties is None else [ox.NamedNode(iri) for iri in sorted(properties)]:
        quads = store.quads_for_pattern(None, named, None, ox.DefaultGraph())
        some = named is None or named in left_out
        yield from (quad for quad in quads if quad.triple not in without) if some else quads


def properties_of(rules: Iterable[str]) -> set[str] | None:
    """Return the properties that CONSTRUCT queries read and make, None where one of them can be any.

    A path of no steps between two things that nothing else is said of (`?a sg:partOf? ?b` alone) counts as reading
    its property.
    """
    verbs: list[object] = []
    waiting: list[object] = [translateQuery(parseQuery(text)).algebra for text in rules]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            for key in {"triples", "template"} & part.keys():  # rows of three, or of several times three
                verbs += list(chain.from_iterable(part[key] or ()))[1::3]
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
    found: set[str] = set()
    while verbs:
        verb = verbs.pop()
        if isinstance(verb, URIRef):
            found.add(str(verb))
        elif isinstance(verb, (Variable, NegatedPath)):
            return None
        elif isinstance(verb, Path):
            verbs += [value for value in vars(verb).values() if isinstance(value, (Path, URIRef))]
            verbs += getattr(verb, "args", ())
        else:
            raise TypeError(f"{verb!r} is no property")
    return found


def _forget_derived(store: ox.Store) -> None:
    """Take out what rules made, but not what somebody states too."""
    before = _derived(store)
    alone = _said_by_rules_alone(before, store)
    for graph in before:
        store.remove_graph(ox.NamedNode(graph))
    for triple in alone:
        store.remove(_quad(triple))


def _quad(triple: ox.Triple, graph: str = "") -> ox.Quad:
    """Return a triple in a named graph, in the default graph where none is named."""
    if not graph:
        return ox.Quad(triple.subject, triple.predicate, triple.object)
    return ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode(graph))
