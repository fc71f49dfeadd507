"""What a SELECT of the plain kind asks, as a tree: patterns, filters, groups, order. Read by select_text.

Select  ->  Group  ->  Pattern | Reach | Filter | Optional | Minus | Exists | Union | Values | Bind
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sundgraf.domain.terms import Term


class Var(NamedTuple):
    """A variable."""

    name: str


Node = Var | Term


class Pattern(NamedTuple):
    """A triple pattern whose property is known."""

    subject: Node
    predicate: str
    object: Node


class Reach(NamedTuple):
    """One or more steps along a property (`predicate+`), one end of which is known."""

    subject: Node
    predicate: str
    object: Node


class Call(NamedTuple):
    """An operator or function with what it is applied to."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Var | Term | Call


class Filter(NamedTuple):
    """Keeps the rows for which an expression is true."""

    expression: Expression


class Exists(NamedTuple):
    """Keeps the rows for which a group has (or, `negated`, has no) solution."""

    group: Group
    negated: bool


class Optional(NamedTuple):
    """Adds what a group says where it says something."""

    group: Group


class Minus(NamedTuple):
    """Takes away the rows that a group agrees with."""

    group: Group


class Union(NamedTuple):
    """The rows of each of several groups."""

    groups: tuple[Group, ...]


class Values(NamedTuple):
    """Rows that are written out; None where a variable is left open."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


class Bind(NamedTuple):
    """Gives a variable the value of an expression."""

    expression: Expression
    variable: str


Part = Pattern | Reach | Filter | Exists | Optional | Minus | Union | Values | Bind


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between braces, in order."""

    parts: tuple[Part, ...]


class Aggregate(NamedTuple):
    """COUNT, SUM, MIN or MAX of a variable; of rows where `variable` is empty."""

    name: str
    variable: str
    distinct: bool


class Order(NamedTuple):
    """A variable that rows are sorted by."""

    variable: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A whole query. `aggregates` gives the selected variables that are one; `grouped` whether rows are grouped."""

    variables: tuple[str, ...]
    group: Group
    distinct: bool = False
    aggregates: dict[str, Aggregate] = field(default_factory=dict)
    grouped: bool = False
    keys: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


def variables_of(part: Part | Group) -> set[str]:
    """Return the variables that a part can bind (all that stand in it; for an expression, those that it reads)."""
    if isinstance(part, Group):
        return {name for one in part.parts for name in variables_of(one)}
    if isinstance(part, Pattern | Reach):
        return {node.name for node in (part.subject, part.object) if isinstance(node, Var)}
    if isinstance(part, Filter):
        return read_by(part.expression)
    if isinstance(part, Exists | Optional | Minus):
        return variables_of(part.group)
    if isinstance(part, Union):
        return {name for group in part.groups for name in variables_of(group)}
    if isinstance(part, Values):
        return set(part.variables)
    return {part.variable}


def read_by(expression: Expression) -> set[str]:
    """Return the variables that an expression reads."""
    if isinstance(expression, Var):
        return {expression.name}
    if isinstance(expression, Call):
        return {name for argument in expression.arguments for name in read_by(argument)}
    return set()
