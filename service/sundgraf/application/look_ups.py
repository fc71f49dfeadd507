"""Make the table that look-ups are answered from, once for each publication, beside the service.

`python -m sundgraf.application.look_ups <state>`; until it is there look-ups read the store.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from pathlib import Path

from sundgraf.store.direct import open_direct
from sundgraf.store.look_up_table import table_file, write_table
from sundgraf.store.lookup import written_term
from sundgraf.store.nursery import die_with_parent

_NICENESS = 10


def make_table(state: Path) -> None:
    """Make the table of what is published, unless it is there. Whoever comes second waits.

    Those of publications that are no longer kept are cleared away. Raises StoreUnusable or OSError.
    """
    store = open_direct(state)
    target = table_file(state, store.publication())
    target.parent.mkdir(exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {path.name for path in (state / "generations").iterdir()}
        for old in target.parent.glob("*.sqlite"):
            number = old.stem.partition("-")[0]
            if number not in kept or (target.name.startswith(f"{number}-") and old != target):
                old.unlink(missing_ok=True)
        if not target.exists():
            with tempfile.TemporaryDirectory(prefix="making-", dir=target.parent) as draft:
                made = Path(draft) / "made.sqlite"
                write_table(store.engine, made, written_term)
                made.rename(target)


if __name__ == "__main__":
    die_with_parent(os.getppid())
    os.nice(_NICENESS)
    make_table(Path(sys.argv[1]))
