"""Keep what is published as columns too, once for each publication, beside the service.

`python -m sundgraf.application.columns <state>`; until they are there the engine answers all queries.
"""

from __future__ import annotations

from pathlib import Path

from sundgraf.domain.errors import StoreUnusable
from sundgraf.store import generations
from sundgraf.store.columns_files import write_columns
from sundgraf.store.kept import make_once
from sundgraf.store.parent import run_beside

_NICENESS = 10


def make_columns(state: Path) -> None:
    """Make the columns of what is published, unless they are there. Whoever comes second waits.

    Those of publications that are no longer kept are cleared away. Raises StoreUnusable, RuntimeError or OSError.
    """
    generation = generations.current(state)
    if generation is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r} yet; run `sundgraf load` first.")
    make_once(state, generation.columns, lambda made: write_columns(generation.store, made))


if __name__ == "__main__":
    run_beside(make_columns, _NICENESS)
