"""The page for writing SPARQL: a form that works by itself, and the editor put over it where it was built."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sundgraf.application.ask import write_out
from sundgraf.application.query import Limits, answer_query, offered, rows_of
from sundgraf.domain.errors import StoreError, SundgrafError, TooLarge
from sundgraf.domain.media import JSON, TURTLE
from sundgraf.domain.question import Question
from sundgraf.domain.sparql import read
from sundgraf.domain.terms import Literal
from sundgraf.http import facts, problems
from sundgraf.http.context import Context
from sundgraf.http.pages import SAFE, language_of

ROWS_SHOWN = 1000
_MOST_BYTES = 4 << 20  # of an answer that is shown as a table
_BUILT = Path(__file__).parent / "static" / "vendor"
_SCHEMES = "https://w3id.org/sundgraf/concept/"
_FIRST = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/sundgraf/def/>
PREFIX stage: <https://w3id.org/sundgraf/concept/stage/>

# $comment
SELECT ?useCase ?useCaseLabel (COUNT(DISTINCT ?country) AS ?countries) (COUNT(DISTINCT ?record) AS ?records)
WHERE {
  ?record sg:useCase ?useCase ;
          sg:currentStage stage:in-operation ;
          sg:country ?country .
  ?useCase rdfs:label ?useCaseLabel .
  FILTER(LANG(?useCaseLabel) = "$language")
}
GROUP BY ?useCase ?useCaseLabel
ORDER BY DESC(?countries) DESC(?records) ?useCaseLabel
LIMIT 25
"""
_SAYS = {
    "en": "Use cases in operation, and in how many countries",
    "da": "Brugsscenarier i drift, og i hvor mange lande",
}
# One style sheet that the result table's column resizer writes is let in by its hash; nothing else is loosened.
_POLICY = SAFE["Content-Security-Policy"].replace(
    "style-src 'self'", "style-src 'self' 'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='"
)


def editor_version() -> str:
    """Return what tells one build of the editor from the next; "" where it was not built."""
    script = _BUILT / "editor.js"
    return hashlib.blake2b(script.read_bytes(), digest_size=6).hexdigest() if script.is_file() else ""


async def editor_page(context: Context, request: Request, version: str, query: str = "", run: bool = False) -> Response:
    """Return the page with `query` in its form, and its answer as a table if it is to `run`."""
    example = context.questions.get(request.query_params.get("example", ""))
    text = query or request.query_params.get("edit", "")[: context.settings.query_bytes]
    found: dict[str, Any] = {"columns": [], "rows": [], "graph": "", "truncated": False, "fault": "", "verdict": ""}
    status = 200
    if run:
        try:
            found |= await _run(context, text)
        except SundgrafError as error:
            status, _ = problems.status_of(error)
            found["fault"] = context.pages.said(str(error), language_of(request))
    return context.pages.render(
        request, "sparql.html", status=status,
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"},
        questions=context.questions, query=text or _first_query(request, example), ran=run, version=version,
        example=example, endpoint=f"{request.base_url}sparql", rows_shown=ROWS_SHOWN, **found,
    )  # fmt: skip


async def terms(context: Context) -> bytes:
    """Return the prefixes and terms that the editor completes, as JSON: kind, IRI and names of each."""

    async def make() -> bytes:
        known: dict[tuple[str, str], dict[str, str]] = {}
        for row in await facts.page_rows(context, "terms"):
            said = known.setdefault((str(row["kind"]), str(row["term"])), {})
            if isinstance(label := row.get("label"), Literal):
                said.setdefault(label.language, label.value)
        prefixes = dict(tomllib.loads((context.bundle.queries / "prefixes.toml").read_text("utf-8")))
        prefixes |= {
            iri.removeprefix(_SCHEMES): f"{iri}/"
            for kind, iri in known
            if kind == "scheme" and iri.startswith(_SCHEMES)
        }
        listed = [{"kind": kind, "iri": iri, **names} for (kind, iri), names in known.items()]
        return json.dumps({"prefixes": prefixes, "terms": listed}, ensure_ascii=False).encode()

    return await facts.once(context, "terms", make)


def _first_query(request: Request, example: Question | None) -> str:
    language = language_of(request)
    if example is not None:
        known = {parameter.name for parameter in example.parameters}
        given = {name: value for name, value in request.query_params.items() if name in known}
        return write_out(example, {**({"language": language} if "language" in known else {}), **given})
    return _FIRST.replace("$comment", _SAYS[language]).replace("$language", language)


async def _run(context: Context, text: str) -> dict[str, Any]:
    form = read(text).form
    limits = context.limits
    format = JSON if JSON in offered(form) else TURTLE
    limits = Limits(limits.deadline, limits.rows, min(limits.size or _MOST_BYTES, _MOST_BYTES), limits.services)
    answer = await answer_query(context.store, text, format, limits)
    try:
        body = b"".join([piece async for piece in answer])
    except StoreError as error:
        raise TooLarge("The answer is too long for a page. Add a LIMIT, or take it as CSV.") from error
    if format is TURTLE:
        return {"graph": body.decode(), "truncated": bool(answer.truncated)}
    if form == "ASK":
        return {"verdict": "yes" if json.loads(body)["boolean"] else "no"}
    rows = rows_of(body)
    cut = bool(answer.truncated) or len(rows) > ROWS_SHOWN
    return {"columns": json.loads(body)["head"]["vars"], "rows": rows[:ROWS_SHOWN], "truncated": cut}
