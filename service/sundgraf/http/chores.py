"""Work that is done once for each publication in a process of its own, beside the service."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from sundgraf.http import logs

_running: set[asyncio.Task[None]] = set()  # the event loop itself keeps no hold of them
_waiting: dict[tuple[str, Path], asyncio.Task[None]] = {}  # those that have not begun


def start_chore(module: str, state: Path, after: float = 0.0) -> None:
    """Begin to run a module with a state directory, in some seconds; it finds out itself what there is to do.

    One that still waits to do the same gives way: of publications in quick succession only the last is worth it.
    """
    earlier = _waiting.pop((module, state), None)
    if earlier is not None:
        earlier.cancel()
    task = asyncio.get_running_loop().create_task(_run(module, state, after))
    if after:  # one that is wanted at once begins, whatever comes next
        _waiting[module, state] = task
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _run(module: str, state: Path, after: float) -> None:
    if after:
        await asyncio.sleep(after)
        del _waiting[module, state]  # its own: who starts another one cancels it
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(state)), stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode:
        detail = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        logs.say("chore-failed", "error", chore=module.rpartition(".")[2], detail=detail)
