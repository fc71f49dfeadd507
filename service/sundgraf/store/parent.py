"""Processes that end with the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel (Linux) to end this process when its parent, `parent`, ends; end at once if it has already."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def run_beside(work: Callable[[Path], object], niceness: int) -> None:
    """Do the work of a chore (http/chores.py) on the state directory of the command line, behind others (nice(2))."""
    die_with_parent(os.getppid())
    os.nice(niceness)
    work(Path(sys.argv[1]))
