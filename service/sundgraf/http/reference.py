"""The pages about our terms: the ontology, its classes and properties, concept schemes as trees, shapes in words."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sundgraf.application.shape_words import tell_shape
from sundgraf.application.vocabulary import Vocabulary
from sundgraf.domain.errors import NotFound
from sundgraf.domain.media import GRAPHS
from sundgraf.domain.names import BASE, Name
from sundgraf.http import facts
from sundgraf.http.context import Context
from sundgraf.http.pages import language_of
from sundgraf.http.structured import as_script, tell_terms

ROOMS = ("def", "concept", "shape")


async def reference_page(context: Context, request: Request, name: Name, headers: dict[str, str]) -> Response | None:
    """Return the page about a term, a scheme or a shape; None for what has a record's page (concepts, other names)."""
    known, language = await facts.vocabulary(context), language_of(request)
    found: tuple[str, dict[str, Any]] | None = None
    if name.room == "def" and not name.rest:
        found = "ontology.html", {"counts": dict(await facts.classes(context))}
    elif name.iri in known.classes:
        counts = dict(await facts.classes(context))
        found = (
            "class.html",
            {"term": known.classes[name.iri], "things": counts.get(name.iri, 0)} | _fields(known, name.iri, language),
        )
    elif name.iri in known.properties:
        found = "property.html", {"term": known.properties[name.iri], "used": known.used_in(name.iri)}
    elif name.iri in known.schemes:
        scheme = known.schemes[name.iri]
        told = tell_terms(name, scheme.term.label[language], scheme.term.definition.get(language, ""), language)
        found = "scheme.html", {"scheme": scheme, "structured": as_script(told)}
    elif name.room == "shape":
        try:
            found = "shape.html", {"shape": tell_shape(known, name.iri, language)}
        except NotFound:
            return None
    if found is None:
        return None
    template, values = found
    return _render(known, request, context, template, headers, name=name, **values)


async def overview(context: Context, request: Request, room: str) -> Response:
    """Return the list of all concept schemes or of all shapes."""
    template = {"concept": "schemes.html", "shape": "shapes.html"}[room]
    return _render(await facts.vocabulary(context), request, context, template, {"Cache-Control": "no-cache"})


def _fields(known: Vocabulary, class_: str, language: str) -> dict[str, Any]:
    shapes = [tell_shape(known, iri, language) for iri in known.shapes_of(class_)]
    return {"shapes": sorted(shapes, key=lambda shape: -len(shape.rules))}


def _render(
    known: Vocabulary, request: Request, context: Context, template: str, headers: dict[str, str], **values: Any
) -> Response:
    language = language_of(request)
    return context.pages.render(
        request, template, headers={k: v for k, v in headers.items() if k not in ("Vary", "Content-Type")},
        known=known, named=lambda iri: known.label(iri, language), formats=GRAPHS, base=BASE, **values,
    )  # fmt: skip
