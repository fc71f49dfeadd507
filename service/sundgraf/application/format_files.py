"""Write Turtle files in the one way of writing them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sundgraf.domain.errors import BadInput, MalformedData
from sundgraf.store.load import parse_file
from sundgraf.store.turtle import format_turtle


def turtle_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the Turtle files among `paths` and below the folders among them. Raises BadInput for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.ttl"))
        elif path.is_file():
            yield path
        else:
            raise BadInput(f"There is no file {str(path)!r}.")


def format_files(paths: Iterable[Path], *, check: bool = False) -> list[Path]:
    """Format files and return those that changed; with `check` only say which would. A file is replaced whole or not.

    Raises MalformedData, with the place, for a file that does not parse; it stays as it is.
    """
    changed = []
    for path in turtle_files(paths):
        parse_file(path)  # says file, line and column
        before = path.read_text("utf-8")
        try:
            after = format_turtle(before)
        except SyntaxError as error:
            raise MalformedData(f"{path}: {error}", str(path)) from error
        if after != before:
            changed.append(path)
            if not check:
                draft = path.with_name(f".{path.name}.new")
                draft.write_text(after, "utf-8")
                os.replace(draft, path)
    return changed
