"""`sundgraf check` finds each kind of fault, and says where and what to do."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from server import run
from sundgraf.application.check import check_rooms

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = "data/ttl/catalogue/2024.ttl"
PREFIX = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\n"


@pytest.fixture
def rooms(tmp_path) -> Path:
    copy_rooms(tmp_path)
    return tmp_path


def copy_rooms(to: Path) -> None:
    for name in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(ROOT / name, to / name)


def change(rooms: Path, file: str, before: str, after: str) -> None:
    path = rooms / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def rules(rooms: Path) -> set[str]:
    return {finding.rule for finding in asyncio.run(check_rooms(rooms))}


def test_repository_itself_has_nothing_to_mend():
    assert asyncio.run(check_rooms(ROOT)) == []


FAULTS = [
    (CATALOGUE, "    dcterms:identifier", "  dcterms:identifier", "form"),
    (CATALOGUE, "sg:sourcePage 6", 'sg:sourcePage "06"^^<http://www.w3.org/2001/XMLSchema#integer>', "literal"),
    (CATALOGUE, "sg:recordedValue 38", "sg:recordedValue 37", "total-of-solutions"),
    (CATALOGUE, "concept/technology/ai-data-analysis>", "concept/technology/ai-image-processing>", "total-per-concept"),
    (CATALOGUE, "id/source/src-0000> ;", "id/source/src-8888> ;", "undefined-reference"),
    (CATALOGUE, "sg:sourceSection", "sg:sourceSecton", "undeclared-term"),
    (CATALOGUE, "sg:difference", "<https://example.org/difference>", "unreconciled-total"),
    (
        "ontology/vocab/stage.ttl",
        'skos:prefLabel "Pilot"@da ,\n        "Pilot"@en',
        'skos:prefLabel "Pilot"@en',
        "label-in-one-language",
    ),
    (
        "data/ttl/guidelines/slides.ttl",
        "a sg:Project ;",
        "a sg:Project ;\n    sg:country <https://w3id.org/sundgraf/id/place/pl-0000> ;",
        "shortcut-by-hand",
    ),
    ("data/ttl/research/solution-use-cases.ttl", "solution/s-0004>", "solution/s-0005>", "solution-without-use-case"),
    ("data/ttl/research/projects-denmark.ttl", 'sg:endDate "2023-12"', 'sg:endDate "2019-12"', "end-before-start"),
    ("queries/ask/search.rq", "mention a word?", "mention a word", "question"),
]

ELSEWHERE = {"solution-without-use-case"}  # told at the record, which is in another file than the fault


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> set[tuple[str, str]]:
    """The rule and file of all that is found where every fault was made at once; a check takes seconds."""
    rooms = tmp_path_factory.mktemp("rooms")
    copy_rooms(rooms)
    for file, before, after, rule in FAULTS:
        change(rooms, file, before, after)
        if rule == "unreconciled-total":
            text = (rooms / file).read_text("utf-8").replace("sg:explanation", "<https://example.org/explanation>")
            (rooms / file).write_text(text, "utf-8")
    return {(finding.rule, finding.file) for finding in asyncio.run(check_rooms(rooms))}


@pytest.mark.parametrize(("file", "rule"), [(fault[0], fault[3]) for fault in FAULTS], ids=[f[3] for f in FAULTS])
def test_fault_is_found(found, file, rule):
    files = {name for name_of_rule, name in found if name_of_rule == rule}
    assert file in files if rule not in ELSEWHERE else files


def test_finding_names_file_line_and_remedy_in_the_asked_language(rooms, tmp_path):
    change(rooms, CATALOGUE, "sg:sourcePage 6", 'sg:sourcePage "six"')
    done = run(tmp_path / "state", "check", str(rooms), "--language", "da")
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if "sourcePage" in line)
    file, number, _ = line.split(":", 2)
    assert file == CATALOGUE
    assert 'sg:sourcePage "six"' in (rooms / CATALOGUE).read_text("utf-8").splitlines()[int(number) - 1]
    assert "Angiv" in line
    found = json.loads(run(tmp_path / "state", "check", str(rooms), "--json").stdout)
    assert {"en", "da"} == set(found[0]["message"])


def test_syntax_error_names_file_line_and_column(rooms, tmp_path):
    change(rooms, CATALOGUE, "a sg:Solution ;", "a sg:Solution")
    done = run(tmp_path / "state", "check", str(rooms))
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith(f"{CATALOGUE}:")
    assert "syntax" in first
    assert str(rooms) not in first


def test_finding_stands_where_the_fault_is(rooms):
    change(rooms, CATALOGUE, "sg:sourceSection", "sg:sourceSecton")
    change(
        rooms,
        CATALOGUE,
        'dcterms:description "AI vurderer',
        'dcterms:description "Skriv til a@example.org. AI vurderer',
    )
    change(rooms, CATALOGUE, "sg:sourcePage 6", "sg:sourcePage  6")
    change(rooms, "shapes/Solution.ttl", "sh:path dcterms:title", "dcterms:subject dcterms:title")
    path = rooms / "shapes" / "Source.ttl"
    path.write_text(
        re.sub(r'sh:message "[^"]*"@da ,\s+("[^"]*"@en)', r"sh:message \1", path.read_text("utf-8"), count=1)
    )
    (rooms / "data/ttl/loose.ttl").write_text(
        f"{PREFIX}<https://w3id.org/sundgraf/id/solution/s-0001> skos:note <https://example.org/> .\n"
    )
    found = {finding.rule: finding for finding in reversed(asyncio.run(check_rooms(rooms)))}  # the first of each
    for rule, words in {
        "undeclared-term": "sg:sourceSecton", "form": "sg:sourcePage  6", "Privacy-email": "/id/solution/s-0002>",
        "graph-without-description": "", "incomplete-shape": "shape:So",
    }.items():  # fmt: skip
        finding = found[rule]
        assert finding.line > 0, rule
        assert words in (rooms / finding.file).read_text("utf-8").splitlines()[finding.line - 1], rule
    assert found["graph-without-description"].file == "data/ttl/loose.ttl"


def test_query_that_cannot_be_run_is_told_with_its_file(rooms):
    front = '#+ summary.en = "Is it?"\n#+ summary.da = "Er det?"\n'
    broken = {
        "ask/a.rq": '#+ summary.en = "no end\nSELECT ?x WHERE { ?x ?y ?z }',
        "ask/b.rq": f"{front}SELECT ?x WHERE WHERE {{",
        "check/c.rq": f"{front}SELECT ?x WHERE {{ ?x ?y ?z }} ORDER BY ?x",
        "derive/d.rq": f"{front}SELECT ?x WHERE {{ ?x ?y ?z }}",
    }
    for name, text in broken.items():
        (rooms / "queries" / name).write_text(text)
    (rooms / "queries" / "ask" / "e.rq").write_bytes(b"\xff\xfe")
    found = asyncio.run(check_rooms(rooms))
    assert {f.file for f in found if f.rule == "query"} == {f"queries/{name}" for name in (*broken, "ask/e.rq")}
    assert any("?subject" in f.english for f in found)
