"""The completeness report: what is modelled of each source, which gaps each class has, what is stated and inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sundgraf.application.ask import ask, load_questions
from sundgraf.application.query import rows_of
from sundgraf.domain.media import JSON
from sundgraf.domain.question import Question
from sundgraf.domain.terms import Term
from sundgraf.store.base import Store

TAG = "report"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report: a stored query tagged "report", and its rows."""

    question: Question
    columns: tuple[str, ...]
    rows: list[dict[str, Term]]


def load_report(queries: Path) -> list[Question]:
    """Return the queries of the rooms ask and page that are tagged "report", by name: each is a section."""
    found = [*load_questions(queries / "ask").values(), *load_questions(queries / "page").values()]
    return sorted((question for question in found if TAG in question.tags), key=lambda question: question.name)


async def report(store: Store, questions: Sequence[Question], language: str) -> list[Section]:
    """Return the report's sections."""
    sections = []
    for question in questions:
        known = {parameter.name for parameter in question.parameters}
        answer = await ask(store, question, {"language": language} if "language" in known else {}, JSON)
        rows = rows_of(b"".join([piece async for piece in answer]))
        columns = tuple(dict.fromkeys(name for row in rows for name in row if name not in known))
        sections.append(Section(question, columns, rows))
    return sections
