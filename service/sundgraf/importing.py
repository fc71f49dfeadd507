"""The part of the command line that brings editions of other registers in, as one submission for review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sundgraf.console import current_settings, growing_bar, root_of
from sundgraf.domain.errors import BadInput

if TYPE_CHECKING:
    from sundgraf.store.document import Document

_LARGEST = 256 << 20  # bytes of all files of an edition
_FORMATS = ("text", "json", "html")


@click.command(name="import")
@click.argument("source", required=False, default="")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Only report; send nothing in.")
@click.option("--token", envvar="SUNDGRAF_TOKEN", default="", help="Whose submission it is; or in SUNDGRAF_TOKEN.")
@click.option("--reason", default="", help="What the publication says of it; the counts without.")
@click.option(
    "--gone",
    type=click.Choice(["keep", "withdraw"]),
    default="keep",
    show_default=True,
    help="What becomes of records that the edition has no more.",
)
@click.option("--gone-reason", nargs=2, default=("", ""), metavar="ENGLISH DANISH", help="Why they are withdrawn.")
@click.option("--rejected", type=click.Path(path_type=Path, dir_okay=False), help="Write the rejected rows here (CSV).")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
def import_(
    source: str, files: tuple[Path, ...], dry_run: bool, token: str, reason: str, rejected: Path | None, form: str,
    language: str, as_json: bool, gone: str, gone_reason: tuple[str, str],
) -> None:  # fmt: skip
    """Bring an edition of another register in: FILES of the register SOURCE; without SOURCE, list the registers.

    What it would change becomes one submission, which somebody else reviews. The report says what was recoded,
    rejected, is perhaps there already, is new, changed or gone.

    \b
    Example:
      sundgraf import pstw pstw_dataset.csv --dry-run
      SUNDGRAF_TOKEN=... sundgraf import pstw pstw_dataset.csv --rejected rejected.csv
      SUNDGRAF_TOKEN=... sundgraf import pstw pstw_dataset.csv --gone withdraw
    """
    from sundgraf.application.import_edition import Withdrawing, import_edition  # noqa: PLC0415
    from sundgraf.application.keep_import import keep_import, rejected_table  # noqa: PLC0415
    from sundgraf.application.tell_import import say_import  # noqa: PLC0415
    from sundgraf.domain.errors import Refused  # noqa: PLC0415
    from sundgraf.store.imports import Imports  # noqa: PLC0415
    from sundgraf.store.registers import read_register  # noqa: PLC0415
    from sundgraf.store.tokens import find_token  # noqa: PLC0415

    settings = current_settings()
    root, state = root_of(settings), settings.state
    if not source:
        _list(root, as_json)
        return
    if not files:
        raise BadInput(f"Name the files of the edition: sundgraf import {source} FILE ...")
    register = read_register(root, source)
    whose = None if dry_run else find_token(state, token)
    if whose is not None and not whose.may("submitter"):
        raise Refused("This token does not hold for sending in.")
    documents = _documents(files, register.shape.format)
    with growing_bar("Importing") as (tell, progress):
        made = import_edition(
            documents, register, state, root, Imports(state).last_said(source),
            Withdrawing(*gone_reason) if gone == "withdraw" else None, progress, tell,
        )  # fmt: skip
    if rejected is not None:
        _write(rejected, rejected_table(made.report.rejected))
    report, kept, new = made.report.as_mapping(), None, False
    if whose is not None:
        kept, new = keep_import(state, root, whose, made, reason)
    outcome = {
        "changes": made.changes, "dryRun": dry_run, "submission": kept.id if kept else None, "new": new,
        "address": kept.path if kept else None,
    }  # fmt: skip
    if as_json or form == "json":
        click.echo(json.dumps({**outcome, **report}, ensure_ascii=False))
        return
    if form == "html":
        from sundgraf.http.imports import page_of  # noqa: PLC0415

        click.echo(page_of(report, language), nl=False)
    else:
        click.echo(say_import(report, language), nl=False)
    if not made.changes:
        click.echo("sundgraf: nothing changes; there is nothing to review.", err=True)
    elif kept is not None:
        click.echo(f"sundgraf: {'sent in' if new else 'waits already'} as {kept.id}, at {kept.path}.", err=True)


def _list(root: Path, as_json: bool) -> None:
    from sundgraf.store.registers import list_registers, read_register  # noqa: PLC0415

    registers = [read_register(root, name) for name in list_registers(root)]
    if as_json:
        said = [{"name": one.name, "title": one.title[0], "licence": one.licence} for one in registers]
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for one in registers:
        click.echo(f"{one.name:16} {one.title[0]} ({one.licence_name})")


def _documents(files: tuple[Path, ...], form: str) -> list[Document]:
    from sundgraf.store.document import Document  # noqa: PLC0415

    if sum(file.stat().st_size for file in files) > _LARGEST:
        raise BadInput(f"The files have more than {_LARGEST >> 20} MiB; an edition is not that large.")
    try:
        return [
            Document(file.name, file.read_bytes(), "xlsx" if file.suffix.lower() == ".xlsx" else form) for file in files
        ]
    except OSError as error:
        raise BadInput(f"{str(error.filename)!r} cannot be read ({error.strerror or error}).") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8-sig")
    except OSError as error:
        raise BadInput(f"{str(path)!r} cannot be written ({error.strerror or error}).") from error
