"""What language models may ask (Model Context Protocol): each answer carries the identifiers and sources it rests on.

`sundgraf mcp` offers it on standard input and output. It asks a running service, which bounds every query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from sundgraf.domain.errors import BadInput, SundgrafError
from sundgraf.domain.names import BASE
from sundgraf.notebook import Graph, Table, Thing

_MOST_ROWS = 100
_MOST_CITED = 8  # things whose sources are looked up for one answer
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_INSTRUCTIONS = (
    "sundgraf is an open knowledge graph of AI and other new technology in healthcare, in Danish and English. Prefer "
    "list_questions and ask to SPARQL of your own. Cite the identifiers (iri) and sources that answers carry. What is "
    "not here is not registered; that does not say that it does not exist. What is inferred or derived is marked so."
)


def serve(address: str) -> None:
    """Offer the tools on standard input and output until the client hangs up. Raises BadInput without the SDK."""
    try:
        from mcp.server import MCPServer  # noqa: PLC0415  # an optional extra
        from mcp.server.mcpserver.exceptions import ToolError  # noqa: PLC0415
    except ImportError as error:
        raise BadInput("The MCP SDK is not installed; `pip install sundgraf[mcp]`.") from error
    server = MCPServer("sundgraf", instructions=_INSTRUCTIONS)
    tools = Tools(Graph(address))
    for tool in (tools.search, tools.describe, tools.list_questions, tools.ask, tools.query, tools.cite):
        server.tool()(_telling(tool, ToolError))
    server.run("stdio")


class Tools:
    """The tools. Each returns a mapping with `sources`, except for those that list what there is to ask."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def search(self, text: str, limit: int = 10) -> dict[str, Any]:
        """Find things (solutions, projects, organisations, places, concepts, ...) by name, in Danish or English."""
        hits = self._graph.search(text, max(1, min(limit, 50)))
        kept = [{"iri": hit["iri"], "label": hit["label"], "kind": hit["kind"], "score": hit["score"]} for hit in hits]
        return {"hits": kept, **self._sources(hit["iri"] for hit in kept)}

    def describe(self, iri: str, language: str = "en") -> dict[str, Any]:
        """Tell all that is said of a thing, given its iri, with the sources it comes from."""
        thing = self._graph.resolve(iri)
        facts = {
            property_: [{"value": value, "label": thing.label(language, value)} for value in values[:_MOST_ROWS]]
            for property_, values in thing.properties.items()
        }  # fmt: skip
        return {"iri": iri, "label": thing.label(language), "facts": facts, "sources": _sources_of(thing)}

    def list_questions(self, words: str = "") -> dict[str, Any]:
        """List the stored questions whose summary has some words (all without), with their parameters."""
        wanted = words.casefold().split()
        found = [q for q in self._graph.questions() if all(word in str(q).casefold() for word in wanted)]
        return {"questions": [_listed(question) for question in found]}

    def ask(self, question: str, parameters: dict[str, str] | None = None) -> dict[str, Any]:
        """Ask a stored question by its name, with parameters by their names."""
        return self._answer(self._graph.ask(question, **(parameters or {})))

    def query(self, sparql: str) -> dict[str, Any]:
        """Run a SPARQL 1.1 SELECT or ASK. The service stops it after ten seconds; at most 100 rows come back."""
        return self._answer(self._graph.query(sparql))

    def cite(self, iri: str, language: str = "en") -> dict[str, Any]:
        """Say how to cite a thing: text, permanent identifier, licence, and the sources of what is said of it."""
        thing = self._graph.resolve(iri)
        title = thing.label(language)
        latest = self._graph.query("ASK {}").publication
        text = f"sundgraf: \u201c{title}\u201d (publication {latest}). {iri}. CC BY 4.0."
        sources = _sources_of(thing, language)
        return {"text": text, "iri": iri, "publication": latest, "licence": _LICENCE, "sources": sources}

    def _answer(self, table: Table) -> dict[str, Any]:
        rows = [{name: _plain(value) for name, value in row.items()} for row in table.rows[:_MOST_ROWS]]
        cells = (str(value) for row in rows for value in row.values())
        return {
            "columns": list(table.columns), "rows": rows, "left_out": max(0, len(table) - len(rows)),
            "complete": not table.truncated, "publication": table.publication, "address": table.address,
            **self._sources(cell for cell in cells if cell.startswith(f"{BASE}id/")),
        }  # fmt: skip

    def _sources(self, iris: Iterable[str]) -> dict[str, Any]:
        """Return the first identifiers of an answer with the sources of each."""
        named = list(dict.fromkeys(iris))
        cited = {}
        for iri in named[:_MOST_CITED]:
            try:
                cited[iri] = _sources_of(self._graph.resolve(iri))
            except SundgrafError:
                cited[iri] = []
        return {"sources": cited, "iris_without_sources_here": named[_MOST_CITED:_MOST_ROWS]}


def _sources_of(thing: Thing, language: str = "en") -> list[dict[str, str]]:
    found = [value for value in thing.values("source") if value.startswith("http")]
    return [{"iri": source, "title": thing.label(language, source)} for source in dict.fromkeys(found)]


def _listed(question: dict[str, Any]) -> dict[str, Any]:
    kept = ("name", "type", "optional", "example")
    parameters = [{name: parameter[name] for name in kept} for parameter in question["parameters"]]
    return {"name": question["name"], "asks": question["summary"]["en"], "parameters": parameters}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _telling(tool: Callable[..., dict[str, Any]], failure: type[Exception]) -> Callable[..., dict[str, Any]]:
    """Return a tool that tells what was wrong in words, so that the model can mend it."""

    @wraps(tool)
    def tell(*arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return tool(*arguments, **named)
        except SundgrafError as error:
            raise failure(" ".join(str(error).split())) from error

    return tell
