"""Which new records of an edition may be there already: in the edition itself, or among what is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import pyoxigraph as ox

from sundgraf.application.compare_edition import MAIN
from sundgraf.application.map_rows import source_key
from sundgraf.domain.finder import Finder, fold
from sundgraf.domain.imported import PLACEHOLDERS, Alike
from sundgraf.domain.names import BASE

_TITLE = ox.NamedNode("http://purl.org/dc/terms/title")
_USE_CASE = ox.NamedNode(f"{BASE}def/useCase")
_AS, _CLASSIFIES = ox.NamedNode(f"{BASE}def/classifiedAs"), ox.NamedNode(f"{BASE}def/classifies")
_AT = tuple(ox.NamedNode(f"{BASE}def/{name}") for name in ("operator", "leadOrganisation", "participant", "vendor"))
_MUCH_ALIKE = 0.5  # as in duplicates: a name with one slip in ten letters
_MOST = 5  # records that are named for a row
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_SAME_ROW = ("the same name and organisation in this edition", "samme navn og organisation i denne udgave")
_SAME_WORK = ("the same use case at the same organisation", "samme brugsscenarie i samme organisation")


def find_twins(
    triples: Iterable[ox.Triple], kinds: dict[ox.NamedNode, ox.NamedNode], base: ox.Store, finder: Finder,
    progress: Callable[[int], object],
) -> Iterator[Alike]:  # fmt: skip
    """Yield what is like each new record: by name in the edition, and by name, or use and organisation, elsewhere.

    `kinds` are the new records with their classes; only projects, deployments and products are compared.
    """
    titles, uses, places = _read(triples, base)
    by_name: dict[tuple[str, ...], list[ox.NamedNode]] = defaultdict(list)
    new = [subject for subject, kind in kinds.items() if kind in MAIN]
    for subject in new:
        by_name[(fold(titles.get(subject, "")), *sorted(places[subject]))].append(subject)
    for subject in new:
        progress(1)
        title, key = titles.get(subject, ""), source_key(subject)
        first = by_name[(fold(title), *sorted(places[subject]))][0]
        if first != subject:
            yield Alike(key, title, _SAME_ROW, source_key(first), "high")
        told = set()
        for hit in finder.find(title, [kind.value for kind in MAIN], "", 2):
            length = min(len(hit.name), len(title)) / max(len(hit.name), len(title), 1)
            if hit.score >= _MUCH_ALIKE and length > 0.7:
                told.add(hit.iri)
                if fold(hit.name) == fold(title):
                    yield Alike(key, title, ("the same name", "det samme navn"), hit.iri, "medium")
                else:
                    how = (f"a similar name, {hit.name!r}", f"et lignende navn, {hit.name!r}")
                    yield Alike(key, title, how, hit.iri, "low")
        for iri in sorted(_same_work(uses[subject], places[subject], base) - told)[:_MOST]:
            yield Alike(key, title, _SAME_WORK, iri, "low")


def likeness_statements(alike: Iterable[Alike], source: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield a likeness (sg:Likeness) for each row that may tell of the same as another, marked as inferred.

    It has no key of the register, which does not say it: the next edition leaves it alone.
    """
    for number, one in enumerate(one for one in alike if one.confidence):
        node = ox.NamedNode(f"{PLACEHOLDERS}likeness/{number}")
        other = one.other if one.other.startswith(BASE) else f"{PLACEHOLDERS}{one.other}"
        said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (_TYPE, ox.NamedNode(f"{BASE}def/Likeness")), (f"{BASE}def/about", ox.NamedNode(PLACEHOLDERS + one.key)),
            (f"{BASE}def/resembles", ox.NamedNode(other)), ("http://purl.org/dc/terms/source", source),
            (f"{BASE}def/basis", ox.NamedNode(f"{BASE}concept/basis/inferred")),
            (f"{BASE}def/confidence", ox.NamedNode(f"{BASE}concept/confidence/{one.confidence}")),
            (f"{BASE}def/rationale", ox.Literal(f"Found when it was imported: {one.how[0]}.", language="en")),
            (f"{BASE}def/rationale", ox.Literal(f"Fundet ved indlæsningen: {one.how[1]}.", language="da")),
        ]  # fmt: skip
        yield from (ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in said)


def _read(
    triples: Iterable[ox.Triple], base: ox.Store
) -> tuple[dict[ox.NamedNode, str], dict[ox.NamedNode, set[str]], dict[ox.NamedNode, set[str]]]:
    titles: dict[ox.NamedNode, str] = {}
    uses: dict[ox.NamedNode, set[str]] = defaultdict(set)
    places: dict[ox.NamedNode, set[str]] = defaultdict(set)
    classified: dict[ox.NamedNode, str] = {}
    of: dict[ox.NamedNode, ox.NamedNode] = {}
    for triple in triples:
        subject, value = triple.subject, triple.object
        if not isinstance(subject, ox.NamedNode):
            continue
        if triple.predicate == _TITLE and isinstance(value, ox.Literal):
            titles.setdefault(subject, value.value)
        elif triple.predicate == _AS and isinstance(value, ox.NamedNode):
            classified[subject] = value.value
        elif triple.predicate == _CLASSIFIES and isinstance(value, ox.NamedNode):
            of[subject] = value
        elif triple.predicate in _AT and isinstance(value, ox.NamedNode):
            places[subject].add(value.value)
    for node, thing in of.items():
        if node not in classified:  # it says what it said before, of a record that became another
            held = next(base.quads_for_pattern(node, _AS, None, ox.DefaultGraph()), None)
            classified[node] = str(getattr(held.object, "value", "")) if held else ""
        uses[thing].add(classified[node])
    return titles, uses, places


def _same_work(uses: set[str], places: set[str], base: ox.Store) -> set[str]:
    """Return what is published with one of the uses at one of the organisations."""
    found = set()
    for place in places:
        for predicate in _AT:
            for held in base.quads_for_pattern(None, predicate, ox.NamedNode(place), ox.DefaultGraph()):
                if isinstance(held.subject, ox.NamedNode) and any(
                    ox.Quad(held.subject, _USE_CASE, ox.NamedNode(use)) in base for use in uses if use
                ):
                    found.add(held.subject.value)
    return found
