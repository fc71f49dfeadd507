"""Make what is kept for each publication before anybody asks for it: names, facets, drawings, words of our terms."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections.abc import Awaitable, Callable, Sequence

from sundgraf.domain.errors import SundgrafError
from sundgraf.http import choosing, facts, matching
from sundgraf.http.context import Context
from sundgraf.http.pages import LANGUAGES
from sundgraf.http.routes import home, pictures, search

_WAIT_SECONDS = 2.0  # after the start or a publication: who waited for it comes first, and another may follow at once
_running: set[asyncio.Task[None]] = set()  # the event loop itself keeps no hold of them


def warm_up(context: Context) -> None:
    """Begin to make it; who asks meanwhile waits for the same making."""
    task = asyncio.get_running_loop().create_task(_warm(context))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _warm(context: Context) -> None:
    number = context.store.publication().number
    await asyncio.sleep(_WAIT_SECONDS)
    for make in _all(context):
        if context.store.publication().number != number:  # a newer one has its own
            return
        with contextlib.suppress(SundgrafError):  # whoever asks for it is told
            await make()
    gc.freeze()  # as at the start: hundreds of thousands of things that stay until the next publication
    await asyncio.to_thread(_give_back)


def _give_back() -> None:
    """Give the system what reading long answers took and the C library kept (glibc, malloc_trim(3))."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _all(context: Context) -> Sequence[Callable[[], Awaitable[object]]]:
    """Return what makes each: first what most pages need."""
    made: list[Callable[[], Awaitable[object]]] = [
        lambda: facts.vocabulary(context), lambda: choosing.names(context), lambda: choosing.facets(context),
        lambda: search.finder(context), lambda: search.kind_names(context), lambda: facts.classes(context),
        lambda: facts.triple_count(context), lambda: matching.register(context),
        lambda: search.texts(context),
    ]  # fmt: skip
    made += [lambda language=language: choosing.order(context, "title", language) for language in LANGUAGES]  # type: ignore[misc]
    made += [lambda language=language: home.drawings(context, language) for language in LANGUAGES]  # type: ignore[misc]
    made += [lambda language=language: pictures.warm(context, language) for language in LANGUAGES]  # type: ignore[misc]
    return made
