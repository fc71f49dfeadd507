"""Find which of our things another register's names mean, and say when that is certain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sundgraf.application.comparable import IDENTIFIER, Comparable, Kind, Property
from sundgraf.domain.finder import ABBREVIATED, Finder, fold
from sundgraf.domain.identifiers import read_identifier
from sundgraf.domain.names import BASE
from sundgraf.domain.terms import IRI, Literal, Term, legal_iri
from sundgraf.domain.words import triples

Values = Mapping[tuple[str, str], Sequence[tuple[Term, str]]]  # (thing, property): the values and what each is called
_LEAST = 0.25  # of a score; what is less like the name is no candidate
_ALIKE = 0.6  # share of letter triples of a value that is written a little differently
_OF_NAME, _OF_PROPERTIES = 0.7, 0.3  # parts of the score
_ABBREVIATION = 6  # letters at most
_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGER = f"{_XSD}integer"
_DATATYPES = (_INTEGER, *(f"{_XSD}{name}" for name in ("date", "gYear", "gYearMonth", "anyURI", "boolean")))
_TELLING = re.compile(r"[+#]")  # signs that tell names apart though they are no letters


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of the thing is said to be; any of the values may hold. `required` leaves out what lacks it."""

    name: str
    property: Property
    values: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A name to be found, the classes it may be of (none: all), how many candidates, and what else is known of it."""

    text: str
    kinds: tuple[Kind, ...] = ()
    limit: int = 10
    conditions: tuple[Condition, ...] = ()
    preferred: bool = False  # things of these classes come first, but others may be meant
    identifiers: tuple[str, ...] = ()


@dataclass(slots=True)
class Candidate:
    """A thing that may be meant. `score` is 0 to 1; `match` says that it is certain; features are by their names."""

    iri: str
    name: str
    called: str
    classes: tuple[str, ...]
    score: float
    features: dict[str, float] = field(default_factory=dict)
    match: bool = False


@dataclass(frozen=True)
class Register:
    """What the names of one publication are compared with: made once, then only read."""

    finder: Finder
    comparable: Comparable
    identifiers: Mapping[str, tuple[str, ...]]

    def find(self, query: Query, language: str) -> list[Candidate]:
        """Return the things that a query may mean by its name and identifiers, best first; no conditions applied."""
        classes = [kind.iri for kind in query.kinds if not query.preferred] or list(self.comparable.kinds)
        identified = self._identified(query, set(classes))
        found = {iri: self._candidate(iri, "", 1.0, language) for iri in identified}
        if query.text and not (found and read_identifier(query.text)):
            for hit in self.finder.rank(query.text, classes, language, max(query.limit, 10)):
                if hit.iri in found:
                    found[hit.iri].features["name"] = hit.score
                elif hit.score >= _LEAST:
                    found[hit.iri] = self._candidate(hit.iri, hit.name, hit.score, language)
                    found[hit.iri].features["name"] = hit.score
        for iri in identified:
            found[iri].features[IDENTIFIER] = 1.0
        return list(found.values())

    def values_sought(self, query: Query) -> list[tuple[IRI, Term, Literal]]:
        """Return the (property, value, number of the condition) by which a query without a name is looked up."""
        sought: list[tuple[IRI, Term, Literal]] = []
        for number, one in enumerate(query.conditions if not (query.text or query.identifiers) else ()):
            for value in dict.fromkeys(term for said in one.values for term in self._terms(said)):
                sought += [(IRI(path), value, Literal(str(number), _INTEGER)) for path in one.property.paths]
        return sought

    def holders(self, things: Iterable[str], language: str) -> list[Candidate]:
        """Return things that have values which were looked up, as candidates; none of them is ever certain."""
        return [self._candidate(iri, "", 0.0, language) for iri in things]

    def wanted(self, query: Query, candidates: Iterable[Candidate]) -> list[tuple[IRI, IRI]]:
        """Return the (thing, property) pairs whose values decide between the candidates of a query."""
        paths = [IRI(path) for one in query.conditions for path in one.property.paths]
        return [(IRI(candidate.iri), path) for candidate in candidates for path in paths]

    def judge(self, query: Query, candidates: Sequence[Candidate], values: Values) -> list[Candidate]:
        """Return the candidates with their scores, best first, and which of them is certain."""
        kept = []
        for candidate in candidates:
            agreeing = [self._agreement(candidate.iri, one, values) for one in query.conditions]
            for one, agrees in zip(query.conditions, agreeing, strict=True):
                if agrees is not None:
                    candidate.features[one.name] = agrees
            if any(one.required and not agrees for one, agrees in zip(query.conditions, agreeing, strict=True)):
                continue
            if query.conditions and IDENTIFIER not in candidate.features:
                known = [0.5 if agrees is None else agrees for agrees in agreeing]
                agreed = sum(known) / len(known)
                candidate.score = _OF_NAME * candidate.score + _OF_PROPERTIES * agreed if query.text else agreed
            kept.append(candidate)
        order = {iri: place for place, iri in enumerate(self.comparable.kinds)}
        wanted = {kind.iri for kind in query.kinds}
        kept.sort(
            key=lambda one: (
                wanted.isdisjoint(one.classes) if query.preferred else False, -round(one.score, 4),
                min(order.get(class_, 99) for class_ in one.classes), len(one.name), one.iri,
            )
        )  # fmt: skip
        certain = self._certain(query, kept)
        if certain is not None:
            certain.match = True
            kept.sort(key=lambda one: not one.match)
        return kept[: query.limit]

    def _identified(self, query: Query, classes: set[str]) -> list[str]:
        given = [*query.identifiers, *([key] if (key := read_identifier(query.text)) else [])]
        found = dict.fromkeys(iri for key in given for iri in self.things(key))
        return [iri for iri in found if not classes.isdisjoint(self.finder.classes(iri))]

    def things(self, identifier: str) -> tuple[str, ...]:
        """Return the things that an identifier, in its one form, is of."""
        own = (identifier,) if identifier.startswith(BASE) and self.finder.classes(identifier) else ()
        return own or self.identifiers.get(identifier, ())

    def _terms(self, said: str) -> list[Term]:
        """Return what a value may be in the graph: things of that name or identifier, and literals."""
        key = read_identifier(said)
        things = {*self.finder.named(said), *(self.things(key) if key else ()), *([said] if legal_iri(said) else [])}
        tagged = [Literal(said, language=language) for language in ("da", "en")]
        return [
            *map(IRI, sorted(things)),
            Literal(said),
            *tagged,
            *(Literal(said, datatype) for datatype in _DATATYPES),
        ]

    def _candidate(self, iri: str, called: str, score: float, language: str) -> Candidate:
        classes = self.finder.classes(iri)
        shown = tuple(kind for kind in self.comparable.kinds if kind in classes) or tuple(sorted(classes))
        return Candidate(iri, self.finder.label(iri, language) or called, called, shown, score)

    def _certain(self, query: Query, candidates: Sequence[Candidate]) -> Candidate | None:
        """Return the one candidate that can only be meant: by an identifier, or the only one with the very name.

        A name with a slip is never certain (Norrland is not Nordland), nor is one that a property contradicts.
        """
        by_identifier = [one for one in candidates if IDENTIFIER in one.features and one.features[IDENTIFIER] == 1.0]
        if by_identifier or query.identifiers or read_identifier(query.text):
            if len(by_identifier) != 1 or _contradicted(query, by_identifier[0]):
                return None
            own = by_identifier[0].features.get("name", 0.0)
            another = any(one.features.get("name", 0.0) >= max(0.9, own + 0.01) for one in candidates)
            return None if another else by_identifier[0]
        same = [one for one in candidates if one.features.get("name") == 1.0]
        if len(same) > 1:  # only what is known besides can tell them apart
            same = [one for one in same if not _contradicted(query, one)]
            if len(same) != 1 or not all(same[0].features.get(one.name) == 1.0 for one in query.conditions):
                return None
        if not same or _contradicted(query, same[0]) or _may_abbreviate_another(query, same[0], candidates):
            return None
        return same[0] if _TELLING.findall(query.text) == _TELLING.findall(same[0].called) else None

    def _agreement(self, iri: str, condition: Condition, values: Values) -> float | None:
        """Return how well the values of a thing agree with what is said of them; None where nothing is registered."""
        held = [pair for path in condition.property.paths for pair in values.get((iri, path), ())]
        if condition.property.identifier == IDENTIFIER:
            return _same_identifier(condition.values, [str(term) for term, _ in held])
        if not held or not condition.values:
            return None
        return max(self._alike(said, term, label) for said in condition.values for term, label in held)

    def _alike(self, said: str, term: Term, label: str) -> float:
        if isinstance(term, IRI):
            key = read_identifier(said)
            if term.value in (said, *self.things(key)) or (key and key == read_identifier(term.value)):
                return 1.0
            if term.value in self.finder.named(said):
                return 1.0
        elif isinstance(term, Literal) and term.datatype and said and term.value.startswith(said.strip()):
            return 1.0  # a year for a date
        one, other = fold(said), fold(label or str(term))
        if one == other:
            return 1.0
        letters, others = triples(one), triples(other)
        alike = 2 * len(letters & others) / (len(letters) + len(others))
        return round(alike, 3) if alike >= _ALIKE else 0.0


def make_register(finder: Finder, comparable: Comparable, identifiers: Iterable[tuple[str, str]]) -> Register:
    """Return the register of a publication from (thing, identifier) pairs."""
    known: dict[str, list[str]] = {}
    for iri, said in identifiers:
        key = read_identifier(said)
        if key and iri not in known.setdefault(key, []):
            known[key].append(iri)
    return Register(finder, comparable, {key: tuple(iris) for key, iris in known.items()})


def identifiers_of(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the identifiers that conditions give, in their one form; a cell that holds none says nothing."""
    given = [value for one in conditions if one.property.identifier == IDENTIFIER for value in one.values]
    return tuple(key for value in given if (key := read_identifier(value)))


