"""What every verb of the command line needs: errors in one line, the settings, the rooms, and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sundgraf.domain.errors import BadInput, SundgrafError

if TYPE_CHECKING:
    from sundgraf.settings import Settings


class OneLineGroup(click.Group):
    """A command whose errors are one line on standard error each, and exit code 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options of the command itself."""
        with _telling(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with _telling(ctx):
            return super().invoke(ctx)


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


@contextmanager
def _telling(ctx: click.Context) -> Iterator[None]:
    """Tell what is wrong in one line, and exit with code 2."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except (SundgrafError, click.UsageError) as error:
        said = error.format_message() if isinstance(error, click.UsageError) else str(error)
        verb = error.ctx.info_name if isinstance(error, click.UsageError) and error.ctx and error.ctx.parent else ""
        hint = f" Try 'sundgraf {verb} --help'." if verb else ""
        click.echo(f"sundgraf: {' '.join(said.split())}{hint}", err=True)
        ctx.exit(2)
