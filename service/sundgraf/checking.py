"""The parts of the command line that say what to mend: in the rooms, and in what a steward means to submit."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sundgraf.console import current_settings, progress_bar, root_of
from sundgraf.domain.report import Finding

_GOOD = {"en": "Nothing to mend.", "da": "Intet at rette."}


@click.command()
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the findings for machines.")
@click.argument("root", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True))
def check(root: Path | None, language: str, as_json: bool) -> None:
    """Check the repository's data, shapes and queries; say what to mend, with file and line.

    \b
    Example:
      sundgraf check --language da
    """
    from sundgraf.application.check import STEPS, check_rooms  # noqa: PLC0415

    root = root or root_of(current_settings())
    with progress_bar("Checking", len(STEPS)) as progress:
        findings = asyncio.run(check_rooms(root, lambda _: progress(1)))
    _tell(findings, language, as_json)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the findings for machines.")
def validate(files: tuple[Path, ...], language: str, as_json: bool) -> None:
    """Validate FILES beside what is published; nothing is stored.

    \b
    Example:
      sundgraf validate my-project.ttl --language da
    """
    from sundgraf.application.validate import validate_files  # noqa: PLC0415

    settings = current_settings()
    _tell(validate_files(files, settings.state, root_of(settings)), language, as_json)


def _tell(findings: Sequence[Finding], language: str, as_json: bool) -> None:
    """Print findings and end: with 1 where one of them is a violation."""
    if as_json:
        click.echo(json.dumps([finding.as_mapping() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(finding.say(language))
        count = sum(finding.severity != "info" for finding in findings)
        click.echo(_GOOD[language] if not count else f"{count} {'to mend' if language == 'en' else 'at rette'}.")
    sys.exit(1 if any(finding.severity == "violation" for finding in findings) else 0)
