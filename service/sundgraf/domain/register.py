"""Another register as data/import/<name> describes it: what it is, how editions are read, how values are recoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shape:
    """What an edition's files look like: format, where the rows are in them, and which references rows must have.

    `names` are the other headings that a reference is known by; `separators` those of CSV, the usual one first;
    `version` is the reference that says which version of its schema a row follows, `versions` those that are known.
    `missing` are values that say that there is none, `lists` the references that hold several, with what parts them;
    `values` are codes of a reference and what the register calls them. `also` are other places that the rows may be in.
    """

    format: str
    iterator: str
    required: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    separators: tuple[str, ...] = (",", ";", "\t", "|")
    version: str = ""
    versions: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    lists: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are brought in: those for which one of the `tests` (reference, table) finds a value in its table."""

    tests: tuple[tuple[str, str], ...]
    told: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a recoding table (SSSOM): what a value is, begins with or has in it, and what that becomes.

    `predicate` is how the two correspond, `confidence` from 0 to 1.
    """

    table: str
    how: str
    value: str
    predicate: str
    target: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Register:
    """A register whose editions can be imported. Texts are in English and Danish.

    `key` is the reference with the register's own identifiers, `key_else` those that a key is made of where it is
    missing, and the first group of `key_pattern` is what counts of it. `dates` is the order of day, month and year in
    dates such as 3/4/2025; `mapping` is the YARRRML document.
    """

    name: str
    title: tuple[str, str]
    about: tuple[str, str]
    page: str
    licence: str
    licence_name: str
    kind: str
    shape: Shape
    key: str
    key_else: tuple[str, ...]
    key_pattern: str
    choice: Choice
    dates: str
    mapping: Mapping[str, object]
    lines: tuple[Line, ...]
