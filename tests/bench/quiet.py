"""A lock that several people on one machine agree on: shared while things are made ready, alone while time is taken."""

from __future__ import annotations

import contextlib
import fcntl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

_LONGEST = 120.0  # seconds alone at a stretch
_PATIENCE = 60.0  # seconds to wait for being alone


class Quiet:
    """Holds the lock in one of two ways; without a file it does nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self._open: TextIO | None = file.open("a") if file else None
        self._since = 0.0
        self._share()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else works, and keep it so while the block runs."""
        self._take()
        try:
            yield
        finally:
            self._share()

    def breathe(self) -> None:
        """Let others in for a moment where they have waited for long; call it where nothing is being timed."""
        if self._open is not None and time.monotonic() - self._since > _LONGEST:
            self._share()
            time.sleep(2)
            self._take()

    def _take(self) -> None:
        end = time.monotonic() + _PATIENCE
        while self._open is not None:
            try:
                fcntl.flock(self._open, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:  # others work all the time: the ratios have to do
                    print(f"not alone after {_PATIENCE:g} s", file=sys.stderr, flush=True)
                    self._share()
                    break
            time.sleep(0.1)
        self._since = time.monotonic()

    def _share(self) -> None:
        if self._open is not None:
            fcntl.flock(self._open, fcntl.LOCK_SH)
