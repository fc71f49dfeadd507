"""The mapping sets in data/mappings are SSSOM, about terms that exist, and say the same as ontology/align."""

from __future__ import annotations

import csv
from pathlib import Path

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).resolve().parent.parent
SETS = sorted((ROOT / "data" / "mappings").glob("*.sssom.tsv"))
SKOS = "http://www.w3.org/2004/02/skos/core#"


def read(path: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    lines = path.read_text("utf-8").splitlines()
    head = [line[1:] for line in lines if line.startswith("#")]
    prefixes = {
        name.strip(): iri.strip().strip('"')
        for name, _, iri in (line.partition(": ") for line in head if line.startswith("  "))
    }
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return prefixes, list(rows)


def expand(prefixes: dict[str, str], name: str) -> ox.NamedNode:
    prefix, _, rest = name.partition(":")
    return ox.NamedNode(prefixes[prefix] + rest)


@pytest.fixture(scope="module")
def terms() -> set[ox.Triple]:
    return {
        quad.triple
        for path in (ROOT / "ontology").rglob("*.ttl")
        if path.parent.name != "align"
        for quad in ox.parse(path=str(path))
    }


def test_there_are_sets():
    assert SETS


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.name)
def test_mapping_set_is_justified_and_is_what_the_ontology_says(path, terms):
    prefixes, rows = read(path)
    described = {triple.subject for triple in terms}
    said = set()
    for row in rows:
        subject, predicate = (expand(prefixes, row[name]) for name in ("subject_id", "predicate_id"))
        assert subject in described
        assert predicate.value.removeprefix(SKOS) in {
            "exactMatch",
            "closeMatch",
            "broadMatch",
            "narrowMatch",
            "relatedMatch",
        }
        assert row["mapping_justification"] == "semapv:ManualMappingCuration"
        assert 0 < float(row["confidence"]) <= 1
        assert row["comment"].endswith(".")
        if "object_id" in row:
            said.add(ox.Triple(subject, predicate, expand(prefixes, row["object_id"])))
        else:  # SSSOM's way for values without IRIs; RDF has nothing to align with
            assert row["object_type"] == "rdfs literal"
            assert row["object_label"]
    align_path = ROOT / "ontology" / "align" / f"{path.name.removesuffix('.sssom.tsv')}.ttl"
    align = {quad.triple for quad in ox.parse(path=str(align_path))} if align_path.exists() else set()
    assert said == align
