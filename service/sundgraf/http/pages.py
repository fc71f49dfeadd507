"""How a page is made from a template, and in which language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sundgraf.domain.names import name_of
from sundgraf.domain.readable import is_number, write_date, write_number, write_term
from sundgraf.domain.terms import IRI, Term
from sundgraf.http.assets import Assets
from sundgraf.http.danish import Danish

LANGUAGES = ("en", "da")
_LABEL_ENDINGS = ("Label", "Title", "Name")
BASE = "https://w3id.org/sundgraf/"
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Shown(Protocol):
    """A value of a record, and whether it is a number."""

    @property
    def text(self) -> str:
        """Return its text."""

    @property
    def counted(self) -> bool:
        """Say whether it is a number."""


class Pages:
    """Renders templates for a reader."""

    def __init__(self, columns: Path | None = None, problems: Path | None = None) -> None:
        self.near: Callable[[str, str], list[tuple[str, str]]] = lambda _path, _language: []
        self.danish = Danish(problems or Path())
        self._columns = tomllib.loads(columns.read_text("utf-8")) if columns else {}
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self.assets = Assets()
        self.templates.globals["asset"] = self.assets.address
        self.templates.filters["path"] = local_path
        self.templates.filters["page"] = page_path
        self.templates.filters["shown_columns"] = self._headed
        self.templates.filters["day"] = _day
        self.templates.filters["number"] = _number
        self.templates.filters["is_iri"] = lambda term: isinstance(term, IRI)
        self.templates.filters["is_number"] = is_number
        self.templates.filters["term"] = _term
        self.templates.filters["value"] = _value

    @jinja2.pass_context
    def _headed(self, context: jinja2.runtime.Context, names: Sequence[str]) -> list[Column]:
        return self.headed(names, context["language"])

    def headed(self, names: Sequence[str], language: str) -> list[Column]:
        """Return the columns of an answer under headings in a language."""
        return [
            column._replace(label=self._columns.get(_stem(name), {}).get(language, column.label))
            for column in shown_columns(names)
            for name in [column.link or column.text]
        ]

    def said(self, english: str, language: str) -> str:
        """Return what an error says in a language, in English where nobody wrote it in Danish."""
        return (self.danish.say(english) if language == "da" else "") or english

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Return the page in the reader's language; `t(en, da)` in a template picks the right text."""
        language = language_of(request)
        body = self.templates.get_template(template).render(
            language=language,
            t=lambda english, danish: danish if language == "da" else english,
            other_language=_with_language(request, "da" if language == "en" else "en"),
            request_path=request.url.path,
            **values,
        )
        said = {"Content-Language": language, "Vary": "Accept, Accept-Language", **SAFE, **(headers or {})}
        return HTMLResponse(body, status, said)


def language_of(request: Request) -> str:
    """Return "da" or "en": as ?lang= says, else what Accept-Language wants most, else English."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    best, chosen = 0.0, "en"
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower()[:2]
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            quality = 0.0
        if language in LANGUAGES and quality > best:
            best, chosen = quality, language
    return chosen


def words_of(path: str) -> str:
    """Return what the last part of a path says in words, to search for."""
    last = unquote(path).rstrip("/").rsplit("/", 1)[-1].rpartition(".")
    said = re.sub(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])", " ", last[0] or last[2])
    return re.sub(r"[-_+.]+", " ", said).strip()[:80]


def local_path(iri: str) -> str:
    """Return the path on this host for one of our IRIs; other IRIs as they are, if a browser may follow them."""
    if iri.startswith(BASE):
        return "/" + iri.removeprefix(BASE)
    return iri if iri.startswith(("http://", "https://")) else ""


class Column(NamedTuple):
    """A column as readers see it: its heading, the variable with the text and the one with the IRI, "" for none."""

    label: str
    text: str
    link: str


def shown_columns(names: Sequence[str]) -> list[Column]:
    """Return the columns for the variables of an answer: an IRI and the label after it make one column.

    A label is the variable with the same name and an ending (useCase, useCaseLabel), or a title right after an IRI.
    """
    shown: list[Column] = []
    taken: set[str] = set()
    for position, name in enumerate(names):
        if name in taken:
            continue
        following = names[position + 1] if position + 1 < len(names) else ""
        paired = next((f"{name}{ending}" for ending in _LABEL_ENDINGS if f"{name}{ending}" in names), "")
        if not paired and following in ("title", "name"):
            paired = following
        taken.add(paired)
        shown.append(
            Column(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _stem(name)).lower(), paired or name, name if paired else "")
        )
    return shown


def _stem(name: str) -> str:
    """Return a variable's name without the ending that says it is a label."""
    for ending in _LABEL_ENDINGS:
        if len(name) > len(ending):
            name = name.removesuffix(ending)
    return name


@jinja2.pass_context
def page_path(context: jinja2.runtime.Context, iri: str) -> str:
    """Return where a reader sees an IRI: for one of ours its document on this host, in the language of this page."""
    path = local_path(iri)
    if not path.startswith("/"):
        return path
    name = name_of(iri)
    return f"{name.document if name else path}?lang={context['language']}"


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, text: str) -> str:
    return write_date(text, context["language"])


@jinja2.pass_context
def _number(context: jinja2.runtime.Context, value: int | str) -> str:
    return write_number(value, context["language"])


@jinja2.pass_context
def _term(context: jinja2.runtime.Context, term: Term) -> str:
    return write_term(term, context["language"])


@jinja2.pass_context
def _value(context: jinja2.runtime.Context, value: Shown) -> str:
    return (write_number if value.counted else write_date)(value.text, context["language"])


def _with_language(request: Request, language: str) -> str:
    return str(request.url.include_query_params(lang=language).replace(scheme="", netloc=""))
