"""Save the state directory to one file, and bring it back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from sundgraf.domain.errors import BadInput, StoreUnusable
from sundgraf.store import generations

_MANIFEST = "sundgraf-backup.json"


def backup(state: Path, target: Path, progress: Callable[[int], object] = lambda _: None) -> int:
    """Write what is published and the log to `target` (.tar.gz); return the publication's number.

    A published generation never changes, so this is safe while serving. `progress` gets 1 per file.
    """
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r}; there is nothing to save.")
    files = [state / "current.json", state / "publications.jsonl"]
    files += sorted(path for path in generation.path.rglob("*") if path.is_file())
    draft = target.with_name(f".{target.name}.new")
    sums = {}
    try:
        with tarfile.open(draft, "w:gz") as archive:
            for path in files:
                name = path.relative_to(state).as_posix()
                sums[name] = _sum(path)
                archive.add(path, name, recursive=False)
                progress(1)
            manifest = json.dumps({"publication": generation.number, "sha256": sums}).encode()
            entry = tarfile.TarInfo(_MANIFEST)
            entry.size = len(manifest)
            archive.addfile(entry, io.BytesIO(manifest))
        os.replace(draft, target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(f"The backup cannot be written to {str(target)!r} ({error.strerror or error}).") from error
    return generation.number


def restore(state: Path, source: Path, *, force: bool = False) -> int:
    """Bring a backup back into `state`; return its publication's number.

    Nothing is replaced unless the whole archive is sound, nor without `force` where something is published already.
    """
    if not force and (state / "current.json").exists():
        raise BadInput(
            f"Something is published in {str(state)!r} already; give --force to put the backup in its place."
        )
    state.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=state.parent) as folder:
        unpacked = Path(folder) / "state"
        number = _unpack(source, unpacked)
        with generations.publishing(state):
            for name in ("generations", "publications.jsonl", "current.json"):
                held = state / name
                if held.is_dir():
                    held.rename(Path(folder) / "replaced")
                (unpacked / name).replace(held)
    return number


def _unpack(source: Path, target: Path) -> int:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(target, filter="data")
        manifest = json.loads((target / _MANIFEST).read_text("utf-8"))
        sums = manifest["sha256"]
        for name, expected in sums.items():
            if _sum(target / name) != expected:
                raise BadInput(f"{str(source)!r} is damaged: {name} does not match its checksum.")
        (target / _MANIFEST).unlink()
        present = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
        if present != set(sums):
            raise BadInput(f"{str(source)!r} holds files that its list does not name.")
        generations.current(target)
    except (OSError, EOFError, ValueError, KeyError, TypeError, tarfile.TarError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise BadInput(f"{str(source)!r} is no whole backup ({error}); nothing was changed.") from error
    return int(manifest["publication"])


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
