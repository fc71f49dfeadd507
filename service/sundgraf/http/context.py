"""What the routes work with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import jinja2

from sundgraf.application.query import Limits
from sundgraf.bundle import Bundle
from sundgraf.domain.question import Question
from sundgraf.http.pages import Pages
from sundgraf.settings import Settings
from sundgraf.store.base import Store


@dataclass(frozen=True)
class Context:
    """The store, the stored questions, the rooms and the settings of one web process."""

    settings: Settings
    bundle: Bundle
    store: Store
    questions: Mapping[str, Question]
    pages: Pages
    memory: dict[str, tuple[int, object]] = field(default_factory=dict)
    making: dict[str, tuple[int, asyncio.Future[object]]] = field(default_factory=dict)

    @property
    def templates(self) -> jinja2.Environment:
        """The page templates."""
        return self.pages.templates

    @property
    def limits(self) -> Limits:
        """What a public query may take."""
        services = frozenset(part.strip() for part in self.settings.service_allow.split(",") if part.strip())
        return Limits(self.settings.deadline, self.settings.row_limit, self.settings.byte_limit, services)
