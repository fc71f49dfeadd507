"""What the Link header of a document says (RFC 8288), with the relations that other registries look for."""

from __future__ import annotations

from collections.abc import Sequence

from sundgraf.domain.media import Format
from sundgraf.domain.names import BASE, Name

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def link_header(name: Name, formats: Sequence[Format], page: int = 1, pages: int = 1, extension: str = "") -> str:
    """Return the Link header of the document about `name`: where it is in other formats, and where it goes on.

    `extension` is that of the format which was asked for by name, so that the next page comes in it too; "" for none.
    """
    here = f"{name.document}.{extension}" if extension else name.document
    links = [
        f'<{name.iri}>; rel="cite-as"',
        f'<{BASE.rstrip("/")}{name.document}>; rel="canonical"',
        f'<{LICENCE}>; rel="license"',
        f'<{name.document}.ttl>; rel="describedby"; type="text/turtle"',
    ]
    for format in formats:
        links.append(f'<{name.document}.{format.extension}>; rel="alternate"; type="{format.media_type}"')
    if page < pages:
        links.append(f'<{here}?page={page + 1}>; rel="next"')
    if page > 1:
        links.append(f'<{here}?page={page - 1}>; rel="prev"')
    return ", ".join(links)
