"""Whose turn it is on the processor: what Linux lets a service say about its workers, and nothing elsewhere.

A query may run for seconds where a page needs half a millisecond. A worker's turns are made short, so that who wakes
up meanwhile need not wait for the end of one: sched_setattr(2), which Linux reads for usual processes since 6.12.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
import time
from pathlib import Path

_ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # struct sched_attr: size, policy, flags, nice, priority, then nanoseconds
_CALL = {"x86_64": 314, "aarch64": 274, "riscv64": 274}.get(platform.machine())  # its number for syscall(2)
_TURN_NANOSECONDS = 100_000  # the shortest there is; the usual turn is 3 to 4 ms


def take_short_turns(pid: int, *, when_idle: bool = False) -> None:
    """Have a process (0: this one) run in short turns; `when_idle` only when nobody else of its session wants to run.

    Without the right to do so, or on another system, nothing changes.
    """
    if sys.platform != "linux":
        return
    policy = os.SCHED_IDLE if when_idle else os.SCHED_OTHER
    done = -1
    if _CALL is not None:
        attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, 0, 0, 0, _TURN_NANOSECONDS, 0, 0)
        done = ctypes.CDLL(None, use_errno=True).syscall(_CALL, pid, attributes, 0)
    if done != 0:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(pid, policy, os.sched_param(0))


def share(pid: int, nice: int) -> None:
    """Set how much of the processor a process's session gets beside others (sched(7), "The autogroup feature").

    Without this, a web process or a client in another session waits for a whole turn of a worker, however idle.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), "ascii")


def processor_seconds(pid: int) -> float:
    """Return how long a process has had the processor; where the system does not say, what a clock on the wall does.

    By the clock alone a short query would be taken for a long one on a machine that others keep busy. Raises OSError
    when the process is gone. A POSIX clock id (clock_getcpuclockid(3)), which takes a microsecond to read.
    """
    if sys.platform != "linux":
        return time.monotonic()
    return time.clock_gettime((~pid << 3) | 2)
