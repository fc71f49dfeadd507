"""The keeper's errand: bring each new publication to the remote engine, in a process of its own, until that worked."""

from __future__ import annotations

import os
import time

from sundgraf.application.push import push
from sundgraf.domain.errors import SundgrafError
from sundgraf.http import logs
from sundgraf.settings import Settings
from sundgraf.store import generations
from sundgraf.store.parent import die_with_parent
from sundgraf.store.remote_graphs import RemoteGraphs

_FIRST_PAUSE = 1.0  # seconds after a failure; doubled with each
_LONGEST_PAUSE = 30.0
_LOOK_SECONDS = 15.0  # how often we look whether the engine still has what it was given


class Pusher:
    """Runs at most one push at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid = 0
        self._number = 0  # of the publication that is being brought
        self._brought = 0
        self._pause = _FIRST_PAUSE
        self._not_before = 0.0
        self._look_again = 0.0

    def look(self) -> None:
        """Start a push where there is something to bring. Raises StoreUnusable."""
        if self._pid or time.monotonic() < self._not_before:
            return
        held = generations.current(self._settings.state)
        if held is None or (held.number == self._brought and time.monotonic() < self._look_again):
            return
        self._number = held.number
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            code = 1
            try:
                die_with_parent(parent)
                code = _push(self._settings)
            finally:
                os._exit(code)

    def ended(self, pid: int, status: int) -> bool:
        """Take note of a child that ended; say whether it was ours."""
        if pid != self._pid:
            return False
        self._pid = 0
        if status == 0:
            self._brought, self._pause = self._number, _FIRST_PAUSE
            self._look_again = time.monotonic() + _LOOK_SECONDS
        else:
            self._not_before = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return True


def _push(settings: Settings) -> int:
    try:
        with RemoteGraphs(
            settings.replicas[0], settings.store_update, settings.store_graphs, settings.store_user,
            settings.store_password,
        ) as remote:  # fmt: skip
            written = push(settings.state, remote)
    except SundgrafError as error:
        logs.say("push-failed", "error", detail=str(error))
        return 1
    if written:
        logs.say("pushed", graphs=written)
    return 0
