"""Which of our things correspond to somebody else's, who says so, and how sure that is.

The graph says what corresponds, each statement in the named graph of its source. A mapping set (SSSOM, data/mappings)
adds how sure it is and why, and holds what cannot be a statement: values of tables that have no IRIs.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sundgraf.domain.names import BASE

SKOS = "http://www.w3.org/2004/02/skos/core#"
_COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label", "object_type", "mapping_justification",
    "mapping_source", "confidence", "comment",
)  # fmt: skip
_UNSPECIFIED = "semapv:UnspecifiedMatching"
_PREFIXES = {
    "sundgraf": BASE, "skos": SKOS, "owl": "http://www.w3.org/2002/07/owl#", "semapv": "https://w3id.org/semapv/vocab/",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody whose things ours are linked to: what the whole of them is called, and how their IRIs begin."""

    name: str
    title: str
    scheme: str
    spaces: tuple[str, ...]

    def has(self, iri: str) -> bool:
        """Say whether an IRI is one of theirs."""
        return iri.startswith(self.spaces)


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One of our things and one of theirs; `said_by` are named graphs and mapping sets.

    `value` is theirs where it has no IRI. `confidence` is from 0 to 1, "" where nobody says.
    """

    thing: str
    predicate: str
    match: str
    value: str = ""
    said_by: tuple[str, ...] = ()
    justification: str = ""
    confidence: str = ""
    comment: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same correspondence, whoever says so."""
        return self.thing, self.predicate, self.match, "" if self.match else self.value


def read_partners(folder: Path) -> dict[str, Partner]:
    """Return the partners of partners.toml, by name."""
    held = tomllib.loads((folder / "partners.toml").read_text("utf-8"))
    return {name: Partner(name, said["title"], said["scheme"], tuple(said["spaces"])) for name, said in held.items()}


def read_set(folder: Path, name: str) -> list[Correspondence]:
    """Return what a mapping set says, nothing where there is none of that name."""
    path = folder / f"{name}.sssom.tsv"
    if not path.is_file():
        return []
    lines = path.read_text("utf-8").splitlines()
    pairs = [line[1:].partition(": ") for line in lines if line.startswith("#")]
    prefixes = {key.strip(): value.strip().strip('"') for key, _, value in pairs if key.startswith("  ")}
    about = {key: value.strip().strip('"') for key, _, value in pairs if not key.startswith("  ")}

    def expand(curie: str) -> str:
        prefix, _, rest = curie.partition(":")
        return prefixes[prefix] + rest if prefix in prefixes else curie

    return [
        Correspondence(
            expand(row["subject_id"]), expand(row["predicate_id"]), expand(row.get("object_id") or ""),
            row.get("object_label") or "", (about.get("mapping_set_id", ""),), row["mapping_justification"],
            row.get("confidence") or "", row.get("comment") or "",
        ) for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    ]  # fmt: skip


def correspondences(
    partner: Partner, stated: Iterable[tuple[str, str, str, str]], of_set: Iterable[Correspondence]
) -> list[Correspondence]:
    """Return all that corresponds to a partner's things. `stated` is (thing, property, match, named graph)."""
    found: dict[tuple[str, str, str, str], Correspondence] = {}
    for one in of_set:
        found[one.key] = one
    for thing, predicate, match, graph in stated:
        if partner.has(match):
            one = Correspondence(thing, predicate, match, justification=_UNSPECIFIED)
            held = found.get(one.key, one)
            found[one.key] = replace(held, said_by=tuple(dict.fromkeys((*held.said_by, graph))))
    return sorted(found.values(), key=lambda one: one.key)


def write_set(partner: Partner, found: Sequence[Correspondence], labels: Mapping[str, str], date: str) -> str:
    """Return correspondences as SSSOM (TSV with its header); `labels` are what our things are called."""
    text = io.StringIO()
    text.write("#curie_map:\n")
    text.writelines(f'#  {prefix}: "{iri}"\n' for prefix, iri in _PREFIXES.items())
    for name, value in (
        ("mapping_set_id", f"{BASE}mappings/{partner.name}"), ("mapping_set_title", f"sundgraf and {partner.title}"),
        ("license", "https://creativecommons.org/licenses/by/4.0/"), ("mapping_date", date), ("subject_source", BASE),
        ("object_source", partner.scheme),
    ):  # fmt: skip
        text.write(f'#{name}: "{value}"\n')
    writer = csv.DictWriter(text, _COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for one in found:
        writer.writerow({
            "subject_id": _shorten(one.thing), "subject_label": labels.get(one.thing, ""),
            "predicate_id": _shorten(one.predicate), "object_id": one.match, "object_label": one.value,
            "object_type": "" if one.match else "rdfs literal", "mapping_justification": one.justification,
            "mapping_source": "|".join(one.said_by), "confidence": one.confidence, "comment": one.comment,
        })  # fmt: skip
    return text.getvalue()


def _shorten(iri: str) -> str:
    for prefix, space in _PREFIXES.items():
        if iri.startswith(space):
            return f"{prefix}:{iri.removeprefix(space)}"
    return iri
