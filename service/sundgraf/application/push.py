"""Bring what is published here to a remote engine that serves it."""

from __future__ import annotations

import fcntl
from pathlib import Path

from sundgraf.store.direct import open_direct
from sundgraf.store.remote_graphs import RemoteGraphs


def push(state: Path, remote: RemoteGraphs) -> int:
    """Make what is published in `state` what the engine serves; return how many graphs were written.

    Nothing is written where the engine has it already. Done again after a failure it goes on where it stopped. Whoever
    comes second waits: an older publication would take away what the newer one just wrote. Raises StoreUnusable or
    StoreError.
    """
    with (state / "push.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store = open_direct(state)
        served = remote.served()
        if served is not None and served[1] == store.publication():
            return 0
        return remote.publish(store.engine, store.publication())
