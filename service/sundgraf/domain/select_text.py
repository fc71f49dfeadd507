"""Read the plain kind of SELECT into a tree (algebra): the kind that can be answered from columns.

Whatever is not plain (paths of many kinds, subqueries, datasets, most functions) gives None: the engine's parser and
the engine do those, and they alone say what is wrong with a text.
"""

from __future__ import annotations

from functools import lru_cache

from sundgraf.domain.algebra import (
    Aggregate,
    Bind,
    Exists,
    Filter,
    Group,
    Minus,
    Node,
    Optional,
    Order,
    Part,
    Pattern,
    Reach,
    Select,
    Union,
    Values,
    Var,
)
from sundgraf.domain.select_tokens import NotPlainError, Tokens, require
from sundgraf.domain.terms import IRI, Term

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX"})
_KEYWORDS = frozenset({"FILTER", "OPTIONAL", "MINUS", "BIND", "VALUES", "UNION", "GRAPH", "SERVICE"})
_LONGEST = 20_000  # characters


@lru_cache(maxsize=256)
def read_select(text: str) -> Select | None:
    """Return what a query asks where it is plain; None for every other text, whether it is SPARQL or not."""
    if len(text) > _LONGEST:
        return None
    try:
        return _Reader(text).select()
    except (NotPlainError, IndexError, RecursionError):
        return None


