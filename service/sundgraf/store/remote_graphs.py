"""How what is published lies in a remote engine, and how it gets there.

    <graph/engine>                  says which publication is served: its number, its time, its size, its default graph
    <graph/published/NUMBER>        the default graph of a publication
    <graph/...>                     the named graphs, under their own names, and in <graph/engine> a digest of each

A publication's default graph is written beside the one that is served, then the named graphs that differ, and the
statements in <graph/engine> last, in one update: readers see the old default graph or the new one. Whatever dies in
between, doing it again goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

import httpx
import pyoxigraph as ox

from sundgraf.domain.errors import StoreError, Unreachable
from sundgraf.domain.terms import IRI, Literal, Term, ntriples
from sundgraf.store.base import Publication
from sundgraf.store.login import Login

GRAPHS = "https://w3id.org/sundgraf/graph/"
CONTROL = f"{GRAPHS}engine"
PUBLISHED = f"{GRAPHS}published/"
_SG = "https://w3id.org/sundgraf/def/"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PIECE = 40_000  # statements in a request
_BATCH = 20  # graphs between two notes of what was written
_SECONDS = 300.0
_KEPT = 3  # publications: on a busy machine a reader may not have heard of the newest two yet

SERVED = """
PREFIX sg: <https://w3id.org/sundgraf/def/>
SELECT ?graph ?number ?time ?quads
WHERE { GRAPH <https://w3id.org/sundgraf/graph/engine> {
  <https://w3id.org/sundgraf/graph/engine>
    sg:defaultGraph ?graph ; sg:ordinal ?number ; sg:time ?time ; sg:statements ?quads
} }
"""
HELD = """
PREFIX sg: <https://w3id.org/sundgraf/def/>
SELECT ?graph ?digest
WHERE { GRAPH <https://w3id.org/sundgraf/graph/engine> { ?graph sg:digest ?digest } }
"""
_ALL = """
SELECT DISTINCT ?graph
WHERE {
  GRAPH ?graph { ?s ?p ?o }
  FILTER(STRSTARTS(STR(?graph), "https://w3id.org/sundgraf/graph/published/"))
}
"""


class RemoteGraphs:
    """An engine to write to: its query, update and Graph Store addresses."""

    def __init__(self, query_url: str, update_url: str, graphs_url: str, user: str = "", password: str = "") -> None:
        self._query_url = query_url
        self._update_url = update_url
        self._graphs_url = graphs_url
        self._client = httpx.Client(
            auth=Login(user, password) if user else None, timeout=httpx.Timeout(_SECONDS, connect=5.0)
        )

    def __enter__(self) -> RemoteGraphs:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def served(self) -> tuple[str, Publication] | None:
        """Return the default graph and the publication that the engine serves, None before the first."""
        for row in self.select(SERVED):
            return row["graph"], Publication(int(row["number"]), row["time"], int(row["quads"]))
        return None

    def publish(self, store: ox.Store, publication: Publication) -> int:
        """Make a publication what the engine serves; return how many graphs were written. Raises StoreError."""
        before = self.served()
        default = f"{PUBLISHED}{publication.number}"
        self._put(default, store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
        held = {row["graph"]: row["digest"] for row in self.select(HELD)}
        wanted = {graph.value: graph for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)}
        digests = {iri: _digest(store, graph) for iri, graph in wanted.items()}
        changed = sorted(iri for iri, digest in digests.items() if held.get(iri) != digest)
        self._forget([iri for iri in held if iri in changed or iri not in wanted])  # until they are whole again
        for start in range(0, len(changed), _BATCH):
            batch = changed[start : start + _BATCH]
            for iri in batch:
                self._put(iri, store.quads_for_pattern(None, None, None, wanted[iri]))
            self._note({iri: digests[iri] for iri in batch})
        for iri in held.keys() - wanted.keys():
            self.update(f"DROP SILENT GRAPH {ntriples(IRI(iri))}")
        self._serve(default, publication)
        keep = {default, before[0] if before else default}
        older = sorted((row["graph"] for row in self.select(_ALL)), key=_number)
        for graph in older[:-_KEPT]:
            if graph not in keep:
                self.update(f"DROP SILENT GRAPH {ntriples(IRI(graph))}")
        return 1 + len(changed)

    def select(self, text: str) -> list[dict[str, str]]:
        """Return the rows of a SELECT as plain strings."""
        headers = {"Accept": "application/sparql-results+json", "Content-Type": "application/x-www-form-urlencoded"}
        response = self._send("POST", self._query_url, headers, urlencode({"query": text}).encode())
        try:
            rows = response.json()["results"]["bindings"]
        except (ValueError, KeyError) as error:
            raise StoreError(f"What {self._query_url} answers cannot be read: {error}") from error
        return [{name: str(value["value"]) for name, value in row.items()} for row in rows]

    def update(self, text: str) -> None:
        """Run an update. Raises StoreError."""
        self._send("POST", self._update_url, {"Content-Type": "application/sparql-update"}, text.encode())

    def put_graph(self, iri: str, body: bytes, media_type: str = "text/turtle", *, add: bool = False) -> None:
        """Replace a named graph, or `add` to it (Graph Store Protocol 5.3 and 5.5). Raises StoreError."""
        url = httpx.URL(self._graphs_url, params={"graph": iri})
        self._send("POST" if add else "PUT", str(url), {"Content-Type": media_type}, body)

    def _put(self, iri: str, quads: Iterable[ox.Quad]) -> None:
        lines: list[str] = []
        add = False
        for together in _inseparable(quads):
            lines += together
            if len(lines) >= _PIECE:
                self.put_graph(iri, "".join(lines).encode(), add=add)
                lines, add = [], True
        if lines or not add:
            self.put_graph(iri, "".join(lines).encode(), add=add)

    def _note(self, digests: dict[str, str]) -> None:
        lines = " ".join(f"{ntriples(IRI(iri))} <{_SG}digest> {ntriples(Literal(d))} ." for iri, d in digests.items())
        self.update(f"INSERT DATA {{ GRAPH <{CONTROL}> {{ {lines} }} }}")

    def _forget(self, iris: list[str]) -> None:
        operations = (
            f"DELETE WHERE {{ GRAPH <{CONTROL}> {{ {ntriples(IRI(i))} <{_SG}digest> ?digest }} }}" for i in iris
        )
        if iris:
            self.update(" ;\n".join(operations))

    def _serve(self, default: str, publication: Publication) -> None:
        said: dict[str, Term] = {
            "defaultGraph": IRI(default),
            "ordinal": Literal(str(publication.number), f"{_XSD}integer"),
            "time": Literal(publication.time),
            "statements": Literal(str(publication.quads), f"{_XSD}integer"),
        }
        lines = " ".join(f"<{CONTROL}> <{_SG}{name}> {ntriples(value)} ." for name, value in said.items())
        self.update(
            f"DELETE WHERE {{ GRAPH <{CONTROL}> {{ <{CONTROL}> ?said ?value }} }} ;\n"
            f"INSERT DATA {{ GRAPH <{CONTROL}> {{ {lines} }} }}"
        )

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        try:
            response = self._client.request(method, url, headers=headers, content=body)
        except httpx.HTTPError as error:
            raise Unreachable(f"The engine at {url} cannot be reached: {error}") from error
        if response.is_error:
            detail = " ".join(response.text.split())[:300]
            raise StoreError(f"The engine at {url} answered {response.status_code}: {detail}")
        return response


def _number(graph: str) -> int:
    number = graph.removeprefix(PUBLISHED)
    return int(number) if number.isdigit() else 0


def _digest(store: ox.Store, graph: ox.NamedNode) -> str:
    lines = sorted(_lines(store.quads_for_pattern(None, None, None, graph)))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _inseparable(quads: Iterable[ox.Quad]) -> Iterator[list[str]]:
    """Yield lines that have to go in one request: a blank node is another one in the next (RDF 1.1, 3.4)."""
    leaders: dict[str, str] = {}
    kept: list[tuple[str, str]] = []

    def leader(name: str) -> str:
        while (above := leaders.setdefault(name, name)) != name:
            leaders[name] = name = leaders[above]
        return name

    for quad in quads:
        blank = [leader(node.value) for node in (quad.subject, quad.object) if isinstance(node, ox.BlankNode)]
        line = f"{quad.triple} .\n"
        if blank:
            leaders[blank[-1]] = blank[0]
            kept.append((blank[0], line))
        else:
            yield [line]
    groups: dict[str, list[str]] = {}
    for name, line in kept:
        groups.setdefault(leader(name), []).append(line)
    yield from groups.values()


def _lines(quads: Iterable[ox.Quad]) -> Iterator[str]:
    for quad in quads:
        yield f"{quad.triple} .\n"
