"""Look for published records whose names are much like those of new ones."""

from __future__ import annotations

from collections.abc import Iterable

from sundgraf.application.gate import Named, similar_name
from sundgraf.domain.finder import Finder
from sundgraf.domain.report import Finding, gravest_first

_MUCH_ALIKE = 0.5  # of a finder's score; a name with one slip in ten letters has about this
_MOST = 200  # names looked up; a larger submission is an import, which is looked through by itself


def with_similar(findings: Iterable[Finding], names: Iterable[Named], finder: Finder, file: str) -> list[Finding]:
    """Return findings and, for each new name, the published record of the same class that is called most like it."""
    held = list(findings)
    told = {(finding.subject.partition(" ")[0], finding.value) for finding in held}
    for named in list(names)[:_MOST]:
        for hit in finder.find(named.name, named.classes, named.language, 2):
            length = min(len(hit.name), len(named.name)) / max(len(hit.name), len(named.name), 1)
            if hit.score >= _MUCH_ALIKE and length > 0.7 and (named.subject, hit.iri) not in told:
                told.add((named.subject, hit.iri))
                held.append(similar_name(named, hit.iri, hit.name, file))
    return gravest_first(held)
