"""Bring what is published here to a remote engine that serves it."""

from __future__ import annotations

from pathlib import Path

from sundgraf.store.direct import open_direct
from sundgraf.store.remote_graphs import RemoteGraphs


def push(state: Path, remote: RemoteGraphs) -> int:
    """Make what is published in `state` what the engine serves; return how many graphs were written.

    Nothing is written where the engine has it already. Done again after a failure it goes on where it stopped. Raises
    StoreUnusable or StoreError.
    """
    store = open_direct(state)
    served = remote.served()
    if served is not None and served[1] == store.publication():
        return 0
    return remote.publish(store.engine, store.publication())
