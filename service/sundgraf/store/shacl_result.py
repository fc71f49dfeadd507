"""What a validator says of one node, whoever validated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result: the focus node, the shape, the offending value ("" for none), messages by language."""

    focus: str
    shape: str
    path: str
    value: str
    severity: str
    messages: dict[str, str]
    component: str = ""


def in_order(results: Iterable[Result]) -> list[Result]:
    """Return results by focus node, shape, path and value."""
    return sorted(results, key=lambda result: (result.focus, result.shape, result.path, result.value))


def severity_of(said: str) -> str:
    """Return SHACL's own severities as a word ("violation"), those of others as the IRI that they are."""
    word = said.removeprefix("http://www.w3.org/ns/shacl#")
    return word if ":" in word else word.lower()
