"""What a record's page has beside the facts: where else it counts, what is like it, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sundgraf.domain.facets import Choice
from sundgraf.domain.names import Name
from sundgraf.domain.terms import Term
from sundgraf.http.choosing import Names, class_of, facet_parameters, facets, names, shorten
from sundgraf.http.context import Context
from sundgraf.http.record import local_name

_ALIKE = ("useCase", "topic", "technology", "effect", "area", "specialty")  # what counts most first
_MOST_INCOMING = 12  # of one property; a term or concept shows the whole page of them
_TOLD_ABOVE = ("about", "classifies", "reconciles", "bearsOn", "matchesSolution", "type")


@dataclass(frozen=True, slots=True)
class Group:
    """What points to a thing by one property: (label, IRI), and how many are not listed."""

    label: str
    links: list[tuple[str, str]] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """`chosen` are choices of the catalogue by this thing, with counts; `alike` what is like it and shares what."""

    kind: tuple[str, str]
    chosen: list[tuple[str, int, str]]
    alike: list[tuple[str, str, list[str]]]
    questions: list[tuple[str, str]]
    incoming: list[Group]
    called: Names


async def find_beside(context: Context, name: Name, incoming: Sequence[dict[str, Term]], language: str) -> Beside:
    """Return what stands beside the facts about a thing."""
    index, called = await facets(context), await names(context)
    question = context.questions["browse"]
    short = shorten(name.iri)
    chosen = []
    for parameter in facet_parameters(question):
        count = index.select(Choice(((parameter.name, name.iri),))).bit_count()
        if count:
            address = f"/catalogue?{parameter.name}={short}&lang={language}"
            chosen.append((parameter.label[language], count, address))
    alike = [
        (
            called.label(other, language),
            other,
            list(dict.fromkeys(called.label(value, language) for _, value in shared)),
        )
        for other, shared in index.alike(name.iri, _ALIKE)
    ]
    class_ = class_of(index, name.iri)
    most = _MOST_INCOMING if name.room == "id" else len(incoming)
    return Beside(
        (called.label(class_, language), class_) if class_ else ("", ""),
        chosen, alike, _questions(context, name, language), _incoming(incoming, called, language, most), called,
    )  # fmt: skip


def _questions(context: Context, name: Name, language: str) -> list[tuple[str, str]]:
    """Return the stored questions that have a parameter for things of this class or concepts of this scheme."""
    room, _, short = name.rest.partition("/")
    found = []
    for question in context.questions.values():
        for parameter in question.parameters:
            fits = parameter.kind == room if name.room == "id" else name.room == "concept" and parameter.scheme == room
            if fits and question.name != "browse":
                address = f"/ask/{question.name}?{parameter.name}={short}&language={language}&lang={language}"
                found.append((question.summary[language], address))
                break
    return found


def _incoming(rows: Sequence[dict[str, Term]], called: Names, language: str, most: int) -> list[Group]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        property_, subject = str(row["property"]), str(row["subject"])
        if local_name(property_) not in _TOLD_ABOVE:
            links = groups.setdefault(property_, [])
            links.append((called.label(subject, language), subject))
    return [
        Group(called.label(property_, language), sorted(links)[:most], max(0, len(links) - most))
        for property_, links in sorted(groups.items())
    ]
