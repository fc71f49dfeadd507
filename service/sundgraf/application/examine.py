"""Find out what is wrong with an installation, and what would mend it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from sundgraf.application.load import edition_of
from sundgraf.application.verify import verify
from sundgraf.domain.errors import SundgrafError
from sundgraf.store import generations
from sundgraf.store.lane import may_promote

WELL, NOTE, FAULT = "well", "note", "fault"
_LEAST_FREE = 64 << 20  # bytes
_BYTES_PER_QUAD = 500  # of memory, for a graph that workers hold in memory (tests/bench)
_LEAST_FILES = 1024


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at: its name, how it is (well, note or fault), and what to do where it is not well."""

    name: str
    state: str
    says: str


def examine(
    state: Path, root: Path, known: Iterable[str], environment: Mapping[str, str], remote: bool = False
) -> list[Examined]:
    """Return what was found, everything that was looked at. `known` are the names of the settings that there are."""
    looks: list[Callable[[], Examined]] = [
        _python,
        _packages,
        lambda: _settings(known, environment),
        lambda: _rooms(root),
        _files,
        _priority,
    ]
    if not remote or (state / "current.json").exists():
        looks += [
            lambda: _state(state),
            lambda: _disk(state),
            lambda: _published(state, root),
            lambda: _memory(state),
            lambda: _agreement(state),
            lambda: _secrets(state),
        ]
    return [look() for look in looks]


def _python() -> Examined:
    return Examined("Python", WELL, sys.version.split()[0])


def _packages() -> Examined:
    """Look whether every package is there that we name; pip says whether their versions agree."""
    missing = []
    for line in metadata.requires("sundgraf") or []:
        requirement, _, marker = line.partition(";")
        found = re.match(r"[\w.-]+", requirement)
        if found is None or "extra" in marker:
            continue
        try:
            metadata.version(found[0])
        except metadata.PackageNotFoundError:
            if "sys_platform" not in marker:
                missing.append(found[0])
    if missing:
        return Examined("Packages", FAULT, f"{', '.join(missing)} missing; install sundgraf again with pip.")
    return Examined(
        "Packages", WELL, f"sundgraf {metadata.version('sundgraf')}, pyoxigraph {metadata.version('pyoxigraph')}"
    )


def _settings(known: Iterable[str], environment: Mapping[str, str]) -> Examined:
    names = {f"SUNDGRAF_{name.upper()}" for name in known}
    unknown = sorted(name for name in environment if name.startswith("SUNDGRAF_") and name not in names)
    if unknown:
        return Examined("Settings", FAULT, f"{', '.join(unknown)}: there is no such setting; see docs/operations.md.")
    given = sorted(name for name in environment if name in names)
    return Examined("Settings", WELL, ", ".join(given) or "none given, all as they come")


def _rooms(root: Path) -> Examined:
    missing = [name for name in ("ontology", "shapes", "queries/ask", "queries/derive") if not (root / name).is_dir()]
    if missing:
        return Examined(
            "Rooms", FAULT, f"{str(root)!r} has no {', '.join(missing)}; set SUNDGRAF_ROOMS or install again."
        )
    return Examined("Rooms", WELL, str(root))


def _files() -> Examined:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _LEAST_FILES:
        return Examined(
            "Open files", NOTE, f"At most {soft}; {_LEAST_FILES} or more are better (LimitNOFILE in systemd)."
        )
    return Examined("Open files", WELL, f"at most {soft}")


def _priority() -> Examined:
    if may_promote():
        return Examined("Priorities", WELL, "long queries give way to short ones at once")
    return Examined(
        "Priorities", NOTE, "Long queries give way after half a second only; LimitNICE=0 in systemd lets them at once."
    )


def _state(state: Path) -> Examined:
    if not state.exists():
        place = next(parent for parent in state.parents if parent.exists())
        if not os.access(place, os.W_OK):
            return Examined("State", FAULT, f"{str(state)!r} cannot be made; set SUNDGRAF_STATE to a place to write.")
        return Examined(
            "State", NOTE, f"{str(state)!r} is not there yet; `sundgraf serve` or `sundgraf load` makes it."
        )
    if not state.is_dir():
        return Examined("State", FAULT, f"{str(state)!r} is no directory; set SUNDGRAF_STATE.")
    if not os.access(state, os.W_OK):
        return Examined("State", FAULT, f"{str(state)!r} cannot be written by this user; change its owner.")
    left = sorted(path.name for path in state.glob("staging-*"))
    if left:
        return Examined(
            "State", NOTE, f"{', '.join(left)}: left by a publication that died; the next one clears it away."
        )
    return Examined("State", WELL, str(state))


def _disk(state: Path) -> Examined:
    place = next(path for path in (state, *state.parents) if path.exists())
    free = shutil.disk_usage(place).free
    held = _current(state)
    needed = max(_LEAST_FREE, 2 * _size(held.store) if held else 0)
    if free < needed:
        return Examined("Disk", FAULT, f"{free >> 20} MiB free; a publication may need {needed >> 20}. Free some.")
    return Examined("Disk", WELL, f"{free >> 20} MiB free")


def _published(state: Path, root: Path) -> Examined:
    try:
        held = generations.current(state)
    except SundgrafError as error:
        return Examined("Publication", FAULT, str(error))
    if held is None:
        return Examined("Publication", NOTE, "Nothing is published yet; `sundgraf serve` publishes our own files.")
    said = f"number {held.number} of {held.time}, {held.quads} statements"
    try:
        newer = bool(held.edition) and held.edition != edition_of(root)
    except SundgrafError:
        newer = False
    if newer and not held.added:
        return Examined("Publication", NOTE, f"{said}; the files have changed since: `sundgraf load` publishes them.")
    return Examined("Publication", WELL, said)


def _memory(state: Path) -> Examined:
    held = _current(state)
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return Examined("Memory", NOTE, "This system does not say how much memory is free.")
    needed = held.quads * _BYTES_PER_QUAD if held else 0
    if needed > free:
        return Examined(
            "Memory", FAULT,
            f"{free >> 20} MiB free, the graph takes {needed >> 20}; SUNDGRAF_MEMORY_QUADS=0 serves it from disk.",
        )  # fmt: skip
    return Examined("Memory", WELL, f"{free >> 20} MiB free; the graph takes about {needed >> 20}")


def _agreement(state: Path) -> Examined:
    if _current(state) is None:
        return Examined("Agreement", WELL, "nothing to compare")
    try:
        faults = verify(state)
    except SundgrafError as error:
        faults = [str(error)]
    return Examined("Agreement", FAULT if faults else WELL, " ".join(faults) or "log, changes, graph and inbox agree")


def _secrets(state: Path) -> Examined:
    inbox = state / "inbox.sqlite"
    if inbox.exists() and inbox.stat().st_mode & 0o007:
        return Examined("Secrets", NOTE, f"Anybody on this machine can read {str(inbox)!r}; chmod o= it.")
    return Examined("Secrets", WELL, "the inbox is for its owner" if inbox.exists() else "there is no inbox yet")


def _current(state: Path) -> generations.Generation | None:
    try:
        return generations.current(state)
    except SundgrafError:
        return None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
