"""Which new records of an edition may be there already: in the edition itself, or among what is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import pyoxigraph as ox

from sundgraf.application.compare_edition import MAIN
from sundgraf.application.map_rows import source_key
from sundgraf.domain.finder import Finder, fold
from sundgraf.domain.imported import Alike
from sundgraf.domain.names import BASE

_TITLE = ox.NamedNode("http://purl.org/dc/terms/title")
_USE_CASE = ox.NamedNode(f"{BASE}def/useCase")
_AT = tuple(ox.NamedNode(f"{BASE}def/{name}") for name in ("operator", "leadOrganisation", "participant", "vendor"))
_MUCH_ALIKE = 0.5  # as in duplicates: a name with one slip in ten letters
_MOST = 5  # records that are named for a row


def find_twins(
    triples: Iterable[ox.Triple], kinds: dict[ox.NamedNode, ox.NamedNode], base: ox.Store, finder: Finder,
    progress: Callable[[int], object],
) -> Iterator[Alike]:  # fmt: skip
    """Yield what is like each new record: by name in the edition, and by name, or use and organisation, elsewhere.

    `kinds` are the new records with their classes; only projects, deployments and products are compared.
    """
    titles, uses, places = _read(triples)
    by_name: dict[tuple[str, ...], list[ox.NamedNode]] = defaultdict(list)
    new = [subject for subject, kind in kinds.items() if kind in MAIN]
    for subject in new:
        by_name[(fold(titles.get(subject, "")), *sorted(places[subject]))].append(subject)
    for subject in new:
        progress(1)
        title, key = titles.get(subject, ""), source_key(subject)
        first = by_name[(fold(title), *sorted(places[subject]))][0]
        if first != subject:
            yield Alike(key, title, "the same name and organisation in this edition", source_key(first))
        told = set()
        for hit in finder.find(title, [kind.value for kind in MAIN], "", 2):
            length = min(len(hit.name), len(title)) / max(len(hit.name), len(title), 1)
            if hit.score >= _MUCH_ALIKE and length > 0.7:
                told.add(hit.iri)
                same = fold(hit.name) == fold(title)
                yield Alike(key, title, "the same name" if same else f"a similar name, {hit.name!r}", hit.iri)
        for iri in sorted(_same_work(uses[subject], places[subject], base) - told)[:_MOST]:
            yield Alike(key, title, "the same use case at the same organisation", iri)


def _read(
    triples: Iterable[ox.Triple],
) -> tuple[dict[ox.NamedNode, str], dict[ox.NamedNode, set[str]], dict[ox.NamedNode, set[str]]]:
    titles: dict[ox.NamedNode, str] = {}
    uses: dict[ox.NamedNode, set[str]] = defaultdict(set)
    places: dict[ox.NamedNode, set[str]] = defaultdict(set)
    for triple in triples:
        subject, value = triple.subject, triple.object
        if not isinstance(subject, ox.NamedNode):
            continue
        if triple.predicate == _TITLE and isinstance(value, ox.Literal):
            titles.setdefault(subject, value.value)
        elif triple.predicate == _USE_CASE and isinstance(value, ox.NamedNode):
            uses[subject].add(value.value)
        elif triple.predicate in _AT and isinstance(value, ox.NamedNode):
            places[subject].add(value.value)
    return titles, uses, places


def _same_work(uses: set[str], places: set[str], base: ox.Store) -> set[str]:
    """Return what is published with one of the uses at one of the organisations."""
    found = set()
    for place in places:
        for predicate in _AT:
            for held in base.quads_for_pattern(None, predicate, ox.NamedNode(place), ox.DefaultGraph()):
                if isinstance(held.subject, ox.NamedNode) and any(
                    ox.Quad(held.subject, _USE_CASE, ox.NamedNode(use)) in base for use in uses
                ):
                    found.add(held.subject.value)
    return found
