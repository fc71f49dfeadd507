"""What waits and what was decided: submissions, what was said of them, tokens, and the numbers given to new records.

One SQLite file in the state directory (write-ahead log, synchronous), which no public query can see. Whatever was
acknowledged is on disk; every change is one transaction.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from sundgraf.domain.errors import Busy, Conflict, DiskFull, NotFound, StoreError, StoreUnusable
from sundgraf.domain.submission import ACCEPTED, OPEN, WAITING, Submission

_FULL = "The disk is full, so nothing was kept or changed. Free some of it, and try again."
_PATIENCE = 15.0  # seconds to wait for somebody else's transaction
_SPACE = 1 << 18  # bytes; with less a disk counts as full
_HELD = "The inbox cannot be had just now; nothing was changed. Try again in a few seconds."
_SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, submitter TEXT NOT NULL, shown_as TEXT NOT NULL,
    created TEXT NOT NULL, changed TEXT NOT NULL, base INTEGER NOT NULL, records TEXT NOT NULL, reason TEXT NOT NULL,
    source TEXT NOT NULL, successor TEXT NOT NULL, format TEXT NOT NULL, content BLOB NOT NULL, added TEXT NOT NULL,
    removed TEXT NOT NULL, publication INTEGER NOT NULL DEFAULT 0, client_key TEXT NOT NULL, digest TEXT NOT NULL,
    UNIQUE (submitter, client_key));
CREATE INDEX IF NOT EXISTS submissions_by_state ON submissions (state, created);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, submission TEXT NOT NULL, time TEXT NOT NULL, who TEXT NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_submission ON events (submission, number);
CREATE TABLE IF NOT EXISTS minted (start TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, shown_as TEXT NOT NULL, created TEXT NOT NULL,
    expires TEXT NOT NULL, revoked TEXT NOT NULL DEFAULT '');
"""
_COLUMNS = [field.name for field in fields(Submission)]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a submission: when, by whom (as shown in public), what, and in which words."""

    time: str
    who: str
    kind: str
    text: str


class Inbox:
    """The inbox of a state directory. Every call opens and closes the file, so it may be used in any process."""

    def __init__(self, state: Path) -> None:
        self._path = state / "inbox.sqlite"

    def add(self, submission: Submission, key: str) -> tuple[Submission, bool]:
        """Keep a submission; return it as kept, and whether it is new.

        The same submitter's same `key` (without one: the same content while it is open) is the same submission.
        Raises Conflict where the key was used for other content.
        """
        digest = _digest(submission)
        with self._open() as db:
            row = db.execute(
                "SELECT * FROM submissions WHERE submitter = ? AND (client_key = ? OR (? = '' AND digest = ? AND state "
                "IN ('draft', 'waiting', 'changes-wanted'))) LIMIT 1",
                (submission.submitter, key or "-", key, digest),
            ).fetchone()
            if row is not None:
                if row["digest"] != digest:
                    raise Conflict(
                        f"The key {key[:80]!r} was used for another submission, {row['id']}; take a new key."
                    )
                return _read(row), False
            kept = replace(submission, id=f"sb-{secrets.token_hex(6)}", created=now(), changed=now())
            self._insert(db, kept, key or kept.id, digest)
            _note(db, kept.id, kept.shown_as, kept.state, kept.reason)
        return kept, True

    def get(self, id: str) -> Submission:
        """Return a submission. Raises NotFound."""
        with self._open() as db:
            row = db.execute("SELECT * FROM submissions WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no submission {id[:40]!r}.")
        return _read(row)

    def select(self, *, state: str = "", submitter: str = "", limit: int = 200, start: int = 0) -> list[Submission]:
        """Return submissions, oldest first: those in a state, those of a submitter, "" for any."""
        with self._open() as db:
            rows = db.execute(
                "SELECT * FROM submissions WHERE (? = '' OR state = ?) AND (? = '' OR submitter = ?) "
                "ORDER BY created, id LIMIT ? OFFSET ?",
                (state, state, submitter, submitter, limit, start),
            ).fetchall()
        return [_read(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many submissions are in each state."""
        with self._open() as db:
            rows = db.execute("SELECT state, count(*) AS n FROM submissions GROUP BY state ORDER BY state").fetchall()
        return {row["state"]: row["n"] for row in rows}

    def sent_since(self, submitter: str, time: str) -> int:
        """Return how many submissions somebody sent since a time."""
        with self._open() as db:
            row = db.execute(
                "SELECT count(*) FROM submissions WHERE submitter = ? AND created >= ?", (submitter, time)
            ).fetchone()
        return int(row[0])

    def revise(self, submission: Submission) -> None:
        """Put a mended version in place of an open submission. Raises Conflict where it was decided meanwhile."""
        with self._open() as db:
            done = db.execute(
                "UPDATE submissions SET state = ?, changed = ?, base = ?, records = ?, reason = ?, source = ?, "
                "format = ?, content = ?, added = ?, removed = ?, digest = ? "
                f"WHERE id = ? AND state IN {OPEN!r}",
                (
                    submission.state, now(), submission.base, json.dumps(submission.records), submission.reason,
                    submission.source, submission.format, submission.content, submission.added, submission.removed,
                    _digest(submission), submission.id,
                ),
            ).rowcount  # fmt: skip
            if not done:
                raise Conflict(f"Submission {submission.id} was decided already; send a new one.")
            _note(db, submission.id, submission.shown_as, "revised", submission.reason)

    def move(
        self, id: str, before: tuple[str, ...], after: str, who: str, text: str, publication: int = 0,
        records: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Bring a submission from one of some states into another, its records renamed. Raises Conflict."""
        with self._open() as db:
            marks = ",".join("?" * len(before))
            done = db.execute(
                "UPDATE submissions SET state = ?, changed = ?, publication = ?, "
                f"records = coalesce(?, records) WHERE id = ? AND state IN ({marks})",
                (after, now(), publication, json.dumps(list(records)) if records else None, id, *before),
            ).rowcount
            if not done:
                raise Conflict(f"Submission {id[:40]} is not {' or '.join(before)} any more; look at it again.")
            _note(db, id, who, after, text)

    def comment(self, id: str, who: str, text: str) -> None:
        """Keep a remark on a submission."""
        with self._open() as db:
            _note(db, id, who, "comment", text)

    def events(self, id: str) -> list[Event]:
        """Return what happened to a submission, oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT * FROM events WHERE submission = ? ORDER BY number", (id,)).fetchall()
        return [Event(row["time"], row["who"], row["kind"], row["text"]) for row in rows]

    def settle(self, published: dict[str, int]) -> list[str]:
        """Mark as accepted what the publication log says is published; return what was behind."""
        with self._open() as db:
            waiting = [row["id"] for row in db.execute("SELECT id FROM submissions WHERE state = ?", (WAITING,))]
            behind = [id for id in waiting if id in published]
            for id in behind:
                db.execute(
                    "UPDATE submissions SET state = ?, changed = ?, publication = ? WHERE id = ?",
                    (ACCEPTED, now(), published[id], id),
                )
                _note(db, id, "sundgraf", ACCEPTED, "Found in the publication log after a restart.")
        return behind

    def take(self, start: str, least: int, count: int = 1) -> int:
        """Return the next number for IRIs that begin with `start`, never one given before and at least `least`.

        With `count`, it is the first of as many that are given.
        """
        with self._open() as db:
            row = db.execute("SELECT last FROM minted WHERE start = ?", (start,)).fetchone()
            number = max(least, row["last"] + 1 if row else 0)
            db.execute("INSERT OR REPLACE INTO minted (start, last) VALUES (?, ?)", (start, number + count - 1))
        return number

    def faults(self) -> list[str]:
        """Return what the database itself finds wrong with its file."""
        with self._open() as db:
            return [row[0] for row in db.execute("PRAGMA integrity_check").fetchall() if row[0] != "ok"]

    def copy_to(self, target: Path) -> None:
        """Write a whole copy of the inbox as it is now; safe while it is in use."""
        try:
            with (
                contextlib.closing(_connect(self._path)) as db,
                contextlib.closing(sqlite3.connect(target)) as copy,
            ):
                db.backup(copy)
        except sqlite3.Error as error:
            raise StoreError(f"The inbox cannot be copied ({error}).") from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection within one transaction. Raises StoreUnusable or StoreError, and then nothing changed."""
        with opened(self._path) as db:
            yield db

    @staticmethod
    def _insert(db: sqlite3.Connection, submission: Submission, key: str, digest: str) -> None:
        values = {name: getattr(submission, name) for name in _COLUMNS} | {
            "records": json.dumps(submission.records), "client_key": key, "digest": digest,
        }  # fmt: skip
        names = ", ".join(values)
        db.execute(f"INSERT INTO submissions ({names}) VALUES ({','.join('?' * len(values))})", list(values.values()))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to an inbox file within one transaction; the file is made where it is missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        db = _connect(path)
    except (OSError, sqlite3.Error) as error:
        if path.parent.is_dir() and _is_full(path):  # and somebody else has it for themselves meanwhile
            raise DiskFull(_FULL) from error
        if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR):  # or was full a moment ago
            raise Busy(_HELD) from error
        raise StoreUnusable(f"The inbox {str(path)!r} cannot be opened ({error}).") from error
    try:
        with contextlib.closing(db):
            db.row_factory = sqlite3.Row
            if new or not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'tokens'").fetchone():
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
    except sqlite3.Error as error:
        if _is_full(path):
            raise DiskFull(_FULL) from error
        if _code(error) == sqlite3.SQLITE_BUSY:
            raise Busy(_HELD) from error
        raise StoreError(
            f"It could not be kept ({error}); nothing was changed. Try again, or tell the operator."
        ) from error


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # without what it was about


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection; on a full disk one that shares the file with nobody, since that needs no space to read."""
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        db.close()
        if not _is_full(path):
            raise
        db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # keeps in memory what others would have to see in a file
    db.execute("PRAGMA synchronous = FULL")
    return db


def _is_full(path: Path) -> bool:
    return shutil.disk_usage(path.parent).free < _SPACE


def now() -> str:
    """Return the time as it is written everywhere: RFC 3339, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _note(db: sqlite3.Connection, id: str, who: str, kind: str, text: str) -> None:
    db.execute(
        "INSERT INTO events (submission, time, who, kind, text) VALUES (?, ?, ?, ?, ?)", (id, now(), who, kind, text)
    )


def _digest(submission: Submission) -> str:
    said = [submission.kind, submission.format, submission.reason, submission.source, submission.successor]
    if submission.kind != "record":
        said += submission.records
    return hashlib.sha256("\0".join(said).encode() + submission.content).hexdigest()


def _read(row: sqlite3.Row) -> Submission:
    values = {name: row[name] for name in _COLUMNS}
    return Submission(**{**values, "records": tuple(json.loads(row["records"]))})
