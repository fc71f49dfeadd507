"""Ask one of the stored questions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sundgraf.application.query import Limits, answer_query, offered
from sundgraf.domain.media import Format
from sundgraf.domain.question import Question, bind, parse_question
from sundgraf.domain.sparql import read
from sundgraf.store.base import Answer, Store

_DEADLINE = 30.0  # seconds; the library's questions take milliseconds


def load_questions(folder: Path) -> dict[str, Question]:
    """Return the stored questions in `folder` by name. Raises BadInput for one that cannot be used."""
    return {path.stem: parse_question(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.rq"))}


def formats_of(question: Question) -> tuple[Format, ...]:
    """Return the formats that the question's answer is written in."""
    return offered(read(question.text).form)


async def ask(store: Store, question: Question, given: Mapping[str, str], format: Format) -> Answer:
    """Ask a question with parameters as text. Raises InvalidParameter or what the store raises."""
    return await answer_query(
        store, question.text, format, Limits(_DEADLINE), bindings=bind(question, given), trusted=True
    )
