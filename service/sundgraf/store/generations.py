"""Where published states lie on disk: each is a directory that is complete or absent, and never changes.

    <state>/current.json              which generation is published
    <state>/publications.jsonl        the log: one line a publication, oldest first
    <state>/generations/<number>/     meta.json and store/ (the engine's files)
    <state>/changes/<number>.nq       what a publication added and removed (store/journal.py)
    <state>/staging-<pid>/            a generation being made; of no account until it is moved into place
    <state>/lock                      held by whoever is publishing

A new generation is made beside the old one and becomes the published one by a single rename, so that a crash or a full
disk leaves the old state as it was (DECISIONS.md, "Generations").
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import shutil
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sundgraf.domain.errors import Busy, DiskFull, StoreUnusable, SundgrafError
from sundgraf.store.base import Publication
from sundgraf.store.locks import wait_for_lock
from sundgraf.store.publication_log import append_to_log, cut_torn_line, read_log

_KEPT = 3  # generations that stay on disk: a server may still be reading the one before


@dataclass(frozen=True, slots=True)
class Generation:
    """A published state: its number, when it was made, its size, and the edition of the rooms it was made from.

    `edition` is a fingerprint, empty where none of our own files are in it; `added` counts the files loaded besides.
    """

    number: int
    time: str
    quads: int
    edition: str
    added: int
    path: Path

    @property
    def store(self) -> Path:
        """The engine's directory."""
        return self.path / "store"

    @property
    def columns(self) -> Path:
        """Where its columns (columns_files) lie once they are made."""
        return self.path.parent.parent / "columns" / self.publication.kept_as

    @property
    def publication(self) -> Publication:
        """What readers see of it."""
        return Publication(self.number, self.time, self.quads)


