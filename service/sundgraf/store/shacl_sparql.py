"""SPARQL-based constraints (SHACL, section 5), run where the data is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from sundgraf.store.shacl_shapes import BadShapes, Path, Shape, sh
from sundgraf.store.view import Node, Object, View

_OWN_EACH = 64  # up to so many focus nodes each has a query of its own
_AT_ONCE = 500
_WHERE = re.compile(r"\bWHERE\s*\{", re.IGNORECASE)
_THIS, _VALUE, _PATH, _MESSAGE = (ox.Variable(name) for name in ("this", "value", "path", "message"))
_IMPORTS = ox.NamedNode("http://www.w3.org/2002/07/owl#imports")


@dataclass(frozen=True, slots=True)
class Found:
    """A row of a constraint's query."""

    focus: Object
    value: Object | None
    path: Path | None
    messages: dict[str, str] = field(default_factory=dict)


class SPARQLConstraints:
    """Runs sh:sparql constraints on a store that holds the data, or on what is made when the first one is run."""

    def __init__(self, shapes: View, store: ox.Store | Callable[[], ox.Store]) -> None:
        self._shapes = shapes
        self._given = store
        self._held: ox.Store | None = None

    def run(self, constraint: Node, shape: Shape, focuses: Sequence[Object]) -> Iterator[Found]:
        """Yield what a constraint finds for some focus nodes. Raises BadShapes where its query cannot be used."""
        if ox.Literal(True) in self._shapes.objects(constraint, sh("deactivated")):
            return
        texts = [t.value for t in self._shapes.objects(constraint, sh("select")) if isinstance(t, ox.Literal)]
        if len(texts) != 1:
            raise BadShapes(f"{constraint} needs one sh:select")
        text = self._prefixes(constraint) + self._with_path(texts[0], shape)
        if len(focuses) <= _OWN_EACH or len(_WHERE.findall(text)) != 1:
            for focus in focuses:
                if not isinstance(focus, ox.Triple):
                    yield from self._rows(text, {_THIS: focus}, shape)
            return
        named = [focus for focus in focuses if isinstance(focus, ox.NamedNode)]
        for start in range(0, len(named), _AT_ONCE):
            values = " ".join(str(focus) for focus in named[start : start + _AT_ONCE])
            yield from self._rows(_WHERE.sub(lambda m, v=values: f"{m[0]} VALUES $this {{ {v} }} ", text), {}, shape)  # type: ignore[misc]
        for focus in focuses:
            if isinstance(focus, (ox.BlankNode, ox.Literal)):
                yield from self._rows(text, {_THIS: focus}, shape)

    @property
    def _store(self) -> ox.Store:
        if self._held is None:
            self._held = self._given if isinstance(self._given, ox.Store) else self._given()
        return self._held

    def _rows(
        self, text: str, bound: dict[ox.Variable, ox.NamedNode | ox.BlankNode | ox.Literal], shape: Shape
    ) -> Iterator[Found]:
        try:
            rows = self._store.query(text, substitutions=bound)  # type: ignore[arg-type]
        except (SyntaxError, ValueError) as error:
            raise BadShapes(f"the query of a constraint of {shape.node} cannot be used: {error}") from error
        if not isinstance(rows, ox.QuerySolutions):
            raise BadShapes(f"the query of a constraint of {shape.node} is no SELECT")
        names = [variable.value for variable in rows.variables]

        def cell(row: ox.QuerySolution, name: str) -> Object | None:
            return row[name] if name in names else None

        for row in rows:
            focus = cell(row, "this") or bound.get(_THIS)
            path, message = cell(row, "path"), cell(row, "message")
            value = cell(row, "value")
            if value is None and "value" not in names and shape.path is None:
                value = focus
            yield Found(
                focus, value,  # type: ignore[arg-type]
                Path("predicate", path, path) if isinstance(path, ox.NamedNode) else None,
                {message.language or "": message.value} if isinstance(message, ox.Literal) else {},
            )  # fmt: skip

    def _prefixes(self, constraint: Node) -> str:
        lines = []
        waiting = list(self._shapes.objects(constraint, sh("prefixes")))
        seen = set(waiting)
        while waiting:
            holder = waiting.pop()
            for declared in self._shapes.objects(holder, sh("declare")):
                for prefix in self._shapes.objects(declared, sh("prefix")):
                    for namespace in self._shapes.objects(declared, sh("namespace")):
                        lines.append(f"PREFIX {getattr(prefix, 'value', '')}: <{getattr(namespace, 'value', '')}>\n")
            for more in self._shapes.objects(holder, _IMPORTS):
                if more not in seen:
                    seen.add(more)
                    waiting.append(more)
        return "".join(sorted(set(lines)))

    def _with_path(self, text: str, shape: Shape) -> str:
        path = shape.path
        return text if path is None else re.sub(r"[$?]PATH\b", lambda _: written(path), text)


def written(path: Path) -> str:
    """Return a property path as SPARQL writes it."""
    if path.predicate is not None:
        return str(path.predicate)
    inner = [written(part) for part in path.parts]
    if path.kind == "sequence":
        return f"({'/'.join(inner)})"
    if path.kind == "alternativePath":
        return f"({'|'.join(inner)})"
    if path.kind == "inversePath":
        return f"^({inner[0]})"
    return f"({inner[0]}){ {'zeroOrMorePath': '*', 'oneOrMorePath': '+', 'zeroOrOnePath': '?'}[path.kind] }"
