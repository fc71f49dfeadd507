"""Pictures: every stored question that says how it is drawn, and the neighbourhood of any thing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from sundgraf.application.ask import ask
from sundgraf.application.query import rows_of
from sundgraf.domain.errors import NotFound
from sundgraf.domain.facets import Choice
from sundgraf.domain.media import JSON
from sundgraf.domain.names import name_of, parse_path
from sundgraf.domain.question import Question
from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.http import choosing, facts
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.pages import language_of
from sundgraf.http.pictures import gallery, neighbours
from sundgraf.http.pictures.drawing import Work
from sundgraf.http.record import local_name, pick

_MOST_ROWS = 500  # of a table below a picture
_MOST_NODES = 7  # of one property on a side
_NOT_WALKED = ("type", "isDefinedBy", "inScheme", "topConceptOf", "license", "creator")


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["pictures"])
    drawn = {question.name: question for question in context.questions.values() if question.picture}

    @routes.get("/pictures", summary="All pictures")
    async def pictures(request: Request) -> Response:
        return context.pages.render(request, "pictures.html", questions=list(drawn.values()))

    @routes.get("/pictures/{name}", summary="The picture of a stored question")
    async def picture(request: Request, name: str) -> Response:
        question = drawn.get(name)
        if question is None:
            raise NotFound(f"There is no picture {name[:80]!r}; /pictures lists them.")
        language = language_of(request)
        known = {parameter.name for parameter in question.parameters}
        given = {k: v for k, v in request.query_params.items() if k != "lang" and v}
        if "language" in known:
            given = {"language": language, **given}
        shown = await (_drawn(context, question, given, language) if set(given) - {"language"} else
                       _drawn_whole(context, question, language))  # fmt: skip
        columns = list(dict.fromkeys(name for row in shown.rows for name in row if name not in known))
        publication = context.store.publication().number
        return context.pages.render(
            request, "picture.html", question=question, rows=shown.rows, count=shown.count, columns=columns,
            drawn=shown.picture,
            answer=f"/ask/{name}?{urlencode({**given, 'lang': language})}",
            choices=await _choices(context, question, given, language),
            headers={
                "ETag": entity_tag(str(publication), language, name, request.url.query), "Cache-Control": "no-cache",
                CACHEABLE.decode(): "1",
            },
        )  # fmt: skip

    @routes.get("/neighbourhood/{rest:path}", summary="What is around a thing")
    async def neighbourhood(request: Request, rest: str) -> Response:
        language = language_of(request)
        room, _, after = rest.partition("/")
        name, _ = parse_path(room, after) if room in ("concept", "def") else parse_path("id", rest)
        rows = await facts.page_rows(context, "neighbours", thing=IRI(name.iri))
        if not rows:
            raise NotFound(f"Nothing was ever minted as <{name.iri}>.")
        called = await choosing.names(context)
        title = called.label(name.iri, language)
        incoming, outgoing = (_groups(rows, side, language) for side in ("in", "out"))
        publication = context.store.publication().number
        return context.pages.render(
            request, "neighbourhood.html", name=name, title=title, incoming=incoming, outgoing=outgoing,
            drawn=neighbours.draw(title, incoming, outgoing, language),
            headers={
                "ETag": entity_tag(str(publication), language, name.iri), "Cache-Control": "no-cache",
                CACHEABLE.decode(): "1",
            },
        )  # fmt: skip

    return routes


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture, the first rows of the answer that it shows, and how many there are."""

    picture: Markup
    rows: list[dict[str, Term]]
    count: int


async def _drawn(context: Context, question: Question, given: dict[str, str], language: str) -> _Drawn:
    rows = await rows_of_question(context, question, given)
    drawn = await asyncio.to_thread(gallery.draw, Work(question, rows, language))
    return _Drawn(drawn, rows[:_MOST_ROWS], len(rows))


async def _drawn_whole(context: Context, question: Question, language: str) -> _Drawn:
    """Return the picture of a question without a choice, made once for each publication."""
    known = {parameter.name for parameter in question.parameters}
    given = {"language": language} if "language" in known else {}
    return await facts.once(
        context, f"picture {question.name} {language}", lambda: _drawn(context, question, given, language)
    )


async def warm(context: Context, language: str) -> None:
    """Make the pictures that anybody sees who chooses nothing."""
    for question in context.questions.values():
        if question.picture and not any(not (p.optional or p.default) for p in question.parameters):
            await _drawn_whole(context, question, language)


async def rows_of_question(context: Context, question: Question, given: dict[str, str]) -> list[dict[str, Term]]:
    """Return a question's rows."""
    answer = await ask(context.store, question, given, JSON)
    return rows_of(b"".join([piece async for piece in answer]))


async def _choices(
    context: Context, question: Question, given: dict[str, str], language: str
) -> dict[str, object] | None:  # fmt: skip
    """Return what the picture can be narrowed down by: the values of the parameter that is its `choice`."""
    parameter = next((p for p in question.parameters if p.name == question.picture.get("choice")), None)
    if parameter is None:
        return None
    index, called = await choosing.facets(context), await choosing.names(context)
    current = given.get(parameter.name, parameter.default)
    counted = index.count(Choice(), parameter.name)
    shown = sorted((called.label(value, language), choosing.shorten(value)) for value, _ in counted[:16])
    if parameter.optional:
        shown.insert(0, ("Alle" if language == "da" else "All", ""))
    return {
        "label": parameter.label[language],
        "values": [(label, f"/pictures/{question.name}?{parameter.name}={short}&lang={language}", short == current)
                   for label, short in shown],
    }  # fmt: skip


def _groups(rows: list[dict[str, Term]], side: str, language: str) -> list[neighbours.Group]:
    """Return the things on a side by property; what has no name of its own is called by its kind and what it says."""
    found: dict[str, dict[str, list[dict[str, Term]]]] = {}
    for row in rows:
        if str(row["direction"]) == side and local_name(str(row["property"])) not in _NOT_WALKED:
            found.setdefault(str(row["property"]), {}).setdefault(str(row["other"]), []).append(row)
    groups = []
    for property_, others in found.items():
        every = [row for held in others.values() for row in held]
        group = neighbours.Group(_text(every, "propertyLabel", language) or local_name(property_))
        nodes = []
        for other, held in others.items():
            name = name_of(other)
            if name is None or name.room not in ("id", "concept", "def"):
                continue
            own = _text(held, "otherLabel", language)
            said = ": ".join(filter(None, (_text(held, kind, language) for kind in ("kindLabel", "whatLabel"))))
            rest = name.rest if name.room == "id" else f"{name.room}/{name.rest}"
            nodes.append((not own, neighbours.Node(own or said or name.rest, f"/neighbourhood/{rest}")))
        if nodes:
            group.nodes = [node for _, node in nodes[:_MOST_NODES]]
            group.more = max(0, len(nodes) - _MOST_NODES)
            groups.append((nodes[0][0], group.label, group))
    return [group for _, _, group in sorted(groups, key=lambda three: three[:2])]


def _text(rows: list[dict[str, Term]], name: str, language: str) -> str:
    return pick([label for row in rows if isinstance(label := row.get(name), Literal)], language)
