"""Save the state directory to one file, and bring it back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from sundgraf.domain.errors import BadInput, StoreUnusable
from sundgraf.store import feed, generations
from sundgraf.store.direct import open_direct
from sundgraf.store.inbox import Inbox

_MANIFEST = "sundgraf-backup.json"


def backup(state: Path, target: Path, progress: Callable[[int], object] = lambda _: None) -> int:
    """Write what is published, log, changes and inbox to `target` (.tar.gz); return the publication's number.

    A published generation never changes, so this is safe while serving. `progress` gets 1 per file.
    """
    inbox = _inbox_of(state)  # first, so that it is never ahead of the log
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r}; there is nothing to save.")
    whole = inbox | {  # as they are now; the log may grow meanwhile
        "current.json": json.dumps({"generation": generation.path.name}).encode(),
        "publications.jsonl": (state / "publications.jsonl").read_bytes(),
    }
    draft = target.with_name(f".{target.name}.new")
    sums = {}
    changing, pages = feed.files_of(state, generation.number)
    whole |= changing
    kept = [*sorted((state / "changes").glob("*.nq")), *pages]
    try:
        with tarfile.open(draft, "w:gz") as archive:
            for name, content in whole.items():
                sums[name] = hashlib.sha256(content).hexdigest()
                _add(archive, name, content)
                progress(1)
            for path in [*kept, *sorted(path for path in generation.path.rglob("*") if path.is_file())]:
                name = path.relative_to(state).as_posix()
                sums[name] = _sum(path)
                archive.add(path, name, recursive=False)
                progress(1)
            _add(archive, _MANIFEST, json.dumps({"publication": generation.number, "sha256": sums}).encode())
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(draft, target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(f"The backup cannot be written to {str(target)!r} ({error.strerror or error}).") from error
    return generation.number


def restore(
    state: Path, source: Path, *, force: bool = False, progress: Callable[[int], object] = lambda _: None
) -> int:
    """Bring a backup back into `state`; return the number it is published under.

    Nothing changes unless the whole archive is sound, nor without `force` where something is published already.
    Then the backup becomes the next publication, and what was published before stays in the log. `progress` gets the
    bytes of the archive that were read.
    """
    with generations.publishing(state):
        if not force and (state / "current.json").exists():
            raise BadInput(
                f"Something is published in {str(state)!r} already; give --force to put the backup in its place."
            )
        unpacked = state / f"staging-{os.getpid()}"
        try:
            number = _unpack(source, unpacked, progress)
            aside = _put_aside(state, unpacked)
            generation = generations.bring_back(
                state, unpacked, agent="sundgraf restore", reason=f"Restored from a backup of publication {number}"
            )
            _bring_rest(state, unpacked, aside)
            feed.bring_back(state, unpacked)
        except (OSError, EOFError, ValueError, KeyError, TypeError, tarfile.TarError, StoreUnusable) as error:
            raise BadInput(f"{str(source)!r} is no whole backup ({error}); nothing was changed.") from error
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return generation.number


def _inbox_of(state: Path) -> dict[str, bytes]:
    """Return a whole copy of the inbox under its name, nothing where there is none."""
    if not (state / "inbox.sqlite").exists():
        return {}
    copy = state / f"inbox-{os.getpid()}.copy"
    try:
        Inbox(state).copy_to(copy)
        return {"inbox.sqlite": copy.read_bytes()}
    finally:
        copy.unlink(missing_ok=True)


def _put_aside(state: Path, unpacked: Path) -> dict[Path, Path]:
    """Return where the backup's inbox and changes go, with what is there now moved to a name of its own first."""
    moves: dict[Path, Path] = {}
    for found in [unpacked / "inbox.sqlite", *sorted((unpacked / "changes").glob("*.nq"))]:
        if found.exists():
            moves[found] = state / found.relative_to(unpacked)
    number = generations.next_number(state)
    for target in [*(state / "changes").glob("??????.nq"), state / "inbox.sqlite"]:
        source = unpacked / target.relative_to(state)
        if target.exists() and not (source.exists() and _sum(source) == _sum(target)):
            shutil.copy2(target, target.with_name(f"{target.stem}-before-{number}{target.suffix}"))
    return moves


def _bring_rest(state: Path, unpacked: Path, moves: dict[Path, Path]) -> None:
    """Move the inbox and the changes of a backup into place; `unpacked` is cleared away afterwards."""
    if moves:
        (state / "changes").mkdir(exist_ok=True)
    for old in ("inbox.sqlite-wal", "inbox.sqlite-shm"):
        if unpacked / "inbox.sqlite" in moves:
            (state / old).unlink(missing_ok=True)
    for source, target in moves.items():
        os.replace(source, target)


def _unpack(source: Path, target: Path, progress: Callable[[int], object]) -> int:
    """Unpack a backup and compare it with its own list; return the number of its publication."""
    read = 0
    with source.open("rb") as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in archive:
            archive.extract(member, target, filter="data")
            progress(file.tell() - read)
            read = file.tell()
    manifest = json.loads((target / _MANIFEST).read_text("utf-8"))
    sums = manifest["sha256"]
    (target / _MANIFEST).unlink()
    present = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    if present != set(sums):
        raise ValueError("its files are not those of its list")
    for name, expected in sums.items():
        if _sum(target / name) != expected:
            raise ValueError(f"{name} does not match its checksum")
    if open_direct(target).publication().number != manifest["publication"]:
        raise ValueError("it holds another publication than it says")
    return int(manifest["publication"])


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
