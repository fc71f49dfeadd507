"""Where the files with the whole graph are: made once for each publication, in a process of their own."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from sundgraf.application.describe_service import Download
from sundgraf.application.dump import MOST_SORTED, copy_of, folder_of, read_dumps, write_dumps
from sundgraf.domain.errors import Busy
from sundgraf.http import facts
from sundgraf.http.chores import start_chore
from sundgraf.http.context import Context

_CHORE = "sundgraf.application.dump"
_AHEAD_SECONDS = 10.0
_POLL_SECONDS = 0.1


async def find_dumps(context: Context, patience: float) -> tuple[Path, list[Download]]:
    """Return the folder of the dumps and what they are; they are made now where nobody has.

    Raises Busy where that takes longer than `patience` seconds.
    """
    if context.settings.store:
        kept = await facts.once(context, "dumps", lambda: _copy(context))
        return Path(kept.name), read_dumps(Path(kept.name)) or []
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    asked = 0
    while True:
        number = context.store.publication().number
        folder = folder_of(context.settings.state, number)
        found = read_dumps(folder)
        if found is not None:
            return folder, found
        if asked != number:
            asked = number
            start_making(context)
        if loop.time() > end:
            raise Busy(f"The files of publication {number} are being made; try again in a few seconds.")
        await asyncio.sleep(_POLL_SECONDS)


def make_ahead(context: Context) -> None:
    """Begin to make the dumps before anybody asks, when nothing more has been published for a while.

    Those of a very large graph wait until somebody asks.
    """
    if context.store.publication().quads <= MOST_SORTED:
        start_chore(_CHORE, context.settings.state, _AHEAD_SECONDS)


def start_making(context: Context) -> None:
    """Begin to make the dumps of what is published; nothing is lost where somebody else is at it already."""
    start_chore(_CHORE, context.settings.state)


async def _copy(context: Context) -> tempfile.TemporaryDirectory[str]:
    held = await copy_of(context.store, context.bundle.queries / "page")
    folder = tempfile.TemporaryDirectory(prefix="sundgraf-")
    await asyncio.to_thread(write_dumps, held, Path(folder.name))  # other answers go out meanwhile
    return folder
