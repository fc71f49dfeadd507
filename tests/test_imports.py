"""Editions of other registers become one reviewable submission; what does not fit is told, and nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from server import run
from stewards import client, make_token
from sundgraf.application.import_edition import Imported, Withdrawing, import_edition
from sundgraf.application.keep_import import keep_import, rejected_table
from sundgraf.application.prepare import prepare_merge, prepare_records, prepare_withdrawal
from sundgraf.application.publish import publish_submission
from sundgraf.application.review import check_reviewer, look
from sundgraf.application.submit import submit
from sundgraf.application.validate import published_store
from sundgraf.application.yarrrml import read_mapping
from sundgraf.domain.dates import read_date
from sundgraf.domain.errors import BadInput, Conflict, MalformedData, Refused, Unfit
from sundgraf.domain.names import BASE
from sundgraf.store import generations
from sundgraf.store.direct import open_direct
from sundgraf.store.document import Document
from sundgraf.store.imports import Imports
from sundgraf.store.inbox import Inbox
from sundgraf.store.registers import list_registers, read_lines, read_register
from sundgraf.store.tokens import make_token as token_of

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "import"
KEY = ox.NamedNode(f"{BASE}def/sourceKey")
PSTW = (SAMPLES / "pstw" / "edition-1.csv").read_text("utf-8")
HEAD, *ROWS = PSTW.splitlines()
SEPSIS = next(row for row in ROWS if row.startswith("PSTW-2"))


@pytest.fixture(scope="module")
def published(fill, tmp_path_factory) -> Path:
    return fill(tmp_path_factory.mktemp("imports") / "state")


@pytest.fixture
def state(published, tmp_path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "state"))


@pytest.fixture(scope="module")
def people(published):
    return tuple(token_of(published, role, f"{role} of imports", 1)[0] for role in ("submitter", "reviewer"))


def bring(state: Path, register: str, *documents: Document, gone: Withdrawing | None = None) -> Imported:
    found = read_register(ROOT, register)
    return import_edition(documents, found, state, ROOT, Imports(state).last_said(register), gone)


def pstw(state: Path, *rows: str, gone: Withdrawing | None = None) -> Imported:
    return bring(state, "pstw", Document("edition.csv", "\n".join([HEAD, *rows, ""]).encode(), "csv"), gone=gone)


def sample(state: Path, register: str) -> Imported:
    form = read_register(ROOT, register).shape.format
    files = sorted((SAMPLES / register).iterdir())
    return bring(state, register, *(Document(file.name, file.read_bytes(), form) for file in files))


def accept(state: Path, made: Imported, people) -> int:
    kept, new = keep_import(state, ROOT, people[0], made)
    assert new
    return publish_submission(state, ROOT, kept.id, people[1].shown_as, "").number


def records(state: Path, key: str) -> dict[str, str]:
    """The published records with a key: class by IRI, both without their beginning."""
    store = open_direct(state).engine
    found = [q.subject for q in store.quads_for_pattern(None, KEY, ox.Literal(key), ox.DefaultGraph())]
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    return {
        one.value.removeprefix(f"{BASE}id/"): q.object.value.removeprefix(f"{BASE}def/")
        for one in found
        for q in store.quads_for_pattern(one, kind, None, ox.DefaultGraph())
    }


@pytest.mark.parametrize(
    ("register", "added", "rejected", "left_out", "told"),
    [
        ("pstw", 3, 3, 1, "(made)"),
        ("us-inventory", 4, 1, 1, "date: number of a spreadsheet"),
        ("nl-algorithms", 2, 1, 1, "concept/technology/ai-data-analysis"),
        ("uk-atrs", 2, 1, 1, "NHS England"),
        ("fda-ai-devices", 3, 2, 0, "2024-03-04"),
        ("chai-cards", 2, 1, 0, "concept/device-class/fda-cleared"),
    ],
)
def test_sample_of_a_register_is_imported_and_reported(published, register, added, rejected, left_out, told):
    made = sample(published, register)
    counts = made.report.counts
    assert (counts["added"], counts["rejected"], counts["notSelected"]) == (added, rejected, left_out)
    assert counts["rows"] == added + rejected + left_out
    assert any(told in (one.new, one.rule) for one in made.report.recodings)
    assert all(one.reasons for one in made.report.rejected)
    assert read_register(ROOT, register).licence in made.added


def test_every_register_has_a_sample():
    assert list_registers(ROOT) == sorted(path.name for path in SAMPLES.iterdir())


def test_recodings_lead_to_concepts_and_places_that_are_there(published):
    store = published_store(published, ROOT)
    tables = [*(ROOT / "data" / "import").glob("*.tsv"), *(ROOT / "data" / "import").glob("*/*.tsv")]
    targets = {line.target for table in tables for line in read_lines(table)} - {BASE}
    assert len(targets) > 50
    missing = {
        one for one in targets
        if next(store.quads_for_pattern(ox.NamedNode(one), None, None, None), None) is None
    }  # fmt: skip
    assert missing == set()


def test_what_cannot_be_recoded_is_told_and_not_guessed(published):
    made = pstw(published, SEPSIS.replace("Denmark", "Atlantis"))
    assert made.report.counts["records"] == 0
    (row,) = made.report.rejected
    assert "'country' fits 'Atlantis'" in row.reasons[0][0]
    assert "omkodningstabellen 'country'" in row.reasons[0][1]
    assert [one.original for one in made.report.recodings if not one.new and "country" in one.rule] == ["Atlantis"]


def test_windows_encoding_title_lines_and_headings_on_several_lines_are_read_and_told(published):
    made = sample(published, "us-inventory")
    told = " ".join(english for english, _ in made.report.remarks)
    assert "Windows-1252" in told
    assert "2 rows above the headings" in told
    assert "Sepsis early warning – wards" in dict(map(reversed, made.report.added))


def test_other_separator_that_fits_is_read_and_told(published):
    text = "\n".join([HEAD, SEPSIS]).replace(";", "\t") + "\n"
    made = bring(published, "pstw", Document("e.csv", text.encode(), "csv"))
    assert made.report.counts["added"] == 1
    assert "parted by tabs" in made.report.remarks[0][0]


DOCTYPE = '<!DOCTYPE AppliedModelCard [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
CARD = (SAMPLES / "chai-cards" / "scribe.xml").read_text("utf-8")
BAD = {
    "a quotation mark that never closes": ("pstw", f'{HEAD}\n{SEPSIS}\nPSTW-9;"A case that', "edition:3: a quotation"),
    "a file that ends within a row": ("pstw", f"{HEAD}\n{SEPSIS}\nPSTW-9;A case;;", "middle of a row"),
    "a separator nobody knows": ("pstw", PSTW.replace(";", "~"), "not all there, with any separator"),
    "headings of something else": ("pstw", "Name;Status\nA;Pilot\n", "another version"),
    "zero bytes": ("pstw", f"{HEAD}\n{SEPSIS}\x00\n", "zero bytes"),
    "headings alone": ("pstw", f"{HEAD}\n", "no row in it"),
    "JSON cut short": ("nl-algorithms", '[{"algorithm_id": "nl-1", "name": "x"', "fetch it again"),
    "JSON of another shape": ("nl-algorithms", '{"results": []}', "nothing at $[*]"),
    "JSON nested without end": ("nl-algorithms", "[" * 100_000, "nested too deeply"),
    "XML cut short": ("chai-cards", CARD[:300], "fetch it again"),
    "XML with entities": ("chai-cards", CARD.replace("?>", f"?>{DOCTYPE}", 1), "not read here"),
    "XML with an external document type": (
        "chai-cards", CARD.replace("?>", '?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', 1), "nothing was fetched",
    ),
    "XML of something else": ("chai-cards", "<html/>", "nothing at //AppliedModelCard"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_file_is_refused_with_what_to_do(published, what):
    register, text, told = BAD[what]
    form = read_register(ROOT, register).shape.format
    with pytest.raises(MalformedData, match=told.replace("[*]", r"\[\*\]").replace("$", r"\$")):
        bring(published, register, Document("edition", text.encode(), form))
    assert Imports(published).select("pstw") == []


def test_huge_cell_and_formula_reject_their_rows_only_and_are_kept_safely(published):
    huge = SEPSIS.replace("PSTW-2", "PSTW-3").replace("Warns of", "x" * (10 << 20))
    formula = SEPSIS.replace("PSTW-2", "PSTW-4").replace("Sepsis alarm for wards", '=HYPERLINK("http://a.example")')
    made = pstw(published, huge, SEPSIS, formula)
    assert made.report.counts["added"] == 1
    assert [one.key for one in made.report.rejected] == ["PSTW-3", "PSTW-4"]
    table = rejected_table(made.report.rejected)
    assert len(table) < 10_000
    rows = list(csv.DictReader(io.StringIO(table)))
    assert "10,485," in rows[0]["why"]
    assert rows[1]["Name"].startswith("'=HYPERLINK")


def test_row_with_a_cell_too_many_is_rejected_with_its_values(published):
    made = pstw(published, SEPSIS + ";;more", SEPSIS.replace("PSTW-2", "PSTW-8"))
    (row,) = made.report.rejected
    assert "14" in row.reasons[0][0] or "15" in row.reasons[0][0]
    assert made.report.counts["added"] == 1


def test_personal_data_in_a_row_reject_it(published):
    made = pstw(published, SEPSIS.replace("Sepsis alarm for wards", "Sepsis alarm, ask a.b@example.org"))
    assert "Privacy" in str(made.report.rejected[0].reasons)


def test_organisation_spelt_in_two_ways_is_one_and_its_rows_come_in(published):
    here = SEPSIS.replace("Rigshospitalet", "Klinik Vest A/S")
    made = pstw(published, here, here.replace("PSTW-2", "PSTW-3").replace("Klinik Vest", "KLINIK VEST"))
    assert (made.report.counts["added"], made.report.counts["rejected"]) == (2, 0)
    assert made.added.count("/name> ") == 1
    assert any(one.original == "KLINIK VEST A/S" and one.new == "Klinik Vest A/S" for one in made.report.recodings)


def test_repeated_and_missing_keys_are_told(published):
    other = SEPSIS.replace("Sepsis alarm", "Sepsis warning")
    made = pstw(published, SEPSIS, SEPSIS, other, SEPSIS.replace("PSTW-2", "").replace("alarm", "bell"))
    first, second = made.report.rejected
    assert "says the same again as line 2" in first.reasons[0][0]
    assert "something else" in second.reasons[0][0]
    assert any(one.rule.startswith("key: made of") for one in made.report.recodings)


def test_what_is_alike_in_the_edition_and_in_the_graph_is_told(published):
    mammogram = "MAGIC - Mammography & Artificial Intelligence"
    twin = SEPSIS.replace("PSTW-2", "PSTW-20").replace("Sepsis alarm for wards", mammogram)
    made = pstw(published, SEPSIS, SEPSIS.replace("PSTW-2", "PSTW-21"), twin)
    told = {(one.key, one.how[0].split(",")[0]) for one in made.report.alike}
    assert ("pstw/PSTW-21", "the same name and organisation in this edition") in told
    assert any(key == "pstw/PSTW-20" and how in ("the same name", "a similar name") for key, how in told)


def values(state: Path, subject: str, name: str) -> set[str]:
    """What the default graph says of one of our subjects by one of our properties, without the beginning of IRIs."""
    quads = open_direct(state).engine.quads_for_pattern(
        ox.NamedNode(f"{BASE}id/{subject}"), ox.NamedNode(f"{BASE}def/{name}"), None, ox.DefaultGraph()
    )
    return {q.object.value.removeprefix(BASE) for q in quads}


def saying(state: Path, name: str, subject: str) -> list[str]:
    """The subjects that point to one of our records by one of our properties."""
    target, store = ox.NamedNode(f"{BASE}id/{subject}"), open_direct(state).engine
    quads = store.quads_for_pattern(None, ox.NamedNode(f"{BASE}def/{name}"), target, ox.DefaultGraph())
    return sorted(q.subject.value.removeprefix(f"{BASE}id/") for q in quads)


def test_what_an_import_concludes_is_kept_as_inferred_with_its_reason(state, people):
    twin = SEPSIS.replace("PSTW-2", "PSTW-21")
    accept(state, pstw(state, SEPSIS, twin), people)
    (first,), (second,) = (records(state, f"pstw/PSTW-{n}") for n in (2, 21))
    assert values(state, second, "possiblySameAs") == {f"id/{first}"}
    (likeness,) = saying(state, "resembles", first)
    assert values(state, likeness, "basis") == {"concept/basis/inferred"}
    assert values(state, likeness, "confidence") == {"concept/confidence/high"}
    assert "Fundet ved indlæsningen: samme navn og organisation i denne udgave." in values(state, likeness, "rationale")
    uses = [
        one for one in saying(state, "classifies", first) if values(state, one, "dimension") == {"concept/use-case"}
    ]
    assert [values(state, one, "basis") for one in uses] == [{"concept/basis/inferred"}]
    assert values(state, first, "useCase") == {"concept/use-case/sepsis-prediction"}
    stated = open_direct(state).engine.quads_for_pattern(
        ox.NamedNode(f"{BASE}id/{first}"), ox.NamedNode(f"{BASE}def/useCase"), None, None
    )
    graphs = {q.graph_name.value for q in stated if isinstance(q.graph_name, ox.NamedNode)}
    assert graphs == {f"{BASE}graph/derived/20-classification"}
    assert not pstw(state, SEPSIS, twin).changes  # the same again
    _decide(state, people, prepare_merge(*(f"{BASE}id/{one}" for one in (second, first)), state, ROOT), "merge")
    assert values(state, first, "possiblySameAs") == set()  # they are one now
    assert not pstw(state, SEPSIS, twin).changes


def test_what_is_gone_is_withdrawn_where_the_steward_says_so(state, people):
    rows = [SEPSIS.replace("PSTW-2", f"PSTW-{n}").replace("Sepsis alarm", f"Sepsis {name}")
            for n, name in ((6, "watch"), (7, "bell"), (8, "whistle"), (9, "horn"))]  # fmt: skip
    accept(state, pstw(state, *rows), people)
    going, pointed = (next(iter(records(state, f"pstw/PSTW-{n}"))) for n in (7, 8))
    _point(state, people, next(iter(records(state, "pstw/PSTW-6"))), pointed)
    left = rows[3].replace("Sepsis horn", "Traffic horn").replace("Sepsis", "Traffic").replace("sepsis", "traffic")
    left = left.replace("Health", "Transport").replace("patients", "cars").replace("wards", "roads")
    kept = pstw(state, rows[0], left)
    assert (kept.report.counts["gone"], kept.report.counts["withdrawn"], kept.changes) == (3, 0, False)
    with pytest.raises(BadInput, match="both languages"):
        pstw(state, rows[0], left, gone=Withdrawing("Closed."))
    with pytest.raises(Unfit):
        pstw(state, rows[0], left, gone=Withdrawing("Ask a.b@example.org.", "Spørg."))
    made = pstw(state, rows[0], left, gone=Withdrawing())
    told = {one.record.removeprefix(f"{BASE}id/"): one for one in made.report.gone}
    assert told[going].withdrawn
    assert "points to it" in told[pointed].kept[0]
    assert {one.why[0][:24] for one in told.values()} == {"It is not in the edition", "It is in the edition, bu"}
    reports = saying(state, "about", going)
    accept(state, made, people)
    assert list(records(state, "pstw/PSTW-7").values()) == ["Tombstone"]
    assert values(state, going, "reason") == {"It is not in the edition any more.", "Den er ikke i udgaven længere."}
    assert reports
    assert all(values(state, one, "reason") for one in reports)
    assert list(records(state, "pstw/PSTW-8").values()) == ["Project"]
    again = pstw(state, *rows[:2], left, gone=Withdrawing())
    assert not again.changes
    assert [one.how[0] for one in again.report.alike] == ["withdrawn here"]


def _point(state: Path, people, record: str, other: str) -> None:
    """A steward says of a record that it continues another."""
    _resend(
        state, people, record, lambda said: [*said, f"<{BASE}id/{record}> <{BASE}def/continues> <{BASE}id/{other}>"]
    )


def test_import_is_one_submission_that_somebody_else_accepts_as_one_publication(state, people):
    made = sample(state, "pstw")
    kept, new = keep_import(state, ROOT, people[0], made)
    assert new
    assert keep_import(state, ROOT, people[0], sample(state, "pstw"))[0].id == kept.id  # the same again, while it waits
    with pytest.raises(Refused):
        check_reviewer(people[0], kept)
    seen = look(kept, state, ROOT, "da")
    assert seen.records == 15
    assert seen.pages == 1
    before = len(open_direct(state).engine)
    number = publish_submission(state, ROOT, kept.id, people[1].shown_as, "").number
    assert number == 2
    assert len(open_direct(state).engine) > before
    assert list(records(state, "pstw/PSTW-1").values()) == ["Deployment"]
    again = sample(state, "pstw")  # the same file after it was accepted
    assert not again.changes
    assert again.report.counts["unchanged"] == 3
    assert keep_import(state, ROOT, people[0], again) == (None, False)
    (held,) = Imports(state).select("pstw", "accepted")
    assert held.publication == 2
    graph = ox.NamedNode(f"{BASE}graph/submissions/{kept.id}")
    licence = ox.NamedNode("http://purl.org/dc/terms/license")
    store = open_direct(state).engine
    assert [q.object.value for q in store.quads_for_pattern(graph, licence, None, graph)] == [
        "https://creativecommons.org/licenses/by/4.0/"
    ]


def test_next_edition_is_a_difference_and_keeps_what_stewards_said(state, people, monkeypatch):
    second = SEPSIS.replace("PSTW-2", "PSTW-6").replace("Sepsis alarm", "Sepsis watch")
    third = SEPSIS.replace("PSTW-2", "PSTW-7").replace("Sepsis alarm", "Sepsis bell")
    accept(state, pstw(state, SEPSIS, second, third), people)
    (project,) = records(state, "pstw/PSTW-2")
    (watched,) = records(state, "pstw/PSTW-6")
    _correct(state, people, watched)
    with monkeypatch.context() as later:
        later.setattr(generations, "utc_now", lambda: "2027-01-02T00:00:00Z")
        assert not pstw(state, SEPSIS, second, third).changes  # another day alone changes nothing
        made = pstw(
            state, SEPSIS.replace("Pilot", "Implemented"), second.replace("03/2024", "04/2024"),
            SEPSIS.replace("PSTW-2", "PSTW-8").replace("alarm", "whistle"),
        )  # fmt: skip
    counts = made.report.counts
    assert (counts["added"], counts["gone"]) == (2, 1)  # PSTW-8, and PSTW-2 as a deployment; PSTW-7 is gone
    changed = next(one for one in made.report.changed if one.key == "pstw/PSTW-6")
    assert changed.lines == ((f"{BASE}def/startDate", "2024-03", "2024-04"),)
    accept(state, made, people)
    deployment = next(iri for iri, kind in records(state, "pstw/PSTW-2").items() if kind == "Deployment")
    store = open_direct(state).engine
    imported = ox.NamedNode(f"{BASE}def/imported")
    days = [q.object.value for q in store.quads_for_pattern(None, imported, None, ox.DefaultGraph())]
    assert days == ["2027-01-02"]
    merged = ox.Quad(*(ox.NamedNode(f"{BASE}{p}") for p in (f"id/{project}", "def/mergedInto", f"id/{deployment}")))
    assert merged in store
    titles = {
        q.object.value
        for q in store.quads_for_pattern(
            ox.NamedNode(f"{BASE}id/{watched}"), ox.NamedNode("http://purl.org/dc/terms/title"), None, None
        )
    }
    assert titles == {"Sepsis watch for wards", "Vagt mod sepsis"}
    assert records(state, "pstw/PSTW-7")  # gone from the edition, and still here
    assert Inbox(state).counts()["accepted"] == 3


def _correct(state: Path, people, record: str) -> None:
    """A steward gives the record a Danish title of its own."""
    old, new = '"Sepsis watch for wards"@da', '"Vagt mod sepsis"@da'
    _resend(state, people, record, lambda said: [line.replace(old, new) for line in said])


def _resend(state: Path, people, record: str, change) -> None:
    store = open_direct(state).engine
    said = [
        str(quad.triple)
        for quad in store.quads_for_pattern(ox.NamedNode(f"{BASE}id/{record}"), None, None, None)
        if str(quad.graph_name).startswith(f"<{BASE}graph/submissions/")
    ]
    text = "".join(f"{line} .\n" for line in change(said))
    document = Document("correction.nt", text.encode(), "ntriples")
    prepared = prepare_records([document], state, ROOT)
    kept, _ = submit(state, ROOT, people[0], prepared, document, reason="As a steward knows it.")
    publish_submission(state, ROOT, kept.id, people[1].shown_as, "")


def test_withdrawn_and_merged_records_do_not_come_back_and_merges_go_in_no_circle(state, people):
    second = SEPSIS.replace("PSTW-2", "PSTW-6").replace("Sepsis alarm", "Sepsis watch")
    accept(state, pstw(state, SEPSIS, second), people)
    first, other = (f"{BASE}id/{next(iter(records(state, f'pstw/PSTW-{n}')))}" for n in (2, 6))
    _decide(state, people, prepare_merge(first, f"{BASE}id/project/p-1001", state, ROOT), "merge")
    with pytest.raises(BadInput, match="merged already"):
        prepare_merge(f"{BASE}id/project/p-1001", first, state, ROOT)
    with pytest.raises(BadInput, match="itself"):
        prepare_merge(other, other, state, ROOT)
    withdrawal = prepare_withdrawal(other, "", "It was a mistake.", "Det var en fejl.", state, ROOT)
    _decide(state, people, withdrawal, "withdrawal")
    made = pstw(state, SEPSIS, second)
    assert not made.changes
    assert {one.how[0] for one in made.report.alike} == {
        "withdrawn here", "described here from other sources too"
    }  # fmt: skip


def _decide(state: Path, people, prepared, kind: str) -> None:
    document = Document(kind, b"", "ntriples")
    kept, _ = submit(state, ROOT, people[0], prepared, document, kind=kind, reason="As it is.")
    publish_submission(state, ROOT, kept.id, people[1].shown_as, "")


def test_later_import_replaces_the_one_that_waits_and_none_comes_in_twice(state, people):
    first, _ = keep_import(state, ROOT, people[0], pstw(state, SEPSIS))
    later, _ = keep_import(state, ROOT, people[0], pstw(state, SEPSIS, SEPSIS.replace("PSTW-2", "PSTW-6")))
    assert Inbox(state).get(first.id).state == "rejected"
    others = keep_import(state, ROOT, people[1], pstw(state, SEPSIS))[0]
    publish_submission(state, ROOT, later.id, people[1].shown_as, "")
    with pytest.raises(Conflict, match="import the edition again"):
        publish_submission(state, ROOT, others.id, people[0].shown_as, "")


@pytest.mark.parametrize(
    ("text", "order", "read"),
    [
        ("2024-03-14", "dmy", "2024-03-14"), ("2024-03-14T10:00:00Z", "dmy", "2024-03-14"),
        ("3/14/2024", "mdy", "2024-03-14"), ("14/3/2024", "mdy", "2024-03-14"), ("04/03/2024", "dmy", "2024-03-04"),
        ("3/4/24", "mdy", "2024-03-04"), ("March 2025", "mdy", "2025-03"), ("28 May 2026", "dmy", "2026-05-28"),
        ("May 28th, 2026", "mdy", "2026-05-28"), ("FY2022", "mdy", "2022"), ("Q3 2024", "mdy", "2024"),
        ("03/2024", "dmy", "2024-03"), ("45292", "mdy", "2024-01-01"), ("soon", "mdy", ""),
        ("Jan-25", "mdy", "2025-01"), ("31/31/2024", "mdy", ""),
        ("2024-13", "dmy", ""),
    ],
)  # fmt: skip
def test_dates_are_read_in_many_spellings(text, order, read):
    assert read_date(text, order)[0] == read


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"mappings": {"a": {"s": "x:$(a)", "po": [], "graphs": "x:g"}}}, "graphs is not read here"),
        ({"mappings": {"a": {"s": "x:$(a)", "po": []}}}, "no prefix that it declares"),
        ({"mappings": {"a": {"s": {"function": "https://example.org/f"}, "po": []}}}, "there is no function"),
        ({"targets": {}, "mappings": {}}, "targets is not read here"),
    ],
)
def test_mapping_with_what_is_not_read_is_refused(mapping, told):
    with pytest.raises(BadInput, match=told):
        read_mapping(mapping, {})


def test_command_reports_for_machines_and_keeps_rejected_rows(published, tmp_path):
    file, rejected = tmp_path / "edition.csv", tmp_path / "rejected.csv"
    file.write_text("\n".join([HEAD, SEPSIS, SEPSIS, ""]), "utf-8")
    done = run(published, "import", "pstw", str(file), "--dry-run", "--json", "--rejected", str(rejected))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["dryRun"], said["submission"], said["counts"]["added"]) == (True, None, 1)
    assert "says the same again" in rejected.read_text("utf-8-sig")
    refused = run(published, "import", "nothing", str(file), "--dry-run")
    assert refused.returncode == 2
    assert "pstw" in refused.stderr


def test_pages_list_registers_and_show_an_import_with_its_report(server):
    page = client(server).get("/imports", headers={"Accept": "text/html"})
    assert "Algoritmeregister" in page.text or "algorithm register" in page.text.casefold()
    assert client(server).get("/imports/pstw/mapping.yml").text.startswith("# YARRRML")
    files = {"file": ("edition.csv", "\n".join([HEAD, SEPSIS, SEPSIS, ""]), "text/csv")}
    with client(server) as visitor:
        assert visitor.post("/imports/pstw", files=files).status_code == 401
    secret = make_token(server, "submitter", "steward of imports")
    with client(server, secret) as steward:
        dry = steward.post("/imports/pstw?dry_run=yes", files=files)
        assert (dry.status_code, dry.json()["submission"]) == (200, None)
        sent = steward.post("/imports/pstw", files=files)
        assert sent.status_code == 201, sent.text
        id = sent.json()["submission"]
        page = steward.get(f"/submissions/{id}?lang=da", headers={"Accept": "text/html"})
        assert "Hvad indlæsningen førte til" in page.text
        held = steward.get(f"/submissions/{id}").json()
        assert held["import"]["counts"]["added"] == 1
        assert "Sepsis alarm" in steward.get(held["change"]).text
        rejected = steward.get(f"/imports/{id}/rejected.csv")
        assert rejected.content.startswith(b"\xef\xbb\xbffile,line,key,why")
        for form, told in (("json", '"recodings"'), ("text", "Recodings"), ("html", "<table>")):
            assert told in steward.get(f"/imports/{id}/report?format={form}").text
    with client(server, make_token(server, "submitter", "another steward")) as other:
        assert other.get(f"/imports/{id}/report").status_code == 404
