"""Do heavy work in a process of its own that can be stopped, so that the web process goes on answering."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import BrokenWorkerProcess, to_process

from sundgraf.domain.errors import OutOfMemory, OutOfTime, told_seconds

Made = TypeVar("Made")
_MEMORY = 4 << 30  # bytes of address space


async def apart(
    function: Callable[..., Made], *arguments: object, seconds: float, limiter: anyio.CapacityLimiter | None = None
) -> Made:
    """Return what a module's function returns; it runs in another process and is killed after some seconds.

    Raises what the function raises, OutOfTime, or OutOfMemory where its process died.
    """
    try:
        with anyio.fail_after(seconds):
            return await to_process.run_sync(_capped, function, arguments, cancellable=True, limiter=limiter)
    except TimeoutError as error:
        raise OutOfTime(f"It took longer than {told_seconds(seconds)} and was stopped; send less at once.") from error
    except BrokenWorkerProcess as error:
        raise OutOfMemory("It took more memory than it may; send less at once.") from error


def _capped(function: Callable[..., Made], arguments: tuple[object, ...]) -> Made:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, hard))
    return function(*arguments)
