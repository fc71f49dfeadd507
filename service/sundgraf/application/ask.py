"""Ask one of the stored questions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from sundgraf.application.query import Limits, answer_query, offered, select
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.media import Format
from sundgraf.domain.question import BASE, Parameter, Question, bind, parse_question
from sundgraf.domain.sparql import Bound, bind_values, read
from sundgraf.domain.terms import IRI, Literal
from sundgraf.store.base import Answer, Store

_CONCEPTS = """
SELECT ?scheme ?concept
WHERE { ?concept <http://www.w3.org/2004/02/skos/core#inScheme> ?scheme }
ORDER BY ?concept
"""
_KNOWN = "SELECT ?thing WHERE { { ?thing ?p ?o } UNION { ?s ?p ?thing } } LIMIT 1"
_OF_A_KIND = """
SELECT ?start ?thing ?label
WHERE { ?thing <http://www.w3.org/2000/01/rdf-schema#label> ?label FILTER(STRSTARTS(STR(?thing), ?start)) }
ORDER BY ?thing ?label
LIMIT 1000
"""
_DEADLINE = 30.0  # seconds; the library's questions take milliseconds


def load_questions(folder: Path) -> dict[str, Question]:
    """Return the stored questions in `folder` by name. Raises BadInput for one that cannot be used."""
    return {path.stem: parse_question(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.rq"))}


def formats_of(question: Question) -> tuple[Format, ...]:
    """Return the formats that the question's answer is written in."""
    return offered(read(question.text).form)


def write_out(question: Question, given: Mapping[str, str]) -> str:
    """Return the question as a query that runs anywhere: its parameters stand in it as VALUES.

    A parameter that is needed and not given has the value of its example. Raises InvalidParameter.
    """
    needed = {p.name: p.example for p in question.parameters if not (p.optional or p.default)}
    text = bind_values(question.text, bind(question, {**needed, **{k: v for k, v in given.items() if v}}))
    return text.replace("{ VALUES (", "{\n  VALUES (").replace(") } \n", ") }\n")


async def ask(store: Store, question: Question, given: Mapping[str, str], format: Format) -> Answer:
    """Ask a question with parameters as text. Raises InvalidParameter or what the store raises."""
    bindings = bind(question, given)
    await require_known(store, question, {name: term for name, term in bindings.items() if given.get(name)})
    return await answer_query(store, question.text, format, Limits(_DEADLINE), bindings=bindings, trusted=True)


async def require_known(store: Store, question: Question, bindings: Mapping[str, Bound]) -> None:
    """Tell a concept or a thing that is not in the graph from one that nothing has: only the latter is an empty answer.

    Raises InvalidParameter with what was probably meant.
    """
    for parameter in question.parameters:
        bound = bindings.get(parameter.name)
        for term in bound if isinstance(bound, tuple) else (bound,):
            if not isinstance(term, IRI):
                continue
            if parameter.type == "concept" and parameter.scheme:
                await _require_concept(store, parameter, term)
            elif not await select(store, _KNOWN, {"thing": term}):
                raise InvalidParameter(await _unknown_thing(store, parameter, term), parameter.name)


async def _require_concept(store: Store, parameter: Parameter, term: IRI) -> None:
    scheme = f"{BASE}concept/{parameter.scheme}"
    known = [str(row["concept"]) for row in await select(store, _CONCEPTS, {"scheme": IRI(scheme)})]
    if known and str(term) not in known:
        names = [iri.rsplit("/", 1)[1] for iri in known]
        near = difflib.get_close_matches(str(term).rsplit("/", 1)[1], names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InvalidParameter(
            f"{parameter.name}={str(term).removeprefix(scheme + '/')!r} is not in the list.{hint} "
            f"It has: {', '.join(names)}.",
            parameter.name,
        )


async def _unknown_thing(store: Store, parameter: Parameter, term: IRI) -> str:
    """Return what to tell of an IRI that nothing is said of: things of its kind whose name or number is like it."""
    start = f"{BASE}id/{parameter.kind}/"
    said = str(term).removeprefix(start)
    hint = ""
    if parameter.kind and said != str(term):
        called: dict[str, tuple[str, str]] = {}
        for row in await select(store, _OF_A_KIND, {"start": Literal(start)}):
            short = str(row["thing"]).removeprefix(start)
            called.setdefault(short, (short, str(row["label"])))
            called.setdefault(str(row["label"]).casefold(), (short, str(row["label"])))
        near = difflib.get_close_matches(said.casefold().replace("-", " "), called, 1) or difflib.get_close_matches(
            said, called, 1
        )
        if near:
            short, label = called[near[0]]
            hint = f" Did you mean {short!r} ({label})?"
    example = f" Try {parameter.example!r}." if parameter.example and not hint else ""
    return f"{parameter.name}={said[:200]!r} is nothing that the graph knows.{hint}{example}"
