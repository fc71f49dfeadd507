"""Write Turtle files in the one way of writing them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sundgraf.domain.errors import BadInput, MalformedData, UnknownFormat
from sundgraf.store.load import parse_file
from sundgraf.store.turtle import format_turtle


def turtle_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the Turtle files among `paths` and below the folders among them. Raises BadInput for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.ttl"))
        elif not path.is_file():
            raise BadInput(f"There is no file {str(path)!r}.")
        elif path.suffix.lower() != ".ttl":
            raise UnknownFormat(f"{str(path)!r} is no Turtle file (.ttl); only those are formatted.")
        else:
            yield path


def format_files(
    paths: Iterable[Path], *, check: bool = False, progress: Callable[[int], object] = lambda _: None
) -> list[Path]:
    """Format files and return those that changed; with `check` only say which would. A file is replaced whole or not.

    `progress` gets 1 per file. Raises MalformedData, with the place, for a file that does not parse or that would lose
    something; it stays as it is.
    """
    changed = []
    for path in list(turtle_files(paths)):
        before = read_turtle(path)
        after = _format(path, before)
        if after != before:
            changed.append(path)
            if not check:
                _replace(path, after)
        progress(1)
    return changed


def first_change(path: Path) -> int:
    """Return the first line that formatting would change, 1 where that is the end."""
    before = read_turtle(path)
    lines = zip(before.splitlines(), _format(path, before).splitlines(), strict=False)
    return next((number for number, (old, new) in enumerate(lines, 1) if old != new), 1)


def read_turtle(path: Path) -> str:
    """Return the text of a Turtle file that parses. Raises MalformedData, with the place, for one that does not."""
    parse_file(path)  # says file, line and column
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MalformedData(f"{path}:{line}:1: this is not UTF-8 ({error.reason})", str(path), line, 1) from error


def _format(path: Path, text: str) -> str:
    try:
        return format_turtle(text)
    except MalformedData as error:
        raise MalformedData(f"{path}: {error}", str(path), error.line) from error
    except BadInput as error:
        raise MalformedData(f"{path}: {error}", str(path)) from error


def _replace(path: Path, text: str) -> None:
    path = path.resolve()  # what a link points to, not the link
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(text.encode())
        shutil.copymode(path, draft)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadInput(f"{str(path)!r} cannot be written ({error.strerror or error}); it is as it was.") from error
