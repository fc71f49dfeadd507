"""What other registers may compare their lists with: the classes and properties, as ontology, shapes and a list say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sundgraf.application.fields import record_classes
from sundgraf.application.vocabulary import Texts, Vocabulary, read_vocabulary
from sundgraf.domain.errors import InvalidParameter
from sundgraf.domain.finder import fold
from sundgraf.domain.terms import last_part

IDENTIFIER = "identifier"  # the property whose values are compared as identifiers
_NAMES = (
    "http://purl.org/dc/terms/title", "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://xmlns.com/foaf/0.1/name", "http://www.w3.org/2004/02/skos/core#altLabel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A class: IRI, names, definition by language, the classes above it, and the properties that its records have."""

    iri: str
    label: Texts
    definition: Texts
    broader: tuple[str, ...]
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Property:
    """A property, or several under one name: `paths` are the IRIs of what it stands for."""

    identifier: str
    label: Texts
    definition: Texts
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Comparable:
    """The classes and the properties, by what they are called in the protocol."""

    kinds: dict[str, Kind]
    properties: dict[str, Property]

    def kind(self, name: str) -> Kind:
        """Return a class by its IRI, its short name or what it is called. Raises InvalidParameter."""
        for kind in self.kinds.values():
            if name == kind.iri or fold(name.rpartition(":")[2]) in _called(kind.iri, kind.label):
                return kind
        known = ", ".join(last_part(iri) for iri in self.kinds)
        raise InvalidParameter(f"There is no type {name[:80]!r} here; take one of {known}.", "type")

    def property(self, name: str) -> Property:
        """Return a property by its IRI, its short name or what it is called. Raises InvalidParameter."""
        found = self.properties.get(name)
        wanted = fold(name.rpartition(":")[2])
        for one in self.properties.values():
            if found is None and wanted in _called(one.identifier, one.label):
                found = one
        if found is None:
            raise InvalidParameter(
                f"There is no property {name[:80]!r} here; GET /reconcile/suggest/property lists them.", "pid"
            )
        return found

    def of(self, kind: Kind | None) -> list[Property]:
        """Return the properties of a class, or of all."""
        return [self.properties[name] for name in (kind.properties if kind else self.properties)]


@lru_cache(maxsize=4)
def read_comparable(root: Path) -> Comparable:
    """Return what the rooms below `root` say, read once."""
    listed = tomllib.loads((root / "queries" / "reconcile.toml").read_text("utf-8"))
    vocabulary = read_vocabulary(root)
    fields = {one.iri: one.fields for one in record_classes(vocabulary.shapes)}
    grouped = {
        name: Property(name, dict(said["label"]), {}, tuple(said["paths"]))
        for name, said in listed.get("property", {}).items()
    }
    properties = dict(grouped)
    kinds = {}
    for iri in listed["types"]:
        paths = [field.path for field in fields.get(iri, ()) if field.path not in _NAMES]
        for path in paths:
            term = vocabulary.properties.get(path)
            label = {language: vocabulary.label(path, language) for language in ("en", "da")}
            properties.setdefault(path, Property(path, label, term.definition if term else {}, (path,)))
        own = (*grouped, *dict.fromkeys(paths))
        kinds[iri] = _kind(vocabulary, iri, own)
    return Comparable(kinds, properties)


def _kind(vocabulary: Vocabulary, iri: str, properties: tuple[str, ...]) -> Kind:
    term = vocabulary.classes.get(iri)
    label = {language: vocabulary.label(iri, language) for language in ("en", "da")}
    return Kind(iri, label, term.definition if term else {}, term.parents if term else (), properties)


def _called(iri: str, label: Texts) -> set[str]:
    return {fold(iri), fold(last_part(iri)), *map(fold, label.values())}
