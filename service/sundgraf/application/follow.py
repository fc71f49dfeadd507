"""Bring the change feed up to what is published: an event for every resource that a publication changed.

An event says what happened (Create, Update, Delete), to which resource, when and by which publication, and carries all
that is said of the resource from then on. Whoever replays it puts that in place of what the event before it carried.
A Delete carries what still stands: the tombstone of a withdrawn record, or where a merged one leads.

    python -m sundgraf.application.follow <state>     what runs beside the service
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyoxigraph as ox

from sundgraf.domain.errors import StoreUnusable
from sundgraf.domain.names import BASE
from sundgraf.store import generations
from sundgraf.store.feed import Feed, Head, Writing, following, read_feed, read_heads
from sundgraf.store.generations import Generation
from sundgraf.store.parent import run_beside
from sundgraf.store.resources import Resources

FEED = f"{BASE}feed"
AS = "https://www.w3.org/ns/activitystreams#"
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DATE_TIME = ox.NamedNode("http://www.w3.org/2001/XMLSchema#dateTime")
_MEMBER = ox.NamedNode("https://w3id.org/tree#member")
_GENERATED = ox.NamedNode("http://www.w3.org/ns/prov#wasGeneratedBy")
_TOMBSTONE, _MERGED = ox.NamedNode(f"{BASE}def/Tombstone"), ox.NamedNode(f"{BASE}def/mergedInto")
_NICENESS = 10


def follow(state: Path) -> Feed | None:
    """Add what happened since; return how far the feed goes, None where nothing is published.

    Every publication whose generation is still there gets its own events. Raises StoreUnusable or OSError.
    """
    held = generations.current(state)
    if held is None:
        return None
    feed = read_feed(state)
    if feed is not None and feed.publication >= held.number:
        return feed
    with following(state):
        feed = read_feed(state)
        for generation in _kept(state, held):
            feed = feed or Feed(_name_series(generation))
            if generation.number > feed.publication:
                feed = _tell(state, feed, generation)
    return feed


def keep_up(state: Path) -> None:
    """Follow before something else is published, so that no publication is passed over; nothing where no feed is."""
    if (state / "feed" / "feed.json").exists():
        with contextlib.suppress(StoreUnusable, OSError):  # the feed is told of later; what is published matters more
            follow(state)


def _kept(state: Path, held: Generation) -> Iterator[Generation]:
    """Yield the generations that are there, oldest first, up to the one that is published."""
    for path in sorted((state / "generations").iterdir()):
        if path == held.path:
            yield held
        elif path.name < held.path.name:
            with contextlib.suppress(OSError, ValueError, TypeError):
                yield Generation(path=path, **json.loads((path / "meta.json").read_text("utf-8")))


def _name_series(generation: Generation) -> str:
    digest = hashlib.blake2b(f"{generation.number} {generation.time}".encode(), digest_size=4).hexdigest()
    return f"{generation.number}-{digest}"


def _tell(state: Path, feed: Feed, generation: Generation) -> Feed:
    resources = Resources(ox.Store.read_only(str(generation.store)))
    heads, writing = read_heads(state, feed), Writing(state, feed)
    time = _later(feed.time, generation.time)
    for name, digest in sorted(resources.digests.items()):
        before = heads.get(name)
        if before is not None and before.digest == digest:
            continue
        said = resources.statements(name)
        standing = not any(t.predicate == _MERGED or (t.predicate, t.object) == (_TYPE, _TOMBSTONE) for t in said)
        what = "Delete" if not standing else "Update" if before is not None and before.standing else "Create"
        writing.add(_event(feed.series, writing.next_event, what, name, time, generation.number, said), time)
        heads[name] = Head(digest, standing)
    for name in sorted(heads.keys() - resources.digests.keys()):
        writing.add(_event(feed.series, writing.next_event, "Delete", name, time, generation.number, []), time)
        del heads[name]
    return writing.close(generation.number, heads)


def _event(
    series: str, place: tuple[int, int], what: str, name: str, time: str, publication: int, said: list[ox.Triple]
) -> str:
    number, page = place
    event = ox.NamedNode(f"{FEED}/{series}/{page}#{number}")
    by = ox.NamedNode(f"{BASE}id/publication/pb-{publication:04d}")
    about = (
        ox.Quad(ox.NamedNode(FEED), _MEMBER, event),
        ox.Quad(event, _TYPE, ox.NamedNode(AS + what)),
        ox.Quad(event, ox.NamedNode(f"{AS}object"), ox.NamedNode(name)),
        ox.Quad(event, ox.NamedNode(f"{AS}published"), ox.Literal(time, datatype=_DATE_TIME)),
        ox.Quad(event, _GENERATED, by),
    )
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: object) -> object:  # a blank node's name holds for its page, which has many events
        if isinstance(term, ox.BlankNode):
            return names.setdefault(term, ox.BlankNode(f"e{number}b{len(names)}"))
        return term

    carried = (f"{named(t.subject)} {t.predicate} {named(t.object)} {event} .\n" for t in said)
    return "".join([*(f"{quad} .\n" for quad in about), *carried])


def _later(before: str, time: str) -> str:
    """Return the time of a publication's events: its own, or just after the last where clocks were set back."""
    if not before or datetime.fromisoformat(time) > datetime.fromisoformat(before):
        return time
    moment = datetime.fromisoformat(before) + timedelta(milliseconds=1)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    run_beside(follow, _NICENESS)