def current(state: Path) -> Generation | None:
    """Return the published generation, None in an empty state. Raises StoreUnusable where it is damaged."""
    try:
        pointer = json.loads((state / "current.json").read_text("utf-8"))
        path = state / "generations" / str(pointer["generation"])
        meta = json.loads((path / "meta.json").read_text("utf-8"))
        generation = Generation(path=path, **meta)
    except FileNotFoundError as error:
        if not (state / "current.json").exists():
            return None
        raise StoreUnusable(f"The state in {str(state)!r} lacks {error.filename!r}; {MEND}") from error
    except NotADirectoryError as error:
        raise StoreUnusable(f"The state {str(state)!r} is a file; name a directory in SUNDGRAF_STATE.") from error
    except PermissionError as error:
        raise StoreUnusable(f"The state in {str(state)!r} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnusable(f"The state in {str(state)!r} is damaged ({error}); {MEND}") from error
    if not (generation.store / "CURRENT").is_file():
        raise StoreUnusable(f"The store in {str(generation.store)!r} is half written; {MEND}")
    return generation


MEND = "rebuild it with `sundgraf load --rebuild`, or restore a backup with `sundgraf restore`."


@contextlib.contextmanager
def publishing(state: Path, seconds: float = math.inf) -> Iterator[None]:
    """Hold the right to publish; whoever comes second waits, or raises Busy after some seconds.

    Leftovers of a crash are cleared away.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = (state / "lock").open("w")
    except OSError as error:
        raise StoreUnusable(
            f"The state directory {str(state)!r} cannot be written ({error.strerror}); set SUNDGRAF_STATE."
        ) from error
    with lock:
        try:
            wait_for_lock(lock, seconds)
        except TimeoutError:
            raise Busy("A publication is being made; try again in a few seconds.") from None
        for leftover in state.glob("staging-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        cut_torn_line(state)
        _finish(state)
        yield


def next_number(state: Path) -> int:
    """Return the number that the next publication gets; only whoever holds the right to publish may rely on it."""
    return _last_number(log(state)) + 1


@contextlib.contextmanager
def staging(state: Path, base: Generation | None) -> Iterator[Path]:
    """Yield a directory to build a store in: empty, or a copy of `base` that shares its immutable files.

    It is removed when the block ends, unless `commit` moved it into place.
    """
    path = state / f"staging-{os.getpid()}"
    try:
        (path / "store").mkdir(parents=True)
        if base is not None:
            _link_copy(base.store, path / "store")
        yield path
    except OSError as error:
        traceback.clear_frames(error.__traceback__)  # lets go of the engine, which would go on writing
        if error.errno == errno.ENOSPC or "No space left" in str(error):  # the engine gives no number
            raise DiskFull("The disk is full, so it could not be published. Free some of it, and try again.") from error
        raise StoreUnusable(
            f"The load into {str(state)!r} failed ({error.strerror or error}); nothing was changed."
        ) from error
    except SundgrafError as error:
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        shutil.rmtree(path, ignore_errors=True)


def commit(
    state: Path,
    staged: Path,
    *,
    quads: int,
    edition: str,
    added: int,
    agent: str,
    reason: str,
    time: str = "",
    about: Mapping[str, object] | None = None,
) -> Generation:
    """Publish the staged store: write its meta, move it into place, log it and point at it. Returns the generation.

    `about` is what the log says beside that. The line in the log is what makes it published: a crash after it is mended
    by the next one who publishes or serves.
    """
    number = next_number(state)
    now = time or utc_now()
    generation = Generation(number, now, quads, edition, added, _place(state, number))
    _move_into_place(staged, generation)
    append_to_log(state, {**_meta(generation), "agent": agent, "reason": reason, **(about or {})})
    _point_at(state, generation)
    return generation


def utc_now() -> str:
    """Return the time as the log writes it: RFC 3339, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def bring_back(state: Path, unpacked: Path, *, agent: str, reason: str) -> Generation:
    """Publish a saved state that lies unpacked beside the others; returns the generation.

    Into an empty state it comes back as it was, log and number. Where something was published before, it becomes the
    next publication, so that no number ever means two things; the logs of both are kept. Raises StoreUnusable where the
    saved state is not whole.
    """
    saved = current(unpacked)
    if saved is None:
        raise StoreUnusable("It holds no published state.")
    history = [entry for entry in log(unpacked) if int(str(entry["number"])) <= saved.number]
    held = log(state)
    if held or (state / "current.json").exists():
        number = max(_last_number(held), _last_number(history), saved.number) + 1
        generation = replace(saved, number=number, time=utc_now(), path=_place(state, number))
        entries = [entry if entry in history else {**entry, "superseded": number} for entry in held]
        entries += [entry for entry in history if entry not in held]
        entries.sort(key=lambda entry: str(entry.get("time", "")))
        entries.append({**_meta(generation), "agent": agent, "reason": reason, "restored": saved.number})
    else:
        generation = replace(saved, path=_place(state, saved.number))
        entries = history
    _move_into_place(saved.path, generation)
    draft = state / "publications.jsonl.new"
    _write_durably(draft, "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))
    draft.replace(state / "publications.jsonl")
    _point_at(state, generation)
    return generation


def log(state: Path) -> list[dict[str, object]]:
    """Return the publication log, oldest first; a torn last line is left out."""
    return read_log(state)


def lineage(state: Path) -> list[dict[str, object]]:
    """Return the entries of the log that led to what is published: without what a restored backup put aside."""
    return [entry for entry in log(state) if not entry.get("superseded") and not entry.get("restored")]


def _finish(state: Path) -> None:
    """Point at a publication that was logged by somebody who died before pointing at it."""
    entries = log(state)
    number = _last_number(entries)
    path = _place(state, number)
    try:
        held = current(state)
    except StoreUnusable:
        return
    if number and (held is None or held.number < number) and (path / "meta.json").is_file():
        meta = json.loads((path / "meta.json").read_text("utf-8"))
        if meta["number"] == number and (path / "store" / "CURRENT").is_file():
            _point_at(state, Generation(path=path, **meta))


def _last_number(entries: list[dict[str, object]]) -> int:
    return max((int(str(entry["number"])) for entry in entries), default=0)


def _place(state: Path, number: int) -> Path:
    return state / "generations" / f"{number:06d}"


def _meta(generation: Generation) -> dict[str, object]:
    return {name: value for name, value in asdict(generation).items() if name != "path"}


def _move_into_place(staged: Path, generation: Generation) -> None:
    _write_durably(staged / "meta.json", json.dumps(_meta(generation)))
    generation.path.parent.mkdir(exist_ok=True)
    if generation.path.exists():  # moved into place by a publication that died before it was logged
        shutil.rmtree(generation.path)
    staged.rename(generation.path)
    _sync_directory(generation.path.parent)


def _point_at(state: Path, generation: Generation) -> None:
    pointer = state / "current.json.new"
    _write_durably(pointer, json.dumps({"generation": generation.path.name}))
    pointer.replace(state / "current.json")
    _sync_directory(state)
    for old in sorted((state / "generations").iterdir())[:-_KEPT]:
        if old != generation.path:
            shutil.rmtree(old, ignore_errors=True)


def _link_copy(source: Path, target: Path) -> None:
    for file in source.iterdir():
        if file.suffix == ".sst":  # never changed once written
            try:
                os.link(file, target / file.name)
                continue
            except OSError:
                pass
        if file.is_file() and file.name != "LOCK":
            shutil.copy2(file, target / file.name)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