def group_values(
    rows: Iterable[Mapping[str, Term]], name: Callable[[str], str]
) -> dict[tuple[str, str], list[tuple[Term, str]]]:
    """Return the values of things by (thing, property), each once for each of its names."""
    found: dict[tuple[str, str], list[tuple[Term, str]]] = {}
    for row in rows:
        label = row.get("label")
        held = found.setdefault((str(row["thing"]), str(row["property"])), [])
        held.append((row["value"], str(label) if label is not None else name(str(row["value"]))))
    return found


def _contradicted(query: Query, candidate: Candidate) -> bool:
    return any(candidate.features.get(one.name) == 0.0 for one in query.conditions)


def _may_abbreviate_another(query: Query, one: Candidate, candidates: Iterable[Candidate]) -> bool:
    """Say whether a short word, though it is the name of one thing, fits another's initials, and nothing decides."""
    if len(query.text) > _ABBREVIATION:
        return False
    decided = query.conditions and all(one.features.get(said.name) == 1.0 for said in query.conditions)
    return not decided and any(
        other is not one and other.features.get("name", 0.0) >= ABBREVIATED for other in candidates
    )


def _same_identifier(said: Sequence[str], held: Sequence[str]) -> float | None:
    """Return 1 for the same identifier, 0 for another one of the same kind, None where neither can be said."""
    given = {key for text in said if (key := read_identifier(text))}
    known = {key for text in held if (key := read_identifier(text))}
    if given & known:
        return 1.0
    kinds = {key.partition(":")[0] for key in known}
    return 0.0 if any(key.partition(":")[0] in kinds for key in given) else None
