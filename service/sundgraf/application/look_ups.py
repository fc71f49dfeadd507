"""Make the table that look-ups are answered from, once for each publication, beside the service.

`python -m sundgraf.application.look_ups <state>`; until it is there look-ups read the store.
"""

from __future__ import annotations

from pathlib import Path

from sundgraf.store.direct import open_direct
from sundgraf.store.kept import make_once
from sundgraf.store.look_up_table import table_file, write_table
from sundgraf.store.lookup import written_term
from sundgraf.store.parent import run_beside

_NICENESS = 10


def make_table(state: Path) -> None:
    """Make the table of what is published, unless it is there. Whoever comes second waits.

    Those of publications that are no longer kept are cleared away. Raises StoreUnusable or OSError.
    """
    store = open_direct(state)
    target = table_file(state, store.publication())
    make_once(state, target, lambda file: write_table(store.engine, file, written_term))


if __name__ == "__main__":
    run_beside(make_table, _NICENESS)
