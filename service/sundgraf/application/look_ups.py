"""Make the table that look-ups are answered from, once for each publication, beside the service.

`python -m sundgraf.application.look_ups <state>`; until it is there look-ups read the store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sundgraf.domain.errors import StoreUnusable
from sundgraf.store import generations
from sundgraf.store.direct import open_direct
from sundgraf.store.kept import make_once, wait_until_made
from sundgraf.store.look_up_table import Said, said_in_store, table_file, write_table
from sundgraf.store.lookup import written_term
from sundgraf.store.parent import run_beside

_NICENESS = 10


def make_table(state: Path) -> None:
    """Make the table of what is published, unless it is there. Whoever comes second waits.

    Those of publications that are no longer kept are cleared away. Raises StoreUnusable or OSError.
    """
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r} yet; run `sundgraf load` first.")
    make_once(
        state, table_file(state, generation.publication), lambda file: write_table(_read_all(state, generation), file)
    )


def _read_all(state: Path, generation: generations.Generation) -> Iterator[Said]:
    """Read columns where there are any: they have terms as the table does. The engine takes twice as long."""
    if wait_until_made(generation.columns):
        with contextlib.suppress(OSError, ValueError):
            from sundgraf.store.columns import Columns  # noqa: PLC0415  most graphs are too small to need NumPy

            return Columns(generation.columns).said()
    return said_in_store(open_direct(state).engine, written_term)


if __name__ == "__main__":
    run_beside(make_table, _NICENESS)
