"""How SPARQL engines differ where the standard leaves it open, as far as we ask them anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine: its name, the parameter that tells it a deadline, and whether its answers have to be made standard.

    `deadline` has the parameter's name and how many of its units are a second; "" where it takes none with a query.
    `over` is what its 503 says when that means the deadline, `cut` how a body ends that it cut at its deadline.
    """

    name: str
    deadline: str = ""
    units: int = 1
    ending: str = ""
    irregular: bool = False
    least: int = 1
    over: str = ""
    cut: bytes = b""
    more: Mapping[str, str] = field(default_factory=dict)

    def told(self, seconds: float) -> list[tuple[str, str]]:
        """Return the parameters that tell the engine when to stop."""
        if not self.deadline or not seconds:
            return []
        return [(self.deadline, f"{max(self.least, math.ceil(seconds * self.units))}{self.ending}")]


# Virtuoso: milliseconds, at least a second; what it had by then it gives as if it were all (store/virtuoso.py).
# Fuseki and GraphDB (RDF4J's protocol): seconds. QLever: "10s". The others take a deadline from their configuration.
# Fuseki ends an answer that it began before its deadline with two lines of comment, under the status 200.
ENGINES = {
    engine.name: engine
    for engine in (
        Engine("standard"),
        Engine("oxigraph"),
        Engine("virtuoso", "timeout", 1000, irregular=True, least=1000),
        Engine("fuseki", "timeout", over="Query timed out", cut=b"Incomplete results           ****   ##\n"),
        Engine("graphdb", "timeout", over="Query evaluation took too long"),
        Engine("qlever", "timeout", ending="s"),
        Engine("neptune"),
    )
}
_SERVERS = {
    "virtuoso": "virtuoso",
    "oxigraph": "oxigraph",
    "fuseki": "fuseki",
    "graphdb": "graphdb",
    "qlever": "qlever",
}


def engine_of(headers: Mapping[str, str]) -> Engine:
    """Return the engine that the headers of an answer speak of (their names in lower case).

    Fuseki's releases have no Server header, all of them number their answers.
    """
    server = headers.get("server", "").lower()
    for word, name in _SERVERS.items():
        if word in server:
            return ENGINES[name]
    return ENGINES["fuseki" if "fuseki-request-id" in headers else "standard"]
