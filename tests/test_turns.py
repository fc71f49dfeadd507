"""A worker's turns on the processor are short, and a long query's come last."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sundgraf.store.turns import processor_seconds, take_short_turns

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


def test_processor_seconds_count_work_and_not_waiting():
    with (
        subprocess.Popen(["sleep", "60"]) as sleeper,
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) as worker,
    ):
        try:
            before = processor_seconds(sleeper.pid), processor_seconds(worker.pid)
            time.sleep(0.5)
            slept, worked = processor_seconds(sleeper.pid) - before[0], processor_seconds(worker.pid) - before[1]
            assert slept < 0.01 < worked
        finally:
            sleeper.kill()
            worker.kill()
    with pytest.raises(OSError, match=r".*"):
        processor_seconds(sleeper.pid)


def debugged(pid: int) -> dict[str, str]:
    """What the kernel shows of a process's turns, where it was built to."""
    try:
        lines = Path(f"/proc/{pid}/sched").read_text("ascii").splitlines()
    except OSError:
        return {}
    return dict(tuple(map(str.strip, line.split(":", 1))) for line in lines if ":" in line)
