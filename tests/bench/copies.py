"""Make a registry of any size that meets our shapes as our own does: copies of our records under other identifiers.

    python -m tests.bench.copies 1_000_000 > copies.nt

Places, organisations, use cases and code lists are shared, as in life; everything else is copied until the size is
reached, whole copies first. One record in two hundred is spoilt on purpose, so that there is something to find.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20261126
SPOILT = 200  # one record in so many
_ID = "https://w3id.org/sundgraf/id/"
_SHARED = tuple(f"{_ID}{room}/" for room in ("place", "organisation", "source", "regulation", "role", "process"))
_NUMBER = re.compile(r"^(.*/[a-z]+-)(\d+)$")
_IDENTIFIER = "http://purl.org/dc/terms/identifier"
_TEXTS = {f"http://purl.org/dc/terms/{name}" for name in ("title", "description")}


def copies(triples: int, seed: int = SEED) -> Iterator[str]:
    """Yield exactly so many N-Triples lines."""
    chance = random.Random(seed)
    records = _records()
    written = number = 0
    while written < triples:
        number += 1
        for lines in _copy(records, number, chance):
            yield from lines[: triples - written]
            written += len(lines)
            if written >= triples:
                return


def _records() -> dict[str, list[ox.Triple]]:
    """Return what our files state of the records that are copied, by record."""
    held: dict[str, list[ox.Triple]] = {}
    for path in sorted((ROOT / "data" / "ttl").rglob("*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            subject = quad.subject
            name = subject.value if isinstance(subject, ox.NamedNode) else ""
            if name.startswith(_ID) and not name.startswith(_SHARED):
                held.setdefault(name, []).append(quad.triple)
    return held


def _copy(records: dict[str, list[ox.Triple]], number: int, chance: random.Random) -> Iterator[list[str]]:
    def other(term: object) -> object:
        if isinstance(term, ox.NamedNode) and term.value in records:
            matched = _NUMBER.match(term.value)
            assert matched is not None, term
            return ox.NamedNode(f"{matched[1]}{number * 100_000 + int(matched[2])}")
        return term

    for record, said in records.items():
        new = other(ox.NamedNode(record))
        spoilt = chance.randrange(len(said)) if chance.randrange(SPOILT) == 0 else -1
        lines = []
        for position, triple in enumerate(said):
            value = other(triple.object)
            if triple.predicate.value == _IDENTIFIER:
                value = ox.Literal(str(getattr(new, "value", "")).rsplit("/", 1)[-1])
            elif triple.predicate.value in _TEXTS and isinstance(value, ox.Literal):
                value = ox.Literal(f"{value.value} ({number})", language=value.language)
            if position != spoilt:
                lines.append(f"{new} {triple.predicate} {value} .\n")
        yield lines


if __name__ == "__main__":
    for line in copies(int(sys.argv[1].replace("_", ""))):
        sys.stdout.write(line)
