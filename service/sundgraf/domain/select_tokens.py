"""Read the words, terms and expressions of a plain SELECT (select_text reads what they make up)."""

from __future__ import annotations

import re

from sundgraf.domain.algebra import Call, Expression, Node, Var
from sundgraf.domain.terms import IRI, XSD, Literal, Term, legal_iri

_TOKEN = re.compile(
    r"""(?:\s++|\#[^\n\r]*+)*+
    (?: (?P<string>"(?:[^"\\\n\r])*"|'(?:[^'\\\n\r])*')
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<var>[?$][A-Za-z_]\w*)
      | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<name>(?:[A-Za-z][\w-]*)?:(?:[A-Za-z0-9_][\w-]*+)?+(?![:%\\]|\.[\w:%\\]))
      | (?P<number>\d+\.\d+|\d+)
      | (?P<word>[A-Za-z]\w*)
      | (?P<sign>\^\^|&&|\|\||!=|<=|>=|[{}().;,*/|^+=<>!-]) )""",
    re.VERBOSE | re.ASCII,
)
_END = re.compile(r"(?:\s++|\#[^\n\r]*+)*+\Z")
_FUNCTIONS = {"LANG": 1, "LCASE": 1, "CONTAINS": 2, "STRSTARTS": 2, "BOUND": 1, "ISIRI": 1, "ISLITERAL": 1, "YEAR": 1}
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})


class NotPlainError(Exception):
    """The text holds something that is not read here."""


class Tokens:
    """A text as tokens, read from first to last."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while match := _TOKEN.match(text, place):
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            place = match.end()
        if not _END.match(text, place):
            raise NotPlainError
        self.at = 0
        self.prefixes: dict[str, str] = {}
        self.hidden = 0

    def node(self) -> Node:
        """Read a variable or a term."""
        kind, token = self.peek()
        if kind == "var":
            self.at += 1
            return Var(token[1:])
        return self.term()

    def term(self) -> Term:
        """Read a term."""
        kind, token = self.next()
        if kind == "iri":
            require(legal_iri(token[1:-1]))
            return IRI(token[1:-1])
        if kind == "name":
            prefix, _, local = token.partition(":")
            require(prefix in self.prefixes and legal_iri(self.prefixes[prefix] + local))
            return IRI(self.prefixes[prefix] + local)
        if kind == "number":
            return Literal(token, f"{XSD}{'decimal' if '.' in token else 'integer'}")
        require(kind == "string")
        if self.peek_kind() == "language":
            return Literal(token[1:-1], language=self.next()[1][1:].lower())
        if self.takes("^^"):
            datatype = self.term()
            require(isinstance(datatype, IRI))
            return Literal(token[1:-1], str(datatype).replace(f"{XSD}string", ""))
        return Literal(token[1:-1])

    def expression(self) -> Expression:
        """Read an expression."""
        left = self._conjunction()
        while self.takes("||"):
            left = Call("||", (left, self._conjunction()))
        return left

    def _conjunction(self) -> Expression:
        left = self._comparison()
        while self.takes("&&"):
            left = Call("&&", (left, self._comparison()))
        return left

    def _comparison(self) -> Expression:
        left = self.primary()
        operator = self.peek()[1]
        if operator in _COMPARISONS:
            self.at += 1
            return Call(operator, (left, self.primary()))
        if operator.upper() == "IN":
            self.at += 1
            require(self.takes("("))
            choices = [self.term()]
            while self.takes(","):
                choices.append(self.term())
            require(self.takes(")"))
            return Call("IN", (left, *choices))
        return left

    def primary(self) -> Expression:
        """Read a variable, a term, a call, or an expression in brackets."""
        kind, token = self.peek()
        if token == "(":
            self.at += 1
            inner = self.expression()
            require(self.takes(")"))
            return inner
        if token == "!":
            self.at += 1
            return Call("!", (self.primary(),))
        if kind == "var":
            self.at += 1
            return Var(token[1:])
        if kind != "word":
            return self.term()
        self.at += 1
        name = token.upper()
        require(name in _FUNCTIONS and self.takes("("))
        arguments = [self.expression()]
        while self.takes(","):
            arguments.append(self.expression())
        require(len(arguments) == _FUNCTIONS[name] and self.takes(")"))
        return Call(name, tuple(arguments))

    def peek(self) -> tuple[str, str]:
        """Return the kind and text of the next token."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def peek_kind(self) -> str:
        """Return the kind of the next token."""
        return self.peek()[0]

    def next(self) -> tuple[str, str]:
        """Go on to the next token and return it."""
        self.at += 1
        return self.tokens[self.at - 1]

    def takes(self, token: str) -> bool:
        """Go on where this token comes next; words in whatever case."""
        kind, found = self.peek()
        if found == token or (kind == "word" and found.upper() == token):
            self.at += 1
            return True
        return False


def require(holds: bool) -> None:
    """Raise NotPlainError unless something holds."""
    if not holds:
        raise NotPlainError
