"""Propose which of our things the rows of somebody's table mean, for a steward to accept; and keep what was accepted.

Names, identifiers, places, organisations, use cases and dates are compared as in /reconcile. A proposal is a row of a
mapping set (SSSOM) with a column `decision`: what is marked "accept" becomes the set.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sundgraf.application.comparable import IDENTIFIER, Property, read_comparable
from sundgraf.application.correspond import SKOS, Correspondence, Partner, write_set
from sundgraf.application.query import select, table
from sundgraf.application.reconcile import (
    Candidate,
    Condition,
    Query,
    Register,
    group_values,
    identifiers_of,
    make_register,
)
from sundgraf.application.search import make_finder
from sundgraf.domain.errors import BadInput
from sundgraf.domain.finder import fold
from sundgraf.domain.names import BASE
from sundgraf.domain.question import parse_question
from sundgraf.domain.sparql import bind_rows
from sundgraf.domain.spreadsheet import harmless
from sundgraf.domain.terms import IRI, Term
from sundgraf.domain.tsv import rows_in, text_of
from sundgraf.store.base import Store
from sundgraf.store.tables import Table

PARTS = ("name", "id", "place", "organisation", "use-case", "date")
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "navn", "title", "titel", "project", "projekt", "project name", "solution", "loesning"),
    "id": ("id", "identifier", "iri", "uri", "url", "ror", "wikidata"),
    "place": ("place", "sted", "region", "country", "land", "location", "city", "by"),
    "organisation": ("organisation", "organization", "hospital", "sygehus", "operator", "owner", "ejer", "agency"),
    "use-case": ("use case", "usecase", "brugsscenarie", "purpose", "formaal"),
    "date": ("date", "dato", "start", "start date", "startdato", "year", "aar"),
}
_DATES = Property("date", {}, {}, (f"{BASE}def/startDate", f"{BASE}def/endDate"))
_YEAR = re.compile(r"(?:19|20)\d\d")
_COLUMNS = (
    "row", "subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification",
    "confidence", "certain", "comment", "decision",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row of the table (counted from 1 below the headings), what it says, and the things it may mean, best first.

    `same_as` is the first row with the same name, 0 for none.
    """

    row: int
    name: str
    identifier: str
    candidates: list[Candidate] = field(default_factory=list)
    same_as: int = 0


