"""The parts of the command line for those who run the service: tokens, and whether everything is in order."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sundgraf.console import current_settings, root_of
from sundgraf.domain.errors import BadInput


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of submitters, reviewers and administrators.

    \b
    Example:
      sundgraf token new --role submitter --shown-as "data steward, Region X"
    """


@token.command()
@click.option("--role", type=click.Choice(["submitter", "reviewer", "admin"]), required=True)
@click.option("--shown-as", required=True, help="How publications name its holder: a role or an ORCID. It is public.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it holds.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def new(role: str, shown_as: str, days: int, as_json: bool) -> None:
    """Make a token. It is shown once and kept only as a hash.

    \b
    Example:
      sundgraf token new --role reviewer --shown-as "reviewer, sundgraf" --days 90
    """
    from sundgraf.store.tokens import make_token  # noqa: PLC0415

    made, secret = make_token(current_settings().state, role, shown_as, days)
    if as_json:
        click.echo(json.dumps({"id": made.id, "role": made.role, "expires": made.expires, "token": secret}))
    else:
        click.echo(f"{secret}\nToken {made.id} for a {made.role}, until {made.expires}. It is not shown again.")


@token.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def list_(as_json: bool) -> None:
    """List the tokens, without their secrets.

    \b
    Example:
      sundgraf token list --json
    """
    from sundgraf.store.tokens import list_tokens  # noqa: PLC0415

    held = list_tokens(current_settings().state)
    if as_json:
        names = ("id", "role", "shown_as", "created", "expires", "revoked")
        click.echo(json.dumps([{name: getattr(one, name) for name in names} for one in held], ensure_ascii=False))
        return
    for one in held:
        state = f"revoked {one.revoked}" if one.revoked else f"until {one.expires}"
        click.echo(f"{one.id}  {one.role:9}  {state}  {one.shown_as}")


@token.command()
@click.argument("id")
def revoke(id: str) -> None:
    """Let the token called ID hold no longer, from now on.

    \b
    Example:
      sundgraf token revoke t-1a2b3c4d
    """
    from sundgraf.store.tokens import revoke_token  # noqa: PLC0415

    revoke_token(current_settings().state, id)
    click.echo(f"Token {id} holds no longer.")


@click.command()
@click.option("--service", default="http://127.0.0.1:8000", show_default=True, help="Address of the service to ask.")
def mcp(service: str) -> None:
    """Let a language model's program ask a running service (Model Context Protocol, on standard input and output).

    \b
    Example:
      sundgraf mcp --service http://127.0.0.1:8000
    """
    from sundgraf.assistant import serve  # noqa: PLC0415

    serve(service)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def verify(as_json: bool) -> None:
    """Find out whether log, changes, graph and inbox agree; exit 1 where they do not.

    \b
    Example:
      sundgraf verify
    """
    from sundgraf.application.verify import verify as find_faults  # noqa: PLC0415

    faults = find_faults(current_settings().state)
    if as_json:
        click.echo(json.dumps({"faults": faults}, ensure_ascii=False))
    else:
        click.echo("\n".join(faults) or "Log, changes, graph and inbox agree.")
    sys.exit(1 if faults else 0)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def doctor(as_json: bool) -> None:
    """Look over this installation and say what is wrong with it; exit 1 where something is.

    \b
    Example:
      sundgraf doctor
    """
    import os  # noqa: PLC0415

    from sundgraf.application.examine import FAULT, examine  # noqa: PLC0415
    from sundgraf.settings import Settings  # noqa: PLC0415

    settings = current_settings()
    found = examine(settings.state, root_of(settings), Settings.model_fields, os.environ, bool(settings.store))
    if as_json:
        click.echo(json.dumps([{"name": e.name, "state": e.state, "says": e.says} for e in found], ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{one.state:5}  {one.name}: {one.says}")
    sys.exit(1 if any(one.state == FAULT for one in found) else 0)


@click.command()
@click.argument("name")
@click.option("--language", type=click.Choice(["en", "da"]), default="en", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A .xlsx or .csv.")
def template(name: str, language: str, output: Path) -> None:
    """Make a sheet to fill in with records of the class NAME, such as Project.

    \b
    Example:
      sundgraf template Project --language da -o projekt.xlsx
    """
    from sundgraf.application.template import make_template  # noqa: PLC0415

    settings = current_settings()
    ending = output.suffix.lower().removeprefix(".")
    if ending not in ("csv", "xlsx"):
        raise BadInput(f"{str(output)!r} must end in .xlsx or .csv.")
    body = make_template(name, ending, language, settings.state, root_of(settings))
    try:
        output.write_bytes(body)
    except OSError as error:
        raise BadInput(f"{str(output)!r} cannot be written ({error.strerror}).") from error
    click.echo(f"wrote {output}")
