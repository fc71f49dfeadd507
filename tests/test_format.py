"""The one way to write Turtle says the same as before, and says it the same way each time."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import run
from sundgraf.application.format_files import format_files
from sundgraf.domain.errors import BadInput, MalformedData, UnknownFormat
from sundgraf.store.turtle import format_turtle, write_turtle
from sundgraf.store.turtle_text import StatementLines

ROOT = Path(__file__).resolve().parent.parent
IRIS = st.sampled_from(
    [
        f"https://w3id.org/sundgraf/{part}"
        for part in ("def/a", "def/b-c", "id/x/s-1", "id/x/s-01", "id/x/s-10", "id/1\u00b22", "shape/X-y", "def/")
    ]
    + ["urn:x:1", "http://purl.org/dc/terms/title", "https://example.org/a#", "https://example.org/æ"]
).map(ox.NamedNode)
BLANKS = st.sampled_from("abcd").map(ox.BlankNode)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LITERALS = st.one_of(
    TEXTS.map(ox.Literal),
    st.tuples(TEXTS, st.sampled_from(["da", "en-GB"])).map(lambda t: ox.Literal(t[0], language=t[1])),
    st.sampled_from(["1", "01", "+1", "1.50", ".5", "true", "1e3", "\u0661"]).flatmap(
        lambda text: st.sampled_from(["integer", "decimal", "boolean", "double", "int"]).map(
            lambda kind: ox.Literal(text, datatype=ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{kind}"))
        )
    ),
)
TRIPLES = st.lists(st.builds(ox.Triple, st.one_of(IRIS, BLANKS), IRIS, st.one_of(IRIS, BLANKS, LITERALS)), max_size=14)


def canonical(text: str) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@given(TRIPLES)
def test_formatting_keeps_the_graph_and_is_idempotent(triples):
    source = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES).decode()
    written = write_turtle(triples)
    assert canonical(written) == canonical(source)
    assert format_turtle(format_turtle(written)) == format_turtle(written)


def test_order_of_the_source_does_not_matter():
    path = ROOT / "data" / "ttl" / "reference" / "places.ttl"
    triples = [quad.triple for quad in ox.parse(path=str(path))]
    assert write_turtle(reversed(triples)) == write_turtle(triples) == path.read_text("utf-8")


def test_long_lists_that_differ_late_are_in_a_fixed_order():
    one, other = "( 1 2 3 4 5 6 7 8 )", "( 1 2 3 4 5 6 7 9 )"
    assert format_turtle(f"<urn:a> <urn:b> {one}, {other} .") == format_turtle(f"<urn:a> <urn:b> {other}, {one} .")


def test_house_form():
    source = """# trips nothing
    @prefix z: <http://purl.org/dc/terms/> . @prefix unused: <urn:unused> .
    <https://w3id.org/sundgraf/id/solution/s-10> z:title "b"@en, "a"@da ; z:identifier "s-10" ; a z:Agent ;
        z:source [ z:extent 1.5 ], ( 1 "x" ) .
    <https://w3id.org/sundgraf/id/solution/s-9> z:created "2026-11-20"^^<http://www.w3.org/2001/XMLSchema#date> .
    """
    assert format_turtle(source) == (
        "# trips nothing\n"
        "\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        '<https://w3id.org/sundgraf/id/solution/s-9> dcterms:created "2026-11-20"^^xsd:date .\n'
        "\n"
        "<https://w3id.org/sundgraf/id/solution/s-10> a dcterms:Agent ;\n"
        '    dcterms:identifier "s-10" ;\n'
        '    dcterms:title "a"@da ,\n'
        '        "b"@en ;\n'
        "    dcterms:source [\n"
        "        dcterms:extent 1.5\n"
        "    ] ,\n"
        '        ( 1 "x" ) .\n'
    )


def test_empty_file_stays_empty_and_comments_alone_stay():
    assert format_turtle("") == ""
    assert format_turtle("# only this\n") == "# only this\n"


def test_every_file_of_the_repository_is_formatted():
    assert (
        format_files([ROOT / "ontology", ROOT / "shapes", ROOT / "data" / "ttl", ROOT / "tests" / "shapes"], check=True)
        == []
    )


def test_file_with_a_syntax_error_is_left_alone_and_named(tmp_path):
    path = tmp_path / "bad.ttl"
    path.write_text("<urn:a> <urn:b> .\n")
    with pytest.raises(MalformedData, match=r"bad\.ttl:1:"):
        format_files([path])
    assert path.read_text() == "<urn:a> <urn:b> .\n"


def test_comment_that_would_be_lost_is_named_and_the_file_left_alone(tmp_path):
    path = tmp_path / "a.ttl"
    before = '# kept\n\n# kept too\n<urn:a> <urn:b> "# no comment", <urn:c#d> . # lost\n'
    path.write_text(before)
    with pytest.raises(MalformedData, match=r"a\.ttl: line 4: a comment"):
        format_files([path])
    assert path.read_text() == before
    path.write_text(before.replace(" # lost", ""))
    assert format_files([path]) == [path]
    assert path.read_text().startswith("# kept\n# kept too\n\n<urn:a>")


def test_line_ends_of_windows_go_except_in_literals(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_bytes(b'# c\r\n<urn:a> <urn:b> """x\r\ny""" .\r\n')
    assert format_files([path]) == [path]
    assert path.read_bytes() == b'# c\n\n<urn:a> <urn:b> "x\\r\\ny" .\n'


@pytest.mark.parametrize("body", [b'<urn:a> <urn:b> "\xe6" .\n', b"# \xe6\n<urn:a> <urn:b> 1 .\n"])
def test_file_that_is_not_utf8_is_named(tmp_path, body):
    path = tmp_path / "latin.ttl"
    path.write_bytes(body)
    with pytest.raises(MalformedData, match=r"latin\.ttl:1:"):
        format_files([path])
    assert path.read_bytes() == body


def test_only_turtle_is_formatted(tmp_path):
    path = tmp_path / "a.nt"
    path.write_text('<urn:a> <urn:b> "x" .\n')
    with pytest.raises(UnknownFormat, match=r"no Turtle file"):
        format_files([path])


@pytest.mark.parametrize("object", ['"x"@ar--rtl', "<<( <urn:a> <urn:b> <urn:c> )>>"])
def test_rdf_that_turtle_cannot_say_is_left_alone(tmp_path, object):
    path = tmp_path / "a.ttl"
    path.write_text(f"<urn:a> <urn:b> {object} .")
    with pytest.raises(MalformedData, match=r"RDF 1\.2"):
        format_files([path])


def test_nesting_without_end_is_refused():
    with pytest.raises(BadInput, match="nested too deep"):
        format_turtle("<urn:a> <urn:b> " + "[ <urn:b> " * 2000 + "1" + " ]" * 2000 + " .")


def test_link_stays_a_link_and_the_file_keeps_its_mode(tmp_path):
    (tmp_path / "real.ttl").write_text("<urn:a>  a  <urn:b>.")
    (tmp_path / "real.ttl").chmod(0o640)
    (tmp_path / "link.ttl").symlink_to("real.ttl")
    format_files([tmp_path / "link.ttl"])
    assert (tmp_path / "link.ttl").is_symlink()
    assert (tmp_path / "real.ttl").read_text() == "<urn:a> a <urn:b> .\n"
    assert (tmp_path / "real.ttl").stat().st_mode & 0o777 == 0o640


def test_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_text("<urn:a>  a  <urn:b>.")
    (tmp_path / ".a.ttl.new").mkdir()  # stands in for a full disk or a folder without rights
    done = run(tmp_path, "fmt", str(path))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert path.read_text() == "<urn:a>  a  <urn:b>."


def test_every_statement_of_the_repository_has_its_line():
    for folder in ("ontology", "shapes", "data/ttl"):
        for path in (ROOT / folder).rglob("*.ttl"):
            lines = StatementLines(path.read_text("utf-8"))
            for quad in ox.parse(path=str(path)):
                if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.BlankNode):
                    assert lines.find(quad.subject.value, quad.predicate.value, quad.object.value), quad


def test_lines_are_found_however_the_file_is_written():
    lines = StatementLines(
        'PREFIX x:<urn:>\n@prefix : <urn:e:>.\n# <urn:no> a x:comment .\nx:a a\n x:C;x:p \'q\\u00e6\', """two\n'
        'lines"""; x:n 4.5.x:b\n:p\n[ x:q x:r ] ,\n true .'
    )
    assert lines.find("urn:a") == 4
    assert lines.find("urn:a", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "urn:C") == 5
    assert lines.find("urn:a", "urn:p", "qæ") == 5
    assert lines.find("urn:a", "urn:p", "two\nlines") == 5
    assert lines.find("urn:a", "urn:n", "4.5") == 6
    assert lines.find("urn:b", "urn:e:p") == 7
    assert lines.find("urn:b", "urn:e:p", "urn:r") == 8
    assert lines.find("urn:b", "urn:e:p", "true") == 9
    assert lines.find("urn:no") == 0


def test_command_formats_and_checks(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_text("# a comment that stays\n<urn:b>   a <urn:c>. <urn:a> a <urn:c> .")
    assert run(tmp_path, "fmt", "--check", str(path)).returncode == 1
    assert run(tmp_path, "fmt", str(path)).returncode == 0
    assert path.read_text() == "# a comment that stays\n\n<urn:a> a <urn:c> .\n\n<urn:b> a <urn:c> .\n"
    assert run(tmp_path, "fmt", "--check", str(path)).returncode == 0
