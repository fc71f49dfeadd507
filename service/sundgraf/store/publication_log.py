"""The publication log of a state, <state>/publications.jsonl: a line of JSON for each publication, oldest first.

A line is what makes a publication: it is written last, in one piece, and is on disk before anybody is told.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path
from typing import BinaryIO

_NAME = "publications.jsonl"


def read_log(state: Path) -> list[dict[str, object]]:
    """Return the publication log, oldest first; a torn last line is left out."""
    try:
        lines = (state / _NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            entry = json.loads(line)
            int(entry["number"])
            entries.append(entry)
    return entries


def append_to_log(state: Path, entry: dict[str, object]) -> None:
    """Add a line, durably: all of it, or on a full disk nothing. Raises OSError."""
    line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    with (state / _NAME).open("a+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end and _last_byte(file) != b"\n":
            line = b"\n" + line
        try:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def cut_torn_line(state: Path) -> None:
    """Take away what a crash left of a last line; that publication was never promised to anybody.

    Only for whoever holds the right to publish.
    """
    with contextlib.suppress(FileNotFoundError), (state / _NAME).open("r+b") as file:
        if file.seek(0, os.SEEK_END) and _last_byte(file) != b"\n":
            file.seek(0)
            whole, _, last = file.read().rpartition(b"\n")
            try:
                json.loads(last)
            except ValueError:
                file.truncate(len(whole) + 1 if whole else 0)


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)
