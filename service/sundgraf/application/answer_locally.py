"""Answer a query on the published state in this process, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from sundgraf.application.ask import ask, load_questions
from sundgraf.application.dump import FILES, write_whole
from sundgraf.application.query import Limits, answer_query, pick_format
from sundgraf.application.report import Section, load_report, report
from sundgraf.application.search import with_search
from sundgraf.domain.errors import NotFound
from sundgraf.domain.media import named
from sundgraf.domain.question import Question
from sundgraf.store.direct import open_direct


async def answer_locally(state: Path, root: Path, text: str, format_name: str) -> bytes:
    """Return the answer to a query. Raises MalformedQuery, UnknownFormat, Refused or StoreUnusable."""
    store = with_search(open_direct(state), root / "queries" / "page")
    format = pick_format(text, "", format_name)
    answer = await answer_query(store, text, format, Limits(0))
    return b"".join([piece async for piece in answer])


async def ask_locally(state: Path, root: Path, question: Question, given: dict[str, str], format_name: str) -> bytes:
    """Return the answer to a stored question."""
    store = with_search(open_direct(state), root / "queries" / "page")
    answer = await ask(store, question, given, pick_format(question.text, "", format_name))
    return b"".join([piece async for piece in answer])


def export_locally(state: Path, format_name: str, sink: IO[bytes]) -> None:
    """Write the whole graph, not compressed. Raises StoreUnusable."""
    write_whole(open_direct(state).engine, named(format_name, tuple(FILES.values())), sink)


async def report_locally(state: Path, root: Path, language: str) -> list[Section]:
    """Return the completeness report."""
    return await report(open_direct(state), load_report(root / "queries"), language)


def find_question(root: Path, name: str) -> Question:
    """Return the stored question called `name`. Raises NotFound."""
    questions = load_questions(root / "queries" / "ask")
    if name not in questions:
        raise NotFound(f"There is no stored question {name!r}; `sundgraf ask` lists them.")
    return questions[name]