def find_columns(headings: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    """Return which column holds what: as given, else by its heading. Raises BadInput where no name is found."""
    folded = [fold(heading) for heading in headings]
    found: dict[str, int] = {}
    for part in PARTS:
        wanted = [fold(given[part])] if given.get(part) else list(_HEADINGS[part])
        place = next((folded.index(one) for one in wanted if one in folded), None)
        if place is None and given.get(part):
            raise BadInput(f"There is no column {given[part]!r}; the table has {', '.join(headings)}.")
        if place is not None and place not in found.values():
            found[part] = place
    if "name" not in found:
        raise BadInput(f"Say which column has the names, with --name; the table has {', '.join(headings)}.")
    return found


async def propose(
    store: Store, root: Path, rows: Table, given: Mapping[str, str], types: Sequence[str], limit: int, language: str
) -> list[Proposal]:
    """Return a proposal for each row that has a name or an identifier."""
    register = await _open_register(store, root)
    columns = find_columns(rows.rows[0], given)
    kinds = tuple(register.comparable.kind(one) for one in types)
    proposals, queries, first = [], [], dict[str, int]()
    for number, row in enumerate(rows.rows[1:], 1):
        said = {part: row[place].strip() for part, place in columns.items() if place < len(row)}
        name, identifier = said.get("name", ""), said.get("id", "")
        if not name and not identifier:
            continue
        same_as = first.setdefault(fold(name), number) if name else number
        proposals.append(Proposal(number, name, identifier, same_as=same_as if same_as != number else 0))
        conditions = _conditions(said, register)
        queries.append(Query(name, kinds, limit, conditions, identifiers=identifiers_of(conditions)))
    found = [register.find(query, language) for query in queries]
    wanted = {pair for query, each in zip(queries, found, strict=True) for pair in register.wanted(query, each)}
    values = await _values(store, root, sorted(wanted, key=str))
    named = group_values(values, lambda iri: register.finder.label(iri, language))
    return [
        replace(proposal, candidates=register.judge(query, each, named))
        for proposal, query, each in zip(proposals, queries, found, strict=True)
    ]


def write_proposals(proposals: Iterable[Proposal]) -> str:
    """Return proposals as TSV, best first for each row, and a line for each row that nothing fits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    for proposal in proposals:
        theirs = {"row": proposal.row, "object_id": proposal.identifier, "object_label": proposal.name}
        aside = f"same name as row {proposal.same_as}; " if proposal.same_as else ""
        if not proposal.candidates:
            writer.writerow(_safe({**theirs, "comment": f"{aside}nothing here is called like it"}))
        for one in proposal.candidates:
            why = ", ".join(f"{name} {value:.2f}" for name, value in one.features.items())
            writer.writerow(_safe({
                **theirs, "subject_id": one.iri.replace(BASE, "sundgraf:", 1), "subject_label": one.name,
                "predicate_id": "skos:exactMatch" if one.match else "skos:closeMatch",
                "mapping_justification": f"semapv:{'Composite' if len(one.features) > 1 else 'Lexical'}Matching",
                "confidence": f"{one.score:.2f}", "certain": "yes" if one.match else "", "comment": aside + why,
            }))  # fmt: skip
    return text.getvalue()


def keep_accepted(text: str, partner: Partner, date: str) -> tuple[str, int]:
    """Return the mapping set (SSSOM) of the proposals marked "accept", and how many those are. Raises BadInput."""
    reader = csv.DictReader(io.StringIO(text), delimiter="\t")
    if not set(_COLUMNS) <= set(reader.fieldnames or ()):
        raise BadInput(f"This is no table of proposals; it has the columns {', '.join(_COLUMNS)}.")
    kept, labels = [], {}
    for number, row in enumerate(reader, 2):
        decision = (row["decision"] or "").strip().casefold()
        if decision not in ("", "accept", "reject"):
            raise BadInput(f"Line {number}: the decision {row['decision']!r} is neither accept nor reject nor empty.")
        if decision != "accept":
            continue
        if not (row["subject_id"] or "").startswith("sundgraf:"):
            raise BadInput(f"Line {number}: nothing of ours stands in subject_id, so it cannot be accepted.")
        iri = row["subject_id"].replace("sundgraf:", BASE, 1)
        labels[iri] = row["subject_label"]
        predicate = row["predicate_id"].replace("skos:", SKOS, 1)
        theirs, label = (row[name].removeprefix("'") for name in ("object_id", "object_label"))
        match = theirs if "://" in theirs else ""
        kept.append(
            Correspondence(
                iri, predicate, match, label if match or not theirs else theirs, (f"{BASE}mappings/{partner.name}",),
                "semapv:ManualMappingCuration", row["confidence"], row["comment"],
            )
        )  # fmt: skip
    return write_set(partner, sorted(kept, key=lambda one: one.key), labels, date), len(kept)


def _conditions(said: Mapping[str, str], register: Register) -> tuple[Condition, ...]:
    known = register.comparable.property
    found = []
    for part, name in (("place", "place"), ("organisation", "organisation"), ("id", IDENTIFIER)):
        if said.get(part):
            found.append(Condition(part, known(name), (said[part],)))
    if said.get("use-case"):
        found.append(Condition("use-case", known(f"{BASE}def/useCase"), (said["use-case"],)))
    if year := _YEAR.search(said.get("date", "")):
        found.append(Condition("date", _DATES, (year[0],)))
    return tuple(found)


async def _open_register(store: Store, root: Path) -> Register:
    names = rows_in(await table(store, _page_query(root, "names")))
    identifiers = rows_in(await table(store, _page_query(root, "identifiers")))
    pairs = ((text_of(thing), text_of(said)) for thing, said in identifiers)
    return make_register(make_finder(names), read_comparable(root), pairs)


async def _values(store: Store, root: Path, wanted: Sequence[tuple[IRI, IRI]]) -> list[dict[str, Term]]:
    if not wanted:
        return []
    return await select(store, bind_rows(_page_query(root, "values"), ("thing", "property"), wanted))


def _page_query(root: Path, name: str) -> str:
    return parse_question(name, (root / "queries" / "page" / f"{name}.rq").read_text("utf-8")).text


def _safe(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row whose texts from outside a spreadsheet cannot take for formulas."""
    return {name: harmless(cell) for name, cell in row.items()}


def summarise(proposals: Sequence[Proposal]) -> dict[str, int]:
    """Return how many rows there are, are certain, have candidates, have none, and repeat a name."""
    kinds = Counter(
        "certain" if any(one.match for one in proposal.candidates) else "possible" if proposal.candidates else "none"
        for proposal in proposals
    )
    repeated = sum(proposal.same_as > 0 for proposal in proposals)
    return {"rows": len(proposals), **{k: kinds[k] for k in ("certain", "possible", "none")}, "repeated": repeated}
