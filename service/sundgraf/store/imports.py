"""What is kept of imports beside their submissions: the report, the rejected rows, and what the edition said.

In the inbox's file, so that one backup saves both.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundgraf.domain.errors import NotFound
from sundgraf.domain.submission import ACCEPTED, OPEN
from sundgraf.store.inbox import opened

_SCHEMA = """
CREATE TABLE IF NOT EXISTS imports (
    submission TEXT PRIMARY KEY, register TEXT NOT NULL, report TEXT NOT NULL, rejected BLOB NOT NULL,
    said BLOB NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An import as a list shows it: its submission, register, state, when it came, and its counts."""

    submission: str
    register: str
    state: str
    created: str
    publication: int
    counts: dict[str, int]


class Imports:
    """The imports of a state directory."""

    def __init__(self, state: Path) -> None:
        self._path = state / "inbox.sqlite"

    def keep(self, submission: str, register: str, report: dict[str, Any], rejected: str, said: str) -> None:
        """Keep what belongs to a submission, in place of what was kept of it before."""
        with opened(self._path) as db:
            db.execute(_SCHEMA)
            db.execute(
                "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?)",
                (submission, register, json.dumps(report, ensure_ascii=False), zlib.compress(rejected.encode()),
                 zlib.compress(said.encode())),
            )  # fmt: skip

    def report(self, submission: str) -> dict[str, Any]:
        """Return the report of an import. Raises NotFound."""
        held: dict[str, Any] = json.loads(self._one(submission, "report"))
        return held

    def rejected(self, submission: str) -> str:
        """Return the rows of an import that were rejected, as CSV. Raises NotFound."""
        return zlib.decompress(self._one(submission, "rejected")).decode()

    def last_said(self, register: str) -> str:
        """Return what the last edition that was accepted said, in N-Triples; "" where none was."""
        row = self._select(
            "SELECT i.said FROM imports i JOIN submissions s ON s.id = i.submission WHERE i.register = ? "
            f"AND s.state = '{ACCEPTED}' ORDER BY s.publication DESC LIMIT 1", (register,),
        )  # fmt: skip
        return zlib.decompress(row[0]["said"]).decode() if row else ""

    def open_of(self, register: str, submitter: str) -> list[str]:
        """Return the submissions of a submitter with editions of a register that are not decided."""
        rows = self._select(
            "SELECT s.id FROM imports i JOIN submissions s ON s.id = i.submission WHERE i.register = ? "
            f"AND s.submitter = ? AND s.state IN {OPEN!r}", (register, submitter),
        )  # fmt: skip
        return [row["id"] for row in rows]

    def select(self, register: str = "", state: str = "", limit: int = 20) -> list[Kept]:
        """Return imports, newest first: those of a register, those in a state, "" for any."""
        rows = self._select(
            "SELECT i.submission, i.register, i.report, s.state, s.created, s.publication FROM imports i "
            "JOIN submissions s ON s.id = i.submission WHERE (? = '' OR i.register = ?) AND (? = '' OR s.state = ?) "
            "ORDER BY s.created DESC, s.id LIMIT ?",
            (register, register, state, state, limit),
        )
        return [
            Kept(row["submission"], row["register"], row["state"], row["created"], row["publication"],
                 json.loads(row["report"])["counts"]) for row in rows
        ]  # fmt: skip

    def _one(self, submission: str, column: str) -> Any:
        rows = self._select("SELECT * FROM imports WHERE submission = ?", (submission,))
        if not rows:
            raise NotFound(f"There is no import {submission[:40]!r}.")
        return rows[0][column]

    def _select(self, query: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        if not self._path.exists():
            return []
        with opened(self._path) as db:
            db.execute(_SCHEMA)
            return db.execute(query, values).fetchall()
