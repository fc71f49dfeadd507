"""What identifies a thing in a text, whichever way it is written: ROR, Wikidata, CVR, ELI, CELEX, or an IRI of ours."""

from __future__ import annotations

import re

from sundgraf.domain.names import BASE

_SCHEMES: tuple[tuple[str, str], ...] = (
    ("ror", r"(?:https?://(?:www\.)?ror\.org/|ror:\s*)?(0[a-hj-km-np-tv-z0-9]{6}[0-9]{2})/?"),
    ("wikidata", r"(?:https?://(?:www\.|m\.)?wikidata\.org/(?:entity|wiki)/|wd:|wikidata:\s*)?(q[1-9][0-9]*)"),
    (
        "cvr",
        r"(?:https://datacvr\.virk\.dk/enhed/virksomhed/|(?:cvr|dk)(?:[- ]?(?:nr|no)?\.?:?)\s*)?"
        r"([0-9]{2}(?: ?[0-9]{2}){3})/?",
    ),
    ("eli", r"(?:https?://data\.europa\.eu/)?(?:eli[/:])?((?:reg|dir|dec)(?:_impl|_del)?/[0-9]{4}/[0-9]+)(?:/oj)?/?"),
    ("celex", r"(?:celex:?\s*)?([0-9][0-9]{4}[a-z]{1,2}[0-9]{4})"),
)
_READERS = tuple((name, re.compile(pattern)) for name, pattern in _SCHEMES)
_OURS = re.compile(r"/?(?:(?:id|doc)/)?([a-z][a-z-]*/[a-z]+-[0-9]{4,})|/?(concept/[a-z0-9-]+/[a-z0-9.-]+)")
_LONGEST = 300


def read_identifier(text: str) -> str:
    """Return the one form of the identifier that a whole text is ("ror:03mchdq19"), "" where it is none.

    An IRI that is of none of the kinds known here stands for itself, without regard to http or https.
    """
    plain = " ".join(text.split())
    if not plain or len(plain) > _LONGEST:
        return ""
    lower = plain.lower()
    for name, reader in _READERS:
        if found := reader.fullmatch(lower):
            return f"{name}:{found[1].replace(' ', '')}"
    ours = _OURS.fullmatch(lower.removeprefix(BASE))
    if ours:
        return f"{BASE}{'id/' + ours[1] if ours[1] else ours[2]}"
    if re.match(r"https?://\S+\Z", plain):
        return "https://" + plain.partition("://")[2].rstrip("/")
    return ""
