"""The part of the command line that compares somebody's table with the graph: proposals, and what is made of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from sundgraf.console import current_settings, root_of
from sundgraf.domain.errors import BadInput

_PARTS = {
    "name": "names", "id": "identifiers", "place": "places", "organisation": "organisations",
    "use_case": "use cases", "date": "dates",
}  # fmt: skip


def _columns(command: click.Command) -> click.Command:
    for part, held in _PARTS.items():
        option = f"--{part.replace('_', '-')}"
        command.params.append(click.Option([option], default="", help=f"Heading of the column with {held}."))
    return command


@click.command(name="map")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--type", "types", multiple=True, help="What the rows are: Project, Organization, Solution, Place, ...")
@click.option("--limit", default=3, show_default=True, type=click.IntRange(1, 20), help="Most candidates for a row.")
@click.option("--accepted", default="", metavar="NAME", help="FILE holds proposals: write what is accepted as a set.")
@click.option("--title", default="", help="What the partner of that set is called; its name without.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write, else printed.")
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the proposals for machines.")
def map_(
    file: Path, types: tuple[str, ...], limit: int, accepted: str, title: str, output: Path | None, language: str,
    as_json: bool, **given: str,
) -> None:  # fmt: skip
    """Propose which of our things the rows of FILE (CSV or XLSX) mean; nothing is stored.

    A steward writes "accept" into the column decision of what is right; with --accepted, that becomes a mapping set.

    \b
    Example:
      sundgraf map their-projects.csv --type Project --name Title --place Country --output proposals.tsv
      sundgraf map proposals.tsv --accepted their-registry --output data/mappings/their-registry.sssom.tsv
    """
    if accepted:
        text, said = _keep(file, accepted, title)
    else:
        text, said = _propose(file, given, types, limit, language, as_json)
    if output is not None:
        try:
            output.write_text(text, "utf-8")
        except OSError as error:
            raise BadInput(f"{str(output)!r} cannot be written ({error.strerror or error}).") from error
    else:
        click.echo(text, nl=False)
    click.echo(f"sundgraf: {said}", err=True)


def _propose(
    file: Path, given: dict[str, str], types: tuple[str, ...], limit: int, language: str, as_json: bool
) -> tuple[str, str]:
    from sundgraf.application.propose import propose, summarise, write_proposals  # noqa: PLC0415
    from sundgraf.store.direct import open_direct  # noqa: PLC0415
    from sundgraf.store.document import TABLES, Document, format_name  # noqa: PLC0415
    from sundgraf.store.tables import read_tables  # noqa: PLC0415

    settings = current_settings()
    form = format_name(file.name)
    if form not in TABLES:
        raise BadInput(f"{file.name!r} is no table; save it as CSV or XLSX.")
    (rows, *_) = read_tables(Document(file.name, file.read_bytes(), form))
    columns = {part.replace("_", "-"): heading for part, heading in given.items()}
    found = asyncio.run(propose(open_direct(settings.state), root_of(settings), rows, columns, types, limit, language))
    counts = summarise(found)
    told = (
        f"{counts['rows']} rows: {counts['certain']} certain, {counts['possible']} with candidates to look at, "
        f"{counts['none']} with none; {counts['repeated']} repeat a name."
    )
    remarks = [english for english, _ in rows.remarks]
    if as_json:
        held = {"counts": counts, "remarks": remarks, "proposals": [asdict(one) for one in found]}
        return json.dumps(held, ensure_ascii=False) + "\n", told
    return write_proposals(found), " ".join([told, *remarks])


def _keep(file: Path, name: str, title: str) -> tuple[str, str]:
    from sundgraf.application.correspond import Partner  # noqa: PLC0415
    from sundgraf.application.propose import keep_accepted  # noqa: PLC0415

    if not name.replace("-", "").isalnum() or not name.isascii():
        raise BadInput(f"--accepted {name!r} is no name of a set: letters, digits and hyphens.")
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file.name!r} is not UTF-8; save it as UTF-8 again.") from error
    written, count = keep_accepted(text, Partner(name, title or name, "", ()), datetime.now(UTC).date().isoformat())
    return written, f"{count} correspondences. Name the partner in data/mappings/partners.toml to show them."


_columns(map_)
