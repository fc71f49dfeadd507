"""What every verb of the command line needs: the settings, where the rooms are, and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sundgraf.domain.errors import BadInput

if TYPE_CHECKING:
    from sundgraf.settings import Settings


def current_settings() -> Settings:
    """Return the settings. Raises BadInput for one that cannot be used."""
    from pydantic import ValidationError  # noqa: PLC0415  `sundgraf version` should not wait for it

    from sundgraf.settings import Settings  # noqa: PLC0415

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"SUNDGRAF_{str(first['loc'][0]).upper()}: {first['msg']} ({first['input']!r}).") from error


def root_of(settings: Settings) -> Path:
    """Return the folder of the rooms."""
    from sundgraf.bundle import find_bundle  # noqa: PLC0415

    return find_bundle(settings.rooms).root


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error where that is a terminal; yield what moves it on."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda step: bar.advance(task, step)


@contextmanager
def growing_bar(title: str) -> Iterator[tuple[Callable[[int], object], Callable[[int], object]]]:
    """Show a bar as `progress_bar` does; yield what tells it how many steps there are, and what moves it on."""
    if not sys.stderr.isatty():
        yield (lambda _: None), (lambda _: None)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield (lambda total: bar.update(task, total=total)), (lambda step: bar.advance(task, step))
