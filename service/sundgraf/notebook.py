"""Ask a running sundgraf from a notebook or a program: tables, things by their identifiers, and what changed.

from sundgraf import connect

graph = connect("http://127.0.0.1:8000")
graph.ask("lacking-in-region", region="pl-0004").to_pandas()
graph.query("SELECT ?s { ?s a <https://w3id.org/sundgraf/def/Solution> }").to_polars()
graph.resolve("https://w3id.org/sundgraf/id/solution/s-0002").label("da")
for event in graph.events(): ...
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pyoxigraph as ox

from sundgraf.domain.errors import BadInput, NotFound, StoreError, Unreachable
from sundgraf.domain.names import BASE

_XSD = "http://www.w3.org/2001/XMLSchema#"
_RESULTS = "application/sparql-results+json"
_LONGEST = 4000  # characters of parameters in an address
_AS = "https://www.w3.org/ns/activitystreams#"
_NODE, _MEMBER = "https://w3id.org/tree#node", "https://w3id.org/tree#member"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label", "http://purl.org/dc/terms/title",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
)  # fmt: skip
_READ: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys((f"{_XSD}{name}" for name in ("integer", "int", "long", "gYear")), int),
    **dict.fromkeys((f"{_XSD}{name}" for name in ("double", "float")), float),
    f"{_XSD}decimal": Decimal, f"{_XSD}boolean": lambda text: text in ("true", "1"),
    f"{_XSD}date": datetime.date.fromisoformat, f"{_XSD}dateTime": datetime.datetime.fromisoformat,
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """An answer: columns, rows of Python values (None for none), where it came from, and whether it was cut short."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    address: str = ""
    publication: int = 0
    truncated: bool = False

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame. Raises BadInput where pandas is not installed."""
        return _library("pandas").DataFrame([dict(row) for row in self.rows], columns=list(self.columns))

    def to_polars(self) -> Any:
        """Return a Polars DataFrame. Raises BadInput where Polars is not installed."""
        columns = {name: [row[name] for row in self.rows] for name in self.columns}
        return _library("polars").DataFrame(columns, strict=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)


@dataclass(frozen=True)
class Thing:
    """What is said of one of our identifiers; `statements` hold the names of what it points to as well."""

    iri: str
    statements: Sequence[ox.Triple] = field(repr=False)

    def values(self, property_: str) -> list[str]:
        """Return the values of a property: an IRI, or its last part such as "source"."""
        return [o.value for p, o in self._said if property_ in (p, _last(p)) and not isinstance(o, ox.Triple)]

    def label(self, language: str = "en", of: str = "") -> str:
        """Return what it is called, or what another thing in the same document is; the IRI where nobody says."""
        iri = of or self.iri
        found = [
            t.object for t in self.statements
            if str(getattr(t.subject, "value", "")) == iri and t.predicate.value in _LABELS
            and isinstance(t.object, ox.Literal)
        ]  # fmt: skip
        found.sort(key=lambda literal: literal.language != language)
        return found[0].value if found else iri

    @property
    def properties(self) -> dict[str, list[str]]:
        """The values by the property's IRI."""
        held: dict[str, list[str]] = defaultdict(list)
        for predicate, value in self._said:
            if not isinstance(value, ox.Triple):
                held[predicate].append(value.value)
        return dict(held)

    @property
    def _said(self) -> Iterator[tuple[str, Any]]:
        for triple in self.statements:
            if isinstance(triple.subject, ox.NamedNode) and triple.subject.value == self.iri:
                yield triple.predicate.value, triple.object


@dataclass(frozen=True)
class Event:
    """A change: its number, what happened ("Create", "Update", "Delete"), to what, when, and what is said from then on.

    Put the statements in place of those that the event before had for the same resource.
    """

    number: int
    what: str
    iri: str
    time: str
    statements: Sequence[ox.Triple] = field(repr=False)


