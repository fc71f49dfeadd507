"""Where the change feed lies on disk: pages of events that grow at their end and never change otherwise.

    <state>/feed/feed.json            how far it goes; what is not counted in it is of no account
    <state>/feed/heads-<number>       what was last told of each resource: digest, whether it still stands, its name
    <state>/feed/<series>/<page>.nq   events as N-Quads, `PAGE_EVENTS` a page

A series begins where there is no feed yet. Its name is in every address, so that a page which readers keep for ever
never means something else, not even where somebody threw the feed away.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from sundgraf.domain.errors import NotFound, StoreUnusable

PAGE_EVENTS = 200
_FOLDER = "feed"


class Head(NamedTuple):
    """What was last told of a resource: a digest of its statements, and whether it stood then."""

    digest: str
    standing: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """How far the feed goes: the last publication and event, the last event's time, and what its pages span.

    `begins` and `ends` are the times of each page's first and last event; `size` is the last page's, in bytes.
    """

    series: str
    publication: int = 0
    events: int = 0
    time: str = ""
    size: int = 0
    begins: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self.begins)


class Writing:
    """A feed while events are added; nothing of it counts until `close` has returned."""

    def __init__(self, state: Path, feed: Feed) -> None:
        self._folder = state / _FOLDER
        self._feed = replace(feed, begins=list(feed.begins), ends=list(feed.ends))
        self._pieces: list[str] = []
        (self._folder / feed.series).mkdir(parents=True, exist_ok=True)

    @property
    def next_event(self) -> tuple[int, int]:
        """The number of the next event, and of the page that it is on; both count from 1."""
        return self._feed.events + 1, self._feed.events // PAGE_EVENTS + 1

    def add(self, text: str, time: str) -> None:
        """Add an event: its N-Quads and its time, which is not before that of the event before it."""
        feed = self._feed
        if feed.events % PAGE_EVENTS == 0:
            self._flush()
            self._feed = feed = replace(feed, begins=[*feed.begins, time], ends=[*feed.ends, time], size=0)
        feed.ends[-1] = time
        self._pieces.append(text)
        self._feed = replace(feed, events=feed.events + 1, time=time)

    def close(self, publication: int, heads: Mapping[str, Head]) -> Feed:
        """Make what was added count, as what led to a publication."""
        self._flush()
        self._feed = replace(self._feed, publication=publication)
        lines = (f"{head.digest} {int(head.standing)} {name}\n" for name, head in heads.items())
        _write(_heads(self._folder, publication), "".join(lines))
        draft = self._folder / "feed.json.new"
        _write(draft, json.dumps(asdict(self._feed)))
        draft.replace(self._folder / "feed.json")
        for old in self._folder.glob("heads-*"):
            if old != _heads(self._folder, publication):
                old.unlink()
        return self._feed

    def _flush(self) -> None:
        if not self._pieces:
            return
        text = "".join(self._pieces).encode()
        with _page(self._folder, self._feed.series, self._feed.pages).open("ab") as file:
            file.truncate(self._feed.size)  # what a crash left behind
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._feed = replace(self._feed, size=self._feed.size + len(text))
        self._pieces.clear()


@contextlib.contextmanager
def following(state: Path) -> Iterator[None]:
    """Hold the right to add to the feed; whoever comes second waits."""
    folder = state / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_feed(state: Path) -> Feed | None:
    """Return how far the feed goes, None where there is none. Raises StoreUnusable where its file is damaged."""
    path = state / _FOLDER / "feed.json"
    try:
        return Feed(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise StoreUnusable(f"{str(path)!r} is damaged ({error}); remove the directory to begin a new feed.") from error


def read_heads(state: Path, feed: Feed) -> dict[str, Head]:
    """Return what was last told of each resource. Raises StoreUnusable where that is lost."""
    if not feed.publication:
        return {}
    path = _heads(state / _FOLDER, feed.publication)
    try:
        lines = path.read_text("utf-8").splitlines()
        split = (line.split(" ", 2) for line in lines)
        return {name: Head(digest, standing == "1") for digest, standing, name in split}
    except (OSError, ValueError) as error:
        raise StoreUnusable(f"{str(path)!r} is damaged ({error}); remove the directory to begin a new feed.") from error


def read_page(state: Path, feed: Feed, series: str, page: int) -> bytes:
    """Return the events of a page as N-Quads. Raises NotFound."""
    if series != feed.series or not 1 <= page <= feed.pages:
        raise NotFound(f"The feed has no page {series}/{page}; /feed lists those that there are.")
    try:
        with _page(state / _FOLDER, series, page).open("rb") as file:
            return file.read(feed.size if page == feed.pages else -1)
    except FileNotFoundError as error:
        raise StoreUnusable(f"Page {page} of the feed is lost; bring a backup back.") from error


def files_of(state: Path, publication: int) -> tuple[dict[str, bytes], list[Path]]:
    """Return what a backup of a publication holds of the feed: files as they are now, and those that never change.

    Nothing where there is no feed, or where it went on meanwhile.
    """
    if not (state / _FOLDER / "feed.json").exists():
        return {}, []
    with following(state):
        feed = read_feed(state)
        if feed is None or feed.publication > publication:
            return {}, []
        folder = state / _FOLDER
        last = _page(folder, feed.series, feed.pages)
        changing = {path: path.read_bytes() for path in (folder / "feed.json", _heads(folder, feed.publication))}
        changing[last] = last.read_bytes()[: feed.size]
    named = {path.relative_to(state).as_posix(): content for path, content in changing.items()}
    return named, [_page(folder, feed.series, page) for page in range(1, feed.pages)]


def bring_back(state: Path, unpacked: Path) -> None:
    """Move the feed of an unpacked backup into place where there is none; else the one that is there goes on."""
    if (unpacked / _FOLDER).is_dir() and not (state / _FOLDER / "feed.json").exists():
        shutil.rmtree(state / _FOLDER, ignore_errors=True)
        (unpacked / _FOLDER).rename(state / _FOLDER)


def _page(folder: Path, series: str, page: int) -> Path:
    return folder / series / f"{page:06d}.nq"


def _heads(folder: Path, publication: int) -> Path:
    return folder / f"heads-{publication:06d}"


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
