"""The parts of the command line that say what to mend: in the rooms, and in what a steward means to submit."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sundgraf.console import current_settings, progress_bar, root_of
from sundgraf.domain.errors import BadInput
from sundgraf.domain.report import Finding

_REPORTS = ("text", "json", "html", "turtle", "ntriples", "rdfxml", "jsonld", "trig", "nquads")
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
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("--format", "form", type=click.Choice(_REPORTS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
def validate(files: tuple[Path, ...], language: str, form: str, as_json: bool) -> None:
    """Validate FILES beside what is published; without FILES, all that is published. Nothing is stored.

    \b
    Example:
      sundgraf validate my-project.ttl --language da
      sundgraf validate my-project.xlsx --format turtle
      sundgraf validate my-project.ttl --format html > found.html
    """
    settings = current_settings()
    root = root_of(settings)
    form = "json" if as_json else form
    if not files:
        _validate_whole(settings.state, root, language, form)
    from sundgraf.application.validate import validate_files  # noqa: PLC0415

    found = validate_files(files, settings.state, root)
    if form in ("text", "json"):
        _tell(found.findings, language, form == "json")
    if form == "html":
        from sundgraf.http.findings import page_of  # noqa: PLC0415

        click.echo(page_of(found.findings, [str(file) for file in files], language), nl=False)
    else:
        click.echo(found.report(form), nl=False)
    sys.exit(1 if any(finding.severity == "violation" for finding in found.findings) else 0)


def _validate_whole(state: Path, root: Path, language: str, form: str) -> None:
    """Print each finding as it is found, with progress on standard error, and end."""
    from sundgraf.application.validate_whole import findings_of_whole, focus_nodes  # noqa: PLC0415

    if form not in ("text", "json"):
        raise BadInput("All that is published is reported as text or json; name FILES for a SHACL report.")
    count = wrong = 0
    with progress_bar("Validating", focus_nodes(state, root)) as progress:
        for finding in findings_of_whole(state, root, progress):
            count += 1
            wrong += finding.severity == "violation"
            said = json.dumps(finding.as_mapping(), ensure_ascii=False) if form == "json" else finding.say(language)
            click.echo(said.removeprefix(": "))
    if form == "text":
        click.echo(_GOOD[language] if not count else f"{count} {'to mend' if language == 'en' else 'at rette'}.")
    sys.exit(1 if wrong else 0)


def _tell(findings: Sequence[Finding], language: str, as_json: bool) -> None:
    """Print findings and end: with 1 where one of them is a violation."""
    if as_json:
        click.echo(json.dumps([finding.as_mapping() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo("\n    ".join([finding.say(language), *finding.explain(language)]))
        count = sum(finding.severity != "info" for finding in findings)
        click.echo(_GOOD[language] if not count else f"{count} {'to mend' if language == 'en' else 'at rette'}.")
    sys.exit(1 if any(finding.severity == "violation" for finding in findings) else 0)
