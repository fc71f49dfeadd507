"""`sundgraf map`: a table compared with the graph gives proposals; what a steward accepts is a mapping set."""

from __future__ import annotations

import csv
import io
import json

import pytest

from server import run

TABLE = """Title;Ref;Country;Hospital;Year
Rigshospitalet;https://ror.org/03mchdq19;Danmark;;
Rigshospitalet;;;;
Aarhus Universitetshospitl;;Danmark;;
=HYPERLINK("http://evil.example");x-1;;;
Nothing at all like this zzzqqq;x-2;;;
"""


@pytest.fixture(scope="module")
def proposed(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("map")
    table, output = folder / "theirs.csv", folder / "proposals.tsv"
    table.write_bytes(TABLE.encode("cp1252"))
    done = run(
        server.state, "map", str(table), "--id", "Ref", "--type", "Organization", "--output", str(output), seconds=60
    )
    assert done.returncode == 0, done.stderr
    return output, done.stderr


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_rows_get_candidates_with_how_sure_and_why(proposed):
    rows = rows_of(proposed[0].read_text("utf-8"))
    first = next(row for row in rows if row["row"] == "1")
    assert (first["subject_label"], first["certain"], first["confidence"]) == ("Rigshospitalet", "yes", "1.00")
    assert "identifier" in first["comment"]
    slip = next(row for row in rows if row["row"] == "3")
    assert slip["subject_label"].startswith("Aarhus")
    assert (slip["certain"], slip["predicate_id"]) == ("", "skos:closeMatch")  # a name with a slip is never certain
    assert "nothing here" in next(row for row in rows if row["row"] == "5")["comment"]
    assert "5 rows" in proposed[1]


def test_repeated_names_and_formulas_are_told_and_made_harmless(proposed):
    rows = rows_of(proposed[0].read_text("utf-8"))
    assert next(row for row in rows if row["row"] == "2")["comment"].startswith("same name as row 1")
    assert next(row for row in rows if row["row"] == "4")["object_label"].startswith("'=HYPERLINK")


def test_what_is_accepted_becomes_a_mapping_set(server, proposed, tmp_path):
    rows = rows_of(proposed[0].read_text("utf-8"))
    rows[0]["decision"] = "accept"
    rows[1]["decision"] = "reject"
    decided, made = tmp_path / "decided.tsv", tmp_path / "theirs.sssom.tsv"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter="\t")
    writer.writeheader()
    writer.writerows(rows)
    decided.write_text(text.getvalue(), "utf-8")
    done = run(server.state, "map", str(decided), "--accepted", "theirs", "--output", str(made))
    assert done.returncode == 0, done.stderr
    said = made.read_text("utf-8")
    assert '#mapping_set_id: "https://w3id.org/sundgraf/mappings/theirs"' in said
    (kept,) = rows_of("".join(line for line in said.splitlines(keepends=True) if not line.startswith("#")))
    assert kept["subject_id"].startswith("sundgraf:id/organisation/")
    assert (kept["object_id"], kept["confidence"]) == ("https://ror.org/03mchdq19", "1.00")


def test_place_tells_apart_what_is_called_alike(server, tmp_path):
    table = tmp_path / "theirs.csv"
    table.write_text("name,country\nRigshospitalet,Finland\n", "utf-8")
    done = run(server.state, "map", str(table), "--json")
    assert done.returncode == 0, done.stderr
    (proposal,) = json.loads(done.stdout)["proposals"]
    assert not any(one["match"] for one in proposal["candidates"] if one["name"] == "Rigshospitalet")


@pytest.mark.parametrize(
    ("content", "arguments", "says"),
    [
        ("a,b\n1,2\n", [], "--name"),
        ("name\nx\n", ["--place", "Land"], "'Land'"),
        ("name\nx\n", ["--type", "Unicorn"], "Unicorn"),
        ("name\nx\n", ["--accepted", "x"], "no table of proposals"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(server, tmp_path, content, arguments, says):
    table = tmp_path / "theirs.csv"
    table.write_text(content, "utf-8")
    done = run(server.state, "map", str(table), *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
