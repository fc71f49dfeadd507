"""What the Link header of a document says (RFC 8288): Signposting, Memento, and where it is in other formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sundgraf.application.dump import FILES
from sundgraf.domain.media import Format
from sundgraf.domain.names import BASE, Name

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
DATASET = f"{BASE}dataset"
ABOUT_PAGE = "https://schema.org/AboutPage"
LINKSETS = {"json": "application/linkset+json", "text": "application/linkset"}


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads, as what, the media type there, and the time of a memento (RFC 1123); "" for none."""

    target: str
    relation: str
    media_type: str = ""
    datetime: str = ""

    def __str__(self) -> str:
        said = f'<{self.target}>; rel="{self.relation}"'
        said += f'; type="{self.media_type}"' if self.media_type else ""
        return said + (f'; datetime="{self.datetime}"' if self.datetime else "")


def link_header(
    name: Name, formats: Sequence[Format], page: int = 1, pages: int = 1, extension: str = "", site: str = "",
    classes: Iterable[str] = (),
) -> str:  # fmt: skip
    """Return the Link header of the document about `name`: where it is in other formats, and where it goes on.

    `extension` is that of the format which was asked for by name, so that the next page comes in it too; "" for none.
    `site` is the address of the host in use, which Memento's links have to say. `classes` are those of the thing.
    """
    here = f"{name.document}.{extension}" if extension else name.document
    links = signposts(name, formats, classes)
    if name.room == "id":
        links += memento_links(name, site)
    if page < pages:
        links.append(Link(f"{here}?page={page + 1}", "next"))
    if page > 1:
        links.append(Link(f"{here}?page={page - 1}", "prev"))
    return say(links)


def signposts(name: Name, formats: Sequence[Format], classes: Iterable[str] = (), site: str = "") -> list[Link]:
    """Return what any document about `name` says: what to cite, what it is, its licence, metadata and collection."""
    document = f"{site}{name.document}"
    return [
        Link(name.iri, "cite-as"),
        Link(f"{BASE.rstrip('/')}{name.document}", "canonical"),
        Link(ABOUT_PAGE, "type"),
        *(Link(class_, "type") for class_ in classes),
        Link(LICENCE, "license"),
        Link(DATASET, "collection"),
        Link(f"{document}.ttl", "describedby", "text/turtle"),
        *(Link(f"{document}.{format.extension}", "alternate", format.media_type) for format in formats),
        *linkset_links(name, site),
    ]


def dataset_links() -> list[Link]:
    """Return what descriptions of the whole graph say: what to cite, its files, licence and descriptions."""
    return [
        Link(DATASET, "cite-as"),
        Link("https://schema.org/Dataset", "type"),
        Link(LICENCE, "license"),
        Link("/catalog.ttl", "describedby", "text/turtle"),
        Link("/.well-known/void", "describedby", "text/turtle"),
        *(Link(f"/dump/{name}", "item", "application/gzip") for name in FILES),
        Link("/feed", "item", "text/turtle"),
    ]


def linkset_links(name: Name, site: str = "") -> list[Link]:
    """Return where the linkset of `name` is (RFC 9264), in both its formats."""
    return [
        Link(f"{site}/linkset{name.iri.removeprefix(BASE.rstrip('/'))}?format={form}", "linkset", media_type)
        for form, media_type in LINKSETS.items()
    ]


def memento_links(name: Name, site: str) -> list[Link]:
    """Return where versions of a record are found by time (RFC 7089)."""
    return [
        Link(f"{site}{name.document}", "original"),
        Link(f"{site}/timegate{name.document}", "timegate"),
        Link(f"{site}/timemap{name.document}", "timemap", "application/link-format"),
    ]


def say(links: Iterable[Link]) -> str:
    """Return links as the value of a Link header."""
    return ", ".join(str(link) for link in dict.fromkeys(links))
