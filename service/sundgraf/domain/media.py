"""Which formats there are, and which of them a reader wants (RFC 9110 section 12.5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sundgraf.domain.errors import NotAcceptable, UnknownFormat


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its short name, file extension (no dot), media type and other media types that mean the same."""

    name: str
    extension: str
    media_type: str
    aliases: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type header's value; text formats say that they are UTF-8."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


JSON = Format("json", "srj", "application/sparql-results+json", ("application/json", "text/json"))
XML = Format("xml", "srx", "application/sparql-results+xml", ("application/xml", "text/xml"))
CSV = Format("csv", "csv", "text/csv")
TSV = Format("tsv", "tsv", "text/tab-separated-values")
TURTLE = Format("turtle", "ttl", "text/turtle", ("application/turtle", "application/x-turtle"))
NTRIPLES = Format("ntriples", "nt", "application/n-triples", ("text/plain",))
RDFXML = Format("rdfxml", "rdf", "application/rdf+xml", ("application/xml", "text/xml"))
JSONLD = Format("jsonld", "jsonld", "application/ld+json", ("application/json",))
TRIG = Format("trig", "trig", "application/trig", ("application/x-trig",))
NQUADS = Format("nquads", "nq", "application/n-quads", ("text/x-nquads", "text/nquads"))
N3 = Format("n3", "n3", "text/n3", ("text/rdf+n3",))
HTML = Format("html", "html", "text/html", ("application/xhtml+xml",))
PLAIN_JSON = Format("json", "json", "application/json")

SOLUTIONS = (JSON, XML, CSV, TSV)
BOOLEANS = (JSON, XML, CSV, TSV)
GRAPHS = (TURTLE, NTRIPLES, RDFXML, JSONLD, TRIG, NQUADS, N3)
DATASETS = (NQUADS, TRIG, JSONLD)

# What rdflib's SPARQLStore sends for a SELECT lists RDF/XML before the results format (findings.md, "real clients").
_NEVER_FIRST = frozenset({"text/n3", "text/plain", "application/xml", "text/xml", "application/xhtml+xml"})
_MOST_ACCEPT_CHARACTERS = 16_384


@lru_cache(maxsize=512)
def choose(accept: str, offered: tuple[Format, ...]) -> Format:
    """Return the offered format that the Accept header wants most; without a header, the first one.

    The most specific range decides a type's weight and q=0 refuses it. Among equal weights, a named type goes before
    a wildcard, then the order of `offered` decides. Raises NotAcceptable when nothing fits.
    """
    if not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    best: tuple[float, int, int] | None = None
    chosen: Format | None = None
    for position, candidate in enumerate(offered):
        if _weight(candidate.media_type, ranges) == (0.0, 2):  # refused by name, whatever its other names
            continue
        for media_type in (candidate.media_type, *candidate.aliases):
            quality, specificity = _weight(media_type, ranges)
            if quality <= 0 or (specificity < 2 and media_type is not candidate.media_type):
                continue  # a range takes in what is sent, not its other names: text/* is no wish for text/json
            named = 2 if specificity == 2 and media_type not in _NEVER_FIRST else int(specificity == 2)
            rank = (quality, named, -position)
            if best is None or rank > best:
                best, chosen = rank, candidate
    if chosen is None:
        names = ", ".join(candidate.media_type for candidate in offered)
        raise NotAcceptable(f"None of the formats in Accept is written here; ask for one of {names}.")
    return chosen


def named(text: str, offered: Sequence[Format]) -> Format:
    """Return the offered format called `text`: its name, extension or media type. Raises UnknownFormat."""
    wanted = text.strip().lower().lstrip(".")
    for candidate in offered:
        if wanted in (candidate.name, candidate.extension, candidate.media_type):
            return candidate
    for candidate in offered:
        if wanted in candidate.aliases:
            return candidate
    names = ", ".join(candidate.name for candidate in offered)
    raise UnknownFormat(f"There is no format {text!r} here; use one of {names}.")


def prefers_html(accept: str) -> bool:
    """Say whether a browser is asking: HTML is named and wanted at least as much as any RDF or JSON."""
    if "text/html" not in accept and "application/xhtml+xml" not in accept:
        return False
    try:
        return choose(accept, (HTML, *GRAPHS, PLAIN_JSON)) is HTML
    except NotAcceptable:  # HTML is named to be refused, and nothing else is wanted
        return False


def _ranges(accept: str) -> Mapping[tuple[str, str], float]:
    """Return the weight of each range; of one that is given twice, the higher."""
    ranges: dict[tuple[str, str], float] = {}
    for part in accept[:_MOST_ACCEPT_CHARACTERS].split(","):
        media_range, *parameters = part.split(";")
        major, slash, minor = media_range.strip().lower().partition("/")
        if not slash and major == "*":
            major, minor = "*", "*"
        elif not (major and minor):
            continue
        ranges[major, minor] = max(_quality(parameters), ranges.get((major, minor), 0.0))
    return ranges


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value.strip())
                return min(max(quality, 0.0), 1.0) if math.isfinite(quality) else 0.0
            except ValueError:
                return 0.0
    return 1.0


def _weight(media_type: str, ranges: Mapping[tuple[str, str], float]) -> tuple[float, int]:
    major, _, minor = media_type.partition("/")
    for specificity, wanted in ((2, (major, minor)), (1, (major, "*")), (0, ("*", "*"))):
        if wanted in ranges:
            return ranges[wanted], specificity
    return 0.0, -1
