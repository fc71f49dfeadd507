"""Withdraw what an edition of another register has no more, as part of its import, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyoxigraph as ox

from sundgraf.application.compare_edition import Compared
from sundgraf.application.prepare import withdrawal_of
from sundgraf.domain.imported import ImportReport

_UNSAID = ("-", "-")


def withdraw_gone(report: ImportReport, compared: Compared, reason: tuple[str, str], base: ox.Store) -> None:
    """Add to a change that what is gone is withdrawn, for `reason` in English and Danish, and tell the report.

    Kept, and told so, is what rests on other sources too, what new rows resemble, and what other records point to: a
    steward merges it or names a successor. Without a reason, each tombstone says why the record counts as gone.
    """
    kept = {one.record: one.kept for one in report.gone if one.kept[0]}
    for row in report.alike:
        if row.confidence and any(one.record == row.other for one in report.gone):
            kept.setdefault(row.other, (f"{row.key} is perhaps the same; merge them.",
                                        f"{row.key} er måske det samme; saml dem."))  # fmt: skip
    going = _free([ox.NamedNode(one.record) for one in report.gone if one.record not in kept], base, kept)
    spoken = set[object]()
    for one in report.gone:
        thing = ox.NamedNode(one.record)
        if thing in going:
            removed, added, _ = withdrawal_of(thing, None, reason if reason[0] else one.why, base, going)
            compared.removed += [t for t in removed if t.subject not in spoken]
            compared.added += [t for t in added if t.subject not in spoken]
            spoken |= {t.subject for t in added}
    report.gone = [
        replace(one, withdrawn=ox.NamedNode(one.record) in going, kept=kept.get(one.record, ("", "")))
        for one in report.gone
    ]


def _free(going: list[ox.NamedNode], base: ox.Store, kept: dict[str, tuple[str, str]]) -> set[ox.NamedNode]:
    """Return those that nothing points to which stays; tell of the others what points to them."""
    left = set(going)
    while held := _pointed(left, base):
        for thing, triple in held.items():
            first = str(getattr(triple.subject, "value", triple.subject))
            kept[thing.value] = (f"<{first}> points to it; withdraw it with a successor.",
                                 f"<{first}> peger på den; træk den tilbage med en efterfølger.")  # fmt: skip
        left -= set(held)
    return left


def _pointed(left: set[ox.NamedNode], base: ox.Store) -> Mapping[ox.NamedNode, ox.Triple]:
    pointing = {thing: withdrawal_of(thing, None, _UNSAID, base, left)[2] for thing in left}
    return {thing: triples[0] for thing, triples in pointing.items() if triples}
