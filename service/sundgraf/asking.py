"""The parts of the command line that ask: stored questions, SPARQL here and elsewhere, and export."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sundgraf.application.answer_locally import (
    answer_locally,
    ask_locally,
    export_locally,
    find_question,
    report_locally,
)
from sundgraf.application.ask import load_questions
from sundgraf.application.query import rows_of
from sundgraf.domain.errors import BadInput, InvalidParameter, MalformedQuery, StoreError
from sundgraf.domain.sparql import read
from sundgraf.settings import Settings


def list_questions(root: Path, as_json: bool) -> str:
    """Return the stored questions as text or JSON."""
    questions = load_questions(root / "queries" / "ask").values()
    if as_json:
        said = [
            {"name": q.name, "summary": dict(q.summary), "parameters": [p.name for p in q.parameters]}
            for q in questions
        ]
        return json.dumps(said, ensure_ascii=False) + "\n"
    return _table(["question", "asks"], [[q.name, q.summary["en"]] for q in questions])


def ask_stored(settings: Settings, root: Path, name: str, options: Sequence[str], form: str) -> str:
    """Return the answer to a stored question, parameters given as `--name value`."""
    question = find_question(root, name)
    given = _parameters(options)
    body = asyncio.run(ask_locally(settings.state, root, question, given, "json" if form == "table" else form))
    known = {parameter.name for parameter in question.parameters}
    return _shown(body, form, hidden=known)


def show_report(settings: Settings, root: Path, language: str, as_json: bool) -> str:
    """Return the completeness report as text or JSON."""
    sections = asyncio.run(report_locally(settings.state, root, language))
    if as_json:
        said = {s.question.name: [{k: str(v) for k, v in row.items()} for row in s.rows] for s in sections}
        return json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    return "\n".join(
        f"{s.question.summary[language]}\n"
        + _table(list(s.columns), [[str(row.get(name, "")) for name in s.columns] for row in s.rows])
        for s in sections
    )


def run_query(settings: Settings, root: Path, text: str, form: str) -> str:
    """Return the answer to a SPARQL query on the local graph."""
    return _shown(asyncio.run(answer_locally(settings.state, root, text, _format_name(text, form))), form)


def run_remote_query(endpoint: str, text: str, form: str) -> str:
    """Return the answer of another endpoint, asked by SPARQLWrapper. Raises MalformedQuery or StoreError."""
    import urllib.error  # noqa: PLC0415

    from SPARQLWrapper import SPARQLWrapper  # noqa: PLC0415
    from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException  # noqa: PLC0415

    name = _format_name(text, form)
    wrapper = SPARQLWrapper(endpoint, agent="sundgraf")
    wrapper.setQuery(text)
    wrapper.setReturnFormat({"ntriples": "turtle", "rdfxml": "rdf+xml", "jsonld": "json-ld"}.get(name, name))
    try:
        body = wrapper.query().response.read()
    except QueryBadFormed as error:
        raise MalformedQuery(f"{endpoint}: {error}") from error
    except (SPARQLWrapperException, urllib.error.URLError, OSError, ValueError) as error:
        raise StoreError(f"{endpoint} did not answer: {error}") from error
    return _shown(body, form)


def export_graph(settings: Settings, form: str, output: Path | None) -> None:
    """Write the whole graph in a format to a file, whole or not at all; to standard output without one."""
    if output is None:
        export_locally(settings.state, form, sys.stdout.buffer)
        return
    draft = output.with_name(f".{output.name}.new")
    try:
        with draft.open("wb") as sink:
            export_locally(settings.state, form, sink)
        draft.replace(output)
    except OSError as error:
        raise BadInput(f"{str(output)!r} cannot be written ({error.strerror or error}).") from error
    finally:
        draft.unlink(missing_ok=True)


def _format_name(text: str, form: str) -> str:
    if form not in ("table", "json"):
        return form
    if read(text).form in ("SELECT", "ASK"):
        return "json"
    return "jsonld" if form == "json" else "turtle"


def _shown(body: bytes, form: str, hidden: set[str] | None = None) -> str:
    text = body.decode("utf-8")
    if form != "table":
        return text
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if "boolean" in said:
        return f"{'yes' if said['boolean'] else 'no'}\n"
    rows = rows_of(body)
    columns = [name for name in said["head"]["vars"] if name not in (hidden or set())]
    return _table(columns, [[str(row.get(name, "")) for name in columns] for row in rows])


def _table(columns: list[str], rows: list[list[str]]) -> str:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    out = io.StringIO()
    table = Table(*columns)
    for row in rows:
        table.add_row(*[cell.replace("https://w3id.org/sundgraf/", "") for cell in row])
    Console(file=out, width=160).print(table)
    return out.getvalue()


def _parameters(options: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    waiting = list(options)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            raise InvalidParameter(f"{word!r} is not an option; give parameters as --name value.", word)
        name, equals, value = word[2:].partition("=")
        if not equals:
            if not waiting:
                raise BadInput(f"--{name} needs a value.")
            value = waiting.pop(0)
        given[name] = value
    return given
