"""A steward's file is validated beside what is published, and told what to mend and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server import run
from sundgraf.application import validate_whole
from sundgraf.application.load import publish_files
from sundgraf.application.validate_whole import findings_of_whole, focus_nodes

ROOT = Path(__file__).resolve().parent.parent

GOOD = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sg: <https://w3id.org/sundgraf/def/> .

<https://w3id.org/sundgraf/id/figure/fg-9001> a sg:Figure ;
    dcterms:title "Scanninger om året"@da , "Scans a year"@en ;
    dcterms:source <https://w3id.org/sundgraf/id/source/src-0000> ;
    sg:about <https://w3id.org/sundgraf/id/solution/s-0002> ;
    sg:basis <https://w3id.org/sundgraf/concept/basis/stated> ;
    sg:confidence <https://w3id.org/sundgraf/concept/confidence/high> ;
    sg:qualifier <https://w3id.org/sundgraf/concept/figure-qualifier/about> ;
    sg:unit "scans" ;
    sg:value 12 .
"""


@pytest.fixture(scope="module")
def state(fill, tmp_path_factory) -> Path:
    return fill(tmp_path_factory.mktemp("validate") / "state")


def validated(state: Path, tmp_path: Path, text: str, *options: str, name: str = "mine.ttl"):
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return run(state, "validate", str(file), *options)


def test_good_record_has_nothing_to_mend(state, tmp_path):
    done = validated(state, tmp_path, GOOD)
    assert done.returncode == 0
    assert done.stdout.endswith("\nNothing to mend.\n")
    assert "it is given a new one when it is accepted. [gate-unpublished]" in done.stdout


def test_it_needs_nothing_published(tmp_path):
    assert validated(tmp_path / "empty", tmp_path, GOOD).returncode == 0


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        ("figure-qualifier/about>", "figure-qualifier/abuot>", ":10:18:", "Did you mean figure-qualifier/about?"),
        ("source/src-0000>", "source/src-7777>", ":6:20:", "Name the source"),
        ('"Scans a year"@en', '"Scans a year"@de', ":5:45:", "Write the title once in Danish"),
        ("    sg:value 12 .", '    sg:value "many" .', ":12:14:", "as one number"),
        ("sg:unit", "sg:untit", ":11:14:", "does not belong here"),
        ("https://w3id.org/sundgraf/id/figure/fg-9001", "https://example.org/scans", ":4:1:", "else's identifier"),
    ],
)
def test_finding_has_its_place_and_says_what_to_do(state, tmp_path, before, after, place, words):
    done = validated(state, tmp_path, GOOD.replace(before, after))
    assert done.returncode == 1
    assert any(f"mine.ttl{place}" in line and words in line for line in done.stdout.splitlines()), done.stdout


def test_danish_and_json(state, tmp_path):
    wrong = GOOD.replace("confidence/high", "confidence/hihg")
    assert "Mente du confidence/high?" in validated(state, tmp_path, wrong, "--language", "da").stdout
    finding = json.loads(validated(state, tmp_path, wrong, "--json").stdout)[0]
    assert (finding["line"], finding["column"], finding["rule"]) == (9, 19, "Figure-confidence")


def test_broken_syntax_names_line_and_column(state, tmp_path):
    done = validated(state, tmp_path, GOOD.replace('"scans" ;', '"scans ;'))
    assert done.returncode == 2
    assert "mine.ttl:11:" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_unknown_format_and_missing_file(state, tmp_path):
    assert validated(state, tmp_path, "x", name="mine.docx").returncode == 2
    assert run(state, "validate", str(tmp_path / "none.ttl")).returncode == 2


def test_all_that_is_published_is_validated_where_no_file_is_named(state):
    done = run(state, "validate")
    assert done.returncode == 0, done.stdout
    assert done.stdout == "Nothing to mend.\n"


def test_record_that_is_named_by_words_is_found_and_long_lists_are_cut(state, tmp_path):
    project = """@prefix sg: <https://w3id.org/sundgraf/def/> .
<https://w3id.org/sundgraf/id/project/p-9001> a sg:Project ;
    sg:participant <https://w3id.org/sundgraf/id/organisation/odense-universitetshospital> ;
    sg:technologyType "x" ."""
    said = validated(state, tmp_path, project, "--language", "da").stdout
    assert "Mente du <https://w3id.org/sundgraf/id/organisation/o-0008> (Odense Universitetshospital)?" in said
    assert " andre; se reglen" in next(line for line in said.splitlines() if "(dcterms:identifier)" in line)
    assert "mine.ttl:4:23: skal rettes: teknologitype: Fjern" in said


def test_report_of_the_command_is_a_shacl_report_too(state, tmp_path):
    done = validated(state, tmp_path, GOOD.replace("confidence/high", "confidence/hihg"), "--format", "turtle")
    assert done.returncode == 1
    assert "sh:conforms false" in done.stdout
    assert "Figure-confidence" in done.stdout


def test_report_of_the_command_is_a_page_too(state, tmp_path):
    wrong = GOOD.replace("confidence/high", "confidence/hihg")
    done = validated(state, tmp_path, wrong, "--format", "html", "--language", "da")
    assert done.returncode == 1
    assert done.stdout.lstrip().startswith('<!doctype html>\n<html lang="da">')
    assert "linje 9, kolonne 19" in done.stdout
    assert 'href="https://w3id.org/sundgraf/shape/Figure-confidence?lang=da"' in done.stdout
    assert "/static/" not in done.stdout  # it stands by itself


def test_large_graph_is_shared_among_processes_and_the_same_is_found(tmp_path, monkeypatch):
    state, begun = tmp_path / "state", []
    publish_files(state, sorted((ROOT / "tests" / "shapes" / "Figure").glob("invalid-*-missing.ttl")))
    alone = [one.as_mapping() for one in findings_of_whole(state, ROOT, lambda _: None)]
    monkeypatch.setattr(validate_whole, "_MANY", 0)
    monkeypatch.setattr(validate_whole, "_AT_ONCE", 3)
    monkeypatch.setattr(validate_whole, "_processors", lambda: 2)
    shared = [one.as_mapping() for one in findings_of_whole(state, ROOT, begun.append)]
    assert len(alone) > 5
    assert shared == alone
    assert sum(begun) == focus_nodes(state, ROOT)
    assert len(begun) > 2
