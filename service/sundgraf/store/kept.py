"""Files that are made of a publication beside it, once: in a folder for each kind, by name of the publication."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def make_once(state: Path, target: Path, make: Callable[[Path], object]) -> None:
    """Have `make` make a file or folder at a path it is given, then put it at `target`, unless that is there.

    `target` lies in a folder of its kind, and its name begins with the number of the publication, as a generation's.
    Whoever comes second waits. What is not of a publication that is kept, or was left half made, is cleared away.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {path.name for path in (state / "generations").iterdir()}
        number = _number(target)
        for old in target.parent.iterdir():
            if old.name != "lock" and old != target and (_number(old) not in kept or _number(old) == number):
                shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)
        if not target.exists():
            with tempfile.TemporaryDirectory(prefix="making-", dir=target.parent) as draft:
                made = Path(draft) / "made"
                make(made)
                made.rename(target)


def wait_until_made(target: Path) -> bool:
    """Say whether `make_once` has put something at `target`, once nobody is at work on its kind."""
    if (target.parent / "lock").exists():
        with (target.parent / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
    return target.exists()


def _number(path: Path) -> str:
    return path.stem.partition("-")[0]
