"""The completeness report: what is modelled of each source, which gaps each class has, what is stated and inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sundgraf.application.ask import ask
from sundgraf.application.query import rows_of
from sundgraf.domain.media import JSON
from sundgraf.domain.question import Question
from sundgraf.domain.terms import Term
from sundgraf.store.base import Store

TAG = "report"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report: a stored question tagged "report", and its rows."""

    question: Question
    columns: tuple[str, ...]
    rows: list[dict[str, Term]]


async def report(store: Store, questions: Mapping[str, Question], language: str) -> list[Section]:
    """Return the report's sections, by name: a question with the tag is a section, and nothing else is needed."""
    sections = []
    for question in questions.values():
        if TAG not in question.tags:
            continue
        known = {parameter.name for parameter in question.parameters}
        answer = await ask(store, question, {"language": language} if "language" in known else {}, JSON)
        rows = rows_of(b"".join([piece async for piece in answer]))
        columns = tuple(dict.fromkeys(name for row in rows for name in row if name not in known))
        sections.append(Section(question, columns, rows))
    return sections
