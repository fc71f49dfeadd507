"""Shapes in words, for people who never heard of SHACL: what a record must say of each property."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from sundgraf.application.vocabulary import Vocabulary, name_path
from sundgraf.domain.errors import NotFound
from sundgraf.domain.terms import last_part
from sundgraf.store.shacl_shapes import Shape, sh
from sundgraf.store.view import Object

_XSD = "http://www.w3.org/2001/XMLSchema#"
_DATATYPES = {
    "string": ("a text", "en tekst"), "date": ("a day", "en dag"), "gYear": ("a year", "et årstal"),
    "gYearMonth": ("a month", "en måned"), "integer": ("a whole number", "et helt tal"),
    "decimal": ("a number", "et tal"), "boolean": ("true or false", "sandt eller falsk"),
    "anyURI": ("an address on the web", "en adresse på nettet"),
    "dateTime": ("a point in time", "et tidspunkt"), "langString": ("a text with its language", "en tekst med sprog"),
}  # fmt: skip
_NODE_KINDS = {
    "IRI": ("an IRI", "en IRI"),
    "Literal": ("a value", "en værdi"),
    "BlankNodeOrIRI": ("a node", "en knude"),
}
_BOUNDS = {
    "minInclusive": ("at least {}", "mindst {}"), "maxInclusive": ("at most {}", "højst {}"),
    "minExclusive": ("more than {}", "mere end {}"), "maxExclusive": ("less than {}", "mindre end {}"),
    "minLength": ("at least {} characters", "mindst {} tegn"), "maxLength": ("at most {} characters", "højst {} tegn"),
    "lessThan": ("before {}", "før {}"), "lessThanOrEquals": ("not after {}", "ikke efter {}"),
    "equals": ("the same as {}", "det samme som {}"), "disjoint": ("not the same as {}", "ikke det samme som {}"),
}  # fmt: skip
_OR, _AND, _NOT = ("or", "eller"), ("and", "og"), ("not", "ikke")
_LANGUAGES = {"da": ("Danish", "dansk"), "en": ("English", "engelsk")}
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """What a shape says of one property: which, how often, what its values are, and the message on a fault."""

    iri: str
    path: str
    property: str
    count: str
    values: str
    message: str
    severity: str


@dataclass(frozen=True, slots=True)
class ShapeInWords:
    """A shape: what it holds for, rules about the thing itself, and rules for its properties in order."""

    iri: str
    label: str
    targets: tuple[str, ...]
    itself: tuple[str, ...]
    message: str
    rules: tuple[Rule, ...]


def tell_shape(vocabulary: Vocabulary, iri: str, language: str) -> ShapeInWords:
    """Return a shape in words. Raises NotFound."""
    return _Telling(vocabulary, language).shape(iri)


class _Telling:
    def __init__(self, vocabulary: Vocabulary, language: str) -> None:
        self._known = vocabulary
        self._graph = vocabulary.graph
        self._danish = language == "da"
        self._language = language

    def shape(self, iri: str) -> ShapeInWords:
        node = ox.NamedNode(iri)
        if not self._graph.about(node):
            raise NotFound(f"There is no shape <{iri}>.")
        shape = self._known.shapes.shape(node)
        targets = [o.value for o in self._graph.objects(node, sh("targetClass")) if isinstance(o, ox.NamedNode)]
        if shape.path is not None:
            rules = [self._rule(shape)]
        else:
            inner = [value for name, value in shape.constraints if name == "property"]
            rules = [
                self._rule(self._known.shapes.shape(one))
                for one in inner
                if not isinstance(one, (ox.Literal, ox.Triple))
            ]
            rules.sort(key=lambda rule: (self._order(rule.iri), rule.path))
        itself = () if shape.path is not None else tuple(self._constraints(shape))
        return ShapeInWords(
            iri, self._known.label(iri, self._language), tuple(targets), itself, self._message(shape), tuple(rules)
        )

    def _rule(self, shape: Shape) -> Rule:
        path = shape.path
        name = self._known.texts(_text(shape.node), sh("name").value).get(self._language, "")
        predicate = path.predicate.value if path is not None and path.predicate is not None else ""
        said = name_path(self._known, path, self._language) if path is not None else ""
        return Rule(
            _text(shape.node) if isinstance(shape.node, ox.NamedNode) else "", name or said, predicate,
            self._count(shape), "; ".join(self._constraints(shape)), self._message(shape), shape.severity,
        )  # fmt: skip

    def _order(self, iri: str) -> int:
        found = self._graph.objects(ox.NamedNode(iri), sh("order")) if iri else []
        return next((int(value.value) for value in found if isinstance(value, ox.Literal)), 99)

    def _message(self, shape: Shape) -> str:
        return shape.messages.get(self._language) or shape.messages.get("en") or shape.messages.get("", "")

    def _count(self, shape: Shape) -> str:
        said = {name: _text(value) for name, value in shape.constraints}
        least, most = int(said.get("minCount", 0)), said.get("maxCount")
        if not least and most is None and "qualifiedValueShape" in said:
            return ""  # its own counts are told with what it counts
        if most is not None and int(most) == least:
            return self._pick((f"exactly {least}", f"netop {least}"))
        if most is None:
            return self._pick(
                (f"at least {least}", f"mindst {least}") if least else ("any number", "hvor mange som helst")
            )
        return self._pick(
            (f"{least} to {most}", f"{least} til {most}") if least else (f"at most {most}", f"højst {most}")
        )

    def _constraints(self, shape: Shape, depth: int = 0) -> list[str]:
        said = []
        for name, value in shape.constraints:
            words = self._words(name, value, shape, depth)
            if words:
                said.append(words)
        return list(dict.fromkeys(said))

    def _words(self, name: str, value: Object, shape: Shape, depth: int) -> str:
        if name == "datatype":
            return self._pick(_DATATYPES.get(_local(value), (_local(value), _local(value))))
        if name == "nodeKind":
            return self._pick(_NODE_KINDS.get(_local(value), (_local(value), _local(value))))
        if name == "class":
            return self._pick(("of the class {}", "af klassen {}")).format(self._name(value))
        if name == "pattern":
            return self._pick(("written like {}", "skrevet som {}")).format(_text(value))
        if name in _BOUNDS:
            return self._pick(_BOUNDS[name]).format(self._name(value))
        if name == "languageIn":
            tags = [self._pick(_LANGUAGES.get(_text(tag), (_text(tag),) * 2)) for tag in self._known.shapes.list(value)]
            return self._pick(("in {}", "på {}")).format(f" {self._pick(_OR)} ".join(tags))
        if name == "uniqueLang":
            return self._pick(("once in each language", "én gang på hvert sprog"))
        if name == "in":
            return self._pick(("one of {}", "en af {}")).format(
                ", ".join(self._name(member) for member in self._known.shapes.list(value))
            )
        if name == "hasValue":
            return self._pick(("among them {}", "deriblandt {}")).format(self._name(value))
        if name in ("or", "xone", "and"):
            joint = self._pick(_AND if name == "and" else _OR)
            return f" {joint} ".join(self._nested(one, depth) for one in self._known.shapes.list(value))
        if name == "not":
            return f"{self._pick(_NOT)} {self._nested(value, depth)}"
        if (name in ("node", "property") and shape.path is not None) or name == "node":
            return self._nested(value, depth)
        if name == "qualifiedValueShape":
            return self._qualified(value, shape, depth)
        if name == "closed" and _text(value) == "true":
            return self._pick(("has no other properties than these", "har ikke andre egenskaber end disse"))
        if name == "sparql":
            texts = {
                m.language: m.value for m in self._graph.objects(value, sh("message")) if isinstance(m, ox.Literal)
            }
            return texts.get(self._language, "")
        return ""

    def _qualified(self, value: Object, shape: Shape, depth: int) -> str:
        said = {
            n: _text(o)
            for n in ("qualifiedMinCount", "qualifiedMaxCount")
            for o in self._graph.objects(shape.node, sh(n))
        }
        counts = [
            self._pick((f"{word[0]} {said[name]}", f"{word[1]} {said[name]}"))
            for name, word in (
                ("qualifiedMinCount", ("at least", "mindst")),
                ("qualifiedMaxCount", ("at most", "højst")),
            )
            if name in said
        ]
        return f"{', '.join(counts)} {self._pick(('with', 'med'))}: {self._nested(value, depth)}"

    def _nested(self, value: Object, depth: int) -> str:
        if isinstance(value, (ox.Literal, ox.Triple)) or depth >= _DEEPEST:
            return "…"
        shape = self._known.shapes.shape(value)
        words = self._constraints(shape, depth + 1)
        for name, inner in shape.constraints:
            if name == "property" and not isinstance(inner, (ox.Literal, ox.Triple)):
                rule = self._rule(self._known.shapes.shape(inner))
                words.append(f"{rule.path} ({', '.join(filter(None, [rule.count, rule.values]))})")
        if shape.path is not None:
            return f"{name_path(self._known, shape.path, self._language)} ({', '.join([self._count(shape), *words])})"
        return ", ".join(words) or self._known.label(_text(value), self._language)

    def _name(self, value: Object) -> str:
        return self._known.label(value.value, self._language) if isinstance(value, ox.NamedNode) else _text(value)

    def _pick(self, words: Iterable[str]) -> str:
        english, danish = words
        return danish if self._danish else english


def _text(value: Object) -> str:
    return str(value) if isinstance(value, ox.Triple) else value.value


def _local(value: Object) -> str:
    return last_part(_text(value))
