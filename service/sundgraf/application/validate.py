"""Validate what a steward means to submit, beside what is published; nothing is stored."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.load import room_files
from sundgraf.domain.errors import MalformedData, StoreUnusable
from sundgraf.domain.report import Finding
from sundgraf.store.direct import open_direct
from sundgraf.store.load import parse_file, read_store
from sundgraf.store.shacl import validate
from sundgraf.store.shacl_result import Result
from sundgraf.store.turtle_text import Place, StatementLines
from sundgraf.store.view import Node

_CONCEPT = "https://w3id.org/sundgraf/concept/"
_IN_SCHEME = ox.NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")


def validate_files(paths: Sequence[Path], state: Path, root: Path) -> list[Finding]:
    """Return what is to be mended in files, each read in the context of the others and of what is published.

    Raises MalformedData with line and column, UnknownFormat, or BadShapes.
    """
    submission = ox.Store()
    origin: dict[str, Path] = {}
    focuses: dict[Node, None] = {}
    for path in paths:
        for quad in parse_file(path):
            if isinstance(quad.subject, ox.Triple):
                raise MalformedData(f"{path}: statements about statements are not read here", str(path))
            submission.add(ox.Quad(quad.subject, quad.predicate, quad.object))
            origin.setdefault(str(quad.subject.value), path)
            focuses[quad.subject] = None
    base = _published(state, root)
    shapes = read_store(file.path for file in room_files(root) if file.shapes)
    places = {path: StatementLines(path.read_text("utf-8")) for path in paths if path.suffix.lower() == ".ttl"}
    return sorted(
        _finding(result, origin.get(result.focus, paths[0]), places, base)
        for result in validate(submission, shapes, focuses, base)
    )


def _published(state: Path, root: Path) -> ox.Store:
    try:
        return open_direct(state).engine
    except StoreUnusable:  # nothing is published here yet: our own files say what exists
        return read_store(file.path for file in room_files(root) if not file.shapes)


def _finding(result: Result, path: Path, places: dict[Path, StatementLines], base: ox.Store) -> Finding:
    place = _place(result, places.get(path))
    value = f" ({result.value!r})" if result.value else ""
    near = _nearest(result.value, base)
    return Finding(
        str(path),
        place.line if place else 0,
        f"{result.focus} {result.path}".strip(),
        result.shape.rsplit("/", 1)[-1],
        result.messages.get("en", "") + value + (f" Did you mean {near}?" if near else ""),
        result.messages.get("da", "") + value + (f" Mente du {near}?" if near else ""),
        result.severity,
        place.column if place else 0,
    )


def _place(result: Result, lines: StatementLines | None) -> Place | None:
    if lines is None:
        return None
    asked: Iterable[tuple[str, ...]] = (
        (result.focus, result.path, result.value), (result.focus, result.path), (result.focus,)
    )  # fmt: skip
    return next((place for what in asked if (place := lines.locate(*what))), None)


def _nearest(value: str, base: ox.Store) -> str:
    """Return the concept of the same scheme that a wrong one is most like, "" where there is none."""
    scheme, _, name = value.removeprefix(_CONCEPT).partition("/")
    if not value.startswith(_CONCEPT) or not name:
        return ""
    members = base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(_CONCEPT + scheme), ox.DefaultGraph())
    names = [str(quad.subject.value).rsplit("/", 1)[-1] for quad in members if isinstance(quad.subject, ox.NamedNode)]
    near = difflib.get_close_matches(name, names, 1) if name not in names else []
    return f"{scheme}/{near[0]}" if near else ""
