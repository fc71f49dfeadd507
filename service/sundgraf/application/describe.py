"""Describe one resource: its own statements, the labels of what it points to, and what points to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sundgraf.application.query import construct, select
from sundgraf.domain.errors import Gone, NotFound
from sundgraf.domain.media import NQUADS, NTRIPLES, TRIG, Format
from sundgraf.domain.sparql import slice_rows
from sundgraf.domain.terms import IRI, Literal, Term
from sundgraf.store.base import Store
from sundgraf.store.table import tabulate
from sundgraf.store.writers import merge_documents, statements_about

PAGE_SIZE = 100
_MOST_SORTED = 1000  # links by one property; more come in the store's order
Queries = Mapping[str, str]
Row = dict[str, Term]


class Moved(NotFound):
    """Merged into another: `target` is its IRI."""

    def __init__(self, target: str) -> None:
        super().__init__(f"merged into {target}")
        self.target = target


@dataclass(frozen=True, slots=True)
class Description:
    """What a page shows of a resource; `claims` are the records about it, `incoming` one page of what points to it."""

    facts: list[Row]
    claims: list[Row]
    incoming: list[Row]
    incoming_count: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages of incoming links there are, at least 1."""
        return max(1, -(-self.incoming_count // PAGE_SIZE))


async def require_standing(store: Store, queries: Queries, iri: str) -> None:
    """Raise NotFound where `iri` was never minted, Gone where it was withdrawn, Moved where it was merged."""
    if not await select(store, queries["minted"], {"thing": IRI(iri)}):
        raise NotFound(f"Nothing was ever minted as <{iri}>.")
    if await select(store, queries["withdrawn"], {"thing": IRI(iri)}):
        await _raise_what_became_of(store, queries, iri)


async def describe(store: Store, queries: Queries, iri: str, page: int, *, is_graph: bool = False) -> Description:
    """Return what is known of `iri`; of a named graph that nothing is said of, what points to it.

    Raises NotFound, Gone or Moved.
    """
    thing: dict[str, Term] = {"thing": IRI(iri)}
    facts = await select(store, queries["facts"], thing)
    if is_graph and not facts and await select(store, queries["holds"], thing):
        return Description([], [], [], 0, 1)
    if not facts or any(str(row["property"]).endswith("def/mergedInto") for row in facts):
        await _raise_what_became_of(store, queries, iri)
    if any(str(row["property"]).endswith("#type") and str(row["value"]).endswith("def/Tombstone") for row in facts):
        await _raise_what_became_of(store, queries, iri)
    counts = {row["property"]: int(str(row["count"])) for row in await select(store, queries["incoming-counts"], thing)}
    if page > 1 and (page - 1) * PAGE_SIZE >= sum(counts.values()):
        raise NotFound(f"There is no page {page} of what points to <{iri}>.")
    shown = await _incoming(store, queries, thing, counts, (page - 1) * PAGE_SIZE)
    claims = await select(store, queries["claims"], thing)
    return Description(facts, claims, shown, sum(counts.values()), page)


async def describe_as(
    store: Store, queries: Queries, iri: str, page: int, format: Format, document: str
) -> tuple[bytes, Description]:
    """Return the document about `iri` in an RDF format, and what it holds. Raises as `describe` does."""
    description = await describe(store, queries, iri, page)
    thing: dict[str, Term] = {"thing": IRI(iri)}
    own = await construct(store, queries["describe"], thing, NTRIPLES)
    labels = await construct(store, queries["labels"], thing, NTRIPLES)
    incoming = statements_about((str(row["subject"]), str(row["property"]), iri) for row in description.incoming)
    if document != iri:  # a term is its own document: a statement about the document would be one about the term
        incoming += statements_about([(document, "http://xmlns.com/foaf/0.1/primaryTopic", iri)])
    return merge_documents((own, labels, incoming), format.name), description


async def describe_graph(store: Store, queries: Queries, iri: str, format: Format) -> bytes:
    """Return a named graph as it is held, in an RDF format. Raises NotFound where it is empty."""
    held = await construct(store, queries["graph"], {"thing": IRI(iri)}, NTRIPLES)
    if not held:
        raise NotFound(f"There is no graph <{iri}>.")
    return merge_documents((held,), format.name, iri if format in (NQUADS, TRIG) else "")


async def list_graph(store: Store, queries: Queries, iri: str) -> bytes:
    """Return the statements of a named graph as a CSV table. Raises NotFound where it is empty."""
    return tabulate(await describe_graph(store, queries, iri, NTRIPLES))


async def describe_ontology(store: Store, queries: Queries, iri: str, format: Format) -> bytes:
    """Return everything that the graph with the ontology `iri` says, in an RDF format. Raises NotFound."""
    held = await construct(store, queries["ontology"], {"thing": IRI(iri)}, NTRIPLES)
    if not held:
        raise NotFound(f"There is no ontology <{iri}>.")
    return merge_documents((held,), format.name)


async def _incoming(
    store: Store, queries: Queries, thing: Mapping[str, Term], counts: Mapping[Term, int], start: int
) -> list[Row]:
    """Return a page of what points to a thing, property after property, from the `start`-th on."""
    shown: list[Row] = []
    for property_, count in counts.items():
        if start < count and len(shown) < PAGE_SIZE:
            query = slice_rows(queries["incoming-many" if count > _MOST_SORTED else "incoming"], max(0, start),
                               PAGE_SIZE - len(shown))  # fmt: skip
            shown += await select(store, query, {**thing, "property": property_})
        start -= count
    return shown


async def _raise_what_became_of(store: Store, queries: Queries, iri: str) -> None:
    rows = await select(store, queries["withdrawn"], {"thing": IRI(iri)})
    for row in rows:
        if "merged" in row:
            raise Moved(str(row["merged"]))
    if rows:
        said = [row["reason"] for row in rows if "reason" in row]
        reasons = {reason.language: str(reason) for reason in said if isinstance(reason, Literal)}
        reason = reasons.get("en") or next(iter(reasons.values()), "")
        successor = next((str(row["successor"]) for row in rows if "successor" in row), "")
        danish = f"<{iri}> er trukket tilbage. {reasons.get('da') or reason}".strip()
        raise Gone(f"<{iri}> was withdrawn. {reason}".strip(), successor, danish)
    raise NotFound(f"Nothing was ever minted as <{iri}>.")
