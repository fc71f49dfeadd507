"""What the change feed says of itself: a Linked Data Event Stream whose pages are found by time (LDES 1.0, TREE)."""

from __future__ import annotations

from sundgraf.application.describe_service import DATASET, LICENCE
from sundgraf.application.follow import AS, FEED
from sundgraf.domain.terms import Literal
from sundgraf.store.feed import Feed
from sundgraf.store.statements import Document, Subject

_PREFIXES = {
    "as": AS, "ldes": "https://w3id.org/ldes#", "tree": "https://w3id.org/tree#", "dct": "http://purl.org/dc/terms/",
}  # fmt: skip


def describe_feed(feed: Feed, address: str) -> Document:
    """Return the root of the feed. `address` is where it was asked for: its pages must be on the host in use."""
    document = Document(_PREFIXES)
    stream = document.add(FEED).has("rdf:type", "ldes:EventStream").has("tree:view", address)
    stream.has("dct:title", Literal("What changed in sundgraf", language="en"),
               Literal("Hvad der er ændret i sundgraf", language="da"))  # fmt: skip
    stream.has(
        "dct:description",
        Literal(
            "Every change of every resource of the graph. An event is a named graph with all that is said of its "
            "resource (as:object) from then on; put it in place of what its last event said.", language="en",
        ),
        Literal(
            "Hver ændring af hver ressource i grafen. En hændelse er en navngiven graf med alt, hvad der siges om dens "
            "ressource (as:object) fra da af; sæt det i stedet for, hvad dens forrige hændelse sagde.", language="da",
        ),
    ).has("dct:license", LICENCE).has("dct:source", DATASET)  # fmt: skip
    stream.has("ldes:timestampPath", "as:published").has("ldes:versionOfPath", "as:object")
    for what in ("Create", "Update", "Delete"):
        stream.has(f"ldes:version{what}Path", "rdf:type").has(f"ldes:version{what}Object", f"as:{what}")
    view = document.add(address).has("rdf:type", "tree:Node")
    for page in range(1, feed.pages + 1):
        node = page_address(address, feed, page)
        _relate(document, view, "tree:GreaterThanOrEqualToRelation", node, feed.begins[page - 1])
        if page < feed.pages:
            _relate(document, view, "tree:LessThanOrEqualToRelation", node, feed.ends[page - 1])
    return document


def page_address(address: str, feed: Feed, page: int) -> str:
    """Return where a page is, given where the feed is."""
    return f"{address}/{feed.series}/{page}"


def _relate(document: Document, view: Subject, kind: str, node: str, time: str) -> None:
    relation = document.blank()
    view.has("tree:relation", relation)
    document.add(relation).has("rdf:type", kind).has("tree:node", node).has("tree:path", "as:published").has(
        "tree:value", Literal(time, "xsd:dateTime")
    )
