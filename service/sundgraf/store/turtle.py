"""One way to write Turtle: deterministic, so that a diff of two editions shows what changed and nothing else.

Prefixes in use are sorted; subjects are sorted, with numbers in their natural order; `a` comes first, then what names
a thing, then the rest by name; objects are sorted; a blank node that is used once stands where it is used; lists are
written as lists. Literals stay exactly as they were written (the parser makes language tags lower case).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from sundgraf.domain.errors import BadInput, MalformedData
from sundgraf.domain.terms import Literal as PlainLiteral
from sundgraf.domain.terms import ntriples
from sundgraf.store.turtle_text import later_comments, leading_comments
from sundgraf.store.writers import PREFIXES

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPE, _FIRST, _REST, _NIL = (f"{_RDF}{name}" for name in ("type", "first", "rest", "nil"))
_MORE_PREFIXES = {
    "airo": "https://w3id.org/airo#", "dqv": "http://www.w3.org/ns/dqv#", "eli": "http://data.europa.eu/eli/ontology#",
    "schema": "https://schema.org/", "shape": "https://w3id.org/sundgraf/shape/", "vann": "http://purl.org/vocab/vann/",
}  # fmt: skip
_FIRST_PROPERTIES = (
    "dcterms:identifier", "dcterms:title", "skos:prefLabel", "rdfs:label", "foaf:name", "skos:altLabel",
    "skos:notation", "skos:definition", "dcterms:description", "sh:targetClass", "sh:path", "sh:name",
)  # fmt: skip
_LOCAL = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\Z|[A-Za-z_]\Z")
_SHORT_NUMBER = re.compile(r"[+-]?[0-9]+\Z")
_SHORT_DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+\Z")
_INDENT = "    "
_MOST_ROUNDS = 100
Node = ox.NamedNode | ox.BlankNode


def format_turtle(source: str) -> str:
    """Return Turtle text in the one way of writing it.

    Raises SyntaxError where it does not parse, MalformedData where something would be lost.
    """
    triples = [quad.triple for quad in ox.parse(source.encode(), format=ox.RdfFormat.TURTLE)]
    lost = later_comments(source)
    if lost:
        raise MalformedData(
            f"line {lost[0]}: a comment in the middle cannot be kept; "
            "move it to the top of the file, or say it with skos:editorialNote.",
            line=lost[0],
        )
    return "\n".join(filter(None, ["".join(f"{line}\n" for line in leading_comments(source)), write_turtle(triples)]))


def write_turtle(triples: Iterable[ox.Triple]) -> str:
    """Return the one way of writing these triples. Raises BadInput for what Turtle 1.1 cannot say."""
    held = list(dict.fromkeys(triples))
    for triple in held:
        if isinstance(triple.object, ox.Triple) or getattr(triple.object, "direction", None):
            raise BadInput(f"{triple.object} is RDF 1.2, which is not written here.")
    try:
        return _Writer(_named_alike(held)).write() if held else ""
    except RecursionError as error:
        raise BadInput("Blank nodes are nested too deep to write; give some of them IRIs.") from error


def _named_alike(triples: list[ox.Triple]) -> list[ox.Triple]:
    """Give blank nodes names that depend on the graph alone; what they say may be the same.

    Colour refinement with a bound on the work. RDFC-1.0 does the same for every graph, but takes minutes for a chain
    of 2,000 nodes and for ever for graphs made to that end; here those that stay alike after the last round keep the
    order in which they were read.
    """
    pairs = [(triple.subject, triple.predicate.value, triple.object) for triple in triples]
    blanks = {term for s, _, o in pairs for term in (s, o) if isinstance(term, ox.BlankNode)}
    if not blanks:
        return triples
    colours = dict.fromkeys(blanks, "")
    for _ in range(_MOST_ROUNDS):
        refined = _refined(colours, pairs)
        if len(set(refined.values())) == len(set(colours.values())):
            alike = _first_alike(refined)
            if alike is None:
                break
            refined[alike] += "!"  # they say the same: any of them may come first, and what hangs on it follows
        colours = refined
    order = sorted(blanks, key=lambda node: (colours[node], node.value))
    names: dict[object, ox.BlankNode] = {node: ox.BlankNode(f"c{place:06d}") for place, node in enumerate(order)}
    renamed = (names.get(term, term) for triple in triples for term in triple)
    return [ox.Triple(*terms) for terms in zip(renamed, renamed, renamed, strict=True)]


def _refined(colours: dict[ox.BlankNode, str], pairs: Sequence[tuple[object, str, object]]) -> dict[ox.BlankNode, str]:
    """Tell blank nodes further apart by what stands around each."""
    around: dict[ox.BlankNode, list[str]] = {node: [] for node in colours}
    for subject, predicate, value in pairs:
        if isinstance(subject, ox.BlankNode):
            loop = " itself" if subject == value else ""
            there = colours[value] if isinstance(value, ox.BlankNode) else value
            around[subject].append(f"> {predicate} {there}{loop}")
        if isinstance(value, ox.BlankNode):
            here = colours[subject] if isinstance(subject, ox.BlankNode) else subject
            around[value].append(f"< {predicate} {here}")
    return {
        node: hashlib.sha256("\n".join([colours[node], *sorted(said)]).encode()).hexdigest()
        for node, said in around.items()
    }


def _first_alike(colours: dict[ox.BlankNode, str]) -> ox.BlankNode | None:
    """Return one of the blank nodes that nothing tells apart, of the first such colour; None where there are none."""
    times = Counter(colours.values())
    return min((n for n in colours if times[colours[n]] > 1), key=lambda n: (colours[n], n.value), default=None)


class _Writer:
    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._about: dict[Node, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
        self._uses: dict[ox.BlankNode, int] = defaultdict(int)
        for triple in triples:
            subject = triple.subject
            assert not isinstance(subject, ox.Triple)
            self._about[subject][triple.predicate.value].append(triple.object)
            if isinstance(triple.object, ox.BlankNode):
                self._uses[triple.object] += 1
        self._names = {iri: prefix for prefix, iri in {**PREFIXES, **_MORE_PREFIXES}.items()}
        self._used: set[str] = set()
        self._keys: dict[tuple[ox.BlankNode, int], str] = {}
        self._labels: dict[ox.BlankNode, str] = {}

    def write(self) -> str:
        blanks = {node: None for node in (*self._about, *self._uses) if isinstance(node, ox.BlankNode)}
        shared = [node for node in blanks if not self._nested(node)]
        for position, node in enumerate(sorted(shared, key=lambda n: (self._blank_key(n), n.value)), 1):
            self._labels[node] = f"_:b{position}"
        subjects = sorted(
            (n for n in self._about if not (isinstance(n, ox.BlankNode) and self._nested(n))), key=self._subject_key
        )
        blocks = [self._block(subject) for subject in subjects]
        heads = sorted(f"@prefix {prefix}: <{iri}> ." for iri, prefix in self._names.items() if prefix in self._used)
        return "\n\n".join((["\n".join(heads)] if heads else []) + blocks) + "\n"

    def _nested(self, node: ox.BlankNode) -> bool:
        """A blank node is written where it is used, when that is one place and not inside itself."""
        if self._uses[node] != 1:
            return False
        seen = {node}
        waiting = [node]
        while waiting:
            for objects in self._about.get(waiting.pop(), {}).values():
                for value in objects:
                    if value == node:
                        return False
                    if isinstance(value, ox.BlankNode) and value not in seen:
                        seen.add(value)
                        waiting.append(value)
        return True

    def _block(self, subject: Node) -> str:
        name = self._labels[subject] if isinstance(subject, ox.BlankNode) else self._iri(subject.value)
        return f"{name} {self._properties(subject, 1)} ."

    def _properties(self, subject: Node, depth: int) -> str:
        said = self._about[subject]
        indent = "\n" + _INDENT * depth
        lines = []
        for predicate in sorted(said, key=self._predicate_key):
            name = "a" if predicate == _TYPE else self._iri(predicate)
            values = sorted(said[predicate], key=self._object_key)
            lines.append(f"{name} " + f" ,{indent}{_INDENT}".join(self._term(v, depth + 1) for v in values))
        return f" ;{indent}".join(lines)

    def _term(self, term: object, depth: int) -> str:
        if isinstance(term, ox.NamedNode):
            return self._iri(term.value)
        if isinstance(term, ox.Literal):
            return self._literal(term)
        if isinstance(term, ox.BlankNode):
            if term in self._labels:
                return self._labels[term]
            items = self._list(term)
            if items is not None:
                return f"( {' '.join(self._term(item, depth) for item in items)} )"
            if term not in self._about:
                return "[]"
            closing = "\n" + _INDENT * (depth - 1)
            return f"[\n{_INDENT * depth}{self._properties(term, depth)}{closing}]"
        return str(term)

    def _list(self, node: ox.BlankNode) -> list[object] | None:
        items: list[object] = []
        current: object = node
        while isinstance(current, ox.BlankNode):
            said = self._about.get(current, {})
            if (
                set(said) != {_FIRST, _REST}
                or len(said[_FIRST]) != 1
                or len(said[_REST]) != 1
                or current in self._labels
            ):
                return None
            items.append(said[_FIRST][0])
            current = said[_REST][0]
        return items if isinstance(current, ox.NamedNode) and current.value == _NIL else None

    def _literal(self, literal: ox.Literal) -> str:
        datatype = "" if literal.language else literal.datatype.value
        if datatype == f"{_XSD}integer" and _SHORT_NUMBER.match(literal.value):
            return literal.value
        if datatype == f"{_XSD}decimal" and _SHORT_DECIMAL.match(literal.value):
            return literal.value
        if datatype == f"{_XSD}boolean" and literal.value in ("true", "false"):
            return literal.value
        text = ntriples(PlainLiteral(literal.value))
        if literal.language:
            return f"{text}@{literal.language}"
        return text if datatype == f"{_XSD}string" else f"{text}^^{self._iri(datatype)}"

    def _iri(self, iri: str) -> str:
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        prefix = self._names.get(iri[:cut])
        if prefix is not None and _LOCAL.match(iri[cut:]):
            self._used.add(prefix)
            return f"{prefix}:{iri[cut:]}"
        return f"<{iri}>"

    def _predicate_key(self, predicate: str) -> tuple[int, str]:
        used = set(self._used)
        name = self._iri(predicate)
        self._used = used
        if predicate == _TYPE:
            return (-1, "")
        return (_FIRST_PROPERTIES.index(name) if name in _FIRST_PROPERTIES else len(_FIRST_PROPERTIES), name)

    def _object_key(self, term: object) -> tuple[int, object, str, str]:
        if isinstance(term, ox.BlankNode):
            return (2, [], self._blank_key(term), term.value)
        if isinstance(term, ox.Literal):
            return (1, [], f"{term.language or ''}\x00{term.value}\x00{term.datatype.value}", "")
        return (0, _natural(str(term)), str(term), "")

    def _subject_key(self, subject: Node) -> tuple[int, object, str]:
        if isinstance(subject, ox.BlankNode):
            return (1, _natural(self._labels[subject]), "")
        return (0, _natural(subject.value), subject.value)

    def _blank_key(self, node: ox.BlankNode, depth: int = 0) -> str:
        """Describe a blank node by what it says, some levels deep."""
        if (node, depth) in self._keys:
            return self._keys[node, depth]
        parts = []
        for predicate in sorted(self._about.get(node, {})):
            for value in self._about[node][predicate]:
                if isinstance(value, ox.BlankNode):
                    parts.append(f"{predicate} {self._blank_key(value, depth + 1) if depth < 12 else ''}")
                else:
                    parts.append(f"{predicate} {value}")
        self._keys[node, depth] = "|".join(sorted(parts))
        return self._keys[node, depth]


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key in which 10 comes after 9."""
    parts = re.split(r"([0-9]+)", text)  # every second part is digits
    return [
        (1, len(part.lstrip("0")), part.lstrip("0")) if position % 2 else (0, 0, part)
        for position, part in enumerate(parts)
        if part
    ]
