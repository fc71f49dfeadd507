"""What the page of a question shows besides its answer: choices for its parameters, and snippets for elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from sundgraf.application.ask import write_out
from sundgraf.domain.question import BASE, Parameter, Question
from sundgraf.domain.terms import Literal
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.routes.search import finder

MOST_CHOICES = 400  # a longer list is searched instead
SNIPPETS = (("curl", "curl"), ("Python", "python"), ("R", "r"), ("JavaScript", "javascript"))
_SHORT = re.compile(r"[a-z0-9][a-z0-9.-]*")
_INPUTS = {"integer": "number", "year": "number", "decimal": "text", "date": "date"}


async def choices_of(context: Context, question: Question, language: str) -> dict[str, list[tuple[str, str]]]:
    """Return what may be chosen for each parameter that has a list: (short name, name), in order."""
    found = {}
    for parameter in question.parameters:
        start = _start_of(parameter)
        if start:
            choices = await _choices(context, start, language)
            if 0 < len(choices) <= MOST_CHOICES:
                found[parameter.name] = choices
    return found


def input_of(parameter: Parameter) -> str:
    """Return the type of the input for a parameter without a list."""
    return _INPUTS.get(parameter.type, "text")


async def identified(context: Context, question: Question, given: Mapping[str, str], language: str) -> dict[str, str]:
    """Return the parameters, with names of things that somebody typed replaced by their identifiers."""
    said = dict(given)
    for parameter in question.parameters:
        text, start = given.get(parameter.name, "").strip(), _start_of(parameter)
        if not text or not start or ":" in text or _SHORT.fullmatch(text):
            continue
        hits = (await finder(context)).find(text, [], language, 20)
        near = next((hit.iri for hit in hits if hit.iri.startswith(start)), "")
        if near:
            said[parameter.name] = near.removeprefix(start)
    return said


def snippets(context: Context, request: Request, question: Question, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return ready texts (title, text) that ask the question with these parameters from a shell and three languages."""
    site = str(request.base_url).rstrip("/")
    asked = urlencode({name: value for name, value in given.items() if value})
    values = {
        "address": f"{site}/ask/{question.name}", "asked": f"?{asked}" if asked else "", "endpoint": f"{site}/sparql",
        "query": write_out(question, given).rstrip(),
    }  # fmt: skip
    plain = context.templates.overlay(autoescape=False)  # they are texts; the page escapes them as a whole
    return [(title, plain.get_template(f"snippets/{name}.txt").render(values).strip()) for title, name in SNIPPETS]


async def _choices(context: Context, start: str, language: str) -> list[tuple[str, str]]:
    async def make() -> list[tuple[str, str]]:
        rows = await facts.page_rows(context, "choices", start=Literal(start), language=Literal(language))
        named = {str(row["thing"]).removeprefix(start): str(row["label"]) for row in rows}
        return [(short, name) for short, name in named.items() if "/" not in short]

    return await facts.once(context, f"choices {start} {language}", make)


def _start_of(parameter: Parameter) -> str:
    if parameter.type == "concept" and parameter.scheme:
        return f"{BASE}concept/{parameter.scheme}/"
    return f"{BASE}id/{parameter.kind}/" if parameter.type == "iri" and parameter.kind else ""