class Graph:
    """A running service. Every method asks it anew; errors say in one line what to do."""

    def __init__(self, address: str, seconds: float = 60.0) -> None:
        """Take the address of a service, and how long to wait for an answer."""
        if not address.startswith(("http://", "https://")):
            raise BadInput(f"{address!r} is no address of a service; it begins with http:// or https://.")
        self.address = address.rstrip("/")
        self._client = httpx.Client(base_url=self.address, timeout=seconds, follow_redirects=True)

    def questions(self) -> list[dict[str, Any]]:
        """Return the stored questions with their summaries and parameters."""
        found: list[dict[str, Any]] = self._get("/ask", "application/json").json()
        return found

    def ask(self, question: str, **parameters: object) -> Table:
        """Return the answer to a stored question, such as `ask("use-cases-across-countries")`."""
        given = {name: str(value) for name, value in parameters.items()}
        return self._table(self._get(f"/ask/{question}", _RESULTS, given))

    def query(self, sparql: str) -> Table:
        """Return the answer to a SPARQL SELECT or ASK."""
        return self._table(self._get("/sparql", _RESULTS, {"query": sparql}))

    def search(self, text: str, limit: int = 10) -> list[dict[str, Any]]:
        """Return the things that are called like a text, best first."""
        given = {"q": text, "limit": str(limit)}
        found: list[dict[str, Any]] = self._get("/search", "application/json", given).json()["hits"]
        return found

    def resolve(self, iri: str) -> Thing:
        """Return what is said of one of our identifiers. Raises NotFound, also where it was withdrawn."""
        if not iri.startswith(BASE):
            raise BadInput(f"{iri!r} is none of our identifiers; they begin with {BASE}.")
        answer = self._get(f"/{iri.removeprefix(BASE)}", "application/n-triples")
        quads = ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES)
        return Thing(iri, [quad.triple for quad in quads])

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield what changed, in order, from the event after number `after` on."""
        root = self._parse("/feed")
        nodes = {q.object.value for q in root if q.predicate.value == _NODE and isinstance(q.object, ox.NamedNode)}
        for node in sorted(nodes, key=lambda node: int(node.rpartition("/")[2])):
            page = ox.Dataset(self._parse(node))
            members = [q.object for q in page if q.predicate.value == _MEMBER and isinstance(q.object, ox.NamedNode)]
            numbered = sorted((int(member.value.rpartition("#")[2]), member.value) for member in members)
            for number, name in numbered:
                if number > after:
                    yield _event(page, number, ox.NamedNode(name))

    def _parse(self, address: str) -> list[ox.Quad]:
        body = self._get(address, "application/n-quads").content
        return list(ox.parse(body, format=ox.RdfFormat.N_QUADS))

    def _table(self, answer: httpx.Response) -> Table:
        said = answer.json()
        columns = said["head"].get("vars") or ["answer"]
        if "boolean" in said:
            rows = [{"answer": said["boolean"]}]
        else:
            bindings = said["results"]["bindings"]
            rows = [{name: _value(row[name]) if name in row else None for name in columns} for row in bindings]
        number = int(answer.headers.get("sundgraf-publication", "0"))
        return Table(columns, rows, str(answer.url), number, "sundgraf-truncated" in answer.headers)

    def _get(self, address: str, accept: str, parameters: Mapping[str, str] | None = None) -> httpx.Response:
        try:
            if len(str(parameters)) > _LONGEST:
                answer = self._client.post(address, data=parameters, headers={"Accept": accept})
            else:
                answer = self._client.get(address, params=parameters, headers={"Accept": accept})
        except httpx.TransportError as error:
            raise Unreachable(f"{self.address} does not answer ({error}); is it running there?") from error
        if answer.is_success:
            return answer
        try:
            told = answer.json()
            detail = f"{told.get('title', '')}: {told.get('detail', '')}"
        except ValueError:
            detail = answer.text[:300]
        kind = NotFound if answer.status_code in (404, 410) else BadInput if answer.status_code < 500 else StoreError
        raise kind(f"{answer.status_code} {detail}")


def connect(address: str = "http://127.0.0.1:8000", seconds: float = 60.0) -> Graph:
    """Return the graph at an address; nothing is asked yet."""
    return Graph(address, seconds)


def _event(page: ox.Dataset, number: int, member: ox.NamedNode) -> Event:
    said = {quad.predicate.value: quad.object for quad in page.quads_for_subject(member)}
    values = {name: value.value for name, value in said.items() if not isinstance(value, ox.Triple)}
    statements = [quad.triple for quad in page.quads_for_graph_name(member)]
    what = values[_TYPE].removeprefix(_AS)
    return Event(number, what, values[f"{_AS}object"], values[f"{_AS}published"], statements)


def _value(cell: Mapping[str, str]) -> object:
    """Return a cell as Python has it; text where its type is unknown or its form is not as it should be."""
    try:
        return _READ.get(cell.get("datatype", ""), str)(cell["value"])
    except (ValueError, ArithmeticError):
        return cell["value"]


def _library(name: str) -> Any:
    import importlib  # noqa: PLC0415  # only for who wants a table of it

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BadInput(f"{name} is not installed; `pip install {name}`, or use .rows.") from error


def _last(iri: str) -> str:
    return iri.replace("#", "/").rpartition("/")[2]
