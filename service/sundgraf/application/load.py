"""Make files the published graph: our own rooms whole, or other files beside what is published."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.describe_queries import describe_queries
from sundgraf.application.follow import keep_up
from sundgraf.application.replay import add_log, deciding, log_of, replay
from sundgraf.domain.errors import BadInput, StoreUnusable
from sundgraf.domain.question import parse_question
from sundgraf.store import generations
from sundgraf.store.derived import derive, derive_first
from sundgraf.store.direct import open_direct
from sundgraf.store.journal import LOG_GRAPH, Change, difference, log_statements, write_change
from sundgraf.store.load import (
    DERIVED,
    GRAPHS,
    SourceFile,
    add_large,
    add_rooms,
    add_statements,
    format_of,
)
from sundgraf.store.written import LOOKED_AT, Rewritten, find_rewritten

_READ_FROM_DISK = 2_000_000  # quads; smaller graphs are soon in memory, where their order on disk does not matter


def _no_progress(_: int) -> None:
    """Show nothing."""


def room_files(root: Path) -> list[SourceFile]:
    """Return the files of the rooms under `root` with their graphs."""
    files = []
    for folder, prefix, shapes in (
        (root / "ontology", "ontology/", False),
        (root / "data" / "ttl", "", False),
        (root / "shapes", "shapes/", True),
    ):
        for path in sorted(folder.rglob("*.ttl")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            files.append(SourceFile(path, f"{GRAPHS}{prefix}{name}", shapes))
    if not files:
        raise BadInput(f"There is no ontology, shapes or data under {str(root)!r}.")
    return files


def edition_of(root: Path) -> str:
    """Return a fingerprint of everything in the rooms that the graph is made from."""
    digest = hashlib.sha256()
    for path in sorted([f.path for f in room_files(root)] + list((root / "queries").rglob("*.rq"))):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def publish_rooms(
    state: Path, root: Path, *, agent: str = "sundgraf load", progress: Callable[[int], object] = _no_progress
) -> generations.Generation:
    """Publish the rooms under `root` in place of whatever is published. Nothing changes unless all of it loads."""
    edition = edition_of(root)
    with generations.publishing(state), generations.staging(state, None) as staged:
        keep_up(state)
        number, time = generations.next_number(state), generations.utc_now()
        change = Change(reason="edition of the repository's files")
        before = _stated_before(state)

        def fill(store: ox.Store) -> None:
            made = ox.Store()  # in memory: on disk each of the dozen writes and rules costs far more
            fill_with_rooms(made, root, progress, lambda: replay(made, state))
            if before is not None:
                change.added, change.removed = difference(before, _stated(made))
            add_log(made, [*log_of(state), *log_statements(number, time, agent, change)])
            store.bulk_extend(made)

        quads = _build(staged, fill)
        write_change(state, number, change)
        return generations.commit(
            state, staged, quads=quads, edition=edition, added=0, agent=agent, reason=change.reason, time=time,
            about=change.about,
        )  # fmt: skip


def fill_with_rooms(
    store: ox.Store,
    root: Path,
    progress: Callable[[int], object] = _no_progress,
    more: Callable[[], object] = lambda: None,
) -> None:
    """Add the rooms under `root`, what `more` adds, and what follows from all that, to an empty store."""
    add_rooms(store, room_files(root), progress)
    add_statements(store, describe_queries(root / "queries"), f"{GRAPHS}queries")
    more()
    derive_first(store, _rules(root))


def derive_again(store: ox.Store, root: Path) -> None:
    """Bring what the rules make up to date with a change."""
    derive(store, _rules(root))


def _rules(root: Path) -> list[tuple[str, str]]:
    paths = sorted((root / "queries" / "derive").glob("*.rq"))
    return [(path.stem, parse_question(path.stem, path.read_text("utf-8")).text) for path in paths]


def _stated_before(state: Path) -> list[ox.Quad] | None:
    """Return what is stated in the state that is published now, None where there is nothing whole."""
    try:
        return _stated(open_direct(state).engine)
    except StoreUnusable:
        return None


def _stated(store: ox.Store) -> list[ox.Quad]:
    graphs = [
        graph for graph in store.named_graphs()
        if isinstance(graph, ox.NamedNode) and not graph.value.startswith(DERIVED) and graph != LOG_GRAPH
    ]  # fmt: skip
    return [quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph)]


def publish_files(
    state: Path,
    paths: Sequence[Path],
    graph: str = "",
    *,
    agent: str = "sundgraf load",
    progress: Callable[[int], object] = _no_progress,
    tell: Callable[[Rewritten], object] = lambda _: None,
    strict: bool = False,
) -> generations.Generation:
    """Publish files of any size beside what is published.

    Without `graph` triples go to the default graph only; with it, to that named graph and the default graph. `tell`
    hears of each file with literals that the store writes differently; `strict` refuses such files. Raises
    MalformedData, UnknownFormat or BadInput, and then nothing has changed.
    """
    for path in paths:
        format_of(path)
        if not path.is_file():
            raise BadInput(f"There is no file {str(path)!r}.")
        rewritten = find_rewritten(path, None if strict else LOOKED_AT)
        if rewritten is not None and strict:
            raise BadInput(f"{rewritten_text(rewritten)} Write them so, or load without --strict.")
        if rewritten is not None:
            tell(rewritten)
    with generations.publishing(state):
        base = generations.current(state)
        if base is not None:
            open_direct(state)  # raises where its files are damaged, before they are built upon
            keep_up(state)
        with generations.staging(state, base) as staged:
            sources = [SourceFile(path, graph) for path in paths]
            number, time = generations.next_number(state), generations.utc_now()
            change = Change(reason=f"files: {', '.join(path.name for path in paths)}")

            def fill(store: ox.Store) -> None:
                add_large(store, sources, progress)
                add_log(store, log_statements(number, time, agent, change))

            quads = _build(staged, fill)
            edition, added = (base.edition, base.added) if base else ("", 0)
            added += len(paths)
            return generations.commit(
                state, staged, quads=quads, edition=edition, added=added, agent=agent, reason=change.reason, time=time
            )


def rewritten_text(found: Rewritten) -> str:
    """Return one line on literals that the store writes differently."""
    return (
        f"{found.file}: the store keeps values, not letters: {found.count} of the literals looked at come back "
        f"differently, such as {found.written[:120]} as {found.kept[:120]}."
    )


def require_nothing_added(state: Path) -> None:
    """Raise BadInput where files were loaded beside our own, which a new edition of ours would leave out."""
    with contextlib.suppress(StoreUnusable):
        held = generations.current(state)
        if held is not None and held.added:
            raise BadInput(
                f"Other files ({held.added}) were loaded beside our own and would be left out; give --rebuild to "
                "publish without them, and load them again after that."
            )


def ensure_published(
    state: Path, root: Path, progress: Callable[[int], object] = _no_progress
) -> generations.Generation:
    """Return what is published; publish the rooms first where the state is empty or holds an older edition of them.

    A state that other files were loaded into is left as it is. A damaged state that our own files can make again is
    made again.
    """
    if (state / "inbox.sqlite").exists():
        with deciding(state, math.inf):  # finishes what a crash left
            pass
    try:
        held = generations.current(state)
        if held is not None:
            open_direct(state)  # files that are there and damaged show only now
    except StoreUnusable:
        if any(entry.get("added") for entry in generations.log(state)):
            raise
        held = None
    if held is not None and (held.added or not held.edition or held.edition == edition_of(root)):
        return held
    return publish_rooms(state, root, agent="sundgraf serve", progress=progress)


def _build(staged: Path, fill: Callable[[ox.Store], None]) -> int:
    """Fill the staged store and return its size. Its files are closed when this returns."""
    store = ox.Store(str(staged / "store"))
    fill(store)
    quads = len(store)
    if quads >= _READ_FROM_DISK:
        store.optimize()  # a second and a half for a million; look-ups on disk take a third of the time then
    store.flush()
    return quads
