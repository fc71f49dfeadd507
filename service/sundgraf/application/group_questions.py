"""The stored questions by who asks them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sundgraf.domain.question import Question


@dataclass(frozen=True, slots=True)
class Group:
    """Those who ask alike: `label` and `lead` map "da" and "en" to text."""

    name: str
    label: Mapping[str, str]
    lead: Mapping[str, str]
    questions: tuple[Question, ...]


def group_questions(file: Path, questions: Iterable[Question]) -> list[Group]:
    """Return the groups of `file` (queries/groups.toml), each with the questions that share a tag with it.

    Within a group, questions stand in the order of the group's tags.
    """
    known = list(questions)
    return [
        Group(
            name, said["label"], said["lead"],
            tuple(
                question
                for position, tag in enumerate(said["tags"])
                for question in known
                if tag in question.tags and not set(said["tags"][:position]) & set(question.tags)
            ),
        )
        for name, said in tomllib.loads(file.read_text("utf-8")).items()
    ]  # fmt: skip
