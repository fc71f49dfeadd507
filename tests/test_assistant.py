"""What language models may ask: a real MCP client over stdio, and a real service behind the server."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import anyio
import pytest
from mcp import Client, StdioServerParameters

from server import command, environment

SOLUTION = "https://w3id.org/sundgraf/id/solution/s-0002"


@pytest.fixture(scope="module")
def told(server, tmp_path_factory):
    """Ask everything in one session; return the answers by name."""
    first, *arguments = command("mcp", "--service", server.url)
    env = environment(tmp_path_factory.mktemp("no-state"))
    parameters = StdioServerParameters(command=first, args=arguments, env=env)

    async def session() -> dict[str, object]:
        async with Client(parameters, read_timeout_seconds=60) as client:

            async def call(tool: str, **given: object) -> object:
                answer = await client.call_tool(tool, given)
                text = answer.content[0].text
                return f"error: {text}" if answer.is_error else json.loads(text)

            return await ask_all(client, call)

    return anyio.run(session)


async def ask_all(client: Client, call: Callable[..., Awaitable[object]]) -> dict[str, object]:
    return {
        "tools": {tool.name: tool for tool in (await client.list_tools()).tools},
        "search": await call("search", text="sepsis"),
        "describe": await call("describe", iri=SOLUTION, language="da"),
        "questions": await call("list_questions", words="region lacking"),
        "ask": await call("ask", question="lacking-in-region", parameters={"region": "pl-0004"}),
        "query": await call("query", sparql=f"SELECT ?p ?o {{ <{SOLUTION}> ?p ?o }}"),
        "many": await call("query", sparql="SELECT ?s { ?s ?p ?o } LIMIT 500"),
        "cite": await call("cite", iri=SOLUTION),
        "malformed": await call("query", sparql="SELECT"),
        "update": await call("query", sparql="DELETE WHERE { ?s ?p ?o }"),
        "unknown": await call("describe", iri="https://w3id.org/sundgraf/id/solution/s-9999"),
    }


def test_tools_are_there_with_descriptions(told):
    assert set(told["tools"]) == {"search", "describe", "list_questions", "ask", "query", "cite"}
    assert all(tool.description for tool in told["tools"].values())


def test_answers_carry_identifiers_and_sources(told):
    assert told["search"]["hits"][0]["iri"].startswith("https://w3id.org/sundgraf/")
    assert set(told["search"]["sources"]) <= {hit["iri"] for hit in told["search"]["hits"]}
    (fact,) = [value for name, value in told["describe"]["facts"].items() if name.endswith("dc/terms/source")]
    assert {one["value"] for one in fact} == {source["iri"] for source in told["describe"]["sources"]}
    assert told["describe"]["sources"][0]["title"]
    assert told["ask"]["rows"]
    cited = told["ask"]["sources"]
    assert any(cited.values())
    assert all(iri.startswith("https://w3id.org/sundgraf/id/") for iri in cited)


def test_questions_are_found_by_words(told):
    (question,) = [q for q in told["questions"]["questions"] if q["name"] == "lacking-in-region"]
    assert question["parameters"][0]["name"] == "region"


def test_query_is_bounded_and_says_what_is_left_out(told):
    assert (len(told["many"]["rows"]), told["many"]["left_out"]) == (100, 400)
    assert told["query"]["rows"]


def test_citation_has_the_identifier_and_the_licence(told):
    assert SOLUTION in told["cite"]["text"]
    assert told["cite"]["publication"] == 1
    assert told["cite"]["sources"]


@pytest.mark.parametrize(("name", "says"), [("malformed", "400"), ("update", "pdate"), ("unknown", "s-9999")])
def test_what_cannot_be_asked_is_told_in_words(told, name, says):
    assert told[name].startswith("error: ")
    assert says in told[name]
