"""A worker's turns on the processor are short, and a long query's come last."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from sundgraf.store.turns import take_short_turns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a service say so")


def test_process_takes_short_turns_and_last_ones_where_it_is_told_to():
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            take_short_turns(process.pid, when_idle=True)
            assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
            if tuple(map(int, platform.release().split(".")[:2])) >= (6, 12):
                assert "se.slice" not in (said := debugged(process.pid)) or said["se.slice"] == "100000"
        finally:
            process.kill()


def test_process_that_is_gone_is_no_error():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    take_short_turns(process.pid)


def debugged(pid: int) -> dict[str, str]:
    """What the kernel shows of a process's turns, where it was built to."""
    try:
        lines = Path(f"/proc/{pid}/sched").read_text("ascii").splitlines()
    except OSError:
        return {}
    return dict(tuple(map(str.strip, line.split(":", 1))) for line in lines if ":" in line)
