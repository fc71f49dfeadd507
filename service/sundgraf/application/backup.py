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
from sundgraf.store import generations
from sundgraf.store.direct import open_direct

_MANIFEST = "sundgraf-backup.json"


def backup(state: Path, target: Path, progress: Callable[[int], object] = lambda _: None) -> int:
    """Write what is published and the log to `target` (.tar.gz); return the publication's number.

    A published generation never changes, so this is safe while serving. `progress` gets 1 per file.
    """
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r}; there is nothing to save.")
    whole = {  # as they are now; the log may grow meanwhile
        "current.json": json.dumps({"generation": generation.path.name}).encode(),
        "publications.jsonl": (state / "publications.jsonl").read_bytes(),
    }
    draft = target.with_name(f".{target.name}.new")
    sums = {}
    try:
        with tarfile.open(draft, "w:gz") as archive:
            for name, content in whole.items():
                sums[name] = hashlib.sha256(content).hexdigest()
                _add(archive, name, content)
                progress(1)
            for path in sorted(path for path in generation.path.rglob("*") if path.is_file()):
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


def restore(state: Path, source: Path, *, force: bool = False) -> int:
    """Bring a backup back into `state`; return the number it is published under.

    Nothing changes unless the whole archive is sound, nor without `force` where something is published already.
    Then the backup becomes the next publication, and what was published before stays in the log.
    """
    with generations.publishing(state):
        if not force and (state / "current.json").exists():
            raise BadInput(
                f"Something is published in {str(state)!r} already; give --force to put the backup in its place."
            )
        unpacked = state / f"staging-{os.getpid()}"
        try:
            number = _unpack(source, unpacked)
            generation = generations.bring_back(
                state, unpacked, agent="sundgraf restore", reason=f"Restored from a backup of publication {number}"
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, tarfile.TarError, StoreUnusable) as error:
            raise BadInput(f"{str(source)!r} is no whole backup ({error}); nothing was changed.") from error
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return generation.number


def _unpack(source: Path, target: Path) -> int:
    """Unpack a backup and compare it with its own list; return the number of its publication."""
    with tarfile.open(source, "r:gz") as archive:
        archive.extractall(target, filter="data")
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
