"""A lock on a file, waited for no longer than somebody wants to wait."""

from __future__ import annotations

import fcntl
import math
import time
from typing import IO


def wait_for_lock(lock: IO[str], seconds: float) -> None:
    """Take an exclusive lock on an open file, which its closing gives back. Raises TimeoutError after some seconds."""
    if seconds == math.inf:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError from None
            time.sleep(0.05)
        else:
            return
