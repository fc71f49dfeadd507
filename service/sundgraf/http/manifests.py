"""What the reconciliation service says of itself, in the words of version 0.2 and of the 1.0 draft."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from sundgraf import __version__
from sundgraf.application.comparable import Comparable, Kind
from sundgraf.domain.names import BASE
from sundgraf.domain.terms import last_part


def manifest(request: Request, comparable: Comparable, language: str) -> dict[str, Any]:
    """Return the manifest of version 0.2."""
    site = str(request.base_url).rstrip("/")
    tail = f"lang={language}"
    return {
        "versions": ["0.2"], "name": f"sundgraf ({language})", "identifierSpace": BASE, "schemaSpace": f"{BASE}def/",
        "documentation": f"{site}/reconcile", "serviceVersion": __version__, "logo": f"{site}/static/icon.svg",
        "defaultTypes": [tell_kind(kind, language) for kind in comparable.kinds.values()],
        "view": {"url": f"{site}/reconcile/view?id={{{{id}}}}"},
        "preview": {"url": f"{site}/reconcile/preview?{tail}&id={{{{id}}}}", "width": 420, "height": 200},
        "suggest": {
            what: {
                "service_url": site, "service_path": f"/reconcile/suggest/{what}?{tail}",
                "flyout_service_url": site, "flyout_service_path": f"/reconcile/flyout/{what}?{tail}&id=${{id}}",
            }
            for what in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": site, "service_path": f"/reconcile/extend/propose?{tail}"},
            "property_settings": _settings("name", "label", "help_text", language),
        },
    }  # fmt: skip


def draft_manifest(request: Request, comparable: Comparable, language: str) -> dict[str, Any]:
    """Return the manifest of version 1.0-draft."""
    site = str(request.base_url).rstrip("/")
    return {
        "versions": ["1.0-draft"], "name": f"sundgraf ({language})", "lang": language,
        "documentation": f"{site}/reconcile", "serviceVersion": __version__, "logo": f"{site}/static/icon.svg",
        "defaultTypes": [tell_kind(kind, language) for kind in comparable.kinds.values()],
        "view": {"url": f"{site}/reconcile/view?id={{id}}"}, "preview": {"width": 420, "height": 200},
        "suggest": {"entity": True, "property": True, "type": True}, "standardizedScore": True,
        "extend": {"proposeProperties": True, "propertySettings": _settings("id", "name", "helpText", language)},
    }  # fmt: skip


def _settings(key: str, label: str, help_text: str, language: str) -> list[dict[str, Any]]:
    danish = language == "da"
    return [
        {
            key: "limit", label: "Højst" if danish else "At most", "type": "number", "default": 0,
            help_text: "Så mange værdier i hver række; 0 for alle" if danish else "So many values a row; 0 for all",
        },
        {
            key: "content", label: "Indhold" if danish else "Content", "type": "select", "default": "name",
            help_text: "Navne eller IRI’er" if danish else "Names or IRIs",
            "choices": [{"value": "name", "name": "Navne" if danish else "Names"}, {"value": "id", "name": "IRI"}],
        },
    ]  # fmt: skip


def tell_kind(kind: Kind, language: str) -> dict[str, Any]:
    """Return a type as the protocol writes it."""
    said: dict[str, Any] = {"id": kind.iri, "name": kind.label[language]}
    if kind.definition.get(language):
        said["description"] = kind.definition[language]
    if kind.broader:
        said["broader"] = [{"id": iri, "name": last_part(iri)} for iri in kind.broader]
    return said