class _Reader(Tokens):
    def select(self) -> Select:
        while self.takes("PREFIX"):
            kind, name = self.next()
            iri_kind, iri = self.next()
            require(kind == "name" and name.endswith(":") and name.count(":") == 1 and iri_kind == "iri")
            self.prefixes[name[:-1]] = iri[1:-1]
        require(self.takes("SELECT"))
        distinct = self.takes("DISTINCT")
        variables, aggregates = self._projection()
        self.takes("WHERE")
        group = self._group()
        keys, extra, grouped = self._group_by()
        order = self._order_by()
        limit, offset = self._slice()
        require(self.at == len(self.tokens))
        select = Select(
            variables, Group((*group.parts, *extra)), distinct, aggregates, grouped or bool(aggregates), keys, order,
            limit, offset,
        )  # fmt: skip
        if select.grouped:
            require(all(name in keys or name in aggregates for name in variables))
        return select

    def _projection(self) -> tuple[tuple[str, ...], dict[str, Aggregate]]:
        variables: list[str] = []
        aggregates: dict[str, Aggregate] = {}
        while True:
            kind, token = self.peek()
            if kind == "var":
                self.at += 1
                variables.append(token[1:])
            elif token == "(":
                self.at += 1
                aggregate = self._aggregate()
                variables.append(self._name_in_brackets("AS"))
                aggregates[variables[-1]] = aggregate
            else:
                break
        require(bool(variables) and len(set(variables)) == len(variables))
        return tuple(variables), aggregates

    def _name_in_brackets(self, before: str) -> str:
        """Read a variable between what stands `before` it and the closing bracket; return its name."""
        require(self.takes(before))
        kind, token = self.next()
        require(kind == "var" and self.takes(")"))
        return token[1:]

    def _aggregate(self) -> Aggregate:
        name = self.next()[1].upper()
        require(name in _AGGREGATES and self.takes("("))
        distinct = self.takes("DISTINCT")
        kind, token = self.next()
        require((kind == "var" or (token == "*" and name == "COUNT" and not distinct)) and self.takes(")"))
        return Aggregate(name, token[1:] if kind == "var" else "", distinct)

    def _group_by(self) -> tuple[tuple[str, ...], list[Part], bool]:
        if not self.takes("GROUP"):
            return (), [], False
        require(self.takes("BY"))
        keys: list[str] = []
        extra: list[Part] = []
        while True:
            kind, token = self.peek()
            if kind == "var":
                self.at += 1
                keys.append(token[1:])
            elif token == "(":
                self.at += 1
                expression = self.expression()
                keys.append(self._name_in_brackets("AS"))
                extra.append(Bind(expression, keys[-1]))
            else:
                break
        require(bool(keys))
        return tuple(keys), extra, True

    def _order_by(self) -> tuple[Order, ...]:
        if not self.takes("ORDER"):
            return ()
        require(self.takes("BY"))
        order: list[Order] = []
        while True:
            kind, token = self.peek()
            if kind == "var":
                self.at += 1
                order.append(Order(token[1:], descending=False))
            elif token.upper() in ("ASC", "DESC"):
                self.at += 1
                order.append(Order(self._name_in_brackets("("), descending=token.upper() == "DESC"))
            else:
                break
        require(bool(order))
        return tuple(order)

    def _slice(self) -> tuple[int | None, int]:
        limit, offset = None, 0
        while True:
            if self.takes("LIMIT"):
                limit = self._whole_number()
            elif self.takes("OFFSET"):
                offset = self._whole_number()
            else:
                return limit, offset

    def _whole_number(self) -> int:
        kind, token = self.next()
        require(kind == "number" and token.isdigit())
        return int(token)

    def _group(self) -> Group:
        require(self.takes("{"))
        parts: list[Part] = []
        while not self.takes("}"):
            if self.takes("."):
                continue
            parts += self._part()
        return Group(tuple(parts))

    def _part(self) -> list[Part]:
        word = self.peek()[1].upper()
        if word == "{":
            groups = [self._group()]
            while self.takes("UNION"):
                groups.append(self._group())
            return [Union(tuple(groups))]
        if word not in ("FILTER", "OPTIONAL", "MINUS", "BIND", "VALUES"):
            return self._same_subject()
        self.at += 1
        if word == "OPTIONAL":
            return [Optional(self._group())]
        if word == "MINUS":
            return [Minus(self._group())]
        if word == "VALUES":
            return [self._values()]
        if word == "BIND":
            require(self.takes("("))
            expression = self.expression()
            return [Bind(expression, self._name_in_brackets("AS"))]
        negated = self.takes("NOT")
        if self.takes("EXISTS"):
            return [Exists(self._group(), negated)]
        require(not negated)
        if self.peek()[1] == "(":
            self.at += 1
            expression = self.expression()
            require(self.takes(")"))
            return [Filter(expression)]
        return [Filter(self.primary())]

    def _values(self) -> Values:
        single = self.peek()[0] == "var"
        names: list[str] = []
        if single:
            names.append(self.next()[1][1:])
        else:
            require(self.takes("("))
            while not self.takes(")"):
                kind, token = self.next()
                require(kind == "var")
                names.append(token[1:])
        require(self.takes("{"))
        rows: list[tuple[Term | None, ...]] = []
        while not self.takes("}"):
            if single:
                rows.append((None if self.takes("UNDEF") else self.term(),))
                continue
            require(self.takes("("))
            row: list[Term | None] = []
            while not self.takes(")"):
                row.append(None if self.takes("UNDEF") else self.term())
            require(len(row) == len(names))
            rows.append(tuple(row))
        return Values(tuple(names), tuple(rows))

    def _same_subject(self) -> list[Part]:
        parts: list[Part] = []
        subject = self.node()
        while True:
            steps = self._path()
            while True:
                parts += self._walk(subject, steps, self.node())
                if not self.takes(","):
                    break
            while self.takes(";"):
                pass
            if self.peek()[1] in (".", "}", "{") or self.peek()[1].upper() in _KEYWORDS:
                return parts

    def _path(self) -> list[tuple[str, bool, bool]]:
        """Return the steps of a path: (property, whether backwards, whether one or more times)."""
        steps = []
        while True:
            backwards = self.takes("^")
            if self.peek() == ("word", "a"):
                self.at += 1
                predicate = _TYPE
            else:
                term = self.term()
                require(isinstance(term, IRI))
                predicate = str(term)
            steps.append((predicate, backwards, self.takes("+")))
            if not self.takes("/"):
                return steps

    def _walk(self, start: Node, steps: list[tuple[str, bool, bool]], end: Node) -> list[Part]:
        parts: list[Part] = []
        here = start
        for number, (predicate, backwards, many) in enumerate(steps):
            if number == len(steps) - 1:
                there = end
            else:
                self.hidden += 1
                there = Var(f" {self.hidden}")  # a name that no query can have
            subject, object_ = (there, here) if backwards else (here, there)
            parts.append((Reach if many else Pattern)(subject, predicate, object_))
            here = there
        return parts
