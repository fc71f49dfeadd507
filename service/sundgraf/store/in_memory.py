"""A copy in memory of a store on disk, made by a process that must go on forking and so may start no thread."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

from sundgraf.store.kept import make_once
from sundgraf.store.parent import die_with_parent


def load_in_memory(store: Path, copy: Path | None = None, quads: int = 0) -> ox.Store:
    """Return a copy in memory of the store in the directory `store`.

    `copy` is a file that keeps what was read, in the folder of its kind in the state directory: reading a store from
    its directory takes twice the time of reading such a file. One that has not `quads` quads is made anew.
    """
    if copy is not None and copy.exists():
        held = None
        with contextlib.suppress(SyntaxError, OSError):
            held = _read(copy)
        if held is not None and len(held) == quads:
            return held
        copy.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="sundgraf-") as folder:
        path = Path(folder) / "all.nq"

        def write(target: Path) -> None:
            ox.Store.read_only(str(store)).dump(str(target), format=ox.RdfFormat.N_QUADS)

        if copy is not None:
            path = copy
            in_a_child(lambda: make_once(store.parents[2], copy, write), store)
        else:
            in_a_child(lambda: write(path), store)
        return _read(path)


def _read(path: Path) -> ox.Store:
    """Return a store with the statements of a file, which the engine wrote. Raises SyntaxError or OSError.

    The thread that reads is gone afterwards, but what it took lies in a part of memory that the C library keeps for
    it (glibc's arenas). What the workers ask for then comes from one without the gaps that loading leaves behind:
    finding a place among a million of those took two thirds of a short query.
    """
    held = ox.Store()
    errors: list[BaseException] = []

    def load() -> None:
        try:
            held.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS, lenient=True)
        except BaseException as error:  # noqa: BLE001  raised below, where the caller sees it
            errors.append(error)

    reader = threading.Thread(target=load)
    reader.start()
    reader.join()
    if errors:
        raise errors[0]
    return held


def in_a_child(task: Callable[[], object], store: Path) -> None:
    """Do something that starts threads in a process of its own, so that this one may go on forking."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(parent)
            task()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001  the only way out of a forked child is _exit
            sys.stderr.write(f"sundgraf: cannot read {store}: {error}\n")
            os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"the store in {str(store)!r} cannot be read")
