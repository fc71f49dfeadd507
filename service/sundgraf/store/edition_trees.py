"""Rows of JSON and XML: each thing that the iterator leads to is one, flat, with paths as references.

XML with a document type is refused before anything in it is looked at: no entity is ever expanded, nothing is fetched.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from sundgraf.domain.errors import BadInput, MalformedData
from sundgraf.domain.register import Shape
from sundgraf.store.document import Document
from sundgraf.store.edition_tables import Found, Remarks

_DEEPEST = 60
_STEP = re.compile(r"\.([\w-]+)|\[\*\]")


def read_tree(document: Document, shape: Shape, _: Remarks) -> Iterator[Found]:
    """Yield line, values by path, and what is wrong, of each row. Raises MalformedData or BadInput."""
    rows = _json_rows(document, shape) if shape.format == "json" else _xml_rows(document, shape)
    any_row = False
    for line, values in rows:
        any_row = True
        for reference, names in shape.names.items():
            other = next((name for name in names if name in values), "")
            if other and reference not in values:
                values[reference] = values[other]
        missing = [reference for reference in shape.required if reference not in values]
        fault = None
        if missing:
            lacks = ", ".join(missing)
            fault = (f"It lacks {lacks}.", f"Den mangler {lacks}.")
        yield line, values, fault
    if not any_row:
        raise MalformedData(
            f"{document.name}: there is nothing at {shape.iterator} in it; this is another file, or another version of "
            "it, than data/import knows.", document.name,
        )  # fmt: skip


def _json_rows(document: Document, shape: Shape) -> Iterator[tuple[int, dict[str, tuple[str, ...]]]]:
    try:
        text = document.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedData(f"{document.name}: this is not UTF-8, as JSON has to be.", document.name) from error
    try:
        held = json.loads(text)
    except RecursionError as error:
        raise MalformedData(f"{document.name}: it is nested too deeply.", document.name) from error
    except json.JSONDecodeError as error:
        whole = "; it ends before it is complete, so fetch it again" if error.pos >= len(text.rstrip()) - 1 else ""
        where = f"{document.name}:{error.lineno}:{error.colno}"
        raise MalformedData(
            f"{where}: this is no JSON ({error.msg}){whole}. Nothing was brought in.", document.name, error.lineno,
            error.colno,
        ) from error  # fmt: skip
    rows = itertools.chain.from_iterable(_followed(held, iterator) for iterator in (shape.iterator, *shape.also))
    for number, found in enumerate(rows, 1):
        if isinstance(found, dict):
            values: dict[str, tuple[str, ...]] = {}
            _flatten(found, "", values, 0)
            yield number, values


def _followed(held: Any, path: str) -> Iterator[Any]:
    steps = _STEP.findall(path.removeprefix("$"))
    if not path.startswith("$") or "".join(m[0] for m in _STEP.finditer(path)) != path[1:]:
        raise BadInput(f"The iterator {path!r} is not of the form $.results[*].")
    found = [held]
    for name in steps:
        if name:
            found = [one[name] for one in found if isinstance(one, dict) and name in one]
        else:
            found = [each for one in found if isinstance(one, list) for each in one]
    yield from found


def _flatten(held: Any, path: str, values: dict[str, tuple[str, ...]], depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(held, dict):
        for name, value in held.items():
            _flatten(value, f"{path}.{name}" if path else str(name), values, depth + 1)
    elif isinstance(held, list):
        for value in held:
            _flatten(value, path, values, depth + 1)
    elif held is not None:
        text = str(held).lower() if isinstance(held, bool) else str(held)
        values[path] = (*values.get(path, ()), text)


@dataclass(slots=True)
class _Element:
    name: str
    space: str
    line: int
    text: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)


def _xml_rows(document: Document, shape: Shape) -> Iterator[tuple[int, dict[str, tuple[str, ...]]]]:
    root = _parse(document)
    wanted = shape.iterator.lstrip("/").rsplit("/", 1)[-1]
    stack, found = [root], []
    while stack:
        element = stack.pop()
        if element.name == wanted:
            found.append(element)
        else:
            stack += reversed(element.children)
    for element in found:
        values: dict[str, tuple[str, ...]] = {"_namespace": (element.space,)}
        _flatten_element(element, "", values)
        yield element.line, values


def _flatten_element(element: _Element, path: str, values: dict[str, tuple[str, ...]]) -> None:
    text = "".join(element.text).strip()
    if text and path:
        values[path] = (*values.get(path, ()), text)
    for child in element.children:
        _flatten_element(child, f"{path}/{child.name}" if path else child.name, values)


def _parse(document: Document) -> _Element:
    parser = expat.ParserCreate(namespace_separator="\n")
    top = _Element("", "", 0)
    stack = [top]

    def begin(name: str, attributes: dict[str, str]) -> None:
        space, local = name.rsplit("\n", 1) if "\n" in name else ("", name)
        del attributes  # none of the registers uses them
        if len(stack) > _DEEPEST:
            raise MalformedData(f"{document.name}: it is nested too deeply.", document.name, parser.CurrentLineNumber)
        element = _Element(local, space, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def take(text: str) -> None:
        stack[-1].text.append(text)

    def refuse(*_: object) -> None:
        line = parser.CurrentLineNumber
        raise MalformedData(
            f"{document.name}:{line}: XML with a document type or entities is not read here; take the line out. "
            "Nothing was brought in, nothing was fetched.", document.name, line,
        )  # fmt: skip

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = take
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(document.content, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        cut = "; it ends before it is complete, so fetch it again" if "no element" in what or "unclosed" in what else ""
        where = f"{document.name}:{error.lineno}:{error.offset + 1}"
        raise MalformedData(
            f"{where}: this is no XML ({what}){cut}. Nothing was brought in.", document.name, error.lineno,
            error.offset + 1,
        ) from error  # fmt: skip
    return top
