"""The `sundgraf` command. Bad input is one line on standard error and exit code 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sundgraf import __version__
from sundgraf.checking import check, validate
from sundgraf.console import OneLineGroup, current_settings, progress_bar, root_of
from sundgraf.domain.errors import BadInput
from sundgraf.importing import import_
from sundgraf.keeping import doctor, mcp, template, token, verify
from sundgraf.mapping import map_

if TYPE_CHECKING:
    from sundgraf.store.written import Rewritten

Command = TypeVar("Command", bound=Callable[..., Any])
RESULT_FORMATS = ("table", "json", "csv", "tsv", "xml", "turtle", "ntriples", "rdfxml", "jsonld", "trig", "nquads")


@click.group(cls=OneLineGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="sundgraf")
def main() -> None:
    """The open knowledge graph of AI in healthcare, and the service to run it on. Example: `sundgraf serve`."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve the graph; load it first where that is needed.

    \b
    Example:
      sundgraf serve --host 0.0.0.0 --port 8080
    """
    from sundgraf.bundle import find_bundle  # noqa: PLC0415
    from sundgraf.http.serve import run  # noqa: PLC0415

    settings = current_settings()
    run(settings, find_bundle(settings.rooms), host, port)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--graph", default="", help="IRI of the named graph the files become.")
@click.option("--strict", is_flag=True, help="Refuse files with literals that the store would write differently.")
@click.option("--rebuild", is_flag=True, help="Make the state anew from our own files, whatever is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")
def load(files: tuple[Path, ...], graph: str, strict: bool, rebuild: bool, as_json: bool) -> None:
    """Publish the repository's files, or other FILES beside what is published.

    What rules make of other files follows with the next submission that is accepted.

    \b
    Example:
      sundgraf load
      sundgraf load more.nt --graph https://example.org/graph/more
    """
    from sundgraf.application.load import (  # noqa: PLC0415
        publish_files,
        publish_rooms,
        require_nothing_added,
        rewritten_text,
        room_files,
    )
    from sundgraf.domain.terms import legal_iri  # noqa: PLC0415

    settings = current_settings()
    if graph and not legal_iri(graph):
        raise BadInput(f"--graph {graph!r} is not an absolute IRI.")
    if files and rebuild:
        raise BadInput("--rebuild makes the state from our own files alone; load other files after that.")
    if graph and not files:
        raise BadInput("--graph names the graph of files; name the files too.")
    rewritten: list[Rewritten] = []
    if files:
        with progress_bar("Loading", len(files)) as progress:
            made = publish_files(settings.state, files, graph, progress=progress, tell=rewritten.append, strict=strict)
    else:
        root = root_of(settings)
        if not rebuild:
            require_nothing_added(settings.state)
        with progress_bar("Loading", len(room_files(root))) as progress:
            made = publish_rooms(settings.state, root, progress=progress)
    for found in rewritten:
        click.echo(f"sundgraf: warning: {rewritten_text(found)}", err=True)
    if as_json:
        said = {"publication": made.number, "time": made.time, "quads": made.quads}
        click.echo(json.dumps({**said, "rewritten": [asdict(found) for found in rewritten]}))
    else:
        click.echo(f"Publication {made.number}: {made.quads} statements.")


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 where something would change.")
@click.option("--json", "as_json", is_flag=True, help="Print the changed files for machines.")
def fmt(paths: tuple[Path, ...], only_check: bool, as_json: bool) -> None:
    """Write Turtle files in the one way of writing them.

    \b
    Example:
      sundgraf fmt data/ttl/catalogue/2024.ttl
    """
    from sundgraf.application.format_files import format_files  # noqa: PLC0415

    root = root_of(current_settings())
    rooms = (root / "ontology", root / "shapes", root / "data" / "ttl", root / "tests" / "shapes")
    changed = format_files(paths or [path for path in rooms if path.is_dir()], check=only_check)
    if as_json:
        click.echo(json.dumps([str(path) for path in changed]))
    for path in [] if as_json else changed:
        click.echo(f"{'would change' if only_check else 'formatted'} {path}")
    sys.exit(1 if changed and only_check else 0)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(RESULT_FORMATS), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_context
def ask(ctx: click.Context, name: str | None, form: str, as_json: bool) -> None:
    """Ask a stored question; without NAME, list them. Parameters are options of the question's own.

    \b
    Example:
      sundgraf ask solutions --maturity in-operation --language da
    """
    from sundgraf.asking import ask_stored, list_questions  # noqa: PLC0415

    settings = current_settings()
    if name is None:
        click.echo(list_questions(root_of(settings), as_json), nl=False)
        return
    click.echo(ask_stored(settings, root_of(settings), name, ctx.args, "json" if as_json else form), nl=False)


@main.command()
@click.option("--language", type=click.Choice(["da", "en"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def report(language: str, as_json: bool) -> None:
    """Say how complete the graph is: by source, by class and by basis.

    \b
    Example:
      sundgraf report --language da
    """
    from sundgraf.asking import show_report  # noqa: PLC0415

    click.echo(show_report(settings := current_settings(), root_of(settings), language, as_json), nl=False)


@main.command()
@click.argument("text")
@click.option("--format", "form", type=click.Choice(RESULT_FORMATS), default="table", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--endpoint", default="", help="Ask this SPARQL endpoint instead of the local graph.")
def query(text: str, form: str, endpoint: str) -> None:
    """Run a SPARQL query: TEXT, @FILE or - for standard input.

    \b
    Example:
      sundgraf query 'SELECT ?s WHERE { ?s a <https://w3id.org/sundgraf/def/Solution> } LIMIT 3'
    """
    from sundgraf.asking import run_query, run_remote_query  # noqa: PLC0415

    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{text[1:]!r} cannot be read ({error}).") from error
    settings = current_settings()
    answer = run_remote_query(endpoint, text, form) if endpoint else run_query(settings, root_of(settings), text, form)
    click.echo(answer, nl=False)


@main.command()
@click.option("--format", "form", type=click.Choice(["nquads", "turtle"]), default="nquads", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output without."
)
@click.option(
    "--accepted", type=click.Path(path_type=Path, file_okay=False), help="Write accepted submissions to this checkout."
)
def export(form: str, output: Path | None, accepted: Path | None) -> None:
    """Write the whole published graph; or, with --accepted, the data files that accepted submissions changed.

    \b
    Example:
      sundgraf export --format turtle --output sundgraf.ttl
      sundgraf export --accepted .
    """
    if accepted is not None:
        from sundgraf.application.export_accepted import export_accepted  # noqa: PLC0415

        for path in export_accepted(current_settings().state, accepted):
            click.echo(f"wrote {path}")
        return
    from sundgraf.asking import export_graph  # noqa: PLC0415

    with progress_bar("Exporting", 1) as progress:
        export_graph(current_settings(), form, output)
        progress(1)


@main.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")
def backup(target: Path, as_json: bool) -> None:
    """Save the state to TARGET (.tar.gz), also while serving.

    \b
    Example:
      sundgraf backup sundgraf-2026-11-20.tar.gz
    """
    from sundgraf.application.backup import backup as save  # noqa: PLC0415

    with progress_bar("Saving", 20) as progress:
        number = save(current_settings().state, target, progress)
    said = json.dumps({"publication": number, "file": str(target)})
    click.echo(said if as_json else f"Publication {number} is saved in {target}.")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Put the backup in place of what is published.")
@click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")
def restore(source: Path, force: bool, as_json: bool) -> None:
    """Bring a backup back.

    \b
    Example:
      sundgraf restore sundgraf-2026-11-20.tar.gz --force
    """
    from sundgraf.application.backup import restore as bring_back  # noqa: PLC0415

    size = source.stat().st_size if source.exists() else 1
    with progress_bar("Bringing back", size) as progress:
        number = bring_back(current_settings().state, source, force=force, progress=progress)
    said = json.dumps({"publication": number})
    click.echo(said if as_json else f"The backup is published as publication {number}.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def version(as_json: bool) -> None:
    """Say which version this is.

    \b
    Example:
      sundgraf version --json
    """
    said = {"sundgraf": __version__, "python": sys.version.split()[0]}
    click.echo(json.dumps(said) if as_json else f"sundgraf {__version__}")


main.add_command(check)
main.add_command(doctor)
main.add_command(import_)
main.add_command(map_)
main.add_command(mcp)
main.add_command(validate)
main.add_command(template)
main.add_command(token)
main.add_command(verify)

if __name__ == "__main__":
    main()
