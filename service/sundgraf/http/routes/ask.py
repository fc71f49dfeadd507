"""The stored questions: each an address that answers in every result format, and a page with a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sundgraf.application.ask import ask, formats_of, write_out
from sundgraf.application.group_questions import group_questions
from sundgraf.application.query import rows_of
from sundgraf.domain.errors import InvalidParameter, NotFound
from sundgraf.domain.media import HTML, JSON, PLAIN_JSON, Format, choose, named
from sundgraf.domain.question import Parameter, Question
from sundgraf.http.chart import draw_counts
from sundgraf.http.context import Context
from sundgraf.http.delivery import CACHEABLE, entity_tag
from sundgraf.http.pages import language_of
from sundgraf.http.questions import choices_of, identified, input_of, snippets
from sundgraf.http.structured import as_script, tell_question

_NOT_PARAMETERS = ("lang", "format")
_OPENAPI_TYPES = {"integer": "integer", "decimal": "number", "boolean": "boolean"}


def router(context: Context) -> APIRouter:
    """Return the routes: the list, and one address for every question with its parameters in the OpenAPI document."""
    routes = APIRouter(tags=["questions"])

    @routes.get("/ask", summary="All stored questions")
    async def questions(request: Request) -> Response:
        if choose(request.headers.get("accept", ""), (PLAIN_JSON, HTML)) is HTML:
            words = request.query_params.get("q", "").strip()[:200]
            kept = [question for question in context.questions.values() if _has_words(question, words)]
            groups = group_questions(context.bundle.queries / "groups.toml", kept)
            return context.pages.render(
                request, "questions.html", groups=[group for group in groups if group.questions], q=words
            )
        return JSONResponse([_listed(question) for question in context.questions.values()], headers={"Vary": "Accept"})

    for question in context.questions.values():
        routes.add_api_route(
            f"/ask/{question.name}",
            _answerer(context, question, ""),
            methods=["GET"],
            name=question.name,
            summary=question.summary.get("en", ""),
            description=question.description.get("en", ""),
            openapi_extra={"parameters": [_openapi(parameter) for parameter in question.parameters]},
        )

    @routes.get("/ask/{name}", include_in_schema=False)
    async def by_extension(request: Request, name: str) -> Response:
        stem, _, extension = name.rpartition(".")
        question = context.questions.get(stem)
        if question is None or not extension:
            raise NotFound(f"There is no stored question {name!r}; /ask lists them.")
        return await _answerer(context, question, extension)(request)

    return routes


def _answerer(context: Context, question: Question, extension: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        given = _given(request, question)
        format = _format(request, question, extension)
        publication = context.store.publication().number
        if format is HTML:
            return await _page(context, request, question, given)
        result = await ask(context.store, question, given, format)
        body = b"".join([piece async for piece in result])
        headers = {
            "Content-Type": format.content_type,
            "Vary": "Accept",
            "ETag": entity_tag(str(publication), question.name, format.name, request.url.query),
            "Cache-Control": "no-cache",
            "Sundgraf-Publication": str(publication),
            "Link": f'<{question.iri}>; rel="describedby"',
            CACHEABLE.decode(): "1",
        }
        return Response(body, headers=headers)

    return answer


def _given(request: Request, question: Question) -> dict[str, str]:
    given: dict[str, str] = {}
    several = {parameter.name for parameter in question.parameters if parameter.several}
    for name, value in request.query_params.multi_items():
        if name in given and name in several:
            given[name] = ",".join(filter(None, (given[name], value)))
            continue
        if name in given:
            raise InvalidParameter(f"{name!r} is given more than once; a question takes one value of each.", name)
        if name not in _NOT_PARAMETERS:
            given[name] = value
    return given


async def _page(context: Context, request: Request, question: Question, given: dict[str, str]) -> Response:
    language, publication = language_of(request), context.store.publication().number
    known = {parameter.name for parameter in question.parameters}
    if "language" in known:
        given = {"language": language, **given}
    given = await identified(context, question, given, language)
    needed = [p for p in question.parameters if not (p.optional or p.default or given.get(p.name))]
    rows = []
    if not needed:
        result = await ask(context.store, question, given, JSON)
        rows = rows_of(b"".join([piece async for piece in result]))
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in known))
    choices = await choices_of(context, question, language)
    asked = urlencode({name: value for name, value in given.items() if value})
    return context.pages.render(
        request, "question.html", question=question, given=given, rows=rows,
        columns=columns, needed=needed, formats=formats_of(question), choices=choices, input_of=input_of,
        asked=f"?{asked}" if asked else "", query=write_out(question, given),
        chart=draw_counts(question.text, context.pages.headed(columns, language), rows),
        snippets=[] if needed else snippets(context, request, question, given),
        examples={p.name: dict(choices.get(p.name, [])).get(p.example, p.example) for p in needed},
        related=_related(context, question), structured=as_script(
            tell_question(question.name, question.summary[language], question.description.get(language, ""), language)
        ),
        headers={
            "ETag": entity_tag(str(publication), question.name, "html", language, request.url.query),
            "Cache-Control": "no-cache", CACHEABLE.decode(): "1",
        },
    )  # fmt: skip


def _related(context: Context, question: Question) -> list[Question]:
    """Return the questions that share most tags with this one, at most five."""
    shared = {name: len(set(other.tags) & set(question.tags)) for name, other in context.questions.items()}
    near = sorted((name for name in shared if shared[name] and name != question.name), key=lambda n: -shared[n])
    return [context.questions[name] for name in near[:5]]


def _has_words(question: Question, words: str) -> bool:
    """Say whether all words are in what a question says of itself, in either language."""
    said = " ".join([question.name, *question.summary.values(), *question.description.values(), *question.tags])
    return all(word in said.casefold() for word in words.casefold().split())


def _format(request: Request, question: Question, extension: str) -> Format:
    asked = extension or request.query_params.get("format", "")
    formats = (*formats_of(question), HTML)
    return named(asked, formats) if asked else choose(request.headers.get("accept", ""), formats)


def _listed(question: Question) -> dict[str, object]:
    return {
        "name": question.name,
        "address": f"/ask/{question.name}",
        "summary": dict(question.summary),
        "description": dict(question.description),
        "tags": list(question.tags),
        "parameters": [
            {"name": p.name, "type": p.type, "optional": p.optional or bool(p.default), "example": p.example,
             "label": dict(p.label)} for p in question.parameters
        ],
    }  # fmt: skip


def _openapi(parameter: Parameter) -> dict[str, object]:
    schema: dict[str, object] = {"type": _OPENAPI_TYPES.get(parameter.type, "string")}
    if parameter.default:
        schema["default"] = parameter.default
    if parameter.several:
        schema = {"type": "array", "items": schema}
    said: dict[str, object] = {
        "name": parameter.name,
        "in": "query",
        "required": not (parameter.optional or parameter.default),
        "description": parameter.label.get("en", parameter.name),
        "schema": schema,
    }
    if parameter.several:  # values with commas between
        said |= {"style": "form", "explode": False}
    if parameter.example:
        said["example"] = [parameter.example] if parameter.several else parameter.example
    return said
